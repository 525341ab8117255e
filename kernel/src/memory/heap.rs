//! The kernel's heap: Rust's global allocator.
//!
//! Small allocations come from a free list (`linked_list_allocator`) that grows by whole pages at its end,
//! as `sbrk` grows a program's; large ones from `page_runs`, because the list is searched from its
//! beginning. What can't be had is a null pointer: fallible callers get an error, the others
//! panic by Rust's rule.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicU64, Ordering};

use linked_list_allocator::Heap;

use super::{frames, kernel_space, layout, page_runs};
use crate::lock::{IrqSpinLock, Rank};

/// Allocations of this size and more are runs of pages.
const LARGE: usize = 64 * 1024;
/// What the heap starts with.
const INITIAL: u64 = 1 << 20;
/// What it grows by at least.
const GROWTH: u64 = 256 << 10;

static HEAP: IrqSpinLock<Heap> = IrqSpinLock::new(Rank::Heap, Heap::empty());

/// How far the heap reaches. Held while it grows, so that two CPUs that find it full don't grow it in the wrong
/// order; never held together with `HEAP` but in this order.
static BREAK: IrqSpinLock<Break> = IrqSpinLock::new(Rank::HeapBreak, Break { size: 0, limit: 0 });

struct Break {
    size: u64,
    limit: u64,
}

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static FREES: AtomicU64 = AtomicU64::new(0);
static FAILURES: AtomicU64 = AtomicU64::new(0);

struct KernelAllocator;

#[global_allocator]
static ALLOCATOR: KernelAllocator = KernelAllocator;

// SAFETY: 1. memory comes from the free list or from `page_runs`, both of which give out what nobody else
// has, of the layout's size and alignment; 2. `dealloc` gets the layout that `alloc` got, so it asks the
// one that gave; 3. neither unwinds: failure is a null pointer.
unsafe impl GlobalAlloc for KernelAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let found = if is_large(layout) {
            page_runs::allocate(layout.size(), layout.align())
        } else {
            allocate_small(layout)
        };
        let counter = if found.is_some() { &ALLOCATIONS } else { &FAILURES };
        counter.fetch_add(1, Ordering::Relaxed);
        found.map_or(null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        let Some(start) = NonNull::new(start) else { return };
        FREES.fetch_add(1, Ordering::Relaxed);
        if is_large(layout) {
            // SAFETY: the caller's promise: `alloc` gave `start` for this layout, and it is unused.
            unsafe { page_runs::free(start, layout.size()) };
        } else {
            // SAFETY: as above, from the free list.
            unsafe { HEAP.lock().deallocate(start, layout) };
        }
    }
}

fn is_large(layout: Layout) -> bool {
    layout.size() >= LARGE || layout.align() >= LARGE
}

fn allocate_small(layout: Layout) -> Option<NonNull<u8>> {
    loop {
        let size = {
            let mut heap = HEAP.lock();
            if let Ok(found) = heap.allocate_first_fit(layout) {
                return Some(found);
            }
            heap.size() as u64
        };
        if !grow(size, layout) {
            return None;
        }
    }
}

/// Makes the heap larger than `seen`, which was too small for `layout`. True when it is, even by another
/// CPU's doing; false when memory or the limit stands against it.
fn grow(seen: u64, layout: Layout) -> bool {
    let mut border = BREAK.lock();
    if border.size > seen {
        return true;
    }
    // Room for the layout wherever the last hole ends, and for the list's own bookkeeping.
    let wanted = (layout.size() + layout.align() + 64) as u64;
    let bytes = wanted.next_multiple_of(4096).max(GROWTH).min(border.limit.saturating_sub(border.size));
    if bytes < wanted {
        return false;
    }
    let start = layout::HEAP + border.size;
    let mapped = match kernel_space::populate(start, bytes / 4096) {
        Ok(()) => bytes,
        // Pages at the heap's end are no loss: the heap takes what there is.
        Err(pages) => pages * 4096,
    };
    if mapped == 0 {
        return false;
    }
    let mut heap = HEAP.lock();
    // SAFETY: 1. the bytes right behind the heap (or its first ones) were mapped a moment ago, writable,
    // and are nobody's; 2. `BREAK` is still held, so they are added in the order of their addresses; 3. they stay for ever.
    unsafe {
        if border.size == 0 {
            heap.init(core::ptr::with_exposed_provenance_mut(start as usize), mapped as usize);
        } else {
            heap.extend(mapped as usize);
        }
    }
    border.size += mapped;
    mapped >= wanted
}

/// Opens the heap, for at most half of memory. False when there is none.
pub(super) fn init() -> bool {
    let limit = (frames::figures().usable / 2).min(layout::SLOT) & !4095;
    BREAK.lock().limit = limit;
    // Nothing fits into a heap of size 0, so this is what the first allocation would do, only larger.
    Layout::from_size_align(INITIAL.min(limit).saturating_sub(128) as usize, 16)
        .is_ok_and(|first| grow(0, first))
}

/// Figures of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapStatistics {
    /// Bytes the free list has in all.
    pub size: u64,
    /// Bytes of them in use.
    pub used: u64,
    /// Bytes in large allocations, each rounded up to pages.
    pub large: u64,
    /// Allocations that succeeded since boot, large ones included.
    pub allocations: u64,
    /// Frees since boot.
    pub frees: u64,
    /// Allocations that failed since boot.
    pub failures: u64,
}

pub(super) fn statistics() -> HeapStatistics {
    let (size, used) = {
        let heap = HEAP.lock();
        (heap.size() as u64, heap.used() as u64)
    };
    HeapStatistics {
        size,
        used,
        large: page_runs::used(),
        allocations: ALLOCATIONS.load(Ordering::Relaxed),
        frees: FREES.load(Ordering::Relaxed),
        failures: FAILURES.load(Ordering::Relaxed),
    }
}
