//! Disks whose controller moves data by itself: requests go through a queue (crate `disks`), and threads sleep until
//! theirs is over.
//!
//! Data pass through buffers of this file's own, which a device may write to as long as it likes; a caller's slice is
//! never shown to a device. A request of any length becomes pieces of 64 KiB, all submitted before the first is waited
//! for, so that the controller always has something to do.
//!
//! The controller's interrupt ([`Controlled::interrupt`]) takes in what is done and wakes who waits. A waiter looks
//! for itself every few milliseconds, for an interrupt may get lost, and it is a waiter that notices a silent
//! controller and resets it. So nothing here depends on interrupts but the speed.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use disks::hardware::Reach;
use disks::queue::{Queue, Request, Ticket, Waiter};
use disks::{Controller, Fault, Limits, Operation, Segment};

use crate::arch::time;
use crate::lock::{IrqSpinLock, Rank};
use crate::memory::dma::Dma;
use crate::memory::frames::Zone;
use crate::sync::{Mutex, WaitQueue};

/// Bytes in one request.
const PIECE: usize = 64 << 10;
/// Buffers kept for the next request, in each controller.
const BUFFERS_KEPT: usize = 8;
/// How long a waiter sleeps before it looks for itself.
const SLICE_MS: u64 = 5;
/// So many in a row are worth a word.
const UNHEARD_TOLD: u32 = 16;
/// Looks before the first sleep where no interrupts come: an emulated disk is often done at once.
const LOOKS: usize = 64;

/// Who waits for a request.
struct Completion {
    over: AtomicBool,
    waiters: WaitQueue,
}

/// What a request owns while the device may use it.
struct Owner {
    buffer: Buffer,
    completion: Arc<Completion>,
}

impl Waiter for Owner {
    fn finished(&self) {
        self.completion.over.store(true, Ordering::Release);
        self.completion.waiters.wake_all();
    }
}

/// [`PIECE`] bytes in one piece of physical memory, or in pages where memory is scattered.
struct Buffer(Vec<Dma>);

impl Buffer {
    fn allocate(zone: Zone) -> Option<Self> {
        if let Some(whole) = Dma::allocate(PIECE, zone) {
            return Some(Self(Vec::from([whole])));
        }
        let page = 4096;
        let pages: Option<Vec<Dma>> = (0..PIECE / page).map(|_| Dma::allocate(page, zone)).collect();
        pages.map(Self)
    }

    /// The memory of the first `length` bytes.
    fn segments(&self, length: usize) -> Vec<Segment> {
        let mut left = length;
        let mut segment = |piece: &Dma| {
            let length = left.min(piece.length());
            left -= length;
            (length > 0).then(|| Segment { address: piece.address(), length: length as u32 })
        };
        self.0.iter().map_while(&mut segment).collect()
    }

    fn fill(&self, data: &[u8]) {
        let mut rest = data;
        for piece in &self.0 {
            let (now, later) = rest.split_at(rest.len().min(piece.length()));
            piece.write(0, now);
            rest = later;
        }
    }

    fn empty_into(&self, data: &mut [u8]) {
        let mut rest = data;
        for piece in &self.0 {
            let (now, later) = rest.split_at_mut(rest.len().min(piece.length()));
            piece.read(0, now);
            rest = later;
        }
    }
}

/// A controller with its queue, for all of its disks.
pub struct Controlled<C> {
    queue: IrqSpinLock<Queue<C, Owner>>,
    limits: Limits,
    has_interrupts: AtomicBool,
    /// How often in a row somebody had to look for what an interrupt should have told.
    unheard: AtomicU32,
    /// They held this controller's data before, and nothing else: no need to clear them.
    buffers: Mutex<Vec<Buffer>>,
}

/// A request under way.
struct Pending {
    ticket: Ticket,
    completion: Arc<Completion>,
}

impl<C: Controller + Send + 'static> Controlled<C> {
    /// A controller that no one has asked for anything yet.
    pub fn new(controller: C) -> Arc<Self> {
        let limits = controller.limits();
        Arc::new(Self {
            queue: IrqSpinLock::new(Rank::Device, Queue::new(controller)),
            limits,
            has_interrupts: AtomicBool::new(false),
            unheard: AtomicU32::new(0),
            buffers: Mutex::new(Vec::new()),
        })
    }

    /// Notes that [`Controlled::interrupt`] will be called when there is news.
    pub fn interrupts_come(&self) {
        self.has_interrupts.store(true, Ordering::Relaxed);
    }

    /// The controller has news. For interrupt handlers.
    pub fn interrupt(&self) {
        self.unheard.store(0, Ordering::Relaxed);
        self.queue.lock().advance(time::uptime_ns());
    }

    /// The disk that the controller knows as `unit`.
    pub fn disk(self: &Arc<Self>, unit: usize, sectors: u64) -> Arc<QueuedDisk<C>> {
        Arc::new(QueuedDisk { controller: self.clone(), unit, sectors })
    }

    fn buffer(&self) -> Option<Buffer> {
        if let Some(buffer) = self.buffers.lock().pop() {
            return Some(buffer);
        }
        Buffer::allocate(if self.limits.reach == Reach::All { Zone::All } else { Zone::Below4GiB })
    }

    fn put_back(&self, buffer: Buffer) {
        let mut buffers = self.buffers.lock();
        if buffers.len() < BUFFERS_KEPT {
            buffers.push(buffer);
        }
    }

    fn submit(
        &self,
        unit: usize,
        operation: Operation,
        first_sector: u64,
        buffer: Buffer,
        length: usize,
    ) -> Pending {
        let completion = Arc::new(Completion { over: AtomicBool::new(false), waiters: WaitQueue::new() });
        let segments = buffer.segments(length);
        let owner = Owner { buffer, completion: completion.clone() };
        let request = Request { unit, operation, first_sector, segments, owner };
        let ticket = self.queue.lock().submit(request, time::uptime_ns());
        Pending { ticket, completion }
    }

    /// Waits until the request is over. The buffer comes back unless the device may still use it.
    fn wait(&self, pending: Pending) -> (Result<(), Fault>, Option<Buffer>) {
        let Pending { mut ticket, completion } = pending;
        let is_over = || completion.over.load(Ordering::Acquire);
        let mut looks = if self.has_interrupts.load(Ordering::Relaxed) { 0 } else { LOOKS };
        loop {
            if looks > 0 {
                looks -= 1;
                self.look_after();
            } else if !completion.waiters.wait_until_timeout(SLICE_MS, is_over) {
                self.look_after();
                if is_over() {
                    self.note_lost_interrupt();
                }
            }
            if is_over() {
                match self.queue.lock().collect(ticket) {
                    Ok((result, owner)) => return (result, owner.map(|owner| owner.buffer)),
                    Err(not_yet) => ticket = not_yet,
                }
            }
        }
    }

    /// Disks work without interrupts, only slower: unless it is said, nobody finds out why. One that is merely late,
    /// on a busy machine, is no news.
    fn note_lost_interrupt(&self) {
        let expected = self.has_interrupts.load(Ordering::Relaxed);
        if expected && self.unheard.fetch_add(1, Ordering::Relaxed) + 1 == UNHEARD_TOLD {
            log::warn!("the interrupts of a disk controller don't come: it is slow");
        }
    }

    /// Takes in news, and resets the controller if it must be.
    fn look_after(&self) {
        if !self.queue.lock().advance(time::uptime_ns()) {
            return;
        }
        let Some(mut controller) = self.queue.lock().begin_reset() else { return };
        log::warn!("a disk controller stopped; it is reset");
        let result = controller.reset();
        if result.is_err() {
            log::error!("a disk controller does not come back from its reset: its disks are given up");
        }
        self.queue.lock().end_reset(controller, result, time::uptime_ns());
    }
}

/// A disk behind a queue.
pub struct QueuedDisk<C> {
    controller: Arc<Controlled<C>>,
    unit: usize,
    sectors: u64,
}

/// What a transfer moves, and where to.
enum Data<'a> {
    Read(&'a mut [u8]),
    Write(&'a [u8]),
}

impl Data<'_> {
    fn length(&self) -> usize {
        match self {
            Self::Read(buffer) => buffer.len(),
            Self::Write(data) => data.len(),
        }
    }

    fn part(&mut self, start: usize, length: usize) -> Data<'_> {
        match self {
            Self::Read(buffer) => Data::Read(&mut buffer[start..start + length]),
            Self::Write(data) => Data::Write(&data[start..start + length]),
        }
    }
}

impl<C: Controller + Send + 'static> QueuedDisk<C> {
    /// How many bytes a request takes.
    fn piece(&self) -> usize {
        let limits = self.controller.limits;
        // A buffer in pages needs as many segments as it has pages.
        PIECE.min(limits.sectors as usize * SECTOR_SIZE).min(limits.segments * 4096)
    }

    fn transfer(&self, first_sector: u64, mut data: Data<'_>) -> Result<(), DeviceError> {
        let length = data.length();
        let end = first_sector.checked_add((length / SECTOR_SIZE) as u64);
        if !length.is_multiple_of(SECTOR_SIZE) || end.is_none_or(|end| end > self.sectors) {
            return Err(DeviceError::OutOfRange);
        }
        // As many at a time as the controller works on: more would only hold memory.
        let window = self.piece() * self.controller.limits.depth.min(BUFFERS_KEPT);
        for start in (0..length).step_by(window) {
            let part = data.part(start, window.min(length - start));
            self.transfer_window(first_sector + (start / SECTOR_SIZE) as u64, part)?;
        }
        Ok(())
    }

    fn transfer_window(&self, first_sector: u64, mut data: Data<'_>) -> Result<(), DeviceError> {
        let (length, piece) = (data.length(), self.piece());
        let sector_of = |start: usize| first_sector + (start / SECTOR_SIZE) as u64;
        let mut under_way = Vec::new();
        let mut outcome = Ok(());
        for start in (0..length).step_by(piece) {
            match self.begin(sector_of(start), &data.part(start, piece.min(length - start))) {
                Ok(pending) => under_way.push((start, pending)),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        // All are waited for, also when one fails: their buffers come back.
        for (start, pending) in under_way {
            let part = data.part(start, piece.min(length - start));
            let result = match self.end(pending, part) {
                Ok(()) => Ok(()),
                Err(fault) => {
                    self.one_by_one(sector_of(start), data.part(start, piece.min(length - start)), fault)
                }
            };
            outcome = outcome.and(result);
        }
        outcome
    }

    fn begin(&self, first_sector: u64, data: &Data<'_>) -> Result<Pending, DeviceError> {
        let buffer = self.controller.buffer().ok_or(DeviceError::Failed("no memory for the transfer"))?;
        let operation = match data {
            Data::Read(_) => Operation::Read,
            Data::Write(data) => {
                buffer.fill(data);
                Operation::Write
            }
        };
        Ok(self.controller.submit(self.unit, operation, first_sector, buffer, data.length()))
    }

    fn end(&self, pending: Pending, data: Data<'_>) -> Result<(), Fault> {
        let (result, buffer) = self.controller.wait(pending);
        if let Some(buffer) = buffer {
            if let (Ok(()), Data::Read(target)) = (result, data) {
                buffer.empty_into(target);
            }
            self.controller.put_back(buffer);
        }
        result
    }

    /// After `fault`: a sector at a time, so that the one to blame is found, and those around it are not lost.
    fn one_by_one(&self, first_sector: u64, mut data: Data<'_>, fault: Fault) -> Result<(), DeviceError> {
        let reason = match fault {
            Fault::Reported(reason) | Fault::Refused(reason) => reason,
            Fault::TimedOut => return Err(DeviceError::TimedOut),
            Fault::GivenUp => return Err(DeviceError::GivenUp),
        };
        let length = data.length();
        if length == SECTOR_SIZE {
            log::warn!("sector {first_sector}: {reason}");
            return Err(DeviceError::AtSector { sector: first_sector, reason });
        }
        let mut outcome = Ok(());
        for (start, sector) in (0..length).step_by(SECTOR_SIZE).zip(first_sector..) {
            let mut one = data.part(start, SECTOR_SIZE);
            let pending = self.begin(sector, &one)?;
            let result = match self.end(pending, one.part(0, SECTOR_SIZE)) {
                Ok(()) => Ok(()),
                Err(fault) => self.one_by_one(sector, one, fault),
            };
            if let Err(DeviceError::TimedOut | DeviceError::GivenUp) = result {
                return result;
            }
            outcome = outcome.and(result);
        }
        outcome
    }
}

impl<C: Controller + Send + 'static> BlockDevice for QueuedDisk<C> {
    fn sector_count(&self) -> u64 {
        self.sectors
    }

    fn read(&self, first_sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        self.transfer(first_sector, Data::Read(buffer))
    }

    fn write(&self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.transfer(first_sector, Data::Write(data))
    }

    fn flush(&self) -> Result<(), DeviceError> {
        let pending = self.controller.submit(self.unit, Operation::Flush, 0, Buffer(Vec::new()), 0);
        match self.controller.wait(pending).0 {
            Ok(()) => Ok(()),
            Err(Fault::TimedOut) => Err(DeviceError::TimedOut),
            Err(Fault::GivenUp) => Err(DeviceError::GivenUp),
            Err(Fault::Reported(reason) | Fault::Refused(reason)) => Err(DeviceError::Failed(reason)),
        }
    }
}
