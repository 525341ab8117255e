//! One file's, or one device's, pages.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use ::frames::Frame;
use blockcache::pages::{
    AfterFailure, NotInserted, ObjectId, Pinned, READ_AHEAD_MAX, ReadAhead, Removal, State, ToWrite, Use,
};
use vfs::FsError;
use vfs::inode::Extent;

use super::transfer::{Part, Place};
use super::{CACHE, Transfer, Volume, allocate, free, make_room, pieces};
use crate::block::{Pending, Transfer as Direction};
use crate::memory::page::{self, PAGE_SIZE};
use crate::task;

/// Pages that are pinned and copied at a time.
const BATCH: usize = 16;
/// Pages that are written out in one transfer: 2 MiB.
const WRITTEN_AT_ONCE: usize = 512;

/// Where an object's bytes lie.
pub trait Backing {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Where the byte at `offset` lies on the device, and how far it goes on there.
    fn extent(&self, offset: u64) -> Result<Extent, FsError>;

    /// The device.
    fn device(&self) -> Result<&Arc<Volume>, FsError>;
}

/// Pages of one thing. They are let go when it is dropped.
pub struct Object(ObjectId);

impl Object {
    /// One without pages.
    pub fn new() -> Result<Self, FsError> {
        CACHE.lock().open().map(Self).map_err(|_| FsError::OutOfMemory)
    }

    /// How many pages are in memory.
    pub fn pages(&self) -> usize {
        CACHE.lock().pages_of(self.0)
    }

    /// Whether the disk does not have all of it.
    pub fn is_unwritten(&self) -> bool {
        CACHE.lock().is_unwritten(self.0)
    }

    /// Reads at `offset`; fewer bytes than asked for at the end, or in front of what can't be read.
    pub fn read(
        &self,
        backing: &dyn Backing,
        ahead: &mut ReadAhead,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<usize, FsError> {
        let length = backing.size().saturating_sub(offset).min(buffer.len() as u64) as usize;
        let mut pinned = batch()?;
        let mut done = 0;
        while done < length {
            let (first, start) = split(offset + done as u64);
            let wanted = (start + length - done).div_ceil(PAGE_SIZE).min(BATCH);
            if let Some(range) = ahead.advance(first, wanted as u64) {
                // What can't be had in advance is asked for again when it is needed.
                let _ = self.load(backing, range, &mut Vec::new());
            }
            while CACHE.lock().pin(self.0, first, &mut pinned, wanted) == 0 {
                match self.bring(backing, first, wanted as u64) {
                    Ok(()) => {}
                    Err(error) if done == 0 => return Err(error),
                    Err(_) => return Ok(done),
                }
            }
            let mut start = start;
            for page in &pinned {
                let count = (PAGE_SIZE - start).min(length - done);
                page::read(page.page, start, &mut buffer[done..done + count]);
                done += count;
                start = 0;
            }
            self.release(&mut pinned, Use::Read);
        }
        Ok(length)
    }

    /// Writes `data` at `offset`, in place: all of it lies within the size, and nobody changes that meanwhile. Pages that
    /// are replaced as a whole are not read before.
    pub fn overwrite(&self, backing: &dyn Backing, offset: u64, data: &[u8]) -> Result<(), FsError> {
        let mut pinned = batch()?;
        let mut done = 0;
        while done < data.len() {
            let (index, start) = split(offset + done as u64);
            let count = (PAGE_SIZE - start).min(data.len() - done);
            let part = &data[done..done + count];
            // A page that reaches to the end of the file is as good as whole: what is behind it reads as zeros.
            let is_whole =
                start == 0 && (count == PAGE_SIZE || offset + (done + count) as u64 >= backing.size());
            self.pin_one(backing, index, is_whole, &mut pinned)?;
            for page in &pinned {
                page::write(page.page, start, part);
            }
            self.release(&mut pinned, Use::Changed);
            done += count;
        }
        Ok(())
    }

    /// Pins one page, read from the disk if it is not here, unless all of it is replaced.
    fn pin_one(
        &self,
        backing: &dyn Backing,
        index: u64,
        is_whole: bool,
        pinned: &mut Vec<Pinned<Frame>>,
    ) -> Result<(), FsError> {
        loop {
            if CACHE.lock().pin(self.0, index, pinned, 1) == 1 {
                return Ok(());
            }
            if !is_whole {
                self.bring(backing, index, 1)?;
                continue;
            }
            let state = CACHE.lock().state(self.0, index);
            match state {
                State::Ready => {}
                State::Loading(transfer) => {
                    transfer.wait();
                }
                State::Absent => {
                    let page = allocate()?;
                    page::clear_from(page, 0);
                    if let Some(new) = self.insert(index, page)? {
                        pinned.push(new);
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Enters pages of zeros for those of `indices` that are not there, dirty: room behind the end of a file, which has
    /// just grown. The pages were allocated before; what is left of them is dropped.
    pub fn fill(&self, indices: Range<u64>, pages: Vec<Frame>) -> Result<(), FsError> {
        let mut pages = pages.into_iter();
        let mut result = Ok(());
        for (index, page) in indices.zip(&mut pages) {
            match self.insert(index, page) {
                Ok(Some(new)) => CACHE.lock().unpin(&[new], Use::Changed),
                Ok(None) => {}
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        pages.for_each(free);
        result
    }

    /// Marks a page as changed, reading it before if it is not here.
    pub fn touch(&self, backing: &dyn Backing, index: u64) -> Result<(), FsError> {
        let mut pinned = batch()?;
        self.pin_one(backing, index, false, &mut pinned)?;
        self.release(&mut pinned, Use::Changed);
        Ok(())
    }

    /// Makes zeros of what lies behind `size` in its page, if that is in memory: what the disk has there is whatever it is.
    pub fn clear_behind(&self, size: u64) -> Result<(), FsError> {
        let (index, start) = split(size);
        if start == 0 {
            return Ok(());
        }
        let mut pinned = batch()?;
        loop {
            if CACHE.lock().pin(self.0, index, &mut pinned, 1) == 1 {
                for page in &pinned {
                    page::clear_from(page.page, start);
                }
                self.release(&mut pinned, Use::Changed);
                return Ok(());
            }
            let state = CACHE.lock().state(self.0, index);
            match state {
                State::Absent => return Ok(()),
                State::Ready => {}
                State::Loading(transfer) => {
                    transfer.wait();
                }
            }
        }
    }

    /// Changes the bytes of those pages that are in memory; the disk gets them by another way.
    pub fn update(&self, offset: u64, data: &[u8]) -> Result<(), FsError> {
        let mut pinned = batch()?;
        let mut done = 0;
        while done < data.len() {
            let (index, start) = split(offset + done as u64);
            let count = (PAGE_SIZE - start).min(data.len() - done);
            if CACHE.lock().pin(self.0, index, &mut pinned, 1) == 0 {
                let state = CACHE.lock().state(self.0, index);
                if let State::Loading(transfer) = state {
                    transfer.wait();
                    continue;
                }
                if matches!(state, State::Ready) {
                    continue;
                }
            }
            for page in &pinned {
                page::write(page.page, start, &data[done..done + count]);
            }
            self.release(&mut pinned, Use::Read);
            done += count;
        }
        Ok(())
    }

    /// Takes in a page that is not there. One that is, or that there is no memory for, is given back.
    fn insert(&self, index: u64, page: Frame) -> Result<Option<Pinned<Frame>>, FsError> {
        let refused = match CACHE.lock().insert_ready(self.0, index, page) {
            Ok(pinned) => return Ok(Some(pinned)),
            Err(refused) => refused,
        };
        free(page);
        match refused {
            NotInserted::Present => Ok(None),
            NotInserted::OutOfMemory => Err(FsError::OutOfMemory),
        }
    }

    fn release(&self, pinned: &mut Vec<Pinned<Frame>>, used: Use) {
        CACHE.lock().unpin(pinned, used);
        pinned.clear();
    }

    /// Sees to it that a page is in memory, and those after it that will be wanted next.
    fn bring(&self, backing: &dyn Backing, index: u64, count: u64) -> Result<(), FsError> {
        let state = CACHE.lock().state(self.0, index);
        let failure = match state {
            State::Ready => return Ok(()),
            State::Loading(transfer) => transfer.wait(),
            State::Absent => {
                let mut under_way = Vec::new();
                let mut failure = self.load(backing, index..index + count, &mut under_way).err();
                // Each part's owner hears of its end, and the first error is enough.
                for pending in under_way {
                    failure = failure.or(pending.wait().map_err(FsError::Device).err());
                }
                failure
            }
        };
        // One of the others may have failed, and this one not.
        let state = CACHE.lock().state(self.0, index);
        match (state, failure) {
            (State::Absent, Some(error)) => Err(error),
            // Gone again already, for memory is scarce, or on its way: look again.
            _ => Ok(()),
        }
    }

    /// Has those of the pages read that are not there, and does not wait for it: what is on its way is in `under_way`, or,
    /// where that has no room, looked after by the block layer. The first error of what could not even be begun.
    fn load(
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
            let Some(first) = absent else { break };
            next = self.load_run(backing, first..end, under_way)?;
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
        make_room(count);
        let transfer = Transfer::new()?;
        let mut frames = Vec::new();
        frames.try_reserve_exact(count).map_err(|_| FsError::OutOfMemory)?;
        for index in first..first + count as u64 {
            let Ok(frame) = allocate() else { break };
            let inserted = CACHE.lock().insert_loading(self.0, index, frame, transfer.clone());
            if inserted.is_err() {
                // Somebody else was quicker, or memory is out; what was begun is worth having.
                free(frame);
                break;
            }
            frames.push(frame);
        }
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

    /// Writes dirty pages to the disk until none is left that was dirty at the beginning; the first error. What can't be
    /// written is told to the log when it is given up. Callers see to it that only one of them does this at a time.
    pub fn write_out(&self, backing: &dyn Backing) -> Result<(), FsError> {
        loop {
            let mut chosen: Vec<ToWrite<Frame>> = Vec::new();
            chosen.try_reserve_exact(WRITTEN_AT_ONCE).map_err(|_| FsError::OutOfMemory)?;
            let transfer = Transfer::new()?;
            CACHE.lock().begin_write(self.0, &transfer, &mut chosen);
            if chosen.is_empty() {
                return Ok(());
            }
            let mut under_way = Vec::new();
            for run in chosen.chunk_by(|a, b| a.index + 1 == b.index) {
                self.write_run(backing, run, &transfer, &mut under_way);
            }
            transfer.close();
            for pending in under_way {
                // The transfer knows.
                let _ = pending.wait();
            }
            // Those that failed are dirty again: another round would be endless.
            if let Some(error) = transfer.wait() {
                return Err(error);
            }
        }
    }

    /// Has pages that follow each other written.
    fn write_run(
        &self,
        backing: &dyn Backing,
        run: &[ToWrite<Frame>],
        transfer: &Arc<Transfer>,
        under_way: &mut Vec<Pending>,
    ) {
        let mut rest = run;
        while let Some(page) = rest.first() {
            let begun =
                run_at(backing, page.index, rest.len() as u64).and_then(|(first_sector, contiguous)| {
                    if contiguous == 0 {
                        let result = pieces::write_page(backing, page.index, page.page);
                        self.written(backing, page.index, result);
                        return result.map(|()| 1);
                    }
                    let mut frames = Vec::new();
                    frames.try_reserve_exact(contiguous as usize).map_err(|_| FsError::OutOfMemory)?;
                    frames.extend(rest.iter().take(contiguous as usize).map(|page| page.page));
                    let place = Place {
                        object: self.0,
                        first: page.index,
                        length: frames.len() * PAGE_SIZE,
                        device: backing.device()?.clone(),
                        first_sector,
                    };
                    // If it can't be begun, its pages and the transfer are told.
                    let _ = begin(transfer, Direction::Write, place, frames, under_way);
                    Ok(contiguous as usize)
                });
            match begun {
                Ok(count) => rest = &rest[count..],
                Err(error) => {
                    transfer.fail(error);
                    // Dirty as before, unless that was told already.
                    CACHE.lock().not_written(self.0, page.index);
                    rest = &rest[1..];
                }
            }
        }
    }

    fn written(&self, backing: &dyn Backing, index: u64, result: Result<(), FsError>) {
        let outcome = CACHE.lock().written(self.0, index, result.is_ok());
        if let (Some(AfterFailure::GivenUp), Err(error), Ok(device)) = (outcome, result, backing.device()) {
            device.note_loss(error);
        }
    }

    /// Drops the pages from `first` on, written or not; waits for those under way.
    pub fn remove_from(&self, first: u64) {
        loop {
            // Dropped one by one under the lock: few objects have many.
            let removal = CACHE.lock().remove_from(self.0, first, free);
            match removal {
                Removal::Done => return,
                Removal::Wait(Some(transfer)) => {
                    transfer.wait();
                }
                // Somebody copies at this moment.
                Removal::Wait(None) => task::yield_now(),
            }
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        self.remove_from(0);
        CACHE.lock().close(self.0);
    }
}

fn batch() -> Result<Vec<Pinned<Frame>>, FsError> {
    let mut pinned = Vec::new();
    pinned.try_reserve_exact(BATCH).map_err(|_| FsError::OutOfMemory)?;
    Ok(pinned)
}

/// The page of a byte, and where in it.
const fn split(offset: u64) -> (u64, usize) {
    (offset / PAGE_SIZE as u64, (offset % PAGE_SIZE as u64) as usize)
}

/// Where the page `first` lies, and how many from there on, at most `most`, follow each other on the disk: none if not even
/// one page lies there in one piece. The last page of a file is whole if the disk has room for all of it there.
fn run_at(backing: &dyn Backing, first: u64, most: u64) -> Result<(u64, u64), FsError> {
    let extent = backing.extent(first * PAGE_SIZE as u64)?;
    Ok((extent.device_offset / blockcache::SECTOR_SIZE as u64, (extent.length / PAGE_SIZE as u64).min(most)))
}

/// Begins a part of a transfer. When it can't be begun, its pages are told so.
fn begin(
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
