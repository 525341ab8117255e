//! The controller: switching it on, asking what it has, reading and writing.

use alloc::string::String;
use alloc::vec::Vec;

use super::command::{ANSWER_BYTES, COMMAND_BYTES, PAGE, Words, admin, io, page_list};
use super::ring::Ring;
use super::{Problem, register};
use crate::hardware::{Machine, Memory, Reach, Registers};
use crate::{Command, Controller, Event, Fault, Limits, Operation};

/// Commands for setting up are given one after the other; a page holds many.
const ADMIN_PLACES: usize = 16;
/// One place stays empty, or a full ring would look like an empty one.
const MAX_PLACES: usize = 32;
/// Namespaces looked at; a disk for PCs has one.
const MAX_NAMESPACES: usize = 8;
/// 1 MiB: half of what a page list can name.
const MAX_SECTORS: u32 = 2048;
/// The longest wait for it to become ready, whatever it asks for.
const MAX_READY_MS: u64 = 20_000;
/// How long setting up may wait for an answer.
const ADMIN_MS: u64 = 5_000;

/// Configuration: on, commands of 64 and answers of 16 bytes, pages of 4 KiB, the NVM command set.
const CONFIGURATION: u32 = 4 << 20 | 6 << 16 | ENABLE;
const ENABLE: u32 = 1 << 0;
const READY: u32 = 1 << 0;
const FATAL: u32 = 1 << 1;

/// A disk behind the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Its number; commands name it.
    number: u32,
    /// Its size in sectors of 512 bytes.
    pub sectors: u64,
    /// How many of these make one of its own; commands move whole ones.
    pub native: u32,
}

/// An NVMe controller.
#[derive(Debug)]
pub struct Nvme<R, P: Machine> {
    registers: R,
    machine: P,
    admin: Ring<P::Memory>,
    io: Ring<P::Memory>,
    /// Places in the ring for reading and writing.
    places: usize,
    /// For each slot, a page to name more pages in.
    lists: Vec<P::Memory>,
    /// Which slots have a command under way.
    busy: Vec<bool>,
    namespaces: Vec<Namespace>,
    model: String,
    max_sectors: u32,
    /// How long becoming ready may take.
    ready_ms: u64,
}

impl<R: Registers, P: Machine> Nvme<R, P> {
    /// Takes the controller into use.
    ///
    /// # Errors
    /// [`Problem`]; the controller is then off, as far as it obeys.
    pub fn open(registers: R, machine: P) -> Result<Self, Problem> {
        if registers.length() < register::DOORBELLS + 16 {
            return Err(Problem::Absent);
        }
        let capabilities = registers.read_u64(register::CAPABILITIES);
        if capabilities == u64::MAX {
            return Err(Problem::Absent);
        }
        if capabilities >> 48 & 0xf != 0 {
            return Err(Problem::Unsupported("its smallest page is larger than 4 KiB"));
        }
        if capabilities >> 37 & 1 == 0 {
            return Err(Problem::Unsupported("it does not speak of sectors"));
        }
        let stride = 4 << (capabilities >> 32 & 0xf);
        if registers.length() < register::DOORBELLS + 4 * stride {
            return Err(Problem::Absent);
        }
        let places = (capabilities as usize & 0xffff).saturating_add(1).clamp(2, MAX_PLACES);
        let ring = |number: usize, places: usize| {
            let commands = machine.allocate(places * COMMAND_BYTES, Reach::All)?;
            let answers = machine.allocate(places * ANSWER_BYTES, Reach::All)?;
            Some(Ring::new(commands, answers, places, number, stride))
        };
        let admin = ring(0, ADMIN_PLACES).ok_or(Problem::NoMemory)?;
        let io = ring(1, places).ok_or(Problem::NoMemory)?;
        let lists: Option<Vec<_>> =
            (1..places).map(|_| machine.allocate(PAGE as usize, Reach::All)).collect();
        let lists = lists.ok_or(Problem::NoMemory)?;
        let mut busy = Vec::new();
        busy.resize(places - 1, false);
        let mut nvme = Self {
            registers,
            machine,
            admin,
            io,
            places,
            lists,
            busy,
            namespaces: Vec::new(),
            model: String::new(),
            max_sectors: MAX_SECTORS,
            // In units of half a second; a device that says 0 gets one, and none holds up the boot for minutes.
            ready_ms: ((capabilities >> 24 & 0xff).max(1) * 500).min(MAX_READY_MS),
        };
        let page = nvme.machine.allocate(PAGE as usize, Reach::All).ok_or(Problem::NoMemory)?;
        match nvme.switch_on().and_then(|()| nvme.identify(&page)) {
            Ok(()) => Ok(nvme),
            Err(problem) => {
                if nvme.switch_off().is_err() {
                    // It may write to this memory at any time: nobody else may get it.
                    core::mem::forget((nvme, page));
                }
                Err(problem)
            }
        }
    }

    /// What its maker calls it.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The disks behind it; a command's unit is an index into these.
    pub fn namespaces(&self) -> &[Namespace] {
        &self.namespaces
    }

    /// Off and on (NVMe, section 7.6.1), and makes the ring for reading and writing.
    fn switch_on(&mut self) -> Result<(), Problem> {
        self.switch_off()?;
        self.admin.restart();
        self.io.restart();
        self.busy.fill(false);
        let lengths = (ADMIN_PLACES as u32 - 1) << 16 | (ADMIN_PLACES as u32 - 1);
        let (commands, answers) = self.admin.addresses();
        self.registers.write_u32(register::ADMIN_LENGTHS, lengths);
        self.registers.write_u64(register::ADMIN_COMMANDS, commands);
        self.registers.write_u64(register::ADMIN_ANSWERS, answers);
        self.registers.write_u32(register::CONFIGURATION, CONFIGURATION);
        let status = || self.registers.read_u32(register::STATUS);
        if !self.machine.wait(self.ready_ms, || status() & (READY | FATAL) != 0) {
            return Err(Problem::TimedOut);
        }
        if status() & FATAL != 0 {
            return Err(Problem::Refused("it reports a fatal error"));
        }
        // One ring of each kind.
        self.administer(Words::new(admin::SET_FEATURES, 0, 0).arguments(&[admin::NUMBER_OF_QUEUES, 0]))?;
        let (commands, answers) = self.io.addresses();
        let ring = (self.places as u32 - 1) << 16 | 1;
        // Contiguous, with interrupts, by vector 0.
        self.administer(
            Words::new(admin::CREATE_ANSWERS, 0, 0).memory(answers, 0).arguments(&[ring, 1 << 1 | 1 << 0]),
        )?;
        // Contiguous, answered in ring 1.
        self.administer(
            Words::new(admin::CREATE_COMMANDS, 0, 0).memory(commands, 0).arguments(&[ring, 1 << 16 | 1 << 0]),
        )
    }

    fn switch_off(&mut self) -> Result<(), Problem> {
        self.registers.write_u32(register::CONFIGURATION, 0);
        let is_off = || self.registers.read_u32(register::STATUS) & READY == 0;
        if self.machine.wait(self.ready_ms, is_off) { Ok(()) } else { Err(Problem::TimedOut) }
    }

    /// Gives a command to the administration ring and waits for its answer.
    fn administer(&mut self, command: Words) -> Result<(), Problem> {
        self.admin.push(&self.registers, &command);
        let mut answer = None;
        let (admin, registers) = (&mut self.admin, &self.registers);
        self.machine.wait(ADMIN_MS, || {
            answer = admin.pop(registers);
            answer.is_some()
        });
        match answer.ok_or(Problem::TimedOut)?.result() {
            Ok(()) => Ok(()),
            Err(Fault::Reported(why) | Fault::Refused(why)) => Err(Problem::Refused(why)),
            Err(_) => Err(Problem::TimedOut),
        }
    }

    /// One of the device's descriptions of itself (NVMe, section 5.15).
    fn describe(&mut self, page: &P::Memory, namespace: u32, which: u32) -> Result<(), Problem> {
        let command = Words::new(admin::IDENTIFY, 0, namespace);
        self.administer(command.memory(page.address(), 0).arguments(&[which]))
    }

    /// Learns what it is; the answers go through `page`.
    fn identify(&mut self, page: &P::Memory) -> Result<(), Problem> {
        const NAMESPACE: u32 = 0;
        const CONTROLLER: u32 = 1;
        self.describe(page, 0, CONTROLLER)?;
        let mut model = [0; 40];
        page.read(24, &mut model);
        self.model = words_of(&model);
        let byte = |at: usize| page.read_u32(at & !3).to_le_bytes()[at & 3];
        // A power of two of pages; 0 for no limit.
        if let exponent @ 1..=8 = byte(77) {
            self.max_sectors = self.max_sectors.min(8 << exponent);
        }
        let count = page.read_u32(516).min(MAX_NAMESPACES as u32);
        for number in 1..=count {
            // One that is not there is described by zeros, or refused.
            if self.describe(page, number, NAMESPACE).is_ok()
                && let Some(namespace) = Namespace::read(number, page)
            {
                self.namespaces.push(namespace);
            }
        }
        Ok(())
    }
}

impl Namespace {
    /// Reads its description (NVMe, figure 245); `None` for one without sectors, or whose sectors are of an odd length.
    fn read(number: u32, page: &impl Memory) -> Option<Self> {
        let sectors = u64::from(page.read_u32(0)) | u64::from(page.read_u32(4)) << 32;
        let format = page.read_u32(24).to_le_bytes()[2] & 0xf;
        let format = page.read_u32(128 + 4 * usize::from(format));
        // From 2^9 bytes to a page, and none for somebody else's purposes.
        let exponent @ 9..=12 = format >> 16 & 0xff else { return None };
        let native = 1 << (exponent - 9);
        let sectors = sectors.checked_mul(u64::from(native))?;
        (sectors > 0 && format as u16 == 0).then_some(Self { number, sectors, native })
    }
}

/// Text from a device: printable characters, without the spaces that fill it up.
fn words_of(bytes: &[u8]) -> String {
    let printable = |&byte: &u8| if byte.is_ascii_graphic() { char::from(byte) } else { ' ' };
    let text: String = bytes.iter().map(printable).collect();
    match text.trim() {
        "" => String::from("nameless disk"),
        text => String::from(text),
    }
}

impl<R: Registers, P: Machine> Controller for Nvme<R, P> {
    fn limits(&self) -> Limits {
        let segments = self.max_sectors as usize * 512 / PAGE as usize;
        Limits {
            depth: self.busy.len(),
            sectors: self.max_sectors,
            segments,
            reach: Reach::All,
            copies_the_rest: false,
            whole_pages: true,
            flush_alone: false,
        }
    }

    fn start(&mut self, slot: usize, command: &Command<'_>) -> Result<(), Fault> {
        let namespace = self.namespaces.get(command.unit).ok_or(Fault::Refused("there is no such disk"))?;
        let number = slot as u16;
        let words = match command.operation {
            Operation::Flush => Words::new(io::FLUSH, number, namespace.number),
            Operation::Read | Operation::Write => {
                let kind = if command.operation == Operation::Read { io::READ } else { io::WRITE };
                let (first, second) = page_list(command.segments, &self.lists[slot])?;
                let native = u64::from(namespace.native);
                let (sector, count) = (command.first_sector, command.bytes() / 512);
                if !sector.is_multiple_of(native) || !count.is_multiple_of(native) {
                    return Err(Fault::Refused("its sectors are moved as a whole"));
                }
                let (sector, count) = (sector / native, (count / native) as u32);
                // The count is of those beyond the first.
                Words::new(kind, number, namespace.number).memory(first, second).arguments(&[
                    sector as u32,
                    (sector >> 32) as u32,
                    count.saturating_sub(1) & 0xffff,
                ])
            }
        };
        self.busy[slot] = true;
        self.io.push(&self.registers, &words);
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        // Answers to nothing that was asked are dropped, and no more of them looked at than there are places.
        for _ in 0..self.places {
            let answer = self.io.pop(&self.registers)?;
            let slot = usize::from(answer.number);
            if let Some(busy) = self.busy.get_mut(slot)
                && core::mem::take(busy)
            {
                return Some(Event::Finished(slot, answer.result()));
            }
        }
        None
    }

    fn reset(&mut self) -> Result<(), Fault> {
        self.switch_on().map_err(|_| Fault::GivenUp)
    }
}
