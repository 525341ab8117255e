//! The allocator against a `BTreeSet` of free frame numbers, under random operations, and the promises
//! that a set can't state: next fit, runs, limits, and a memory map in any disorder.

use fastrand::Rng;
use std::collections::BTreeSet;

use frames::{
    FRAME_SIZE, Frame, FrameAllocator, FrameRange, FreeError, Region, RunRequest, Zone, ZoneStatistics,
};

fn range(start: u64, count: u64) -> FrameRange {
    FrameRange { start: Frame::from_number(start), count }
}

fn run(count: u64, align: u64) -> RunRequest {
    RunRequest { count, align, below: None }
}

/// The lowest run the slow way: try every start.
fn lowest_run(free: &BTreeSet<u64>, count: u64, align: u64, below: u64, frame_count: u64) -> Option<u64> {
    let is_free = |start: u64, count: u64| (start..start + count).all(|number| free.contains(&number));
    let lowest = |count: u64, align: u64| {
        (0..frame_count).step_by(align as usize).find(|&start| is_free(start, count))
    };
    // The lowest block that holds count and alignment, and else the lowest run that does.
    let block = count.max(align).next_power_of_two();
    let in_block = if align.is_power_of_two() { lowest(block, block) } else { None };
    in_block.filter(|start| start + count <= below).or_else(|| {
        let fits = |&start: &u64| start + count <= below && is_free(start, count);
        (0..frame_count).step_by(align as usize).find(fits)
    })
}

/// The order of the largest aligned block among the free frames.
fn largest_order(free: &BTreeSet<u64>, frame_count: u64) -> Option<u32> {
    (0..24).rev().find(|order| {
        let size = 1_u64 << order;
        (0..frame_count)
            .step_by(size as usize)
            .any(|start| free.range(start..start + size).count() as u64 == size)
    })
}

fn random_operations(frame_count: u64, steps: u64, seed: u64) {
    let mut storage = vec![!0; FrameAllocator::storage_words(frame_count)];
    let mut allocator = FrameAllocator::new(&mut storage, frame_count).unwrap();
    let (mut free, mut used) = (BTreeSet::new(), BTreeSet::new());
    let mut random = Rng::with_seed(seed);
    for step in 0..steps {
        match random.u64(..12) {
            10 => {
                let count = random.u64(..100);
                let mut got = Vec::new();
                let done = allocator.allocate_each(count as usize, |frame| got.push(frame.number()));
                assert_eq!((done, done as u64), (got.len(), count.min(free.len() as u64)), "step {step}");
                for number in got {
                    assert!(free.remove(&number) && used.insert(number), "step {step}");
                }
            }
            11 => {
                // Some of them given out, some free, some twice, in order or not.
                let mut list: Vec<u64> =
                    (0..random.u64(..30)).map(|_| random.u64(..frame_count + 3)).collect();
                list.extend(used.iter().take(random.usize(..80)));
                let (mut expected, mut errors) = (BTreeSet::new(), 0);
                for number in &list {
                    errors += u64::from(!used.contains(number) || !expected.insert(*number));
                }
                let result = allocator.free_each(list.iter().copied().map(Frame::from_number));
                assert_eq!(result.is_err(), errors > 0, "step {step}");
                used.retain(|number| !expected.contains(number));
                free.extend(expected);
            }
            0..=2 => match allocator.allocate() {
                Some(frame) => {
                    assert!(free.remove(&frame.number()), "step {step}: gave out a frame that was not free");
                    used.insert(frame.number());
                }
                None => assert!(free.is_empty(), "step {step}: said full with frames left"),
            },
            3 => {
                let limit = random.u64(..frame_count + 1);
                match allocator.allocate_below(Frame::from_number(limit)) {
                    Some(frame) => {
                        assert!(frame.number() < limit && free.remove(&frame.number()));
                        used.insert(frame.number());
                    }
                    None => assert!(free.range(..limit).next().is_none()),
                }
            }
            4 => {
                // Single frames, blocks of all orders, and what lies between.
                let count = if random.bool() { random.u64(..150) + 1 } else { 1 << random.u64(..10) };
                let align = if random.u64(..8) == 0 { random.u64(..20) + 1 } else { 1 << random.u64(..8) };
                let below = if random.bool() { random.u64(..frame_count) } else { frame_count };
                let request = RunRequest { count, align, below: Some(Frame::from_number(below)) };
                let expected = lowest_run(&free, count, align, below, frame_count);
                let got = allocator.allocate_run(request);
                assert_eq!(got.map(|run| run.start.number()), expected, "step {step}: {request:?}");
                for frame in got.into_iter().flat_map(FrameRange::iter) {
                    assert!(free.remove(&frame.number()) && used.insert(frame.number()));
                }
            }
            5 => {
                // A run of any length, wherever: all of it is given out, or none of it is taken back.
                let (start, count) = (random.u64(..frame_count + 3), random.u64(..90));
                let offender = (start..start + count).find(|number| !used.contains(number));
                let expected = offender.map(|number| {
                    let frame = Frame::from_number(number);
                    if free.contains(&number) {
                        FreeError::AlreadyFree(frame)
                    } else {
                        FreeError::NotManaged(frame)
                    }
                });
                assert_eq!(allocator.free_run(range(start, count)).err(), expected, "step {step}");
                if offender.is_none() {
                    used.retain(|number| !(start..start + count).contains(number));
                    free.extend(start..start + count);
                }
            }
            6 | 7 => {
                let number = random.u64(..frame_count + 3);
                let frame = Frame::from_number(number);
                let expected = match (free.contains(&number), used.contains(&number)) {
                    (true, _) => Err(FreeError::AlreadyFree(frame)),
                    (_, true) => Ok(()),
                    _ => Err(FreeError::NotManaged(frame)),
                };
                assert_eq!(allocator.free(frame), expected, "step {step}");
                if used.remove(&number) {
                    free.insert(number);
                }
            }
            8 => {
                // Mostly a few, at times so many that blocks of the higher orders appear.
                let most = if random.u64(..4) == 0 { frame_count } else { 200 };
                let (start, count) = (random.u64(..frame_count), random.u64(..most));
                let added = allocator.add(range(start, count));
                let new: Vec<u64> = (start..(start + count).min(frame_count))
                    .filter(|number| !free.contains(number) && !used.contains(number))
                    .collect();
                assert_eq!(added, new.len() as u64);
                free.extend(new);
            }
            _ => {
                let (start, count) = (random.u64(..frame_count), random.u64(..40));
                let before = free.len() + used.len();
                let removed = allocator.reserve(range(start, count));
                free.retain(|number| !(start..start + count).contains(number));
                used.retain(|number| !(start..start + count).contains(number));
                assert_eq!(removed, (before - free.len() - used.len()) as u64);
            }
        }
        let statistics = allocator.statistics();
        assert_eq!((statistics.free(), statistics.used()), (free.len() as u64, used.len() as u64));
        if step % 16 == 0 {
            assert_eq!(
                allocator.largest_order(Zone::Dma32),
                largest_order(&free, frame_count),
                "step {step}"
            );
        }
    }
    for number in 0..frame_count + 70 {
        assert_eq!(allocator.is_free(Frame::from_number(number)), free.contains(&number));
    }
}

#[test]
fn agrees_with_a_set_whatever_is_asked() {
    for (seed, frame_count) in [1, 63, 64, 65, 700, 4096, 9000].into_iter().enumerate() {
        random_operations(frame_count, 4000, seed as u64);
    }
}

#[test]
fn every_frame_of_64_gib_comes_out_once() {
    let frame_count = (64 << 30) / FRAME_SIZE + 100; // two words at the top level
    let mut storage = vec![0; FrameAllocator::storage_words(frame_count)];
    let mut allocator = FrameAllocator::new(&mut storage, frame_count).unwrap();
    allocator.add(range(0, frame_count));
    // Filled as one, so each height is: a block of 64 GiB less a bit, and the blocks around the border of 4 GiB.
    let half = run(1 << 23, 1 << 23);
    assert_eq!(allocator.allocate_run(half), Some(range(0, 1 << 23)));
    assert_eq!(allocator.allocate_run(half), Some(range(1 << 23, 1 << 23)));
    assert_eq!(allocator.allocate_run(half), None);
    assert_eq!(allocator.free_run(range(1 << 19, (1 << 24) - (1 << 19))), Ok(()));
    assert_eq!(allocator.largest_order(Zone::Dma32), Some(19));
    assert_eq!(allocator.largest_order(Zone::Normal), Some(23));
    assert_eq!(allocator.free_run(range(0, 1 << 19)), Ok(()));
    assert_eq!(allocator.largest_order(Zone::Dma32), Some(20), "blocks across the border don't count");
    let mut seen = vec![false; frame_count as usize];
    while let Some(frame) = allocator.allocate() {
        assert!(!std::mem::replace(&mut seen[frame.number() as usize], true));
    }
    assert!(seen.into_iter().all(|seen| seen));
}

#[test]
fn a_freed_frame_is_not_the_next_one() {
    let mut storage = vec![0; FrameAllocator::storage_words(100)];
    let mut allocator = FrameAllocator::new(&mut storage, 100).unwrap();
    allocator.add(range(10, 3));
    let first = allocator.allocate().unwrap();
    allocator.free(first).unwrap();
    let rest: Vec<u64> = std::iter::from_fn(|| allocator.allocate()).map(Frame::number).collect();
    assert_eq!((first.number(), rest), (10, vec![11, 12, 10]));
}

#[test]
fn memory_below_4_gib_is_kept_for_those_who_need_it() {
    let four_gib = Frame::FOUR_GIB.number();
    let mut storage = vec![0; FrameAllocator::storage_words(four_gib + 2)];
    let mut allocator = FrameAllocator::new(&mut storage, four_gib + 2).unwrap();
    allocator.add(range(four_gib - 2, 4));
    assert_eq!(allocator.allocate(), Some(Frame::FOUR_GIB));
    assert_eq!(allocator.allocate_below(Frame::FOUR_GIB), Some(Frame::from_number(four_gib - 2)));
    let request = RunRequest { count: 2, align: 1, below: Some(Frame::FOUR_GIB) };
    assert_eq!(allocator.allocate_run(request), None, "only one frame is left below");
    let rest: Vec<u64> = std::iter::from_fn(|| allocator.allocate()).map(Frame::number).collect();
    assert_eq!(rest, [four_gib + 1, four_gib - 1]);
}

#[test]
fn zones_are_counted_apart() {
    let four_gib = Frame::FOUR_GIB.number();
    let count = four_gib + 5_000;
    let mut storage = vec![0; FrameAllocator::storage_words(count)];
    let mut allocator = FrameAllocator::new(&mut storage, count).unwrap();
    // Across the border, with a piece of a word at each end.
    assert_eq!(allocator.add(range(four_gib - 1_100, 3_333)), 3_333);
    let figures = |allocator: &FrameAllocator<'_>| {
        let zones = allocator.statistics();
        let pair = |zone| {
            let ZoneStatistics { managed, free } = zones.zone(zone);
            (managed, free)
        };
        (pair(Zone::Dma32), pair(Zone::Normal))
    };
    assert_eq!(figures(&allocator), ((1_100, 1_100), (2_233, 2_233)));
    assert_eq!(allocator.largest_order(Zone::Dma32), Some(10));
    assert_eq!(allocator.largest_order(Zone::Normal), Some(11));
    allocator.allocate().unwrap();
    allocator.allocate_below(Frame::FOUR_GIB).unwrap();
    assert_eq!(figures(&allocator), ((1_100, 1_099), (2_233, 2_232)));
    let below = RunRequest { count: 512, align: 512, below: Some(Frame::FOUR_GIB) };
    let taken = allocator.allocate_run(below).unwrap();
    assert_eq!(taken.start.number(), four_gib - 1_024);
    assert_eq!(figures(&allocator), ((1_100, 587), (2_233, 2_232)));
    allocator.free_run(taken).unwrap();
    assert_eq!(allocator.reserve(range(four_gib - 50, 100)), 100);
    assert_eq!(figures(&allocator), ((1_050, 1_049), (2_183, 2_183)));
    assert_eq!(allocator.statistics().used(), 1);
}

#[test]
fn a_run_that_no_block_holds_is_found_all_the_same() {
    let mut storage = vec![0; FrameAllocator::storage_words(256)];
    let mut allocator = FrameAllocator::new(&mut storage, 256).unwrap();
    // 100 frames, 66 of them around a border of blocks of 64: no aligned block of 128, and 64 only once.
    allocator.add(range(30, 100));
    assert_eq!(allocator.allocate_run(run(90, 1)), Some(range(30, 90)));
    assert_eq!(allocator.allocate_run(run(3, 1)), Some(range(120, 3)), "the lowest block of 4");
    assert_eq!(allocator.allocate_run(run(1, 2)), Some(range(124, 1)));
}

#[test]
fn memory_above_64_gib_is_used_like_any_other() {
    let frame_count = (200 << 30) / FRAME_SIZE;
    let mut storage = vec![0; FrameAllocator::storage_words(frame_count)];
    let mut allocator = FrameAllocator::new(&mut storage, frame_count).unwrap();
    allocator.add(range(frame_count - 3_000, 3_000));
    let block = allocator.allocate_run(run(1_024, 1_024)).unwrap();
    assert_eq!(block.start.number() % 1_024, 0);
    let mut singles = 0;
    while let Some(frame) = allocator.allocate() {
        assert!((frame_count - 3_000..frame_count).contains(&frame.number()));
        singles += 1;
    }
    assert_eq!(singles, 3_000 - 1_024);
    allocator.free_run(block).unwrap();
    assert_eq!(allocator.allocate_run(run(1_024, 1_024)), Some(block));
}

#[test]
fn a_run_goes_back_whole_or_not_at_all() {
    let mut storage = vec![0; FrameAllocator::storage_words(64)];
    let mut allocator = FrameAllocator::new(&mut storage, 64).unwrap();
    allocator.add(range(0, 64));
    let taken = allocator.allocate_run(run(8, 8)).unwrap();
    let too_long = FrameRange { count: 9, ..taken };
    assert_eq!(allocator.free_run(too_long), Err(FreeError::AlreadyFree(taken.end())));
    assert_eq!(allocator.statistics().used(), 8);
    assert_eq!(allocator.free_run(taken), Ok(()));
    assert_eq!(allocator.allocate_run(run(65, 1)), None);
    assert_eq!(allocator.allocate_run(run(0, 1)), None);
    assert_eq!(allocator.allocate_run(run(u64::MAX, u64::MAX)), None);
    assert!(allocator.allocate_run(run(64, 64)).is_some());
}

#[test]
fn a_map_may_overlap_and_come_in_any_order() {
    let usable = |start, length| Region { start, length, usable: true };
    let reserved = |start, length| Region { start, length, usable: false };
    let mut map = [
        reserved(0x5800, 0x10), // one byte of a frame is enough to lose it
        usable(0x4000, 0x4000),
        usable(0x1001, 0x2fff), // frames 2 and 3: a part of frame 1 is no frame
        usable(0x6000, 0x4fff), // overlaps the one above; its last frame is cut off
        reserved(u64::MAX - 10, 100),
        usable(0x9000, 0),
        reserved(0x3000, 0),
    ];
    for _ in 0..map.len() {
        map.rotate_left(1);
        let frame_count = FrameAllocator::frame_count_for(map.iter().copied());
        assert_eq!(frame_count, 10);
        let mut storage = vec![!0; FrameAllocator::storage_words(frame_count)];
        let mut allocator = FrameAllocator::from_map(&mut storage, frame_count, map.iter().copied()).unwrap();
        let all: Vec<u64> = std::iter::from_fn(|| allocator.allocate()).map(Frame::number).collect();
        assert_eq!(all, [2, 3, 4, 6, 7, 8, 9]);
    }
}

#[test]
fn too_little_storage_is_an_error() {
    let words = FrameAllocator::storage_words(1000);
    let mut storage = vec![0; words - 1];
    assert!(FrameAllocator::new(&mut storage, 1000).is_err());
    assert!(FrameAllocator::new(&mut [], 0).is_ok_and(|mut none| none.allocate().is_none()));
    assert!(FrameAllocator::new(&mut [], u64::MAX).is_err());
}
