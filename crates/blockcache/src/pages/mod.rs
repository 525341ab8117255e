//! The page cache's policy: which pages of which objects are in memory, which of them the disk does not have yet, which
//! go when memory is wanted.
//!
//! An object is a file, or a device as a whole; its pages of 4 KiB are found by number. The cache holds pages but never
//! looks into them, and asks no disk: the kernel does, outside of the lock that this value stands behind, and reports
//! what came of it. Between question and report a page is *under way*, with a token by which whoever needs the page
//! finds the transfer and can wait for it.
//!
//! ```text
//!            insert_loading          loaded(Ok)                  mark dirty
//!   absent ────────────────▶ loading ──────────▶ ready, clean ─────────────▶ ready, dirty
//!      ▲                        │                  │   ▲  ▲                      │
//!      │      loaded(Err)       │        evict     │   │  │ written(Ok)          │ begin_write
//!      ◀────────────────────────┘◀─────────────────┘   │  └── ready, writing ◀───┘
//!      │                                               │         │ written(Err): dirty again, three times;
//!      └───────────────────────────────────────────────┘         ▼ then given up
//! ```
//!
//! A page that is written to while it is being written out is dirty and writing at once: it will be written again.
//! Pages that somebody copies from or to are pinned, and stay. Replacement is the clock algorithm: a hand sweeps over all
//! pages, and one that was not used since it came by goes.

mod index;
mod read_ahead;
mod slots;

use alloc::vec::Vec;
use core::ops::Range;

use index::Index;
pub use index::{Multiplier, NumberHash};
pub use read_ahead::{READ_AHEAD_MAX, ReadAhead};
use slots::{NONE, Slot, Slots};

/// Bytes in a page.
pub const PAGE_SIZE: usize = 4096;

/// How often a page is written before it is given up.
pub const WRITE_ATTEMPTS: u8 = 3;

/// A file or a device, as the cache knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(u32);

/// There was no memory for the cache's own bookkeeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// Why a page was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotInserted {
    /// It is there already, or under way.
    Present,
    /// No memory for the bookkeeping.
    OutOfMemory,
}

/// How a page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State<T> {
    /// Not in memory.
    Absent,
    /// On its way from the disk, by this transfer.
    Loading(T),
    /// In memory.
    Ready,
}

/// A page that stays until it is given back to [`PageCache::unpin`].
#[derive(Debug)]
pub struct Pinned<P> {
    /// The page.
    pub page: P,
    slot: u32,
}

/// What becomes of a pinned page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It was only read.
    Read,
    /// Its bytes were changed.
    Changed,
}

/// A page that is to be written to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToWrite<P> {
    /// Its number in the object.
    pub index: u64,
    /// The page.
    pub page: P,
}

/// What became of a page whose writing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// It is dirty as before, and will be tried again.
    KeptDirty,
    /// It has failed [`WRITE_ATTEMPTS`] times, and counts as clean: its contents will be lost with it.
    GivenUp,
}

/// What [`PageCache::remove_from`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal<T> {
    /// All are gone.
    Done,
    /// One is under way by this transfer, or pinned if there is none. Those before it are gone. Wait, then ask again.
    Wait(Option<T>),
}

/// What the cache holds and did, in pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Pages in memory or on their way there.
    pub pages: usize,
    /// Of these, changed since their writing last began.
    pub dirty: usize,
    /// Of these, being written.
    pub writing: usize,
    /// Pages taken in so far.
    pub inserted: u64,
    /// Pages that went because memory was wanted.
    pub evicted: u64,
}

/// What the cache knows of one object.
#[derive(Debug)]
struct Object<T> {
    in_use: bool,
    /// How many pages it has.
    pages: u32,
    /// First and last of its dirty pages, in the order in which they became so.
    first_dirty: u32,
    last_dirty: u32,
    dirty: u32,
    writing: u32,
    /// No page of it has a number this high.
    end: u64,
    /// Names the type only.
    token: core::marker::PhantomData<T>,
}

/// The pages in memory. `P` names a page, cheaply; `T` names a transfer.
#[derive(Debug)]
pub struct PageCache<P, T> {
    objects: Vec<Object<T>>,
    slots: Slots<P, T>,
    index: Index,
    hand: usize,
    statistics: Statistics,
}

impl<P: Clone, T: Clone> Default for PageCache<P, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Clone, T: Clone> PageCache<P, T> {
    /// An empty cache.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            objects: Vec::new(),
            slots: Slots::new(),
            index: Index::new(),
            hand: 0,
            statistics: Statistics { pages: 0, dirty: 0, writing: 0, inserted: 0, evicted: 0 },
        }
    }

    /// What it holds and did.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// A new object without pages.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn open(&mut self) -> Result<ObjectId, OutOfMemory> {
        let object = Object {
            in_use: true,
            pages: 0,
            first_dirty: NONE,
            last_dirty: NONE,
            dirty: 0,
            writing: 0,
            end: 0,
            token: core::marker::PhantomData,
        };
        let number = match self.objects.iter().position(|object| !object.in_use) {
            Some(free) => {
                self.objects[free] = object;
                free
            }
            None => {
                self.objects.try_reserve(1).map_err(|_| OutOfMemory)?;
                self.objects.push(object);
                self.objects.len() - 1
            }
        };
        u32::try_from(number).map(ObjectId).map_err(|_| OutOfMemory)
    }

    /// Forgets an object. False, and nothing happens, while it has pages.
    pub fn close(&mut self, object: ObjectId) -> bool {
        match self.objects.get_mut(object.0 as usize) {
            Some(object) if object.pages == 0 => {
                object.in_use = false;
                true
            }
            _ => false,
        }
    }

    /// How many pages of an object are in memory or on their way.
    #[must_use]
    pub fn pages_of(&self, object: ObjectId) -> usize {
        self.objects.get(object.0 as usize).map_or(0, |object| object.pages as usize)
    }

    /// How many pages of an object are dirty: so many have to be chosen for writing to have chosen all that are so now.
    #[must_use]
    pub fn dirty_of(&self, object: ObjectId) -> usize {
        self.objects.get(object.0 as usize).map_or(0, |object| object.dirty as usize)
    }

    /// Whether an object has pages that are dirty or being written.
    #[must_use]
    pub fn is_unwritten(&self, object: ObjectId) -> bool {
        self.objects.get(object.0 as usize).is_some_and(|object| object.dirty + object.writing > 0)
    }

    /// How a page is.
    #[must_use]
    pub fn state(&self, object: ObjectId, index: u64) -> State<T> {
        match self.index.find(object.0, index).map(|slot| &self.slots[slot]) {
            None => State::Absent,
            Some(Slot { loading: Some(token), .. }) => State::Loading(token.clone()),
            Some(_) => State::Ready,
        }
    }

    /// The first pages of a range that are neither in memory nor on their way, as far as they follow each other.
    #[must_use]
    pub fn first_absent(&self, object: ObjectId, range: Range<u64>) -> Option<Range<u64>> {
        let first = self.index.first_absent(object.0, range.clone())?;
        let behind = self.index.next(object.0, first, range.end).map_or(range.end, |(index, _)| index);
        Some(first..behind)
    }

    /// Pins the pages from `first` on that are ready and follow each other, as many as `pinned` has room for; returns
    /// how many.
    pub fn pin(&mut self, object: ObjectId, first: u64, pinned: &mut Vec<Pinned<P>>, most: usize) -> usize {
        let mut count = 0;
        // Room was made by the caller, outside of the lock.
        while count < most && pinned.len() < pinned.capacity() {
            let Some(slot) = self.index.find(object.0, first + count as u64) else { break };
            let entry = &mut self.slots[slot];
            if entry.loading.is_some() {
                break;
            }
            entry.pins += 1;
            entry.used = true;
            pinned.push(Pinned { page: entry.page.clone(), slot });
            count += 1;
        }
        count
    }

    /// Gives pinned pages back.
    pub fn unpin(&mut self, pinned: &[Pinned<P>], used: Use) {
        for pinned in pinned {
            if used == Use::Changed {
                self.make_dirty(pinned.slot);
            }
            let entry = &mut self.slots[pinned.slot];
            entry.pins = entry.pins.saturating_sub(1);
        }
    }

    /// Takes in a page that `token` fills from the disk.
    ///
    /// # Errors
    /// [`NotInserted`]; the page is the caller's again.
    pub fn insert_loading(
        &mut self,
        object: ObjectId,
        index: u64,
        page: P,
        token: T,
    ) -> Result<(), NotInserted> {
        self.insert(object, index, page, Some(token)).map(|_| ())
    }

    /// Takes in a page whose bytes are already what they should be, and pins it: dirty when it is given back so.
    ///
    /// # Errors
    /// [`NotInserted`]; the page is the caller's again.
    pub fn insert_ready(&mut self, object: ObjectId, index: u64, page: P) -> Result<Pinned<P>, NotInserted> {
        let slot = self.insert(object, index, page, None)?;
        let entry = &mut self.slots[slot];
        entry.pins = 1;
        Ok(Pinned { page: entry.page.clone(), slot })
    }

    /// Takes in a page whose bytes the disk does not have.
    ///
    /// # Errors
    /// [`NotInserted`]; the page is the caller's again.
    pub fn insert_changed(&mut self, object: ObjectId, index: u64, page: P) -> Result<(), NotInserted> {
        let slot = self.insert(object, index, page, None)?;
        self.make_dirty(slot);
        Ok(())
    }

    fn insert(
        &mut self,
        object: ObjectId,
        index: u64,
        page: P,
        loading: Option<T>,
    ) -> Result<u32, NotInserted> {
        if self.index.find(object.0, index).is_some() {
            return Err(NotInserted::Present);
        }
        let Some(owner) = self.objects.get_mut(object.0 as usize) else {
            return Err(NotInserted::OutOfMemory);
        };
        let slot =
            self.slots.take(Slot::new(object.0, index, page, loading)).ok_or(NotInserted::OutOfMemory)?;
        if self.index.enter(object.0, index, slot).is_err() {
            self.slots.give_back(slot);
            return Err(NotInserted::OutOfMemory);
        }
        owner.pages += 1;
        owner.end = owner.end.max(index + 1);
        self.statistics.pages += 1;
        self.statistics.inserted += 1;
        Ok(slot)
    }

    /// A transfer into a page is over. A page that could not be read leaves the cache, and is the caller's again.
    pub fn loaded(&mut self, object: ObjectId, index: u64, succeeded: bool) -> Option<P> {
        let slot = self.index.find(object.0, index)?;
        self.slots[slot].loading.take()?;
        if succeeded {
            return None;
        }
        self.remove(slot)
    }

    /// Chooses dirty pages of an object for writing by `token`: those that were dirty longest, at most as many as
    /// `chosen` has room for, in the order of their numbers.
    pub fn begin_write(&mut self, object: ObjectId, token: &T, chosen: &mut Vec<ToWrite<P>>) {
        let Some(owner) = self.objects.get(object.0 as usize) else { return };
        let mut next = owner.first_dirty;
        while next != NONE && chosen.len() < chosen.capacity() {
            let slot = next;
            let entry = &self.slots[slot];
            next = entry.next_dirty;
            // One that is being written already waits for that to end: the two could overtake each other.
            if entry.writing.is_some() {
                continue;
            }
            chosen.push(ToWrite { index: entry.index, page: entry.page.clone() });
            self.make_clean(slot);
            let entry = &mut self.slots[slot];
            entry.writing = Some(token.clone());
            self.objects[object.0 as usize].writing += 1;
            self.statistics.writing += 1;
        }
        chosen.sort_unstable_by_key(|chosen| chosen.index);
    }

    /// A page was written, or could not be.
    pub fn written(&mut self, object: ObjectId, index: u64, succeeded: bool) -> Option<AfterFailure> {
        let slot = self.index.find(object.0, index)?;
        self.slots[slot].writing.take()?;
        self.objects[object.0 as usize].writing -= 1;
        self.statistics.writing -= 1;
        let entry = &mut self.slots[slot];
        if succeeded {
            entry.failures = 0;
            return None;
        }
        entry.failures += 1;
        if entry.failures >= WRITE_ATTEMPTS {
            entry.failures = 0;
            return Some(AfterFailure::GivenUp);
        }
        self.make_dirty(slot);
        Some(AfterFailure::KeptDirty)
    }

    /// A page was chosen for writing, and was not handed to the disk after all: it is dirty as before.
    pub fn not_written(&mut self, object: ObjectId, index: u64) {
        let Some(slot) = self.index.find(object.0, index) else { return };
        if self.slots[slot].writing.take().is_some() {
            self.objects[object.0 as usize].writing -= 1;
            self.statistics.writing -= 1;
            self.make_dirty(slot);
        }
    }

    /// Removes the pages of an object from `first` on, dirty or not, and hands each to `freed`.
    pub fn remove_from(&mut self, object: ObjectId, first: u64, mut freed: impl FnMut(P)) -> Removal<T> {
        let end = self.objects.get(object.0 as usize).map_or(0, |object| object.end);
        let mut cursor = first;
        while let Some((index, slot)) = self.index.next(object.0, cursor, end) {
            let entry = &self.slots[slot];
            if let Some(token) = entry.loading.as_ref().or(entry.writing.as_ref()) {
                return Removal::Wait(Some(token.clone()));
            }
            if entry.pins > 0 {
                return Removal::Wait(None);
            }
            self.make_clean(slot);
            self.remove(slot).into_iter().for_each(&mut freed);
            cursor = index + 1;
        }
        if let Some(object) = self.objects.get_mut(object.0 as usize) {
            object.end = object.end.min(first);
        }
        Removal::Done
    }

    /// Lets at most `wanted` pages go that are clean, not pinned, not under way and were not used for the longest time,
    /// roughly; each is handed to `freed`. Returns how many.
    pub fn evict(&mut self, wanted: usize, mut freed: impl FnMut(P)) -> usize {
        let mut gone = 0;
        // Two rounds: the first may do no more than clear the marks.
        for _ in 0..2 * self.slots.len() {
            if gone == wanted {
                break;
            }
            self.hand = (self.hand + 1) % self.slots.len();
            let hand = self.hand as u32;
            if !self.slots.is_taken(hand) {
                continue;
            }
            let entry = &mut self.slots[hand];
            if entry.is_held() || core::mem::take(&mut entry.used) {
                continue;
            }
            self.remove(hand).into_iter().for_each(&mut freed);
            self.statistics.evicted += 1;
            gone += 1;
        }
        gone
    }

    /// Of a slot that is taken.
    fn remove(&mut self, slot: u32) -> Option<P> {
        let Slot { object, index, page, .. } = self.slots.give_back(slot)?;
        self.index.remove(object, index);
        self.objects[object as usize].pages -= 1;
        self.statistics.pages -= 1;
        Some(page)
    }

    fn make_dirty(&mut self, slot: u32) {
        let entry = &mut self.slots[slot];
        if entry.dirty {
            return;
        }
        entry.dirty = true;
        entry.next_dirty = NONE;
        let owner = &mut self.objects[entry.object as usize];
        entry.previous_dirty = owner.last_dirty;
        owner.dirty += 1;
        let last = core::mem::replace(&mut owner.last_dirty, slot);
        if last == NONE {
            owner.first_dirty = slot;
        } else {
            self.slots[last].next_dirty = slot;
        }
        self.statistics.dirty += 1;
    }

    fn make_clean(&mut self, slot: u32) {
        let entry = &mut self.slots[slot];
        if !core::mem::take(&mut entry.dirty) {
            return;
        }
        let (previous, next, object) = (entry.previous_dirty, entry.next_dirty, entry.object as usize);
        self.objects[object].dirty -= 1;
        match previous {
            NONE => self.objects[object].first_dirty = next,
            previous => self.slots[previous].next_dirty = next,
        }
        match next {
            NONE => self.objects[object].last_dirty = previous,
            next => self.slots[next].previous_dirty = previous,
        }
        self.statistics.dirty -= 1;
    }
}
