//! The allocator of physical frames against a set of free numbers, with the counts of owners and a CPU's cache beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU16;

use frames::{Frame, FrameAllocator, FrameRange, FreeError, NotOwned, Owners, Region, Release, RunRequest};

use crate::Target;
use crate::choices::Choices;

pub const TARGET: Target = Target { name: "frames", run, seeds };

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    match choices.byte() % 3 {
        0 => memory_map(&mut choices),
        1 => owners(&mut choices),
        _ => allocator(&mut choices),
    }
}

fn range(start: u64, count: u64) -> FrameRange {
    FrameRange { start: Frame::from_number(start), count }
}

/// The run that is to be given out, the slow way: the start of the lowest block that holds count and alignment, and else
/// the lowest that fits.
fn expected_run(free: &BTreeSet<u64>, count: u64, align: u64, below: u64, frame_count: u64) -> Option<u64> {
    let is_free = |start: u64, count: u64| free.range(start..start + count).count() as u64 == count;
    let fits = |start: &u64| start + count <= below && is_free(*start, count);
    let block = count.max(align).next_power_of_two();
    let lowest = (0..frame_count).step_by(block as usize).find(|&start| is_free(start, block));
    let in_block = lowest.filter(|start| align.is_power_of_two() && start + count <= below);
    in_block.or_else(|| (0..frame_count).step_by(align as usize).find(fits))
}

fn allocator(choices: &mut Choices) {
    let frame_count = choices.one_of(&[1, 63, 64, 65, 200, 700, 4200]);
    let mut storage = vec![!0; FrameAllocator::storage_words(frame_count)];
    let mut allocator = FrameAllocator::new(&mut storage, frame_count).expect("room");
    let (mut free, mut used) = (BTreeSet::new(), BTreeSet::new());
    if choices.byte().is_multiple_of(2) {
        assert_eq!(allocator.add(range(0, frame_count)), frame_count);
        free.extend(0..frame_count);
    }
    while !choices.is_empty() {
        let operation = choices.byte();
        let number = choices.below(frame_count as usize + 3) as u64;
        match operation % 9 {
            0..=2 => match allocator.allocate() {
                Some(frame) => {
                    assert!(free.remove(&frame.number()) && used.insert(frame.number()), "{frame:?}")
                }
                None => assert!(free.is_empty(), "said full with frames left"),
            },
            3 => match allocator.allocate_below(Frame::from_number(number)) {
                Some(frame) => {
                    assert!(frame.number() < number && free.remove(&frame.number()));
                    used.insert(frame.number());
                }
                None => assert!(free.range(..number).next().is_none()),
            },
            4 => {
                let count = choices.below(150) as u64;
                let align =
                    if operation & 0x80 == 0 { 1 << choices.below(8) } else { 1 + choices.below(20) as u64 };
                let request = RunRequest { count, align, below: Some(Frame::from_number(number)) };
                let expected =
                    (count > 0).then(|| expected_run(&free, count, align, number, frame_count)).flatten();
                let got = allocator.allocate_run(request);
                assert_eq!(got.map(|run| run.start.number()), expected, "{request:?}");
                for frame in got.into_iter().flat_map(FrameRange::iter) {
                    assert!(free.remove(&frame.number()) && used.insert(frame.number()));
                }
            }
            5 => {
                let frame = Frame::from_number(number);
                let expected = match (free.contains(&number), used.contains(&number)) {
                    (true, _) => Err(FreeError::AlreadyFree(frame)),
                    (_, true) => Ok(()),
                    _ => Err(FreeError::NotManaged(frame)),
                };
                assert_eq!(allocator.free(frame), expected);
                if used.remove(&number) {
                    free.insert(number);
                }
            }
            6 => {
                let run = range(number, choices.below(70) as u64);
                let all_used = run.iter().all(|frame| used.contains(&frame.number()));
                assert_eq!(allocator.free_run(run).is_ok(), all_used);
                if all_used {
                    run.iter().for_each(|frame| {
                        used.remove(&frame.number());
                        free.insert(frame.number());
                    });
                }
            }
            7 => {
                let count = choices.below(200) as u64;
                let new: Vec<u64> = (number..(number + count).min(frame_count))
                    .filter(|number| !free.contains(number) && !used.contains(number))
                    .collect();
                assert_eq!(allocator.add(range(number, count)), new.len() as u64);
                free.extend(new);
            }
            _ => {
                let count = choices.below(40) as u64;
                let before = free.len() + used.len();
                let removed = allocator.reserve(range(number, count));
                free.retain(|free| !(number..number + count).contains(free));
                used.retain(|used| !(number..number + count).contains(used));
                assert_eq!(removed, (before - free.len() - used.len()) as u64);
            }
        }
        let statistics = allocator.statistics();
        assert_eq!((statistics.free(), statistics.used()), (free.len() as u64, used.len() as u64));
    }
    for number in 0..frame_count + 70 {
        assert_eq!(allocator.is_free(Frame::from_number(number)), free.contains(&number), "{number}");
    }
}

/// A map as firmware may give it: a frame is managed if it lies wholly in usable memory that nothing else touches.
fn memory_map(choices: &mut Choices) {
    const FRAMES: u64 = 300;
    let mut map = Vec::new();
    while map.len() < 12 && !choices.is_empty() {
        // Mostly near the start of memory, and sometimes anywhere.
        let mut place = || match choices.byte() {
            0..=239 => choices.below(400 * 4096) as u64,
            _ => choices.number(),
        };
        let (start, length) = (place(), place());
        map.push(Region { start, length, usable: !choices.byte().is_multiple_of(3) });
    }
    let mut storage = vec![!0; FrameAllocator::storage_words(FRAMES)];
    let allocator = FrameAllocator::from_map(&mut storage, FRAMES, map.iter().copied()).expect("room");
    let _ = FrameAllocator::frame_count_for(map.iter().copied());
    for number in 0..FRAMES {
        let (start, end) = (number * 4096, number * 4096 + 4096);
        let within =
            |region: &Region| region.start <= start && region.start.saturating_add(region.length) >= end;
        let touches = |region: &Region| {
            region.length > 0 && region.start < end && region.start.saturating_add(region.length) > start
        };
        let expected = map.iter().any(|region| region.usable && within(region))
            && !map.iter().any(|region| !region.usable && touches(region));
        assert_eq!(allocator.is_free(Frame::from_number(number)), expected, "frame {number} of {map:x?}");
    }
}

fn owners(choices: &mut Choices) {
    const FRAMES: usize = 16;
    let counts: Vec<AtomicU16> = (0..FRAMES).map(|_| AtomicU16::new(0)).collect();
    let owners = Owners::new(&counts);
    let mut model: BTreeMap<u64, u16> = BTreeMap::new();
    while !choices.is_empty() {
        let operation = choices.byte() % 3;
        let number = choices.below(FRAMES + 2) as u64;
        let frame = Frame::from_number(number);
        let known = number < FRAMES as u64;
        let count = model.get(&number).copied().unwrap_or(0);
        match operation {
            0 if known && count == 0 => {
                owners.give(frame);
                model.insert(number, 1);
            }
            1 => {
                let expected = (count > 0).then_some(count + 1);
                assert_eq!(owners.share(frame), expected);
                model.extend(expected.map(|count| (number, count)));
            }
            _ => {
                let expected = match count {
                    0 => Err(NotOwned(frame)),
                    1 => Ok(Release::Last),
                    more => Ok(Release::Shared(more - 1)),
                };
                assert_eq!(owners.release(frame), expected);
                model.insert(number, count.saturating_sub(1));
            }
        }
        assert_eq!(owners.of(frame), model.get(&number).copied().unwrap_or(0));
    }
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![2, 5, 0, 0, 0, 0, 4, 2, 0, 60, 3, 5, 0, 9, 8, 1, 0, 30, 7, 0, 10, 90, 6, 1, 0, 20],
        vec![2, 2, 1, 7, 0, 64, 0, 0, 0, 0, 4, 60, 64, 0, 5, 3, 6, 0, 5],
        vec![0, 1, 0, 0, 0x10, 0, 1, 0, 2, 0x80, 0, 1, 1, 0, 1, 0x20, 5, 1, 0, 0, 0x30, 5, 3],
        vec![1, 0, 3, 1, 3, 1, 3, 2, 3, 2, 3, 2, 3, 2, 17],
    ]
}
