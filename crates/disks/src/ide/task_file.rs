//! The registers that a channel's two drives share: how one is chosen, told a command, and asked how it is.

use alloc::vec::Vec;

use super::register;
use crate::hardware::Ports;

/// Bits of the status.
pub mod status {
    /// The command failed; the error register says why.
    pub const ERROR: u8 = 1 << 0;
    /// The drive has, or wants, data.
    pub const DATA_REQUEST: u8 = 1 << 3;
    /// The drive is broken.
    pub const FAULT: u8 = 1 << 5;
    /// The drive works, and the other bits mean nothing.
    pub const BUSY: u8 = 1 << 7;
    /// Nothing drives the bus.
    pub const FLOATING: u8 = 0xff;
}

/// Bits of the control register.
mod control {
    pub const NO_INTERRUPTS: u8 = 1 << 1;
    pub const RESET: u8 = 1 << 2;
}

/// In the device register: sector numbers rather than cylinders, and two bits that were once always set.
const LBA: u8 = 1 << 6 | 1 << 7 | 1 << 5;
/// Reads of a register that together take the 400 ns after which the status is valid (ATA, section 9.1).
const SETTLING_READS: usize = 4;
/// Looks at a drive that should be ready by now.
const LOOKS: usize = 64;
/// Sector numbers that take 28 bits end here.
const END_28: u64 = 1 << 28;
/// Sectors that a command with 28-bit numbers moves at most.
pub const MOST_SECTORS_28: usize = 256;

/// The command and the control block.
#[derive(Debug)]
pub struct TaskFile<P> {
    command: P,
    control: P,
    /// The drive that was chosen last, if that is known.
    chosen: Option<usize>,
    has_interrupts: bool,
}

impl<P: Ports> TaskFile<P> {
    pub const fn new(command: P, control: P) -> Self {
        Self { command, control, chosen: None, has_interrupts: false }
    }

    /// The status, without acknowledging an interrupt.
    pub fn glance(&self) -> u8 {
        self.control.read_u8(0)
    }

    /// The status. Acknowledges an interrupt.
    pub fn status(&self) -> u8 {
        self.command.read_u8(register::STATUS)
    }

    /// Why a command failed.
    pub fn error(&self) -> u8 {
        self.command.read_u8(register::ERROR)
    }

    /// Whether neither a command nor data are under way.
    pub fn is_idle(&self) -> bool {
        self.glance() & (status::BUSY | status::DATA_REQUEST) == 0
    }

    /// Whether the drive is still busy after some looks.
    pub fn stays_busy(&self) -> bool {
        (0..LOOKS).all(|_| self.glance() & status::BUSY != 0)
    }

    /// Chooses a drive for what comes next.
    pub fn choose(&mut self, unit: usize) {
        if self.chosen != Some(unit) {
            self.write_device(unit, 0);
            self.settle();
            self.chosen = Some(unit);
        }
    }

    /// Writes where a transfer begins and how many sectors it has: with 48 bits if it `can_be_long` and must be. Says
    /// whether it is.
    pub fn address(&mut self, unit: usize, sector: u64, count: usize, can_be_long: bool) -> bool {
        let is_long = can_be_long && (count > MOST_SECTORS_28 || sector + count as u64 > END_28);
        let bytes = sector.to_le_bytes();
        // 256 and 65,536 are written as 0.
        let [count_low, count_high, ..] = count.to_le_bytes();
        self.write_device(unit, if is_long { 0 } else { bytes[3] & 0x0f });
        // Each register holds two bytes; the upper ones are written first (ATA, section 6.2.1).
        if is_long {
            self.write_address(count_high, &bytes[3..6]);
        }
        self.write_address(count_low, &bytes[..3]);
        is_long
    }

    fn write_address(&self, count: u8, bytes: &[u8]) {
        let registers = [register::LBA_LOW, register::LBA_MIDDLE, register::LBA_HIGH];
        self.command.write_u8(register::COUNT, count);
        for (register, byte) in registers.into_iter().zip(bytes) {
            self.command.write_u8(register, *byte);
        }
    }

    fn write_device(&self, unit: usize, address: u8) {
        self.command.write_u8(register::DEVICE, LBA | (unit as u8) << 4 | address);
    }

    /// Sets the count of a command that has no sectors.
    pub fn set_count(&self, count: u8) {
        self.write_address(count, &[0; 3]);
    }

    /// What a drive that is no disk leaves its signature in.
    pub fn signature(&self) -> (u8, u8) {
        (self.command.read_u8(register::LBA_MIDDLE), self.command.read_u8(register::LBA_HIGH))
    }

    /// Gives a command.
    pub fn command(&self, command: u8) {
        self.command.write_u8(register::COMMAND, command);
        self.settle();
    }

    /// Waits until the status is valid.
    pub fn settle(&self) {
        for _ in 0..SETTLING_READS {
            self.glance();
        }
    }

    pub fn read_data(&self, words: &mut [u16]) {
        self.command.read_u16s(register::DATA, words);
    }

    pub fn write_data(&self, words: &[u16]) {
        self.command.write_u16s(register::DATA, words);
    }

    /// Lets the channel interrupt.
    pub fn enable_interrupts(&mut self) {
        self.has_interrupts = true;
        self.control.write_u8(0, 0);
    }

    /// Begins a reset of both drives, which lasts until [`TaskFile::end_reset`].
    pub fn begin_reset(&mut self) {
        // Firmware may have left a slave chosen that is not there. Its status is 0 at all times, so that the end of
        // the reset would go unseen, and the first command would meet a drive that is still busy.
        self.write_device(0, 0);
        self.settle();
        self.chosen = None;
        self.control.write_u8(0, control::RESET | control::NO_INTERRUPTS);
    }

    /// Lets the drives come out of the reset.
    pub fn end_reset(&self) {
        self.control.write_u8(0, if self.has_interrupts { 0 } else { control::NO_INTERRUPTS });
    }
}

/// Words on their way to or from the data register.
#[derive(Debug)]
pub struct Burst {
    words: Vec<u16>,
    bytes: Vec<u8>,
}

impl Burst {
    /// Room for `length` bytes, or less; `None` when there is no memory.
    pub fn new(length: usize) -> Option<Self> {
        let (mut words, mut bytes) = (Vec::new(), Vec::new());
        words.try_reserve_exact(length / 2).ok()?;
        bytes.try_reserve_exact(length).ok()?;
        words.resize(length / 2, 0);
        bytes.resize(length, 0);
        Some(Self { words, bytes })
    }

    /// Fetches `length` bytes.
    pub fn read<P: Ports>(&mut self, from: &TaskFile<P>, length: usize) -> &[u8] {
        let words = &mut self.words[..length / 2];
        from.read_data(words);
        for (pair, word) in self.bytes.as_chunks_mut::<2>().0.iter_mut().zip(words) {
            *pair = word.to_le_bytes();
        }
        &self.bytes[..length]
    }

    /// Delivers `length` bytes, which `fill` writes down.
    pub fn write<P: Ports>(&mut self, to: &TaskFile<P>, length: usize, fill: impl FnOnce(&mut [u8])) {
        fill(&mut self.bytes[..length]);
        let words = &mut self.words[..length / 2];
        for (pair, word) in self.bytes.as_chunks::<2>().0.iter().zip(words.iter_mut()) {
            *word = u16::from_le_bytes(*pair);
        }
        to.write_data(words);
    }
}
