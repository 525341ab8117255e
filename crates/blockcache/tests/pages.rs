//! The page cache against a flat array of bytes, on a disk that answers late, in any order, wrongly, and in halves.

mod world;

use blockcache::pages::{
    AfterFailure, PAGE_SIZE, PageCache, READ_AHEAD_MAX, ReadAhead, ToWrite, Use, WRITE_ATTEMPTS,
};
use world::World;

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
}

#[test]
fn reads_give_what_was_written_whatever_is_evicted_and_however_late_the_disk_is() {
    for seed in 1..=8 {
        assert_eq!(run(seed, 0), 0, "seed {seed}");
    }
}

#[test]
fn a_disk_that_fails_now_and_then_loses_only_what_it_was_said_to_lose() {
    // Three failures in a row are rare, and then it is said.
    let lost: usize = (1..=8).map(|seed| run(seed, 40)).sum();
    assert!(lost < 8, "{lost}");
}

#[test]
fn a_disk_that_fails_often_loses_only_what_it_was_said_to_lose() {
    let lost: usize = (1..=8).map(|seed| run(seed, 2)).sum();
    assert!(lost > 8, "{lost}");
}

/// Lets a world go on for a while; how many pages were given up and not written since.
fn run(seed: u64, failing: u64) -> usize {
    let mut random = Random(seed);
    let mut world = World::new(failing, |limit| random.below(limit));
    (0..30_000).for_each(|_| world.step());
    world.settle()
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

#[test]
fn the_first_pages_that_are_missing_are_found_across_leaves() {
    let mut cache = PageCache::<(), ()>::new();
    let object = cache.open().unwrap();
    for index in (0..300).filter(|index| ![5, 64, 191, 299].contains(index)) {
        if index % 2 == 0 {
            let pinned = cache.insert_ready(object, index, ()).unwrap();
            cache.unpin(&[pinned], Use::Read);
        } else {
            cache.insert_loading(object, index, (), ()).unwrap();
        }
    }
    for (range, found) in [
        (0..300, Some(5..6)),
        (6..300, Some(64..65)),
        (65..191, None),
        (65..300, Some(191..192)),
        (192..400, Some(299..400)),
        (500..510, Some(500..510)),
        (7..7, None),
    ] {
        assert_eq!(cache.first_absent(object, range.clone()), found, "{range:?}");
    }
}
