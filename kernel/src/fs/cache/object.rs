//! One file's, or one device's, pages.

use alloc::vec::Vec;
use core::ops::Range;

use blockcache::pages::{
    AfterFailure, NotInserted, ObjectId, Pinned, READ_AHEAD_MAX, ReadAhead, Removal, State, ToWrite, Use,
};
use blockcache::{BlockDevice, SECTOR_SIZE};
use vfs::FsError;
use vfs::inode::Extent;

use super::{CACHE, Transfer, make_room};
use crate::memory::page::{PAGE_SIZE, Page};
use crate::task;

/// Pages that are pinned and copied at a time.
const BATCH: usize = 16;
/// Pages in one request to the disk where bytes are copied.
const RUN: usize = 32;
/// Pages that are written out in one transfer.
const WRITTEN_AT_ONCE: usize = 256;

/// Where an object's bytes lie.
pub trait Backing {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Where the byte at `offset` lies on the device, and how far it goes on there.
    fn extent(&self, offset: u64) -> Result<Extent, FsError>;

    /// The device.
    fn device(&self) -> Result<&dyn BlockDevice, FsError>;
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
                let _ = self.load(backing, range);
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
                page.page.read(start, &mut buffer[done..done + count]);
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
                page.page.write(start, part);
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
        pinned: &mut Vec<Pinned<Page>>,
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
    pub fn fill(&self, indices: Range<u64>, pages: Vec<Page>) -> Result<(), FsError> {
        let mut pages = pages.into_iter();
        for index in indices {
            let Some(page) = pages.next() else { return Err(FsError::OutOfMemory) };
            if let Some(new) = self.insert(index, page)? {
                CACHE.lock().unpin(&[new], Use::Changed);
            }
        }
        Ok(())
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
                    page.page.clear_from(start);
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
                page.page.write(start, &data[done..done + count]);
            }
            self.release(&mut pinned, Use::Read);
            done += count;
        }
        Ok(())
    }

    fn insert(&self, index: u64, page: Page) -> Result<Option<Pinned<Page>>, FsError> {
        match CACHE.lock().insert_ready(self.0, index, page) {
            Ok(pinned) => Ok(Some(pinned)),
            Err(NotInserted::Present) => Ok(None),
            Err(NotInserted::OutOfMemory) => Err(FsError::OutOfMemory),
        }
    }

    fn release(&self, pinned: &mut Vec<Pinned<Page>>, used: Use) {
        CACHE.lock().unpin(pinned, used);
        pinned.clear();
    }

    /// Sees to it that a page is in memory, and those after it that will be wanted next.
    fn bring(&self, backing: &dyn Backing, index: u64, count: u64) -> Result<(), FsError> {
        let state = CACHE.lock().state(self.0, index);
        let failure = match state {
            State::Ready => return Ok(()),
            State::Loading(transfer) => transfer.wait(),
            State::Absent => self.load(backing, index..index + count).err(),
        };
        // One of the others may have failed, and this one not.
        let state = CACHE.lock().state(self.0, index);
        match (state, failure) {
            (State::Absent, Some(error)) => Err(error),
            // Gone again already, for memory is scarce, or on its way: look again.
            _ => Ok(()),
        }
    }

    /// Reads those of the pages that are not there; the first error.
    fn load(&self, backing: &dyn Backing, range: Range<u64>) -> Result<(), FsError> {
        let end = range.end.min(backing.size().div_ceil(PAGE_SIZE as u64));
        let mut first = range.start;
        let mut result = Ok(());
        while first < end {
            let batch = (end - first).min(READ_AHEAD_MAX);
            result = result.and(self.load_batch(backing, first..first + batch));
            first += batch;
        }
        result
    }

    fn load_batch(&self, backing: &dyn Backing, range: Range<u64>) -> Result<(), FsError> {
        let count = (range.end - range.start) as usize;
        make_room(count);
        let mut pages: Vec<(u64, Page)> = Vec::new();
        pages.try_reserve_exact(count).map_err(|_| FsError::OutOfMemory)?;
        for index in range {
            let is_absent = matches!(CACHE.lock().state(self.0, index), State::Absent);
            if is_absent {
                pages.push((index, allocate()?));
            }
        }
        let transfer = Transfer::new()?;
        let mut failure = transfer.begin();
        {
            let mut cache = CACHE.lock();
            pages.retain(|(index, page)| {
                cache.insert_loading(self.0, *index, page.clone(), transfer.clone()).is_ok()
            });
        }
        for run in runs(&pages, |(index, _)| *index) {
            match read_run(backing, run) {
                Ok(()) => self.loaded(run, true),
                // The good ones of it are found one by one.
                Err(_) if run.len() > 1 => {
                    for one in run.chunks(1) {
                        let result = read_run(backing, one);
                        self.loaded(one, result.is_ok());
                        *failure = failure.or(result.err());
                    }
                }
                Err(error) => {
                    self.loaded(run, false);
                    *failure = failure.or(Some(error));
                }
            }
        }
        (*failure).map_or(Ok(()), Err)
    }

    fn loaded(&self, run: &[(u64, Page)], succeeded: bool) {
        for (index, _) in run {
            let unused = CACHE.lock().loaded(self.0, *index, succeeded);
            drop(unused);
        }
    }

    /// Writes dirty pages to the disk until none is left that was dirty at the beginning; the first error. What can't be
    /// written is told to the log when it is given up. Callers see to it that only one of them does this at a time.
    pub fn write_out(&self, backing: &dyn Backing) -> Result<(), FsError> {
        let mut result = Ok(());
        loop {
            let mut chosen: Vec<ToWrite<Page>> = Vec::new();
            chosen.try_reserve_exact(WRITTEN_AT_ONCE).map_err(|_| FsError::OutOfMemory)?;
            let transfer = Transfer::new()?;
            let mut failure = transfer.begin();
            CACHE.lock().begin_write(self.0, &transfer, &mut chosen);
            if chosen.is_empty() {
                return result;
            }
            for run in runs(&chosen, |page| page.index) {
                for part in run.chunks(RUN) {
                    let written = write_run(backing, part);
                    *failure = failure.or(written.err());
                    for page in part {
                        self.written(page.index, written);
                    }
                }
            }
            if let Some(error) = *failure {
                // Those that failed are dirty again: another round would be endless.
                result = Err(error);
                return result;
            }
        }
    }

    fn written(&self, index: u64, result: Result<(), FsError>) {
        let outcome = CACHE.lock().written(self.0, index, result.is_ok());
        if let (Some(AfterFailure::GivenUp), Err(error)) = (outcome, result) {
            log::error!("a page of a file could not be written and is lost: {error}");
        }
    }

    /// Drops the pages from `first` on, written or not; waits for those under way.
    pub fn remove_from(&self, first: u64) {
        loop {
            // Dropped one by one under the lock: few objects have many.
            let removal = CACHE.lock().remove_from(self.0, first, drop);
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

/// A page whose bytes are zero, after others were let go if need be.
pub fn allocate() -> Result<Page, FsError> {
    Page::zeroed()
        .or_else(|| {
            super::evict(super::EVICTED_AT_ONCE);
            Page::zeroed()
        })
        .ok_or(FsError::OutOfMemory)
}

fn batch() -> Result<Vec<Pinned<Page>>, FsError> {
    let mut pinned = Vec::new();
    pinned.try_reserve_exact(BATCH).map_err(|_| FsError::OutOfMemory)?;
    Ok(pinned)
}

/// The page of a byte, and where in it.
const fn split(offset: u64) -> (u64, usize) {
    (offset / PAGE_SIZE as u64, (offset % PAGE_SIZE as u64) as usize)
}

/// Stretches of pages that follow each other.
fn runs<T>(pages: &[T], index: fn(&T) -> u64) -> impl Iterator<Item = &[T]> {
    pages.chunk_by(move |a, b| index(a) + 1 == index(b))
}

/// Reads pages that follow each other, whatever pieces they lie in on the device.
fn read_run(backing: &dyn Backing, run: &[(u64, Page)]) -> Result<(), FsError> {
    let mut bounce = bytes(run.len().min(RUN) * PAGE_SIZE)?;
    for part in run.chunks(RUN) {
        let Some((first, _)) = part.first() else { break };
        let bounce = &mut bounce[..part.len() * PAGE_SIZE];
        let start = first * PAGE_SIZE as u64;
        pieces(backing, start, bounce.len(), |sector, range| {
            Ok(backing.device()?.read(sector, &mut bounce[range])?)
        })?;
        // Behind the end of the file the disk has anything.
        let length = backing.size().saturating_sub(start).min(bounce.len() as u64) as usize;
        bounce[length..].fill(0);
        for ((_, page), bytes) in part.iter().zip(bounce.chunks(PAGE_SIZE)) {
            page.write(0, bytes);
        }
    }
    Ok(())
}

fn write_run(backing: &dyn Backing, run: &[ToWrite<Page>]) -> Result<(), FsError> {
    let Some(first) = run.first() else { return Ok(()) };
    let mut bounce = bytes(run.len() * PAGE_SIZE)?;
    for (page, bytes) in run.iter().zip(bounce.chunks_mut(PAGE_SIZE)) {
        page.page.read(0, bytes);
    }
    pieces(backing, first.index * PAGE_SIZE as u64, bounce.len(), |sector, range| {
        Ok(backing.device()?.write(sector, &bounce[range])?)
    })
}

/// Calls `each` with the places on the device of `length` bytes from `start` on, as far as the file goes, in whole sectors.
fn pieces(
    backing: &dyn Backing,
    start: u64,
    length: usize,
    mut each: impl FnMut(u64, Range<usize>) -> Result<(), FsError>,
) -> Result<(), FsError> {
    let sector = SECTOR_SIZE as u64;
    let size = backing.size().next_multiple_of(sector);
    let length = size.saturating_sub(start).min(length as u64) as usize;
    let mut done = 0;
    while done < length {
        let extent = backing.extent(start + done as u64)?;
        let count = extent.length.min((length - done) as u64) as usize;
        if count == 0 {
            return Err(FsError::Damaged("a piece of a file has no place"));
        }
        each(extent.device_offset / sector, done..done + count)?;
        done += count;
    }
    Ok(())
}

fn bytes(length: usize) -> Result<Vec<u8>, FsError> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| FsError::OutOfMemory)?;
    bytes.resize(length, 0);
    Ok(bytes)
}
