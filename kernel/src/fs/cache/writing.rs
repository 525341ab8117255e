//! Writing an object's dirty pages to the disk: batch after batch, of which the next ones are handed to the disk while it
//! still works on the first, whichever file they are of.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use ::frames::Frame;
use blockcache::pages::{ObjectId, ToWrite};
use vfs::FsError;

use super::moving::{begin, run_at};
use super::transfer::{Place, page_written};
use super::{Backing, CACHE, Object, Transfer, pieces};
use crate::block::{Pending, Transfer as Direction};
use crate::memory::page::PAGE_SIZE;

/// Pages of one batch: 1 MiB, which controllers move by one command if memory is not scattered.
const BATCH: usize = 256;
/// Pages under way with which it is waited for the first of them: 4 MiB.
const UNDER_WAY: usize = 4 * BATCH;
/// Batches likewise: small files have one each.
const BATCHES: usize = 32;

/// What is being written, of any number of objects.
pub struct Writing {
    batches: VecDeque<Batch>,
    /// In all of them.
    pages: usize,
    failure: Option<FsError>,
    /// The last object of which something could not be written.
    failed: Option<ObjectId>,
}

struct Batch {
    object: ObjectId,
    pages: usize,
    transfer: Arc<Transfer>,
    under_way: Vec<Pending>,
}

impl Writing {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { batches: VecDeque::new(), pages: 0, failure: None, failed: None }
    }

    /// Waits for all of it; the first error. Until then pages are under way.
    pub fn finish(mut self) -> Result<(), FsError> {
        while self.wait_for_first() {}
        self.failure.map_or(Ok(()), Err)
    }

    /// Waits until there is room for one more batch.
    fn make_room(&mut self) {
        while (self.pages >= UNDER_WAY || self.batches.len() >= BATCHES) && self.wait_for_first() {}
    }

    fn add(&mut self, batch: Batch) {
        self.pages += batch.pages;
        if self.batches.try_reserve(1).is_ok() {
            self.batches.push_back(batch);
        } else {
            self.wait_for(batch);
        }
    }

    /// False if there is none.
    fn wait_for_first(&mut self) -> bool {
        let first = self.batches.pop_front();
        let is_any = first.is_some();
        first.into_iter().for_each(|batch| self.wait_for(batch));
        is_any
    }

    fn wait_for(&mut self, batch: Batch) {
        for pending in batch.under_way {
            // The transfer knows.
            let _ = pending.wait();
        }
        self.pages -= batch.pages;
        if let Some(error) = batch.transfer.wait() {
            self.failed = Some(batch.object);
            self.failure.get_or_insert(error);
        }
    }
}

impl Object {
    /// Begins to write all pages that are dirty now. What becomes so later, or again because it could not be written, is for
    /// the next time; so it ends. What is given up is told to the log. Callers see to it that only one of them does this at
    /// a time, and wait by [`Writing::finish`].
    pub fn write_out(&self, backing: &dyn Backing, writing: &mut Writing) -> Result<(), FsError> {
        let mut left = CACHE.lock().dirty_of(self.0);
        while left > 0 {
            writing.make_room();
            // A disk that refuses some is not asked for all the rest.
            if writing.failed == Some(self.0) {
                break;
            }
            let mut chosen: Vec<ToWrite<Frame>> = Vec::new();
            chosen.try_reserve_exact(left.min(BATCH)).map_err(|_| FsError::OutOfMemory)?;
            let transfer = Transfer::new()?;
            CACHE.lock().begin_write(self.0, &transfer, &mut chosen);
            if chosen.is_empty() {
                break;
            }
            left = left.saturating_sub(chosen.len());
            let mut under_way = Vec::new();
            for run in chosen.chunk_by(|a, b| a.index + 1 == b.index) {
                self.write_run(backing, run, &transfer, &mut under_way);
            }
            transfer.close();
            writing.add(Batch { object: self.0, pages: chosen.len(), transfer, under_way });
        }
        Ok(())
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
                        page_written(backing.device()?, self.0, page.index, result);
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
}
