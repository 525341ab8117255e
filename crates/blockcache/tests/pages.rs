//! The page cache against a flat array of bytes, on a disk that answers late, in any order, wrongly, and in halves.

use std::collections::BTreeMap;

use blockcache::pages::{
    AfterFailure, NotInserted, ObjectId, PAGE_SIZE, PageCache, Pinned, READ_AHEAD_MAX, ReadAhead, Removal,
    State, ToWrite, Use, WRITE_ATTEMPTS,
};

/// Numbers that look random and are the same each time (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn chance(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }
}

/// A transfer under way.
#[derive(Clone)]
enum Transfer {
    Load { object: usize, index: u64, page: usize },
    Store { object: usize, index: u64, bytes: u64 },
}

/// Pages are named by number and hold one word each, which stands for their bytes: the lower half of it for the first
/// half of the page, so that a torn write can be told.
struct World {
    random: Random,
    cache: PageCache<usize, usize>,
    objects: Vec<ObjectId>,
    pages: Vec<u64>,
    free: Vec<usize>,
    disk: BTreeMap<(usize, u64), u64>,
    /// What each page must read as.
    truth: BTreeMap<(usize, u64), u64>,
    transfers: BTreeMap<usize, Transfer>,
    tokens: usize,
    failing: u64,
    given_up: usize,
}

const OBJECTS: usize = 3;
const INDICES: u64 = 200;
const PAGES: usize = 64;

impl World {
    fn new(seed: u64, failing: u64) -> Self {
        let mut cache = PageCache::new();
        let objects = (0..OBJECTS).map(|_| cache.open().unwrap()).collect();
        Self {
            random: Random(seed),
            cache,
            objects,
            pages: vec![0; PAGES],
            free: (0..PAGES).collect(),
            disk: BTreeMap::new(),
            truth: BTreeMap::new(),
            transfers: BTreeMap::new(),
            tokens: 0,
            failing,
            given_up: 0,
        }
    }

    fn token(&mut self, transfer: Transfer) -> usize {
        self.tokens += 1;
        self.transfers.insert(self.tokens, transfer);
        self.tokens
    }

    fn fails(&mut self) -> bool {
        self.failing > 0 && self.random.chance(self.failing)
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
                let entry = self.disk.entry((object, index)).or_default();
                if succeeded {
                    *entry = bytes;
                } else if self.random.chance(2) {
                    // Torn: the first half arrived.
                    *entry = *entry & !0xffff_ffff | bytes & 0xffff_ffff;
                }
                match self.cache.written(self.objects[object], index, succeeded) {
                    None => assert!(succeeded),
                    Some(AfterFailure::KeptDirty) => assert!(!succeeded),
                    Some(AfterFailure::GivenUp) => {
                        self.given_up += 1;
                        // What reads back later is the disk's, unless somebody writes it anew.
                        if self.cache.is_unwritten(self.objects[object]) {
                            return;
                        }
                    }
                }
            }
        }
    }

    fn finish_some(&mut self) {
        let tokens: Vec<usize> = self.transfers.keys().copied().collect();
        if !tokens.is_empty() {
            let token = tokens[self.random.below(tokens.len() as u64) as usize];
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
                    if self.random.chance(3) {
                        // Read ahead: somebody else will need it.
                        return None;
                    }
                }
            }
        }
    }

    fn read(&mut self, object: usize, index: u64) {
        let Some(pinned) = self.fetch(object, index) else { return };
        let expected = self.truth.get(&(object, index)).copied().unwrap_or(0);
        if self.given_up == 0 {
            assert_eq!(self.pages[pinned.page], expected, "object {object} page {index}");
        }
        // While it is pinned, no eviction takes it.
        let mut taken = Vec::new();
        self.cache.evict(PAGES, |page| taken.push(page));
        assert!(!taken.contains(&pinned.page));
        self.free.extend(taken);
        self.cache.unpin(&[pinned], Use::Read);
    }

    fn write(&mut self, object: usize, index: u64) {
        let value = self.random.next();
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
        self.pages[pinned.page] = value;
        self.truth.insert((object, index), value);
        self.cache.unpin(&[pinned], Use::Changed);
    }

    fn begin_write(&mut self, object: usize) {
        // Each page gets a transfer of its own here, so one at a time is chosen.
        for _ in 0..8 {
            let token = self.tokens + 1;
            let mut one = Vec::with_capacity(1);
            self.cache.begin_write(self.objects[object], &token, &mut one);
            let Some(ToWrite { index, page }) = one.pop() else { break };
            let bytes = self.pages[page];
            assert_eq!(self.token(Transfer::Store { object, index, bytes }), token);
            if self.random.chance(10) {
                self.transfers.remove(&token);
                self.cache.not_written(self.objects[object], index);
            }
        }
    }

    fn truncate(&mut self, object: usize, first: u64) {
        loop {
            let free = &mut self.free;
            match self.cache.remove_from(self.objects[object], first, |page| free.push(page)) {
                Removal::Done => break,
                Removal::Wait(Some(token)) => self.finish(token),
                Removal::Wait(None) => panic!("nothing is pinned here"),
            }
        }
        let gone = |&(of, index): &(usize, u64)| of == object && index >= first;
        self.truth.retain(|key, _| !gone(key));
        self.disk.retain(|key, _| !gone(key));
    }

    fn write_all(&mut self) {
        for object in 0..OBJECTS {
            while self.cache.is_unwritten(self.objects[object]) {
                self.begin_write(object);
                self.finish_some();
            }
        }
        while !self.transfers.is_empty() {
            self.finish_some();
        }
    }
}

fn run(seed: u64, failing: u64) -> World {
    let mut world = World::new(seed, failing);
    for _ in 0..30_000 {
        let object = world.random.below(OBJECTS as u64) as usize;
        let index = world.random.below(INDICES);
        match world.random.below(20) {
            0..=7 => world.read(object, index),
            8..=12 => world.write(object, index),
            13..=15 => world.begin_write(object),
            16..=18 => world.finish_some(),
            _ if world.random.chance(40) => world.truncate(object, index),
            _ => {}
        }
        let statistics = world.cache.statistics();
        assert!(statistics.pages <= PAGES);
        assert_eq!(statistics.pages + world.free.len(), PAGES, "no page is lost or doubled");
        assert_eq!(
            world.objects.iter().map(|&object| world.cache.pages_of(object)).sum::<usize>(),
            statistics.pages
        );
    }
    world
}

#[test]
fn reads_give_what_was_written_whatever_is_evicted_and_however_late_the_disk_is() {
    for seed in 1..=8 {
        let mut world = run(seed, 0);
        world.write_all();
        assert_eq!(world.disk, world.truth, "seed {seed}");
    }
}

#[test]
fn a_disk_that_fails_now_and_then_loses_nothing() {
    let mut tried = 0;
    for seed in 1..=8 {
        // One in forty: three times in a row is rare, and then it is said.
        let mut world = run(seed, 40);
        world.failing = 0;
        world.write_all();
        if world.given_up == 0 {
            assert_eq!(world.disk, world.truth, "seed {seed}");
            tried += 1;
        }
    }
    assert!(tried > 0);
}

#[test]
fn a_page_that_can_never_be_written_is_given_up_and_said_so() {
    let mut cache = PageCache::new();
    let object = cache.open().unwrap();
    let pinned = cache.insert_ready(object, 7, 'p').unwrap();
    cache.unpin(&[pinned], Use::Changed);
    for attempt in 1..=WRITE_ATTEMPTS {
        let mut chosen = Vec::with_capacity(4);
        cache.begin_write(object, &(), &mut chosen);
        assert_eq!(chosen, [ToWrite { index: 7, page: 'p' }]);
        let outcome = cache.written(object, 7, false);
        let last = attempt == WRITE_ATTEMPTS;
        assert_eq!(outcome, Some(if last { AfterFailure::GivenUp } else { AfterFailure::KeptDirty }));
        assert_eq!(cache.is_unwritten(object), !last);
    }
    let mut freed = Vec::new();
    cache.evict(2, |page| freed.push(page));
    assert_eq!(freed, ['p']);
    assert!(cache.close(object));
}

#[test]
fn what_is_written_to_while_it_is_written_out_is_written_again() {
    let mut cache = PageCache::new();
    let object = cache.open().unwrap();
    let pinned = cache.insert_ready(object, 0, ()).unwrap();
    cache.unpin(&[pinned], Use::Changed);
    let mut chosen = Vec::with_capacity(1);
    cache.begin_write(object, &1, &mut chosen);
    let mut pinned = Vec::with_capacity(1);
    assert_eq!(cache.pin(object, 0, &mut pinned, 1), 1);
    cache.unpin(&pinned, Use::Changed);
    // Not twice at once: the second could overtake the first.
    let mut again = Vec::with_capacity(1);
    cache.begin_write(object, &2, &mut again);
    assert!(again.is_empty());
    assert_eq!(cache.writing(object), Some(1));
    assert_eq!(cache.written(object, 0, true), None);
    assert!(cache.is_unwritten(object));
    cache.begin_write(object, &2, &mut again);
    assert_eq!(again.len(), 1);
}

#[test]
fn pages_are_written_in_the_order_of_their_numbers() {
    let mut cache = PageCache::new();
    let object = cache.open().unwrap();
    for index in [5, 3, 900, 4, 70] {
        let pinned = cache.insert_ready(object, index, ()).unwrap();
        cache.unpin(&[pinned], Use::Changed);
    }
    let mut chosen = Vec::with_capacity(16);
    cache.begin_write(object, &(), &mut chosen);
    assert_eq!(chosen.iter().map(|page| page.index).collect::<Vec<_>>(), [3, 4, 5, 70, 900]);
}

#[test]
fn a_reader_that_goes_forward_is_never_waited_for_and_one_that_jumps_costs_nothing() {
    // Forward, a page at a time: after the first window, all was asked for before it is needed.
    let mut reader = ReadAhead::new();
    let mut asked = 0;
    let mut largest = 0;
    for page in 0..10_000 {
        if let Some(range) = reader.advance(page, 1) {
            assert_eq!(range.start, asked, "each page is asked for once");
            asked = range.end;
            largest = largest.max(range.end - range.start);
        }
        assert!(asked > page);
    }
    assert_eq!(largest, READ_AHEAD_MAX);
    assert!(asked <= 10_000 + 2 * READ_AHEAD_MAX);
    // Back and forth.
    let mut random = Random(9);
    let mut jumping = ReadAhead::new();
    let mut wasted = 0;
    for _ in 0..1_000 {
        let page = 1 + 2 * random.below(1 << 40);
        wasted += jumping.advance(page, 1).map_or(0, |range| range.end - range.start);
    }
    assert_eq!(wasted, 0);
    const { assert!(PAGE_SIZE == 4096) };
}
