//! A page cache, a disk that answers late, in any order, wrongly and in halves, and a map that says what each page must
//! read as. What happens next somebody else decides: random numbers, or a fuzzer's bytes.

use std::collections::{BTreeMap, BTreeSet};

use blockcache::pages::{
    AfterFailure, NotInserted, ObjectId, PageCache, Pinned, Removal, State, ToWrite, Use,
};

/// Files.
pub const OBJECTS: usize = 3;
/// Pages that a file may have; the machine has fewer, so that some must go.
const INDICES: u64 = 200;
const PAGES: usize = 64;
/// Pages that are pinned for longer, at most.
const HELD: usize = 6;

/// A transfer under way.
#[derive(Clone)]
enum Transfer {
    Load { object: usize, index: u64, page: usize },
    Store { object: usize, index: u64, bytes: u64 },
}

/// A page that somebody works with for some time.
struct Held {
    object: usize,
    index: u64,
    pinned: Pinned<usize>,
}

/// Pages are named by number and hold one word each, which stands for their bytes: the lower half of it for the first
/// half of the page, so that a torn write can be told.
pub struct World<F> {
    /// Gives a number below its argument.
    decide: F,
    cache: PageCache<usize, usize>,
    objects: Vec<ObjectId>,
    pages: Vec<u64>,
    free: Vec<usize>,
    disk: BTreeMap<(usize, u64), u64>,
    /// What each page must read as.
    truth: BTreeMap<(usize, u64), u64>,
    /// Pages that were changed since their writing last began, or whose writing failed.
    dirty: BTreeSet<(usize, u64)>,
    /// Pages whose writing was given up, and which the disk therefore may have or not, or in part.
    lost: BTreeSet<(usize, u64)>,
    held: Vec<Held>,
    transfers: BTreeMap<usize, Transfer>,
    tokens: usize,
    /// What was last written somewhere: no two writings are alike.
    written: u64,
    /// One transfer in so many fails; none for 0.
    failing: u64,
}

impl<F: FnMut(u64) -> u64> World<F> {
    /// A world without pages. One transfer in `failing` will fail, or none.
    pub fn new(failing: u64, decide: F) -> Self {
        let mut cache = PageCache::new();
        let objects = (0..OBJECTS).map(|_| cache.open().unwrap()).collect();
        Self {
            decide,
            cache,
            objects,
            pages: vec![0; PAGES],
            free: (0..PAGES).collect(),
            disk: BTreeMap::new(),
            truth: BTreeMap::new(),
            dirty: BTreeSet::new(),
            lost: BTreeSet::new(),
            held: Vec::new(),
            transfers: BTreeMap::new(),
            tokens: 0,
            written: 0,
            failing,
        }
    }

    /// Does something, and looks whether all is well.
    pub fn step(&mut self) {
        let operation = self.below(23);
        let object = self.below(OBJECTS as u64) as usize;
        let index = self.below(INDICES);
        match operation {
            0..=7 => self.read(object, index),
            8..=12 => self.write(object, index),
            13..=15 => self.begin_write(object),
            16..=18 => self.finish_some(),
            19 => self.hold(object, index),
            20 => self.release_some(),
            21 => self.write_round(object),
            _ if self.chance(40) => self.truncate(object, index),
            _ => {}
        }
        let statistics = self.cache.statistics();
        assert!(statistics.pages <= PAGES);
        assert_eq!(statistics.pages + self.free.len(), PAGES, "no page is lost or doubled");
        let of_objects: usize = self.objects.iter().map(|&object| self.cache.pages_of(object)).sum();
        assert_eq!(of_objects, statistics.pages);
        let transfers = self.transfers.values();
        let writing = transfers.filter(|transfer| matches!(transfer, Transfer::Store { .. })).count();
        assert_eq!(writing, statistics.writing);
        assert_eq!(self.dirty.len(), statistics.dirty);
        for (object, &id) in self.objects.iter().enumerate() {
            assert_eq!(self.dirty.range((object, 0)..(object + 1, 0)).count(), self.cache.dirty_of(id));
        }
        for held in &self.held {
            assert!(!self.free.contains(&held.pinned.page), "a page is let go while it is in use");
            self.check(held.object, held.index, held.pinned.page);
        }
    }

    /// Lets the disk work from now on, writes everything, and compares. Gives how many pages it was told are lost.
    pub fn settle(mut self) -> usize {
        self.failing = 0;
        while !self.held.is_empty() {
            self.release(0, Use::Read);
        }
        for object in 0..OBJECTS {
            while self.cache.is_unwritten(self.objects[object]) {
                self.choose(object, false);
                self.finish_some();
            }
        }
        while !self.transfers.is_empty() {
            self.finish_some();
        }
        let statistics = self.cache.statistics();
        assert_eq!((statistics.dirty, statistics.writing), (0, 0));
        for (key, bytes) in &self.truth {
            if !self.lost.contains(key) {
                assert_eq!(self.disk.get(key), Some(bytes), "object and page {key:?}");
            }
        }
        assert!(self.disk.keys().all(|key| self.truth.contains_key(key)), "the disk has what nobody wrote");
        // What is clean may all go, and then there are no pages and no objects.
        let free = &mut self.free;
        self.cache.evict(PAGES, |page| free.push(page));
        assert_eq!(self.free.len(), PAGES);
        assert!(self.objects.iter().all(|&object| self.cache.close(object)));
        self.lost.len()
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.decide)(limit)
    }

    fn chance(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    fn fails(&mut self) -> bool {
        self.failing > 0 && self.chance(self.failing)
    }

    fn token(&mut self, transfer: Transfer) -> usize {
        self.tokens += 1;
        self.transfers.insert(self.tokens, transfer);
        self.tokens
    }

    /// Ends a transfer.
    fn finish(&mut self, token: usize) {
        match self.transfers.remove(&token).expect("nobody else ends it") {
            Transfer::Load { object, index, page } => {
                let succeeded = !self.fails();
                self.pages[page] = self.disk.get(&(object, index)).copied().unwrap_or(0);
                let back = self.cache.loaded(self.objects[object], index, succeeded);
                assert_eq!(back, (!succeeded).then_some(page));
                self.free.extend(back);
            }
            Transfer::Store { object, index, bytes } => {
                let succeeded = !self.fails();
                if succeeded {
                    self.disk.insert((object, index), bytes);
                    self.lost.remove(&(object, index));
                } else if self.chance(2) {
                    // Torn: the first half arrived.
                    let entry = self.disk.entry((object, index)).or_default();
                    *entry = *entry & !0xffff_ffff | bytes & 0xffff_ffff;
                }
                match self.cache.written(self.objects[object], index, succeeded) {
                    None => assert!(succeeded),
                    Some(AfterFailure::KeptDirty) => {
                        assert!(!succeeded);
                        self.dirty.insert((object, index));
                    }
                    Some(AfterFailure::GivenUp) => {
                        assert!(!succeeded);
                        self.lost.insert((object, index));
                    }
                }
            }
        }
    }

    fn finish_some(&mut self) {
        let tokens: Vec<usize> = self.transfers.keys().copied().collect();
        if !tokens.is_empty() {
            let token = tokens[self.below(tokens.len() as u64) as usize];
            self.finish(token);
        }
    }

    fn page(&mut self) -> Option<usize> {
        if self.free.is_empty() {
            let free = &mut self.free;
            self.cache.evict(4, |page| free.push(page));
        }
        self.free.pop()
    }

    /// Pins a page, loading it if need be. None when the disk failed or no page could be had.
    fn fetch(&mut self, object: usize, index: u64) -> Option<Pinned<usize>> {
        loop {
            match self.cache.state(self.objects[object], index) {
                State::Ready => {
                    let mut pinned = Vec::with_capacity(1);
                    assert_eq!(self.cache.pin(self.objects[object], index, &mut pinned, 1), 1);
                    return pinned.pop();
                }
                State::Loading(token) => {
                    self.finish(token);
                    if self.cache.state(self.objects[object], index) == State::Absent {
                        return None;
                    }
                }
                State::Absent => {
                    let page = self.page()?;
                    let token = self.token(Transfer::Load { object, index, page });
                    self.cache.insert_loading(self.objects[object], index, page, token).unwrap();
                    let again = self.cache.insert_ready(self.objects[object], index, page);
                    assert_eq!(again.unwrap_err(), NotInserted::Present);
                    if self.chance(3) {
                        // Read ahead: somebody else will need it.
                        return None;
                    }
                }
            }
        }
    }

    /// Whether the page has what it must have.
    fn check(&self, object: usize, index: u64, page: usize) {
        let key = (object, index);
        let expected = self.truth.get(&key).copied().unwrap_or(0);
        let on_disk = self.disk.get(&key).copied().unwrap_or(0);
        let found = self.pages[page];
        let is_excused = self.lost.contains(&key) && found == on_disk;
        assert!(found == expected || is_excused, "object {object} page {index}: {found:x}, not {expected:x}");
    }

    fn read(&mut self, object: usize, index: u64) {
        let Some(pinned) = self.fetch(object, index) else { return };
        self.check(object, index, pinned.page);
        // While it is pinned, no eviction takes it.
        let mut taken = Vec::new();
        self.cache.evict(PAGES, |page| taken.push(page));
        assert!(!taken.contains(&pinned.page));
        self.free.extend(taken);
        self.cache.unpin(&[pinned], Use::Read);
    }

    /// Writes what was written nowhere before.
    fn change(&mut self, object: usize, index: u64, page: usize) {
        self.written += 1;
        self.pages[page] = self.written << 32 | self.written;
        self.truth.insert((object, index), self.pages[page]);
        self.dirty.insert((object, index));
    }

    fn write(&mut self, object: usize, index: u64) {
        let pinned = match self.cache.state(self.objects[object], index) {
            State::Absent => {
                let Some(page) = self.page() else { return };
                self.cache.insert_ready(self.objects[object], index, page).unwrap()
            }
            _ => match self.fetch(object, index) {
                Some(pinned) => pinned,
                None => return,
            },
        };
        self.change(object, index, pinned.page);
        self.cache.unpin(&[pinned], Use::Changed);
    }

    fn hold(&mut self, object: usize, index: u64) {
        if self.held.len() < HELD
            && let Some(pinned) = self.fetch(object, index)
        {
            self.held.push(Held { object, index, pinned });
        }
    }

    /// Somebody is done with a page, and has changed it or not.
    fn release_some(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let which = self.below(self.held.len() as u64) as usize;
        let used = if self.chance(2) { Use::Changed } else { Use::Read };
        self.release(which, used);
    }

    fn release(&mut self, which: usize, used: Use) {
        let Held { object, index, pinned } = self.held.swap_remove(which);
        if used == Use::Changed {
            self.change(object, index, pinned.page);
        }
        self.cache.unpin(&[pinned], used);
    }

    fn begin_write(&mut self, object: usize) {
        self.choose(object, true);
    }

    /// Begins to write some pages. They may come back at once, if `may_be_refused`: no request was free.
    fn choose(&mut self, object: usize, may_be_refused: bool) {
        // Each page gets a transfer of its own here, so one at a time is chosen.
        for _ in 0..8 {
            if self.choose_one(object, may_be_refused).is_none() {
                break;
            }
        }
    }

    /// The page whose writing was begun.
    fn choose_one(&mut self, object: usize, may_be_refused: bool) -> Option<u64> {
        let token = self.tokens + 1;
        let mut one = Vec::with_capacity(1);
        self.cache.begin_write(self.objects[object], &token, &mut one);
        let ToWrite { index, page } = one.pop()?;
        let bytes = self.pages[page];
        if may_be_refused && self.chance(10) {
            self.cache.not_written(self.objects[object], index);
            return None;
        }
        assert!(self.dirty.remove(&(object, index)));
        assert_eq!(self.token(Transfer::Store { object, index, bytes }), token);
        Some(index)
    }

    /// Begins to write all that is dirty now, as a sync does, while the disk finishes some of it, or fails, and others write:
    /// as many pages as are dirty at the beginning are enough, whatever becomes so meanwhile.
    fn write_round(&mut self, object: usize) {
        let transfers = self.transfers.values();
        let under_way: BTreeSet<u64> = transfers
            .filter_map(|transfer| match transfer {
                Transfer::Store { object: of, index, .. } if *of == object => Some(*index),
                _ => None,
            })
            .collect();
        let dirty = self.dirty.range((object, 0)..(object + 1, 0)).map(|&(_, index)| index);
        let mut wanted: BTreeSet<u64> = dirty.filter(|index| !under_way.contains(index)).collect();
        for _ in 0..self.cache.dirty_of(self.objects[object]) {
            if let Some(index) = self.choose_one(object, false) {
                wanted.remove(&index);
            }
            match self.below(4) {
                0 | 1 => self.finish_some(),
                2 => {
                    let index = self.below(INDICES);
                    self.write(object, index);
                }
                _ => {}
            }
        }
        assert!(wanted.is_empty(), "object {object}: {wanted:?} were dirty and not chosen");
    }

    fn truncate(&mut self, object: usize, first: u64) {
        loop {
            let free = &mut self.free;
            match self.cache.remove_from(self.objects[object], first, |page| free.push(page)) {
                Removal::Done => break,
                Removal::Wait(Some(token)) => self.finish(token),
                Removal::Wait(None) => {
                    let held = &self.held;
                    let which = held.iter().position(|held| held.object == object && held.index >= first);
                    self.release(which.expect("somebody has pinned it"), Use::Read);
                }
            }
        }
        let is_left = |&(of, index): &(usize, u64)| of != object || index < first;
        self.truth.retain(|key, _| is_left(key));
        self.disk.retain(|key, _| is_left(key));
        self.dirty.retain(is_left);
        self.lost.retain(is_left);
    }
}
