//! A transfer of any length as one or several requests, and whoever waits for its end.
//!
//! A [`Job`] owns the list of its memory's pieces and its [`Owner`]; each request in the queue is a [`Piece`] that keeps
//! the job alive. So a request that a device never answered keeps the frames for good. [`Pending`] is the other end: held by
//! who waits, or by the keeper. Interrupt handlers only count: what is to be done at the end is done by a thread.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use blockcache::{DeviceError, SECTOR_SIZE};
use disks::queue::{Request, Waiter};
use disks::{Fault, Limits, Operation, Segment};

use super::requests::Requests;
use super::{NO_MEMORY, Owner, keeper};
use crate::lock::Once;
use crate::memory::heap::fallible;
use crate::sync::WaitQueue;

/// A request's share of a job.
struct Part {
    first_sector: u64,
    segments: Range<usize>,
    bytes: usize,
    has_failed: AtomicBool,
}

/// What requests of one transfer share.
pub struct Job {
    segments: Vec<Segment>,
    parts: Vec<Part>,
    /// Requests that are not over.
    left: AtomicU32,
    /// The first failure.
    fault: Once<Fault>,
    waiters: WaitQueue,
    /// Whether the keeper waits for it.
    is_kept: AtomicBool,
    /// Hears of the end, and keeps the memory.
    owner: Arc<dyn Owner>,
}

/// One request of a job.
pub struct Piece {
    job: Arc<Job>,
    part: usize,
}

impl Piece {
    /// For a controller that was given up: nothing was begun.
    pub fn give_up(self) {
        self.finished(Err(Fault::GivenUp));
    }
}

impl Waiter for Piece {
    fn segments(&self) -> &[Segment] {
        let range = self.job.parts.get(self.part).map_or(0..0, |part| part.segments.clone());
        &self.job.segments[range]
    }

    fn finished(&self, result: Result<(), Fault>) {
        let job = &*self.job;
        if let Err(fault) = result {
            job.fault.call_once(|| fault);
            if let Some(part) = job.parts.get(self.part) {
                part.has_failed.store(true, Ordering::Relaxed);
            }
        }
        // The last one to arrive leaves all that was written before to be seen.
        if job.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            job.waiters.wake_all();
            if job.is_kept.load(Ordering::SeqCst) {
                keeper::wake();
            }
        }
    }
}

/// Where a job's sectors are.
#[derive(Clone)]
pub struct Place {
    /// The controller's requests.
    pub requests: Arc<dyn Requests>,
    /// Which of its disks.
    pub unit: usize,
    /// The length of the disk's own sectors, in units of 512 bytes.
    pub native: u32,
}

/// A transfer that was begun.
///
/// [`Pending::wait`] waits for its end. Dropped before the end, it is looked after by a thread of this module's, and its owner
/// hears of the end nevertheless.
pub struct Pending(Option<State>);

enum State {
    Over(Result<(), DeviceError>),
    UnderWay(Place, Operation, Arc<Job>),
}

impl Pending {
    /// One that is over already.
    pub(super) fn over(result: Result<(), DeviceError>) -> Self {
        Self(Some(State::Over(result)))
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        match &self.0 {
            Some(State::UnderWay(_, _, job)) => job.is_over(),
            Some(State::Over(_)) | None => true,
        }
    }

    /// Waits for the end. By a thread that may sleep.
    ///
    /// # Errors
    /// What the disk said of the first sector that it could not move; the others were moved.
    pub fn wait(mut self) -> Result<(), DeviceError> {
        self.end()
    }

    /// As [`Pending::wait`], once.
    fn end(&mut self) -> Result<(), DeviceError> {
        match self.0.take() {
            Some(State::UnderWay(place, operation, job)) => {
                place.requests.wait(&job.waiters, &|| job.is_over());
                // Whoever has finished the last request may still hold the job, at this moment and under the queue's lock.
                // That must not be the last hold: an interrupt handler frees nothing.
                place.requests.settle();
                let result = retry_failed(&place, operation, &job);
                job.owner.finished(result);
                result
            }
            Some(State::Over(result)) => result,
            None => Ok(()),
        }
    }

    /// The requests of its controller, while it is under way.
    pub(super) fn requests(&self) -> Option<Arc<dyn Requests>> {
        match &self.0 {
            Some(State::UnderWay(place, ..)) => Some(place.requests.clone()),
            _ => None,
        }
    }

    /// From now on the keeper is woken at the end.
    pub(super) fn note_kept(&self) {
        if let Some(State::UnderWay(_, _, job)) = &self.0 {
            job.is_kept.store(true, Ordering::SeqCst);
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(State::UnderWay(..)) = &self.0
            && let Err(mut own) = keeper::keep(Self(self.0.take()))
        {
            // No memory to remember it with. The owner hears how it went.
            let _ = own.end();
        }
    }
}

impl Job {
    fn is_over(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }

    /// A job on `segments`, whose memory is `owner`'s. In order: each part as large as the controller takes it.
    fn new(
        limits: Limits,
        first_sector: u64,
        segments: Vec<Segment>,
        owner: Arc<dyn Owner>,
    ) -> Result<Arc<Self>, DeviceError> {
        let mut parts = Vec::new();
        let (mut start, mut sector) = (0, first_sector);
        loop {
            let (end, bytes) = part_of(&segments, start, limits);
            parts.try_reserve(1).map_err(|_| NO_MEMORY)?;
            let has_failed = AtomicBool::new(false);
            parts.push(Part { first_sector: sector, segments: start..end, bytes, has_failed });
            sector += (bytes / SECTOR_SIZE) as u64;
            start = end;
            // A flush is one part without memory.
            if start >= segments.len() {
                break;
            }
        }
        let job = Self {
            left: AtomicU32::new(parts.len() as u32),
            segments,
            parts,
            fault: Once::new(),
            waiters: WaitQueue::new(),
            is_kept: AtomicBool::new(false),
            owner,
        };
        fallible::counted(job).map_err(|_| NO_MEMORY)
    }
}

/// How far a part reaches that begins with segment `start`, and how many bytes that is. One segment fits at least.
fn part_of(segments: &[Segment], start: usize, limits: Limits) -> (usize, usize) {
    let most = limits.sectors as usize * SECTOR_SIZE;
    let (mut end, mut bytes) = (start, 0);
    while let Some(segment) = segments.get(end)
        && (end == start || end - start < limits.segments && bytes + segment.length as usize <= most)
    {
        bytes += segment.length as usize;
        end += 1;
    }
    (end, bytes)
}

/// Begins a transfer. `segments` are whole numbers of the disk's own sectors, none longer than a request may be.
pub(super) fn begin(
    place: Place,
    operation: Operation,
    first_sector: u64,
    segments: Vec<Segment>,
    owner: Arc<dyn Owner>,
) -> Result<Pending, DeviceError> {
    let job = Job::new(place.requests.limits(), first_sector, segments, owner)?;
    for (part, Part { first_sector, .. }) in job.parts.iter().enumerate() {
        let owner = Piece { job: job.clone(), part };
        place.requests.submit(Request { unit: place.unit, operation, first_sector: *first_sector, owner });
    }
    Ok(Pending(Some(State::UnderWay(place, operation, job))))
}

/// The result of a job that is over. What failed is tried sector by sector, so that the one to blame is found, and those
/// around it are not lost.
fn retry_failed(place: &Place, operation: Operation, job: &Arc<Job>) -> Result<(), DeviceError> {
    let Some(&fault) = job.fault.get() else { return Ok(()) };
    match (fault, operation) {
        (Fault::TimedOut, _) => return Err(DeviceError::TimedOut),
        (Fault::GivenUp, _) => return Err(DeviceError::GivenUp),
        (Fault::Reported(reason) | Fault::Refused(reason), Operation::Flush) => {
            return Err(DeviceError::Failed(reason));
        }
        _ => {}
    }
    let bytes = place.native as usize * SECTOR_SIZE;
    let mut outcome = Ok(());
    for part in job.parts.iter().filter(|part| part.has_failed.load(Ordering::Relaxed)) {
        let segments = &job.segments[part.segments.clone()];
        for (at, sector) in
            (0..part.bytes).step_by(bytes).zip((part.first_sector..).step_by(bytes / SECTOR_SIZE))
        {
            match one_sector(place, operation, sector, cut(segments, at, bytes)?, job) {
                error @ Err(DeviceError::TimedOut | DeviceError::GivenUp) => return error,
                result => outcome = outcome.and(result),
            }
        }
    }
    outcome
}

/// The memory of `length` bytes from `at` on.
fn cut(segments: &[Segment], at: usize, length: usize) -> Result<Vec<Segment>, DeviceError> {
    let (mut skip, mut left) = (at, length);
    let mut found = Vec::new();
    for segment in segments {
        let available = (segment.length as usize).saturating_sub(skip);
        let taken = available.min(left);
        if taken > 0 {
            found.try_reserve(1).map_err(|_| NO_MEMORY)?;
            found.push(Segment { address: segment.address + skip as u64, length: taken as u32 });
        }
        skip = skip.saturating_sub(segment.length as usize);
        left -= taken;
    }
    Ok(found)
}

/// Keeps a job's memory for the requests that repeat parts of it.
struct Repeated(#[allow(dead_code, reason = "held, not looked at")] Arc<Job>);

impl Owner for Repeated {
    fn finished(&self, _: Result<(), DeviceError>) {}
}

fn one_sector(
    place: &Place,
    operation: Operation,
    sector: u64,
    segments: Vec<Segment>,
    job: &Arc<Job>,
) -> Result<(), DeviceError> {
    let owner = fallible::counted(Repeated(job.clone())).map_err(|_| NO_MEMORY)?;
    let job = Job::new(place.requests.limits(), sector, segments, owner)?;
    let piece = Piece { job: job.clone(), part: 0 };
    place.requests.submit(Request { unit: place.unit, operation, first_sector: sector, owner: piece });
    place.requests.wait(&job.waiters, &|| job.is_over());
    place.requests.settle();
    match job.fault.get() {
        None => Ok(()),
        Some(Fault::TimedOut) => Err(DeviceError::TimedOut),
        Some(Fault::GivenUp) => Err(DeviceError::GivenUp),
        Some(Fault::Reported(reason) | Fault::Refused(reason)) => {
            log::warn!("sector {sector}: {reason}");
            Err(DeviceError::AtSector { sector, reason })
        }
    }
}
