//! An allocator that runs out of memory when a test says so.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// How many allocations of this thread still succeed; None: all.
    static ALLOCATIONS_LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Counts an allocation, and says whether it may succeed.
pub fn may_allocate() -> bool {
    ALLOCATIONS_LEFT.with(|left| match left.get() {
        None => true,
        Some(0) => false,
        Some(count) => {
            left.set(Some(count - 1));
            true
        }
    })
}

/// As [`may_allocate`], for a page, which the test then allocates itself: that is not counted twice.
pub fn may_have_page() -> bool {
    let may = may_allocate();
    if may {
        ALLOCATIONS_LEFT.with(|left| left.set(left.get().map(|count| count + 1)));
    }
    may
}

/// As long as `action` takes, only this many allocations succeed.
pub fn with_allocations<T>(count: usize, action: impl FnOnce() -> T) -> T {
    ALLOCATIONS_LEFT.with(|left| left.set(Some(count)));
    let result = action();
    ALLOCATIONS_LEFT.with(|left| left.set(None));
    result
}

struct Counting;

// SAFETY: every call is the system allocator's, with the same arguments, or returns null, which means no memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !may_allocate() {
            return core::ptr::null_mut();
        }
        // SAFETY: the caller keeps `alloc`'s contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` or `realloc` above, so from the system.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !may_allocate() {
            return core::ptr::null_mut();
        }
        // SAFETY: the pointer came from the system, and the caller keeps the rest of the contract.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
