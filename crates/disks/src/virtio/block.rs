//! A disk with its queue: setting it up, reading and writing (Virtio, sections 3.1 and 5.2).

use alloc::vec::Vec;

use super::ring::{DESCRIPTOR_BYTES, Descriptor, Ring, flag};
use super::{Problem, Windows, disk_register, feature, register};
use crate::hardware::{Machine, Memory, NarrowRegisters, Reach};
use crate::{Command, Controller, Event, Fault, Limits, Operation};

/// Bits of the status register (Virtio, section 2.1).
mod status {
    pub const ACKNOWLEDGED: u8 = 1 << 0;
    pub const DRIVER: u8 = 1 << 1;
    pub const DRIVER_OK: u8 = 1 << 2;
    pub const FEATURES_OK: u8 = 1 << 3;
    pub const NEEDS_RESET: u8 = 1 << 6;
}

/// What is asked for (Virtio, section 5.2.6).
mod kind {
    pub const READ: u32 = 0;
    pub const WRITE: u32 = 1;
    pub const FLUSH: u32 = 4;
}

/// Outcomes of requests. The last is what stands there before there is one.
mod outcome {
    pub const OK: u8 = 0;
    pub const FAILED: u8 = 1;
    pub const UNSUPPORTED: u8 = 2;
    pub const NONE: u8 = 0xff;
}

/// The features that are used when they are offered, beside [`feature::VERSION_1`], which must be.
const WANTED: [u32; 6] = [
    feature::SIZE_MAX,
    feature::SEGMENTS_MAX,
    feature::READ_ONLY,
    feature::BLOCK_SIZE,
    feature::FLUSH,
    feature::INDIRECT,
];

/// No message for this event.
const NO_VECTOR: u16 = 0xffff;
const QUEUE: u16 = 0;
/// Places in the queue that fill one page with descriptors; more are of no use.
const MAX_PLACES: usize = 256;
/// Requests at once.
const MAX_DEPTH: usize = 32;
/// Where no tables are to be had a request takes so many places of the queue: header, outcome, and 16 pages.
const PLAIN_PLACES: usize = 18;
/// 1 MiB.
const MAX_SECTORS: u32 = 2048;
const RESET_MS: u64 = 1_000;

/// A page for each slot: the table of descriptors, the header, the outcome.
const PAGE: usize = 4096;
const HEADER_AT: usize = PAGE - 32;
const HEADER_BYTES: u32 = 16;
const OUTCOME_AT: usize = PAGE - 16;
const TABLE_PLACES: usize = HEADER_AT / DESCRIPTOR_BYTES;
/// Header and outcome take a descriptor each.
const OWN_PLACES: usize = 2;

/// A disk.
#[derive(Debug)]
pub struct Block<R, P: Machine> {
    windows: Windows<R>,
    machine: P,
    ring: Ring<P::Memory>,
    /// Places of the queue.
    places: usize,
    /// Places that each slot has of them.
    share: usize,
    slots: Vec<P::Memory>,
    /// What each slot's request is, while there is one.
    busy: Vec<Option<Operation>>,
    /// Those that both sides know.
    features: u64,
    doorbell: usize,
    /// Whether a message is sent when something is done.
    messages: bool,
    /// Whether the last look found something.
    heard: bool,
    sectors: u64,
    native_sectors: u32,
    limits: Limits,
}

impl<R: NarrowRegisters, P: Machine> Block<R, P> {
    /// Takes the device into use. With `messages`, the first entry of its MSI-X table is ready, and it is told to use it.
    ///
    /// # Errors
    /// [`Problem`]; the device is then reset, as far as it obeys.
    pub fn open(windows: Windows<R>, machine: P, messages: bool) -> Result<Self, Problem> {
        if windows.common.length() < register::LENGTH || windows.disk.length() < disk_register::LENGTH {
            return Err(Problem::Absent);
        }
        reset(&windows.common, &machine)?;
        // What the queue can hold decides how much memory it needs, and may be asked before anything is agreed on.
        windows.common.write_u16(register::QUEUE_SELECT, QUEUE);
        let offered = usize::from(windows.common.read_u16(register::QUEUE_SIZE)).min(MAX_PLACES);
        let doorbell = usize::from(windows.common.read_u16(register::QUEUE_NOTIFY));
        let doorbell = doorbell.checked_mul(windows.notify_stride as usize).ok_or(Problem::Absent)?;
        let fits = doorbell.checked_add(2).is_some_and(|end| end <= windows.notify.length());
        if !fits || !doorbell.is_multiple_of(2) {
            return Err(Problem::Absent);
        }
        // Header, outcome and one piece of data.
        if offered <= OWN_PLACES {
            return Err(Problem::Unsupported("its queue is too short"));
        }
        let places = 1 << offered.ilog2();
        let [descriptors, available, used] = Ring::<P::Memory>::lengths(places)
            .map(|bytes| machine.allocate(bytes, Reach::All).ok_or(Problem::NoMemory));
        let ring = Ring::new(descriptors?, available?, used?, places).ok_or(Problem::NoMemory)?;
        let limits = Limits {
            depth: 1,
            sectors: MAX_SECTORS,
            segments: 1,
            reach: Reach::All,
            copies_the_rest: false,
            whole_pages: false,
            flush_alone: false,
        };
        let mut block = Self {
            windows,
            machine,
            ring,
            places,
            share: 1,
            slots: Vec::new(),
            busy: Vec::new(),
            features: 0,
            doorbell,
            messages,
            heard: false,
            sectors: 0,
            native_sectors: 1,
            limits,
        };
        match block.set_up() {
            Ok(()) => Ok(block),
            Err(problem) => {
                if reset(&block.windows.common, &block.machine).is_err() {
                    // It may write to this memory at any time: nobody else may get it.
                    core::mem::forget(block);
                }
                Err(problem)
            }
        }
    }

    /// Its size in sectors of 512 bytes.
    pub const fn sectors(&self) -> u64 {
        self.sectors
    }

    /// How many sectors of 512 bytes make one of the disk's own. Requests are whole numbers of these.
    pub const fn native_sectors(&self) -> u32 {
        self.native_sectors
    }

    /// Whether it can't be written.
    pub const fn is_read_only(&self) -> bool {
        self.has(feature::READ_ONLY)
    }

    /// Whether it has a cache to flush.
    pub const fn can_flush(&self) -> bool {
        self.has(feature::FLUSH)
    }

    /// Whether it tells by a message when something is done.
    pub const fn sends_messages(&self) -> bool {
        self.messages
    }

    const fn has(&self, feature: u32) -> bool {
        self.features >> feature & 1 != 0
    }

    /// From its first reset to the first request: what it is, and what it can take.
    fn set_up(&mut self) -> Result<(), Problem> {
        self.agree()?;
        self.describe()?;
        let (most, share) = if self.has(feature::INDIRECT) {
            (TABLE_PLACES.min(self.places), 1)
        } else {
            (PLAIN_PLACES.min(self.places), PLAIN_PLACES.min(self.places))
        };
        self.share = share;
        self.limits.depth = (self.places / share).min(MAX_DEPTH);
        self.limits.segments = self.limits.segments.min(most - OWN_PLACES);
        self.slots.try_reserve_exact(self.limits.depth).map_err(|_| Problem::NoMemory)?;
        self.busy.try_reserve_exact(self.limits.depth).map_err(|_| Problem::NoMemory)?;
        for _ in 0..self.limits.depth {
            self.slots.push(self.machine.allocate(PAGE, Reach::All).ok_or(Problem::NoMemory)?);
            self.busy.push(None);
        }
        self.start_queue()
    }

    /// After a reset: says that there is a driver, and agrees on features.
    fn agree(&mut self) -> Result<(), Problem> {
        let common = &self.windows.common;
        self.add_status(status::ACKNOWLEDGED);
        self.add_status(status::DRIVER);
        let mut offered = 0;
        for half in 0..2 {
            common.write_u32(register::DEVICE_FEATURE_SELECT, half);
            offered |= u64::from(common.read_u32(register::DEVICE_FEATURE)) << (32 * half);
        }
        if offered >> feature::VERSION_1 & 1 == 0 {
            return Err(Problem::Unsupported("it speaks only as devices did before virtio had a version"));
        }
        let wanted = WANTED.iter().fold(1 << feature::VERSION_1, |sum, feature| sum | 1_u64 << feature);
        let features = offered & wanted;
        for half in 0..2 {
            common.write_u32(register::DRIVER_FEATURE_SELECT, half);
            common.write_u32(register::DRIVER_FEATURE, (features >> (32 * half)) as u32);
        }
        self.add_status(status::FEATURES_OK);
        if common.read_u8(register::STATUS) & status::FEATURES_OK == 0 {
            return Err(Problem::Unsupported("it wants a driver that can more"));
        }
        self.features = features;
        Ok(())
    }

    /// Reads what it says of itself.
    fn describe(&mut self) -> Result<(), Problem> {
        let (common, disk) = (&self.windows.common, &self.windows.disk);
        // The size may change while it is read: then the generation does too. A device that never settles is left alone.
        let steady = (0..8).find_map(|_| {
            let before = common.read_u8(register::GENERATION);
            let sectors = disk.read_u64(disk_register::CAPACITY);
            (common.read_u8(register::GENERATION) == before).then_some(sectors)
        });
        self.sectors = steady.ok_or(Problem::Unsupported("its size changes all the time"))?;
        if self.has(feature::SIZE_MAX) {
            let most = disk.read_u32(disk_register::SIZE_MAX);
            if (most as usize) < PAGE {
                return Err(Problem::Unsupported("it takes no whole page"));
            }
            // As much in a whole request: then no piece of it is longer.
            self.limits.sectors = self.limits.sectors.min(most / 512);
        }
        if self.has(feature::SEGMENTS_MAX) {
            let most = disk.read_u32(disk_register::SEGMENTS_MAX) as usize;
            self.limits.segments = most.clamp(1, TABLE_PLACES);
        }
        if self.has(feature::BLOCK_SIZE) {
            let bytes = disk.read_u32(disk_register::BLOCK_SIZE);
            if !bytes.is_power_of_two() || !(512..=PAGE as u32).contains(&bytes) {
                return Err(Problem::Unsupported("its sectors have a length that is not known here"));
            }
            self.native_sectors = bytes / 512;
        }
        // What does not fill one of its own sectors can't be reached.
        self.sectors -= self.sectors % u64::from(self.native_sectors);
        self.limits.sectors -= self.limits.sectors % self.native_sectors;
        if self.sectors == 0 { Err(Problem::Unsupported("it has no sectors")) } else { Ok(()) }
    }

    /// Once features are agreed on: hands over the queue, and lets the device work.
    fn start_queue(&mut self) -> Result<(), Problem> {
        self.ring.restart();
        self.busy.fill(None);
        let common = &self.windows.common;
        common.write_u16(register::CONFIGURATION_VECTOR, NO_VECTOR);
        common.write_u16(register::QUEUE_SELECT, QUEUE);
        common.write_u16(register::QUEUE_SIZE, self.places as u16);
        if self.messages {
            common.write_u16(register::QUEUE_VECTOR, 0);
            // A device that lacks what it takes says so in this way.
            self.messages = common.read_u16(register::QUEUE_VECTOR) == 0;
        }
        let places = [register::QUEUE_DESCRIPTORS, register::QUEUE_AVAILABLE, register::QUEUE_USED];
        for (place, address) in places.into_iter().zip(self.ring.addresses()) {
            common.write_u64(place, address);
        }
        common.write_u16(register::QUEUE_ENABLE, 1);
        self.add_status(status::DRIVER_OK);
        if common.read_u8(register::STATUS) & status::NEEDS_RESET != 0 {
            return Err(Problem::Unsupported("it does not take its queue"));
        }
        Ok(())
    }

    fn add_status(&self, bits: u8) {
        let common = &self.windows.common;
        common.write_u8(register::STATUS, common.read_u8(register::STATUS) | bits);
    }
}

/// Puts a device into its first state: afterwards it touches no memory.
fn reset(common: &impl NarrowRegisters, machine: &impl Machine) -> Result<(), Problem> {
    common.write_u8(register::STATUS, 0);
    let is_reset = || common.read_u8(register::STATUS) == 0;
    if machine.wait(RESET_MS, is_reset) { Ok(()) } else { Err(Problem::TimedOut) }
}

impl<R: NarrowRegisters, P: Machine> Controller for Block<R, P> {
    fn limits(&self) -> Limits {
        self.limits
    }

    fn start(&mut self, slot: usize, command: &Command<'_>) -> Result<(), Fault> {
        let kind = match command.operation {
            Operation::Read => kind::READ,
            Operation::Write if self.is_read_only() => return Err(Fault::Refused("it is write-protected")),
            Operation::Write => kind::WRITE,
            Operation::Flush if !self.can_flush() => return Err(Fault::Refused("it has no cache to flush")),
            Operation::Flush => kind::FLUSH,
        };
        if command.segments.len() > self.limits.segments {
            return Err(Fault::Refused("its memory has more pieces than a request can name"));
        }
        let page = self.slots.get(slot).ok_or(Fault::Refused("there is no such slot"))?;
        let sector = command.first_sector;
        for (index, word) in [kind, 0, sector as u32, (sector >> 32) as u32].into_iter().enumerate() {
            page.write_u32(HEADER_AT + 4 * index, word);
        }
        page.write_u32(OUTCOME_AT, u32::from(outcome::NONE));
        let head = slot * self.share;
        let indirect = self.has(feature::INDIRECT);
        let (table, first) = if indirect { (page, 0) } else { (&self.ring.descriptors, head) };
        let place = |index: usize, address: u64, length: u32, flags: u16| {
            let next = if flags & flag::NEXT != 0 { first + index + 1 } else { 0 };
            Descriptor { address, length, flags, next: next as u16 }.write(table, first + index);
        };
        place(0, page.address() + HEADER_AT as u64, HEADER_BYTES, flag::NEXT);
        let data_flags = match command.operation {
            Operation::Read => flag::NEXT | flag::DEVICE_WRITES,
            _ => flag::NEXT,
        };
        for (index, segment) in (1..).zip(command.segments) {
            place(index, segment.address, segment.length, data_flags);
        }
        let last = 1 + command.segments.len();
        place(last, page.address() + OUTCOME_AT as u64, 1, flag::DEVICE_WRITES);
        if indirect {
            let length = ((last + 1) * DESCRIPTOR_BYTES) as u32;
            Descriptor { address: page.address(), length, flags: flag::INDIRECT, next: 0 }
                .write(&self.ring.descriptors, head);
        }
        self.busy[slot] = Some(command.operation);
        self.ring.push(head as u16);
        self.windows.notify.write_u16(self.doorbell, QUEUE);
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        // Answers to nothing that was asked are dropped, and no more of them looked at than there are places.
        for _ in 0..self.places {
            let Some(head) = self.ring.pop() else { break };
            let head = head as usize;
            let slot = head / self.share;
            if head.is_multiple_of(self.share)
                && let Some(operation) = self.busy.get_mut(slot).and_then(Option::take)
            {
                self.heard = true;
                let outcome = self.slots[slot].read_u32(OUTCOME_AT) as u8;
                return Some(Event::Finished(slot, result(operation, outcome)));
            }
        }
        // Asking costs a way to the host: only a look that found nothing at all asks.
        if core::mem::take(&mut self.heard) {
            return None;
        }
        let status = self.windows.common.read_u8(register::STATUS);
        (status & status::NEEDS_RESET != 0).then_some(Event::Stopped(None))
    }

    fn reset(&mut self) -> Result<(), Fault> {
        let again = |block: &mut Self| {
            reset(&block.windows.common, &block.machine)?;
            let before = block.features;
            block.agree()?;
            if block.features != before {
                return Err(Problem::Unsupported("it is another device than before its reset"));
            }
            block.start_queue()
        };
        again(self).map_err(|_| Fault::GivenUp)
    }
}

const fn result(operation: Operation, outcome: u8) -> Result<(), Fault> {
    Err(match (outcome, operation) {
        (outcome::OK, _) => return Ok(()),
        (outcome::FAILED, Operation::Read) => Fault::Reported("the data can't be read"),
        (outcome::FAILED, Operation::Write) => Fault::Reported("the data can't be written"),
        (outcome::FAILED, Operation::Flush) => Fault::Reported("its cache can't be emptied"),
        (outcome::UNSUPPORTED, _) => Fault::Refused("it does not know the request"),
        _ => Fault::Reported("it does not say how the request went"),
    })
}
