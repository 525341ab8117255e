//! The contents of one file, as pages of memory: only where something was written, so that a file of a terabyte with
//! one byte at its end takes one page.
//!
//! Pages are found in two steps: runs of [`RUN`] pages in order, and within a run by place. A run grows up to its last
//! page, so a small file pays for its own pages only, and no table of a large one needs much memory in one piece.

use crate::FsError;
use alloc::vec::Vec;

/// Bytes in a page.
pub const PAGE_SIZE: usize = 4096;

/// Pages in a run.
const RUN: u64 = 128;

/// One page of contents. A clone is the same page: what one writes the other reads. It is freed with the last clone.
pub trait Page: Clone + Send {
    /// Copies bytes from `offset` on, all of them within the page.
    fn read(&self, offset: usize, buffer: &mut [u8]);

    /// Writes bytes from `offset` on, all of them within the page.
    fn write(&self, offset: usize, data: &[u8]);
}

/// Where pages come from: for the kernel frames of memory, for a test the heap.
pub trait Pages: Send {
    /// What it hands out.
    type Page: Page;

    /// A new page full of zeros; None when there is no memory.
    fn allocate(&self) -> Option<Self::Page>;
}

struct Run<P> {
    /// The first page is `number` × [`RUN`].
    number: u64,
    pages: Vec<Option<P>>,
}

/// The pages of a file, by index.
pub struct FilePages<P> {
    /// By number.
    runs: Vec<Run<P>>,
    count: u64,
}

impl<P: Page> FilePages<P> {
    /// None, which takes no memory.
    pub const fn new() -> Self {
        Self { runs: Vec::new(), count: 0 }
    }

    /// How many pages there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The page `index`, unless it is a hole.
    pub fn get(&self, index: u64) -> Option<&P> {
        let run = self.find(index / RUN).ok()?;
        self.runs[run].pages.get(place(index))?.as_ref()
    }

    /// Makes room for the page `index`, so that [`FilePages::insert`] needs no memory.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn reserve(&mut self, index: u64) -> Result<(), FsError> {
        let number = index / RUN;
        let reserve = |pages: &mut Vec<Option<P>>| {
            let missing = (place(index) + 1).saturating_sub(pages.len());
            pages.try_reserve(missing).map_err(|_| FsError::OutOfMemory)
        };
        match self.find(number) {
            Ok(run) => reserve(&mut self.runs[run].pages),
            Err(run) => {
                let mut pages = Vec::new();
                reserve(&mut pages)?;
                self.runs.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
                self.runs.insert(run, Run { number, pages });
                Ok(())
            }
        }
    }

    /// Puts a page where a hole was. [`FilePages::reserve`] made room for it.
    pub fn insert(&mut self, index: u64, page: P) {
        if let Ok(run) = self.find(index / RUN) {
            let pages = &mut self.runs[run].pages;
            if pages.len() <= place(index) {
                pages.resize(place(index) + 1, None);
            }
            if pages[place(index)].replace(page).is_none() {
                self.count += 1;
            }
        }
    }

    /// Drops all pages from `first` on, and says how many.
    pub fn truncate(&mut self, first: u64) -> u64 {
        let before = self.count;
        // The run that `first` lies in keeps its front.
        let kept = match self.find(first / RUN) {
            Ok(run) => {
                let pages = &mut self.runs[run].pages;
                let dropped = pages.iter().skip(place(first)).flatten().count();
                pages.truncate(place(first));
                self.count -= dropped as u64;
                run + usize::from(!pages.is_empty())
            }
            Err(run) => run,
        };
        for run in self.runs.drain(kept..) {
            self.count -= run.pages.iter().flatten().count() as u64;
        }
        before - self.count
    }

    fn find(&self, number: u64) -> Result<usize, usize> {
        // Nearly all reads and writes are in the last run or in the only one.
        match self.runs.last() {
            Some(last) if last.number == number => Ok(self.runs.len() - 1),
            Some(last) if last.number < number => Err(self.runs.len()),
            _ => self.runs.binary_search_by_key(&number, |run| run.number),
        }
    }
}

/// The place of a page within its run.
const fn place(index: u64) -> usize {
    (index % RUN) as usize
}
