//! One file's, or one device's, pages: reading and writing them in memory. `moving.rs` brings them from the disk, `writing.rs`
//! writes them there.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use ::frames::Frame;
use blockcache::pages::{NotInserted, ObjectId, Pinned, ReadAhead, Removal, State, Use};
use vfs::FsError;
use vfs::inode::Extent;

use super::{CACHE, LOCKED_AT_ONCE, Volume, allocate, free};
use crate::memory::page::{self, PAGE_SIZE};
use crate::task;

/// Pages that are pinned and copied at a time.
const BATCH: usize = LOCKED_AT_ONCE;

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
pub struct Object(pub(super) ObjectId);

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
            // Neighbours in memory are copied as one.
            for run in pinned.chunk_by(|a, b| a.page.number() + 1 == b.page.number()) {
                let count = (run.len() * PAGE_SIZE - start).min(length - done);
                page::read_run(run[0].page, run.len(), start, &mut buffer[done..done + count]);
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

    /// Enters those of `pages` that are not there, dirty: room behind the end of a file, which has just grown. What is left
    /// of them is freed.
    pub fn fill(&self, indices: Range<u64>, pages: Vec<Frame>) -> Result<(), FsError> {
        let mut pages = indices.zip(pages).peekable();
        let mut result = Ok(());
        while result.is_ok() && pages.peek().is_some() {
            let mut refused = None;
            {
                let mut cache = CACHE.lock();
                for (index, page) in pages.by_ref().take(LOCKED_AT_ONCE) {
                    if let Err(why) = cache.insert_changed(self.0, index, page) {
                        refused = Some((page, why));
                        break;
                    }
                }
            }
            if let Some((page, why)) = refused {
                free(page);
                if why == NotInserted::OutOfMemory {
                    result = Err(FsError::OutOfMemory);
                }
            }
        }
        pages.for_each(|(_, page)| free(page));
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
