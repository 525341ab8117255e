//! Bringing an object's pages from the disk into memory, in runs that follow each other there, many at a time. How they get
//! back is in `writing.rs`; both begin transfers here.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use ::frames::Frame;
use blockcache::pages::{READ_AHEAD_MAX, State};
use vfs::FsError;

use super::transfer::{Part, Place};
use super::{Backing, CACHE, LOCKED_AT_ONCE, Object, Transfer, allocate_all, free, pieces};
use crate::block::{Pending, Transfer as Direction};
use crate::memory::page::PAGE_SIZE;

impl Object {
    /// Has those of the pages read that are not there, and does not wait for it: what is on its way is in `under_way`, or,
    /// where that has no room, looked after by the block layer. The first error of what could not even be begun.
    pub(super) fn load(
        &self,
        backing: &dyn Backing,
        range: Range<u64>,
        under_way: &mut Vec<Pending>,
    ) -> Result<(), FsError> {
        let end = range.end.min(backing.size().div_ceil(PAGE_SIZE as u64));
        let mut next = range.start;
        loop {
            // One look for all: a reader of what is here already comes by as well.
            let absent = CACHE.lock().first_absent(self.0, next..end.max(next));
            let Some(absent) = absent else { break };
            next = self.load_run(backing, absent, under_way)?;
        }
        Ok(())
    }

    /// Has pages from the first on read that follow each other on the disk too; returns the number behind them.
    fn load_run(
        &self,
        backing: &dyn Backing,
        range: Range<u64>,
        under_way: &mut Vec<Pending>,
    ) -> Result<u64, FsError> {
        let first = range.start;
        let most = (range.end - first).min(READ_AHEAD_MAX);
        let (first_sector, contiguous) = run_at(backing, first, most)?;
        let count = contiguous.max(1) as usize;
        let transfer = Transfer::new()?;
        // One page alone may still be had where many are not.
        let mut frames = allocate_all(count).or_else(|_| allocate_all(1))?;
        let entered = self.enter_loading(first, &frames, &transfer);
        // For the others somebody else was quicker, or memory is out; what was begun is worth having.
        frames.drain(entered..).for_each(free);
        let behind = first + frames.len().max(1) as u64;
        if frames.is_empty() {
            transfer.close();
            // Without a page and without somebody who brings it, memory is out.
            let state = CACHE.lock().state(self.0, first);
            return if matches!(state, State::Absent) { Err(FsError::OutOfMemory) } else { Ok(behind) };
        }
        let length =
            backing.size().saturating_sub(first * PAGE_SIZE as u64).min((frames.len() * PAGE_SIZE) as u64);
        let result = if contiguous == 0 {
            // In pieces smaller than a page.
            let result = pieces::read_page(backing, first, frames[0]);
            let unused = CACHE.lock().loaded(self.0, first, result.is_ok());
            unused.into_iter().for_each(free);
            result.inspect_err(|error| transfer.fail(*error))
        } else {
            let place = Place {
                object: self.0,
                first,
                length: length as usize,
                device: backing.device()?.clone(),
                first_sector,
            };
            begin(&transfer, Direction::Read, place, frames, under_way)
        };
        transfer.close();
        result.map(|()| behind)
    }

    /// Enters frames as pages from `first` on that the transfer will fill; returns for how many that could be done.
    fn enter_loading(&self, first: u64, frames: &[Frame], transfer: &Arc<Transfer>) -> usize {
        let mut numbered = (first..).zip(frames);
        let mut entered = 0;
        while entered < frames.len() {
            let mut cache = CACHE.lock();
            for (index, frame) in numbered.by_ref().take(LOCKED_AT_ONCE) {
                if cache.insert_loading(self.0, index, *frame, transfer.clone()).is_err() {
                    return entered;
                }
                entered += 1;
            }
        }
        entered
    }
}

/// Where the page `first` lies, and how many from there on, at most `most`, follow each other on the disk: none if not even
/// one page lies there in one piece. The last page of a file is whole if the disk has room for all of it there.
pub(super) fn run_at(backing: &dyn Backing, first: u64, most: u64) -> Result<(u64, u64), FsError> {
    let extent = backing.extent(first * PAGE_SIZE as u64)?;
    Ok((extent.device_offset / blockcache::SECTOR_SIZE as u64, (extent.length / PAGE_SIZE as u64).min(most)))
}

/// Begins a part of a transfer. When it can't be begun, its pages are told so.
pub(super) fn begin(
    transfer: &Arc<Transfer>,
    direction: Direction,
    place: Place,
    frames: Vec<Frame>,
    under_way: &mut Vec<Pending>,
) -> Result<(), FsError> {
    let (device, first_sector) = (place.device.clone(), place.first_sector);
    let part = Part::new(transfer, direction, place, frames)?;
    match device.submit(direction, first_sector, part.frames(), part.clone()) {
        Ok(pending) => {
            // Without room for it, the block layer looks after it.
            if under_way.try_reserve(1).is_ok() {
                under_way.push(pending);
            }
            Ok(())
        }
        Err(error) => {
            part.abandon(FsError::Device(error));
            Err(FsError::Device(error))
        }
    }
}
