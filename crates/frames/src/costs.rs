//! What the allocator's work costs, in words looked at, in machines of 64 MiB, 8 GiB and 64 GiB, in every state that memory
//! gets into. The claim is that the size of memory and its fill do not matter.

use fastrand::Rng;
use std::println;
use std::vec;
use std::vec::Vec;

use crate::{FRAME_SIZE, Frame, FrameAllocator, FrameRange, RunRequest, Zone, steps};

/// Words looked at for a single frame, allocated or freed, on the average of many. A search that finds nothing behind
/// its start climbs to the top and begins anew at 0: 4 + 4 words at most and 3 back down; the rest is the frame's own
/// word, the orders that it breaks, and the summaries above.
const MOST_FOR_A_FRAME: u64 = 12;
/// Words looked at to find a run and to take its first 64 frames, and to take each 64 more.
const MOST_FOR_A_RUN: u64 = 24;

/// States of memory: which frames stay free, of all.
type State = (&'static str, fn(u64, &mut Rng) -> bool);

const STATES: [State; 5] = [
    ("empty", |_, _| true),
    ("every other frame free", |number, _| number.is_multiple_of(2)),
    ("one of 64 free, at random", |_, random| random.u64(..64) == 0),
    ("one of 10,000 free, at random", |_, random| random.u64(..10_000) == 0),
    ("one of 2,048 frames taken", |number, _| number % 2_048 != 1_000),
];

/// Machines, in MiB; the smallest has few enough frames that the rarest state still leaves some.
const SIZES_MIB: [u64; 3] = [64, 8 << 10, 64 << 10];

fn with_memory(mib: u64, is_free: fn(u64, &mut Rng) -> bool, test: impl FnOnce(&mut FrameAllocator<'_>)) {
    let count = (mib << 20) / FRAME_SIZE;
    let mut storage = vec![0; FrameAllocator::storage_words(count)];
    let mut allocator = FrameAllocator::new(&mut storage, count).unwrap();
    allocator.add(FrameRange { start: Frame::from_number(0), count });
    // All are taken first, and the free ones given back: as memory is after a while.
    let mut random = Rng::with_seed(mib);
    let free: Vec<u64> = (0..count).filter(|&number| is_free(number, &mut random)).collect();
    if (free.len() as u64) < count {
        let all = RunRequest { count: 1 << 12, align: 1, below: None };
        while allocator.allocate_run(all).is_some() {}
        for number in free {
            allocator.free(Frame::from_number(number)).unwrap();
        }
    }
    test(&mut allocator);
}

#[test]
fn single_frames_cost_the_same_in_any_memory() {
    for (state, is_free) in STATES {
        for mib in SIZES_MIB {
            with_memory(mib, is_free, |allocator| {
                let mut random = Rng::with_seed(7);
                let mut held = Vec::new();
                const OPERATIONS: u64 = 20_000;
                let ((), steps) = steps::of(|| {
                    for _ in 0..OPERATIONS {
                        if held.is_empty() || (held.len() < 5_000 && random.bool()) {
                            held.extend(allocator.allocate());
                        } else {
                            let chosen = random.usize(..held.len());
                            allocator.free(held.swap_remove(chosen)).unwrap();
                        }
                    }
                });
                let mean = steps / OPERATIONS;
                println!("{mib:>6} MiB, {state}: {mean} words for a frame");
                assert!(mean <= MOST_FOR_A_FRAME, "{mib} MiB, {state}: {mean} words");
            });
        }
    }
}

#[test]
fn runs_are_found_in_as_many_steps_as_the_bitmap_has_levels() {
    for (state, is_free) in STATES {
        for mib in SIZES_MIB {
            with_memory(mib, is_free, |allocator| {
                let largest = allocator.largest_order(Zone::Dma32);
                let mut most = 0;
                for order in 0..=largest.map_or(0, |order| order.min(9)) {
                    let request = RunRequest { count: 1 << order, align: 1 << order, below: None };
                    let (run, steps) = steps::of(|| allocator.allocate_run(request));
                    if let Some(run) = run {
                        allocator.free_run(run).unwrap();
                        let for_64 = steps.div_ceil((1_u64 << order).div_ceil(64));
                        assert!(for_64 <= MOST_FOR_A_RUN, "{mib} MiB, {state}, order {order}: {steps}");
                        most = most.max(for_64);
                    }
                }
                println!(
                    "{mib:>6} MiB, {state}: largest order {largest:?}, at most {most} words for 64 frames"
                );
            });
        }
    }
}
