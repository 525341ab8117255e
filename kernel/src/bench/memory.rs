//! Frames, pages, and the heap: each with few and with many alive.

use alloc::vec::Vec;
use core::hint::black_box;

use paging::Access;

use super::{per_run, print};
use crate::memory::address_space::AddressSpace;
use crate::memory::frames::{self, Zone};
use crate::memory::measure;

const RUNS: u64 = 10_000;

pub(super) fn run() {
    for alive in [10, 10_000] {
        let cost = measure::heap(alive, 64, random, clock).unwrap_or(0);
        print(&alloc::format!("heap_64_alloc_free_{alive}_live"), cost, "counts");
    }
    print("heap_64_fill_drain_10000", fill_drain(), "counts");
    for alive in [10, 10_000] {
        let cost = measure::free_list(alive, 64, random, clock).unwrap_or(0);
        print(&alloc::format!("free_list_64_alloc_free_{alive}_live"), cost, "counts");
    }
    print("frame_alloc_free", frame(), "counts");
    print("frame_fill_drain_10000", frames_fill_drain(), "counts");
    print("frame_run_16_alloc_free", frame_run(), "counts");
    print("page_map_unmap", measure::map_unmap::<false>(RUNS, clock).unwrap_or(0), "counts");
    print("page_map_unmap_2_mib", measure::map_unmap::<true>(RUNS, clock).unwrap_or(0), "counts");
    print("page_shootdown", measure::shootdown(RUNS, clock).unwrap_or(0), "counts");
    print("address_space_new_drop", address_space(), "counts");
    print("address_space_map_unmap", user_page(), "counts");
}

/// [`per_run`], for those who can't name it.
fn clock(times: u64, run: &mut dyn FnMut()) -> u64 {
    per_run(times, run)
}

/// Deterministic pseudo-random numbers (Knuth's MMIX constants).
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

type Object = alloc::boxed::Box<[u64; 8]>;

/// Allocates 10,000 objects, then frees them all: what one costs with its share of whole pages.
fn fill_drain() -> u64 {
    let mut objects: Vec<Object> = Vec::with_capacity(10_000);
    per_run(3, || {
        for _ in 0..10_000 {
            objects.push(Object::default());
        }
        objects.clear();
    }) / 10_000
}

fn frame() -> u64 {
    per_run(RUNS, || {
        if let Some(frame) = black_box(frames::allocate()) {
            frames::free(frame);
        }
    })
}

fn frames_fill_drain() -> u64 {
    let mut list = Vec::with_capacity(10_000);
    per_run(3, || {
        list.extend(core::iter::from_fn(frames::allocate).take(10_000));
        list.drain(..).for_each(frames::free);
    }) / 10_000
}

/// 16 frames in a row below 4 GiB, as a device's ring wants them.
fn frame_run() -> u64 {
    per_run(RUNS, || {
        if let Some(run) = black_box(frames::allocate_contiguous(16, 16, Zone::Below4GiB)) {
            frames::free_contiguous(run);
        }
    })
}

/// An address space without pages.
fn address_space() -> u64 {
    per_run(1_000, || drop(black_box(AddressSpace::new())))
}

/// A page of zeros in an address space that no CPU runs, its tables there: filling it is the most of it.
fn user_page() -> u64 {
    const NEIGHBOUR: u64 = 1 << 30;
    let Ok(space) = AddressSpace::new() else { return 0 };
    if space.map(NEIGHBOUR, 1, Access::WRITE).is_err() {
        return 0;
    }
    let mut complete = true;
    let cost = per_run(1_000, || {
        complete &= space.map(NEIGHBOUR + 4096, 1, Access::WRITE).is_ok();
        complete &= space.unmap(NEIGHBOUR + 4096, 1).is_ok();
    });
    if complete { cost } else { 0 }
}
