//! Allocations that fail on purpose, so that a test can walk every way out.
//!
//! Armed for one thread, recognised by the stack it runs on: what the rest of the system allocates meanwhile
//! is not touched. Only in builds with debug assertions; elsewhere nothing ever strikes.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::memory::window::UNIT;

/// Which allocations count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The heap's, and stacks.
    Heap,
    /// Frames, one by one, in batches and in runs: what page tables, pages of address spaces and the heap itself take.
    Frames,
}

/// The unit of addresses that holds the armed thread's stack; 0 when none is.
static STACK: AtomicU64 = AtomicU64::new(0);
/// Allocations of that thread until the one that fails, itself included.
static REMAINING: AtomicU64 = AtomicU64::new(0);
/// Whether frames count, instead of what the heap gives.
static FRAMES: AtomicBool = AtomicBool::new(false);

/// Stacks lie each in a unit of their own.
#[inline]
fn this_stack() -> u64 {
    let local = 0_u8;
    core::ptr::from_ref(&local).addr() as u64 / UNIT
}

/// Whether the allocation that asks, of that kind, has to fail.
#[inline]
pub(in crate::memory) fn strikes(kind: Kind) -> bool {
    cfg!(debug_assertions)
        && STACK.load(Ordering::Relaxed) == this_stack()
        && FRAMES.load(Ordering::Relaxed) == (kind == Kind::Frames)
        && REMAINING.fetch_sub(1, Ordering::Relaxed) == 1
}

/// Runs `work` while its `k`-th allocation of that kind (from 1) fails; returns its result, and whether it came so far. One
/// thread at a time.
pub fn failing<R>(k: u64, kind: Kind, work: impl FnOnce() -> R) -> (R, bool) {
    REMAINING.store(k, Ordering::Relaxed);
    FRAMES.store(kind == Kind::Frames, Ordering::Relaxed);
    STACK.store(this_stack(), Ordering::Relaxed);
    let result = work();
    STACK.store(0, Ordering::Relaxed);
    // Below 0 it wraps; nobody allocates that often.
    let left = REMAINING.load(Ordering::Relaxed);
    (result, left == 0 || left > u64::MAX / 2)
}

/// Runs `work` with no allocation failing on purpose: for what a reserve covers.
pub(super) fn spared<R>(work: impl FnOnce() -> R) -> R {
    if !cfg!(debug_assertions) {
        return work();
    }
    let mine = STACK.load(Ordering::Relaxed) == this_stack();
    if mine {
        STACK.store(0, Ordering::Relaxed);
    }
    let result = work();
    if mine {
        STACK.store(this_stack(), Ordering::Relaxed);
    }
    result
}
