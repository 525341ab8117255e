//! A port and the disk on it (AHCI, sections 5.3, 6.2 and 10.3).

use alloc::vec::Vec;

use super::frame::{self, Frame, MAX_REGIONS};
use super::{Adapter, Problem, adapter_register, port_register as register};
use crate::ata::{self, Identity, command};
use crate::hardware::{Machine, Memory, Registers};
use crate::{Command, Controller, Event, Fault, Limits, Operation, Segment};

/// Bits of the command register.
mod control {
    pub const START: u32 = 1 << 0;
    pub const SPIN_UP: u32 = 1 << 1;
    pub const POWER: u32 = 1 << 2;
    pub const RECEIVE: u32 = 1 << 4;
    pub const RECEIVING: u32 = 1 << 14;
    pub const RUNNING: u32 = 1 << 15;
}

/// Task file error, and fatal or not, errors of the host, the bus and the interface.
const ERRORS: u32 = 1 << 30 | 1 << 29 | 1 << 28 | 1 << 27;
/// Of these, the disk's own.
const DISK_ERROR: u32 = 1 << 30;
/// Answers of all kinds, and errors.
const WANTED: u32 = ERRORS | 0b1111;
/// The disk's status: busy, or it wants data.
const BUSY: u32 = 1 << 7 | 1 << 3;
const CONNECTED: u32 = 3;
const RESET_LINK: u32 = 1;
/// A disk, not a CD drive or a multiplier of ports.
const DISK: u32 = 0x0000_0101;

/// AHCI, section 10.4.2: longer than any adapter takes to stop.
const STOP_MS: u64 = 500;
const LINK_MS: u64 = 1_000;
/// A disk may have to start its motor.
const READY_MS: u64 = 10_000;
const IDENTIFY_MS: u64 = 5_000;

/// Where answers lie in the page that begins with the list.
const ANSWERS_AT: u64 = 1024;
/// In the device register: sector numbers rather than cylinders.
const LBA: u8 = 1 << 6;
/// What the count register of the 28-bit commands holds, and enough for all.
const MAX_SECTORS: u32 = 256;

/// A port with a disk.
#[derive(Debug)]
pub struct Port<R, P: Machine> {
    registers: R,
    machine: P,
    number: usize,
    /// The command list and the answers, in one page.
    list: P::Memory,
    /// A page for each slot.
    tables: Vec<P::Memory>,
    identity: Identity,
    limits: Limits,
    /// Which slots have a queued command under way.
    queued: u32,
    /// Which have one that is not.
    plain: u32,
    /// An error was seen, and not yet told.
    error: Option<Fault>,
}

impl<R: Registers, P: Machine> Port<R, P> {
    /// Takes port `number` into use; `None` when no disk is on it.
    ///
    /// # Errors
    /// [`Problem`]; the port is then stopped, as far as it obeys.
    pub fn open(registers: R, machine: P, adapter: &Adapter, number: usize) -> Result<Option<Self>, Problem> {
        let list = machine.allocate(4096, adapter.reach).ok_or(Problem::NoMemory)?;
        let table = machine.allocate(4096, adapter.reach).ok_or(Problem::NoMemory)?;
        let page = machine.allocate(4096, adapter.reach).ok_or(Problem::NoMemory)?;
        let limits = Limits {
            depth: 1,
            sectors: MAX_SECTORS,
            segments: MAX_REGIONS,
            reach: adapter.reach,
            copies_the_rest: false,
            whole_pages: false,
            // It is not a queued command, and the two kinds don't mix.
            flush_alone: true,
        };
        let mut port = Self {
            registers,
            machine,
            number,
            list,
            tables: Vec::from([table]),
            identity: Identity::unknown(),
            limits,
            queued: 0,
            plain: 0,
            error: None,
        };
        match port.find_disk(adapter, &page) {
            Ok(found) => Ok(found.then_some(port)),
            Err(problem) => {
                if !port.stop() {
                    // It may write to this memory at any time: nobody else may get it.
                    core::mem::forget((port, page));
                }
                Err(problem)
            }
        }
    }

    /// What the disk says of itself.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether there is a disk that can be used; the port then runs.
    fn find_disk(&mut self, adapter: &Adapter, page: &P::Memory) -> Result<bool, Problem> {
        if !self.stop() {
            return Err(Problem::TimedOut);
        }
        self.write(register::INTERRUPT_ENABLE, 0);
        let list = self.list.address();
        self.registers.write_u64(self.at(register::LIST), list);
        self.registers.write_u64(self.at(register::ANSWERS), list + ANSWERS_AT);
        self.write(register::COMMAND, self.read(register::COMMAND) | control::SPIN_UP | control::POWER);
        if self.read(register::LINK_STATUS) & 0xf == 0 {
            return Ok(false);
        }
        // A link that does not come up has nothing that works at its other end.
        if self.start_anew().is_err() || self.read(register::SIGNATURE) != DISK {
            return if self.stop() { Ok(false) } else { Err(Problem::TimedOut) };
        }
        self.identify(page)?;
        if adapter.queues {
            self.limits.depth = self.identity.queue_depth.min(adapter.slots).min(32);
        }
        for _ in self.tables.len()..self.limits.depth {
            self.tables.push(self.machine.allocate(4096, adapter.reach).ok_or(Problem::NoMemory)?);
        }
        self.write(register::INTERRUPTS, u32::MAX);
        self.write(register::INTERRUPT_ENABLE, WANTED);
        Ok(true)
    }

    fn identify(&mut self, page: &P::Memory) -> Result<(), Problem> {
        let frame = Frame { command: command::IDENTIFY, sector: 0, count: 0, features: 0, device: 0 };
        let segment = Segment { address: page.address(), length: 512 };
        frame::place(&self.list, 0, &self.tables[0], &frame, &[segment], false)
            .map_err(|_| Problem::Unsupported("it can't be asked what it is"))?;
        self.write(register::ISSUED, 1);
        let is_over =
            || self.read(register::ISSUED) & 1 == 0 || self.read(register::INTERRUPTS) & ERRORS != 0;
        if !self.machine.wait(IDENTIFY_MS, is_over) {
            return Err(Problem::TimedOut);
        }
        if self.read(register::INTERRUPTS) & ERRORS != 0 {
            return Err(Problem::Unsupported("it does not say what it is"));
        }
        let mut bytes = [0; 512];
        page.read(0, &mut bytes);
        let mut words = [0; 256];
        for (word, pair) in words.iter_mut().zip(bytes.as_chunks::<2>().0) {
            *word = u16::from_le_bytes(*pair);
        }
        self.identity = Identity::parse(&words).map_err(Problem::Unsupported)?;
        if self.identity.dma { Ok(()) } else { Err(Problem::Unsupported("it does not move data by itself")) }
    }

    /// Has the adapter fetch no commands and write no answers; false when it does not obey.
    fn stop(&mut self) -> bool {
        let clear = |bits: u32, until: u32| {
            self.write(register::COMMAND, self.read(register::COMMAND) & !bits);
            self.machine.wait(STOP_MS, || self.read(register::COMMAND) & until == 0)
        };
        // In this order: a port that runs needs a place for answers.
        clear(control::START, control::RUNNING) && clear(control::RECEIVE, control::RECEIVING)
    }

    /// Resets the link and what is at its other end, and lets the port run (AHCI, section 10.4.2).
    fn start_anew(&mut self) -> Result<(), Fault> {
        self.queued = 0;
        self.plain = 0;
        self.error = None;
        let stopped = self.stop();
        let link = self.read(register::LINK_CONTROL) & !0xf;
        self.write(register::LINK_CONTROL, link | RESET_LINK);
        // At least a millisecond, so that the disk sees it.
        let mut looks = 0;
        self.machine.wait(10, || {
            looks += 1;
            looks > 2
        });
        self.write(register::LINK_CONTROL, link);
        let is_up = || self.read(register::LINK_STATUS) & 0xf == CONNECTED;
        if !self.machine.wait(LINK_MS, is_up) {
            return Err(Fault::GivenUp);
        }
        // Only stopping hands the memory back: the reset may have brought that about.
        if !stopped && !self.stop() {
            return Err(Fault::GivenUp);
        }
        self.write(register::LINK_ERRORS, u32::MAX);
        self.write(register::INTERRUPTS, u32::MAX);
        self.write(register::COMMAND, self.read(register::COMMAND) | control::RECEIVE);
        if !self.machine.wait(READY_MS, || self.read(register::TASK_FILE) & BUSY == 0) {
            return Err(Fault::GivenUp);
        }
        self.write(register::COMMAND, self.read(register::COMMAND) | control::START);
        Ok(())
    }

    const fn at(&self, offset: usize) -> usize {
        register::FIRST + self.number * register::STRIDE + offset
    }

    fn read(&self, offset: usize) -> u32 {
        self.registers.read_u32(self.at(offset))
    }

    fn write(&self, offset: usize, value: u32) {
        self.registers.write_u32(self.at(offset), value);
    }

    /// Takes note of what the port reports.
    fn take_note(&mut self) {
        let news = self.read(register::INTERRUPTS);
        if news == 0 {
            return;
        }
        self.write(register::INTERRUPTS, news);
        // The adapter's own note goes after the port's: it follows the port's.
        self.registers.write_u32(adapter_register::INTERRUPTS, 1 << self.number);
        if news & ERRORS != 0 {
            let bits = (self.read(register::TASK_FILE) >> 8) as u8;
            self.error = Some(match news & DISK_ERROR {
                0 => Fault::Reported("the data were disturbed on the cable"),
                _ if bits & ata::NO_SUCH_SECTOR != 0 => Fault::Refused(ata::describe_error(bits)),
                _ => Fault::Reported(ata::describe_error(bits)),
            });
        }
    }

    fn frame(&self, slot: usize, command: &Command<'_>, queued: bool) -> Frame {
        let sector = command.first_sector;
        let count = (command.bytes() / 512) as u16;
        let writes = command.operation == Operation::Write;
        if queued {
            let number = if writes { command::WRITE_QUEUED } else { command::READ_QUEUED };
            return Frame {
                command: number,
                sector,
                count: (slot as u16) << 3,
                features: count,
                device: LBA,
            };
        }
        let lba48 = self.identity.lba48;
        let number = match (command.operation, lba48) {
            (Operation::Flush, false) => command::FLUSH,
            (Operation::Flush, true) => command::FLUSH_EXT,
            (Operation::Read, false) => command::READ_DMA,
            (Operation::Read, true) => command::READ_DMA_EXT,
            (Operation::Write, false) => command::WRITE_DMA,
            (Operation::Write, true) => command::WRITE_DMA_EXT,
        };
        // Four more bits of a 28-bit number; 256 is written as 0 in its 8 bits.
        let (device, count) =
            if lba48 { (LBA, count) } else { (LBA | (sector >> 24) as u8 & 0xf, count & 0xff) };
        let sector = if lba48 { sector } else { sector & 0x00ff_ffff };
        Frame { command: number, sector, count, features: 0, device }
    }
}

impl<R: Registers, P: Machine> Controller for Port<R, P> {
    fn limits(&self) -> Limits {
        self.limits
    }

    fn start(&mut self, slot: usize, command: &Command<'_>) -> Result<(), Fault> {
        let queued = self.limits.depth > 1 && !command.alone;
        let frame = self.frame(slot, command, queued);
        let table = self.tables.get(slot).ok_or(Fault::Refused("there is no such slot"))?;
        let writes = command.operation == Operation::Write;
        frame::place(&self.list, slot, table, &frame, command.segments, writes)?;
        if queued {
            self.queued |= 1 << slot;
            self.write(register::QUEUED, 1 << slot);
        } else {
            self.plain |= 1 << slot;
        }
        self.write(register::ISSUED, 1 << slot);
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        self.take_note();
        // A command that is not queued is over when the adapter says so, but not when there was an error: it is the one.
        let over = self.queued & !self.read(register::QUEUED);
        let over = if self.error.is_none() { over | self.plain & !self.read(register::ISSUED) } else { over };
        if over != 0 {
            let slot = over.trailing_zeros() as usize;
            self.queued &= !(1 << slot);
            self.plain &= !(1 << slot);
            return Some(Event::Finished(slot, Ok(())));
        }
        let fault = self.error.take()?;
        let running = self.queued | self.plain;
        let culprit = running.is_power_of_two().then(|| (running.trailing_zeros() as usize, fault));
        Some(Event::Stopped(culprit))
    }

    fn reset(&mut self) -> Result<(), Fault> {
        self.start_anew()
    }
}
