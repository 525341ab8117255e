//! One channel: two drives that share registers, so one command at a time.
//!
//! Every wait looks at the status a few times, then sleeps until the channel's interrupt, and looks again now and then
//! in case the interrupt does not come: a lost one costs milliseconds, not the request. The handler itself touches no
//! register: reading the status acknowledges the interrupt, and that is the waiter's to do.

use alloc::vec;
use alloc::vec::Vec;

use blockcache::SECTOR_SIZE;
use disks::ata::{self, Identity};

use super::bus_master::{self, BusMaster, Way};
use super::error::AtaError;
use crate::arch::port::{self, Ports};
use crate::arch::{irq, time};
use crate::sync::WaitQueue;

/// Where a channel is.
pub struct Place {
    pub name: &'static str,
    command: u16,
    control: u16,
    line: u8,
    handler: fn(),
    waiters: &'static WaitQueue,
}

static PRIMARY: WaitQueue = WaitQueue::new();
static SECONDARY: WaitQueue = WaitQueue::new();

fn wake_primary() {
    PRIMARY.wake_all();
}

fn wake_secondary() {
    SECONDARY.wake_all();
}

/// The channels of a PC.
pub static PLACES: [Place; 2] = [
    Place {
        name: "first IDE channel",
        command: 0x1f0,
        control: 0x3f6,
        line: 14,
        handler: wake_primary,
        waiters: &PRIMARY,
    },
    Place {
        name: "second IDE channel",
        command: 0x170,
        control: 0x376,
        line: 15,
        handler: wake_secondary,
        waiters: &SECONDARY,
    },
];

/// Offsets in the command block.
mod register {
    pub const DATA: u16 = 0;
    pub const ERROR: u16 = 1;
    pub const COUNT: u16 = 2;
    pub const LBA_LOW: u16 = 3;
    pub const LBA_MIDDLE: u16 = 4;
    pub const LBA_HIGH: u16 = 5;
    pub const DEVICE: u16 = 6;
    pub const STATUS: u16 = 7;
    pub const COMMAND: u16 = 7;
}

mod status {
    pub const ERROR: u8 = 1 << 0;
    pub const DATA_REQUEST: u8 = 1 << 3;
    pub const FAULT: u8 = 1 << 5;
    pub const BUSY: u8 = 1 << 7;
    /// Nothing drives the bus.
    pub const FLOATING: u8 = 0xff;
}

mod control {
    pub const NO_INTERRUPTS: u8 = 1 << 1;
    pub const RESET: u8 = 1 << 2;
}

mod command {
    pub const READ: u8 = 0x20;
    pub const READ_EXT: u8 = 0x24;
    pub const READ_MULTIPLE_EXT: u8 = 0x29;
    pub const WRITE: u8 = 0x30;
    pub const WRITE_EXT: u8 = 0x34;
    pub const WRITE_MULTIPLE_EXT: u8 = 0x39;
    pub const READ_MULTIPLE: u8 = 0xc4;
    pub const WRITE_MULTIPLE: u8 = 0xc5;
    pub const SET_MULTIPLE: u8 = 0xc6;
    pub const FLUSH: u8 = 0xe7;
    pub const FLUSH_EXT: u8 = 0xea;
    pub const IDENTIFY: u8 = 0xec;
}

/// In the device register: sector numbers rather than cylinders, and two bits that were once always set.
const DEVICE_LBA: u8 = 1 << 6 | 1 << 7 | 1 << 5;
const WORDS_PER_SECTOR: usize = SECTOR_SIZE / 2;
/// The most sectors in one command: what the buffer for DMA holds.
pub const MAX_SECTORS: usize = bus_master::BUFFER / SECTOR_SIZE;
/// The most sectors between two looks at the status: 8 KiB.
const MAX_MULTIPLE: u16 = 16;

/// A drive may take this long to start its motor.
const COMMAND_MS: u64 = 10_000;
/// A drive answers IDENTIFY, and comes out of a reset, sooner; longer waits only delay machines with nothing there.
const PROBE_MS: u64 = 1_000;
/// Emptying a large write cache.
const FLUSH_MS: u64 = 30_000;
/// Looks at the status before going to sleep; an emulated drive is often ready at once.
const POLLS_BEFORE_SLEEP: u32 = 64;
/// Sleep between looks when no interrupt comes.
const SLEEP_MS: u64 = 5;

/// Which of the two drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    Master = 0,
    Slave = 1,
}

/// What a transfer moves, and where to.
pub enum Direction<'a> {
    Read(&'a mut [u8]),
    Write(&'a [u8]),
}

/// A channel with at least something on its bus.
pub struct Channel {
    ports: Ports,
    control: Ports,
    place: &'static Place,
    /// What SET MULTIPLE was accepted with, for each drive; 1 for the plain commands.
    multiple: [u16; 2],
    /// One burst of data as words.
    words: Vec<u16>,
    /// Before that the processor polls.
    interrupts: bool,
    /// Moves data by itself, for the drives that [`Channel::dma`] allows it.
    bus_master: Option<BusMaster>,
    /// For each drive, whether DMA is used: until it fails in a way that is the channel's rather than the disk's.
    dma: [bool; 2],
}

impl Channel {
    /// Takes the channel's ports and resets it. None when nothing is connected.
    pub fn open(place: &'static Place, bus_master: Option<BusMaster>) -> Result<Option<Self>, AtaError> {
        let ports = port::claim(place.command, 8, place.name).map_err(AtaError::Ports)?;
        let control = port::claim(place.control, 1, place.name).map_err(AtaError::Ports)?;
        let words = vec![0; usize::from(MAX_MULTIPLE) * WORDS_PER_SECTOR];
        let mut channel = Self {
            ports,
            control,
            place,
            multiple: [1; 2],
            words,
            interrupts: false,
            bus_master,
            dma: [false; 2],
        };
        if channel.alternate_status() == status::FLOATING {
            return Ok(None);
        }
        channel.reset();
        Ok(Some(channel))
    }

    /// Lets the channel interrupt.
    pub fn enable_interrupts(&mut self) {
        match irq::register_isa(self.place.line, self.place.name, self.place.handler) {
            Ok(()) => {
                self.interrupts = true;
                self.control.write_u8(0, 0);
            }
            Err(error) => log::warn!("{}: polled: {error}", self.place.name),
        }
    }

    /// Puts both drives into their first state (section 9.2, software reset).
    pub fn reset(&mut self) {
        let enabled = if self.interrupts { 0 } else { control::NO_INTERRUPTS };
        // Firmware may have left a slave selected that is not there. Its status is 0 at all times, so that the end of
        // the reset would go unseen, and the first command would meet a drive that is still busy.
        self.select(Drive::Master, 0);
        self.control.write_u8(0, control::RESET | control::NO_INTERRUPTS);
        time::busy_wait_ns(5_000);
        self.control.write_u8(0, enabled);
        time::busy_wait_ns(2_000_000);
        // A drive that stays busy shows in the next command.
        let _ = self.wait_idle(PROBE_MS);
        // Drives forget SET MULTIPLE in a reset.
        for drive in [Drive::Master, Drive::Slave] {
            let multiple = core::mem::replace(&mut self.multiple[drive as usize], 1);
            if multiple > 1 {
                self.set_multiple(drive, multiple);
            }
        }
    }

    /// Asks a drive what it is. None when there is no drive, or one that is no disk.
    pub fn identify(&mut self, drive: Drive) -> Result<Option<Identity>, AtaError> {
        self.select(drive, 0);
        for zero in [register::COUNT, register::LBA_LOW, register::LBA_MIDDLE, register::LBA_HIGH] {
            self.ports.write_u8(zero, 0);
        }
        self.command(command::IDENTIFY);
        if matches!(self.alternate_status(), 0 | status::FLOATING) {
            return Ok(None);
        }
        let status = match self.wait_idle(PROBE_MS) {
            Ok(status) => status,
            // A missing slave whose master answers for it badly.
            Err(AtaError::TimedOut) => return Ok(None),
            Err(error) => return Err(error),
        };
        // A CD drive, and anything else that is no ATA disk, leaves its signature here.
        if (self.ports.read_u8(register::LBA_MIDDLE), self.ports.read_u8(register::LBA_HIGH)) != (0, 0) {
            return Ok(None);
        }
        if status & (status::ERROR | status::FAULT) != 0 || status & status::DATA_REQUEST == 0 {
            return Ok(None);
        }
        let mut words = [0; 256];
        self.ports.read_u16s(register::DATA, &mut words);
        let identity = Identity::parse(&words).map_err(AtaError::Unsupported)?;
        self.dma[drive as usize] = identity.dma_mode_is_set && self.bus_master.is_some();
        let multiple = identity.max_multiple.min(MAX_MULTIPLE);
        if multiple.is_power_of_two() && multiple > 1 {
            self.set_multiple(drive, multiple);
        }
        Ok(Some(identity))
    }

    /// Whether a drive's data move by DMA.
    pub const fn uses_dma(&self, drive: Drive) -> bool {
        self.dma[drive as usize]
    }

    /// Moves whole sectors, at most [`MAX_SECTORS`], which lie on the drive: by DMA if it is used.
    pub fn transfer(
        &mut self,
        drive: Drive,
        identity: &Identity,
        sector: u64,
        direction: Direction<'_>,
    ) -> Result<(), AtaError> {
        if !self.dma[drive as usize] {
            return self.transfer_by_processor(drive, identity, sector, direction);
        }
        let result = self.transfer_by_dma(drive, identity, sector, direction);
        if let Err(AtaError::TimedOut | AtaError::Protocol) = result {
            log::warn!(
                "{}, {drive:?}: DMA does not work here; the processor moves the data",
                self.place.name
            );
            self.dma[drive as usize] = false;
        }
        result
    }

    fn transfer_by_dma(
        &mut self,
        drive: Drive,
        identity: &Identity,
        sector: u64,
        direction: Direction<'_>,
    ) -> Result<(), AtaError> {
        let (length, way) = match &direction {
            Direction::Read(buffer) => (buffer.len(), Way::ToMemory),
            Direction::Write(data) => (data.len(), Way::ToDrive),
        };
        let count = length / SECTOR_SIZE;
        if count == 0 {
            return Ok(());
        }
        self.wait_idle(COMMAND_MS)?;
        let extended = identity.lba48 && sector + count as u64 > 1 << 28;
        let command = match (way, extended) {
            (Way::ToMemory, false) => ata::command::READ_DMA,
            (Way::ToMemory, true) => ata::command::READ_DMA_EXT,
            (Way::ToDrive, false) => ata::command::WRITE_DMA,
            (Way::ToDrive, true) => ata::command::WRITE_DMA_EXT,
        };
        let bus_master = self.bus_master.as_ref().ok_or(AtaError::Protocol)?;
        if let Direction::Write(data) = direction {
            bus_master.buffer().write(0, data);
        }
        bus_master.prepare(length, way);
        if extended {
            self.address_48(drive, sector, count);
        } else {
            self.address_28(drive, sector, count);
        }
        self.command(command);
        let bus_master = self.bus_master.as_ref().ok_or(AtaError::Protocol)?;
        bus_master.start(way);
        let in_time = self.wait_for(COMMAND_MS, || bus_master.is_over());
        let all_moved = bus_master.stop();
        if !in_time {
            return Err(AtaError::TimedOut);
        }
        // The drive's own complaint says more than the channel's, which follows from it.
        let status = self.wait_idle(COMMAND_MS)?;
        self.check(status)?;
        if !all_moved {
            return Err(AtaError::Protocol);
        }
        if let Direction::Read(buffer) = direction
            && let Some(bus_master) = &self.bus_master
        {
            bus_master.buffer().read(0, buffer);
        }
        Ok(())
    }

    fn transfer_by_processor(
        &mut self,
        drive: Drive,
        identity: &Identity,
        sector: u64,
        mut direction: Direction<'_>,
    ) -> Result<(), AtaError> {
        let length = match &direction {
            Direction::Read(buffer) => buffer.len(),
            Direction::Write(data) => data.len(),
        };
        let count = length / SECTOR_SIZE;
        if count == 0 {
            return Ok(());
        }
        let multiple = self.multiple[drive as usize];
        let writes = matches!(direction, Direction::Write(_));
        self.wait_idle(COMMAND_MS)?;
        let command = if identity.lba48 && sector + count as u64 > 1 << 28 {
            self.address_48(drive, sector, count);
            match (writes, multiple > 1) {
                (false, false) => command::READ_EXT,
                (false, true) => command::READ_MULTIPLE_EXT,
                (true, false) => command::WRITE_EXT,
                (true, true) => command::WRITE_MULTIPLE_EXT,
            }
        } else {
            self.address_28(drive, sector, count);
            match (writes, multiple > 1) {
                (false, false) => command::READ,
                (false, true) => command::READ_MULTIPLE,
                (true, false) => command::WRITE,
                (true, true) => command::WRITE_MULTIPLE,
            }
        };
        self.command(command);
        let burst = usize::from(multiple) * SECTOR_SIZE;
        for start in (0..length).step_by(burst) {
            let end = (start + burst).min(length);
            self.wait_for_data()?;
            match &mut direction {
                Direction::Read(buffer) => self.read_burst(&mut buffer[start..end]),
                Direction::Write(data) => self.write_burst(&data[start..end]),
            }
        }
        if writes { self.wait_done(COMMAND_MS) } else { Ok(()) }
    }

    /// Empties the drive's write cache onto the medium.
    pub fn flush(&mut self, drive: Drive, identity: &Identity) -> Result<(), AtaError> {
        self.wait_idle(COMMAND_MS)?;
        self.select(drive, 0);
        self.command(if identity.lba48 { command::FLUSH_EXT } else { command::FLUSH });
        self.wait_done(FLUSH_MS)
    }

    fn set_multiple(&mut self, drive: Drive, multiple: u16) {
        self.select(drive, 0);
        // At most MAX_MULTIPLE.
        self.ports.write_u8(register::COUNT, multiple as u8);
        self.command(command::SET_MULTIPLE);
        if self.wait_done(PROBE_MS).is_ok() {
            self.multiple[drive as usize] = multiple;
        }
    }

    fn read_burst(&mut self, buffer: &mut [u8]) {
        let words = &mut self.words[..buffer.len() / 2];
        self.ports.read_u16s(register::DATA, words);
        for (pair, word) in buffer.as_chunks_mut::<2>().0.iter_mut().zip(words) {
            *pair = word.to_le_bytes();
        }
    }

    fn write_burst(&mut self, data: &[u8]) {
        let words = &mut self.words[..data.len() / 2];
        for (pair, word) in data.as_chunks::<2>().0.iter().zip(words.iter_mut()) {
            *word = u16::from_le_bytes(*pair);
        }
        self.ports.write_u16s(register::DATA, words);
    }

    fn address_28(&mut self, drive: Drive, sector: u64, count: usize) {
        let [low, middle, high, top, ..] = sector.to_le_bytes();
        self.select(drive, top & 0x0f);
        // 256 is written as 0.
        self.ports.write_u8(register::COUNT, count as u8);
        self.ports.write_u8(register::LBA_LOW, low);
        self.ports.write_u8(register::LBA_MIDDLE, middle);
        self.ports.write_u8(register::LBA_HIGH, high);
    }

    /// Each register holds two bytes; the upper ones are written first.
    fn address_48(&mut self, drive: Drive, sector: u64, count: usize) {
        self.select(drive, 0);
        let bytes = sector.to_le_bytes();
        let [count_low, count_high] = (count as u16).to_le_bytes();
        for (count, address) in [(count_high, &bytes[3..6]), (count_low, &bytes[..3])] {
            self.ports.write_u8(register::COUNT, count);
            self.ports.write_u8(register::LBA_LOW, address[0]);
            self.ports.write_u8(register::LBA_MIDDLE, address[1]);
            self.ports.write_u8(register::LBA_HIGH, address[2]);
        }
    }

    fn select(&mut self, drive: Drive, address_bits: u8) {
        self.ports.write_u8(register::DEVICE, DEVICE_LBA | (drive as u8) << 4 | address_bits);
        self.settle();
    }

    fn command(&mut self, command: u8) {
        self.ports.write_u8(register::COMMAND, command);
        self.settle();
    }

    /// The status is valid 400 ns after selecting or commanding (section 9.1).
    fn settle(&self) {
        time::busy_wait_ns(400);
    }

    /// Reads the status without acknowledging an interrupt.
    fn alternate_status(&self) -> u8 {
        self.control.read_u8(0)
    }

    /// Waits until the drive is not busy. Gives its status and acknowledges its interrupt.
    fn wait_idle(&mut self, timeout_ms: u64) -> Result<u8, AtaError> {
        if self.wait_for(timeout_ms, || self.alternate_status() & status::BUSY == 0) {
            Ok(self.ports.read_u8(register::STATUS))
        } else {
            Err(AtaError::TimedOut)
        }
    }

    /// Waits until `condition` holds; says whether it does.
    fn wait_for(&self, timeout_ms: u64, condition: impl Fn() -> bool) -> bool {
        let deadline = time::uptime_ns() + timeout_ms * 1_000_000;
        let mut polls = 0;
        while !condition() {
            polls += 1;
            if time::uptime_ns() >= deadline {
                return false;
            }
            if polls > POLLS_BEFORE_SLEEP {
                // Without interrupts this is a plain sleep.
                self.place.waiters.wait_until_timeout(SLEEP_MS, &condition);
            }
        }
        true
    }

    /// Waits for the end of a command without data.
    fn wait_done(&mut self, timeout_ms: u64) -> Result<(), AtaError> {
        let status = self.wait_idle(timeout_ms)?;
        self.check(status)
    }

    /// Waits until the drive has, or wants, a burst of data.
    fn wait_for_data(&mut self) -> Result<(), AtaError> {
        let status = self.wait_idle(COMMAND_MS)?;
        self.check(status)?;
        if status & status::DATA_REQUEST == 0 { Err(AtaError::Protocol) } else { Ok(()) }
    }

    fn check(&self, status: u8) -> Result<(), AtaError> {
        if status & status::FAULT != 0 {
            Err(AtaError::Fault)
        } else if status & status::ERROR != 0 {
            Err(AtaError::Reported(self.ports.read_u8(register::ERROR)))
        } else {
            Ok(())
        }
    }
}
