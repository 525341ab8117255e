//! A transfer between disk and pages that is under way, and waiting for it.
//!
//! A [`Transfer`] has parts: runs of pages that follow each other on the disk too. Each [`Part`] is what the block layer
//! calls the owner of the frames: when the disk is done with them, it tells the cache what became of the pages. A part
//! whose disk was given up is never dropped, and its pages stay under way or, written, dirty for good: nobody knows whether
//! the device still uses them.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use blockcache::pages::{AfterFailure, ObjectId};
use blockcache::{BlockDevice, DeviceError};
use frames::Frame;

use super::{CACHE, LOCKED_AT_ONCE, free};
use crate::block::{Owner, Transfer as Direction};
use crate::lock::Once;
use crate::memory::heap::fallible;
use crate::memory::page::{self, PAGE_SIZE};
use crate::sync::WaitQueue;
use vfs::FsError;

use super::volume::Volume;

/// See above.
pub struct Transfer {
    /// Parts that are not over, and one more as long as parts are added.
    left: AtomicUsize,
    waiters: WaitQueue,
    failure: Once<FsError>,
}

impl Transfer {
    /// One without parts, which is not over before [`Transfer::close`].
    pub fn new() -> Result<Arc<Self>, FsError> {
        let transfer = Self { left: AtomicUsize::new(1), waiters: WaitQueue::new(), failure: Once::new() };
        fallible::counted(transfer).map_err(|_| FsError::OutOfMemory)
    }

    /// No more parts will come.
    pub fn close(&self) {
        self.part_over();
    }

    /// Notes what went wrong; the first counts.
    pub fn fail(&self, error: FsError) {
        self.failure.call_once(|| error);
    }

    /// Waits until it is over; what went wrong first, if anything did.
    pub fn wait(&self) -> Option<FsError> {
        self.waiters.wait_until(|| self.left.load(Ordering::Acquire) == 0);
        self.failure.get().copied()
    }

    fn part_over(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.waiters.wake_all();
        }
    }
}

/// Pages that follow each other, in an object and on the disk.
pub struct Part {
    transfer: Arc<Transfer>,
    direction: Direction,
    object: ObjectId,
    /// The number of the first page.
    first: u64,
    frames: alloc::vec::Vec<Frame>,
    /// Of pages that are read: how many bytes of them are the file's.
    length: usize,
    device: Arc<Volume>,
    first_sector: u64,
    /// It was told how it went.
    is_over: AtomicBool,
}

/// Where a part's pages are.
pub struct Place {
    /// Whose pages they are.
    pub object: ObjectId,
    /// The number of the first.
    pub first: u64,
    /// How many bytes of them are the file's.
    pub length: usize,
    /// The device.
    pub device: Arc<Volume>,
    /// Where they lie on it.
    pub first_sector: u64,
}

impl Part {
    /// A part of `transfer`.
    pub fn new(
        transfer: &Arc<Transfer>,
        direction: Direction,
        place: Place,
        frames: alloc::vec::Vec<Frame>,
    ) -> Result<Arc<Self>, FsError> {
        transfer.left.fetch_add(1, Ordering::Relaxed);
        let Place { object, first, length, device, first_sector } = place;
        let part = Self {
            transfer: transfer.clone(),
            direction,
            object,
            first,
            frames,
            length,
            device,
            first_sector,
            is_over: AtomicBool::new(false),
        };
        fallible::counted(part).map_err(|part| {
            part.abandon(FsError::OutOfMemory);
            FsError::OutOfMemory
        })
    }

    /// Its frames.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// It was not begun: tells so to whoever waits.
    pub fn abandon(&self, error: FsError) {
        self.end(Err(error), |_| Err(error));
    }

    /// Tells the cache what became of the pages; `one` finds out of a single one, after an error.
    fn end(&self, result: Result<(), FsError>, one: impl Fn(usize) -> Result<(), FsError>) {
        if self.is_over.swap(true, Ordering::AcqRel) {
            return;
        }
        if let (Direction::Read, Ok(())) = (self.direction, result) {
            self.clear_behind_end();
        }
        if result.is_ok() {
            self.all_over();
        } else {
            for place in 0..self.frames.len() {
                let result = one(place);
                if let Err(error) = result {
                    self.transfer.fail(error);
                }
                self.page_over(self.first + place as u64, result);
            }
        }
        self.transfer.part_over();
    }

    /// All went well.
    fn all_over(&self) {
        let mut numbers = self.first..self.first + self.frames.len() as u64;
        while !numbers.is_empty() {
            let mut cache = CACHE.lock();
            for index in numbers.by_ref().take(LOCKED_AT_ONCE) {
                // Of what went well nothing comes back.
                match self.direction {
                    Direction::Read => drop(cache.loaded(self.object, index, true)),
                    Direction::Write => drop(cache.written(self.object, index, true)),
                }
            }
        }
    }

    fn page_over(&self, index: u64, result: Result<(), FsError>) {
        match self.direction {
            Direction::Read => {
                let unused = CACHE.lock().loaded(self.object, index, result.is_ok());
                // A device that was given up may still write there: then the frame is never used again.
                if result != Err(FsError::Device(DeviceError::GivenUp)) {
                    unused.into_iter().for_each(free);
                }
            }
            Direction::Write => page_written(&self.device, self.object, index, result),
        }
    }

    /// Behind the end of the file the disk has anything.
    fn clear_behind_end(&self) {
        let (place, start) = (self.length / PAGE_SIZE, self.length % PAGE_SIZE);
        for (number, frame) in self.frames.iter().enumerate().skip(place) {
            page::clear_from(*frame, if number == place { start } else { 0 });
        }
    }

    /// Moves a single page, through a copy.
    fn move_one(&self, place: usize) -> Result<(), FsError> {
        let start = place * PAGE_SIZE;
        let Some(frame) = self.frames.get(place) else { return Ok(()) };
        let sectors = (self.length.saturating_sub(start)).min(PAGE_SIZE).div_ceil(blockcache::SECTOR_SIZE);
        let mut bytes = [0; PAGE_SIZE];
        let part = &mut bytes[..sectors * blockcache::SECTOR_SIZE];
        let sector = self.first_sector + (start / blockcache::SECTOR_SIZE) as u64;
        match self.direction {
            Direction::Read => {
                self.device.read(sector, part)?;
                page::write(*frame, 0, part);
                page::clear_from(*frame, self.length.saturating_sub(start).min(PAGE_SIZE));
            }
            Direction::Write => {
                page::read(*frame, 0, part);
                self.device.write(sector, part)?;
            }
        }
        Ok(())
    }
}

/// Tells the cache how the writing of a page went, and, if it gives the page up, the volume that it is lost.
pub fn page_written(device: &Volume, object: ObjectId, index: u64, result: Result<(), FsError>) {
    let outcome = CACHE.lock().written(object, index, result.is_ok());
    if let (Some(AfterFailure::GivenUp), Err(error)) = (outcome, result) {
        device.note_loss(error);
    }
}

impl Owner for Part {
    fn finished(&self, result: Result<(), DeviceError>) {
        self.end(result.map_err(FsError::Device), |place| match result {
            // No use in asking again.
            Err(DeviceError::GivenUp | DeviceError::TimedOut) => result.map_err(FsError::Device),
            _ => self.move_one(place),
        });
    }
}
