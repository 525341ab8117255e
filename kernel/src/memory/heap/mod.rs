//! The kernel's heap: Rust's global allocator.
//!
//! | size | from |
//! |---|---|
//! | up to 2016 bytes | [`slabs`]: objects of 15 sizes, free lists per CPU |
//! | below 64 KiB | `segments`: `linked_list_allocator`, grown as by `sbrk` |
//! | 64 KiB and more | `page_runs`: pages of their own |
//!
//! What can't be had is a null pointer: fallible callers get an error, the others panic by Rust's rule.
//! Builds with debug assertions put a red zone behind each small object and poison what is free, and panic
//! when they find either changed.

pub mod fallible;
pub mod fault;
pub mod misuse;
mod segments;
mod slabs;

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicU64, Ordering};

use ::heap::{SizeClass, guard};

use super::{page_runs, window};

pub use segments::SegmentStatistics;
pub use slabs::ClassStatistics;

/// Allocations of this size and more are runs of pages.
const LARGE: usize = 64 * 1024;

/// Allocations and frees that slabs don't count themselves.
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static FREES: AtomicU64 = AtomicU64::new(0);
static FAILURES: AtomicU64 = AtomicU64::new(0);

struct KernelAllocator;

#[global_allocator]
static ALLOCATOR: KernelAllocator = KernelAllocator;

// SAFETY: 1. memory comes from one of the three sources, each of which gives out what nobody else has, of the
// layout's size and alignment; 2. `dealloc` gets the layout that `alloc` got, so it asks the one that gave;
// 3. neither unwinds: failure is a null pointer, and corruption a panic, which aborts.
unsafe impl GlobalAlloc for KernelAllocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if fault::strikes(fault::Kind::Heap) {
            return null_mut();
        }
        let found = match class_of(layout) {
            Some(class) => slabs::allocate(class).inspect(|&object| arm(object, class, layout)),
            None => allocate_other(layout),
        };
        match found {
            Some(start) => start.as_ptr(),
            None => retry(layout),
        }
    }

    #[inline]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        let Some(start) = NonNull::new(start) else { return };
        match class_of(layout) {
            Some(class) => {
                disarm(start, class, layout);
                // SAFETY: the caller's promise: `alloc` gave `start` for this layout, hence this class.
                unsafe { slabs::free(start, class) };
            }
            // SAFETY: as above.
            None => unsafe { free_other(start, layout) },
        }
    }
}

/// The slabs that serve `layout`, the guard's bytes included.
#[inline]
fn class_of(layout: Layout) -> Option<SizeClass> {
    let overhead = if cfg!(debug_assertions) { guard::OVERHEAD } else { 0 };
    SizeClass::for_layout(layout.size() + overhead, layout.align())
}

fn is_large(layout: Layout) -> bool {
    layout.size() >= LARGE || layout.align() >= LARGE
}

fn allocate_other(layout: Layout) -> Option<NonNull<u8>> {
    let found = if is_large(layout) {
        page_runs::allocate(layout.size(), layout.align())
    } else {
        segments::allocate(layout)
    };
    ALLOCATIONS.fetch_add(u64::from(found.is_some()), Ordering::Relaxed);
    found
}

/// # Safety
/// `start` came from [`allocate_other`] with the same layout, and nobody uses it any more.
unsafe fn free_other(start: NonNull<u8>, layout: Layout) {
    FREES.fetch_add(1, Ordering::Relaxed);
    if is_large(layout) {
        // SAFETY: the caller's promise.
        unsafe { page_runs::free(start, layout.size()) };
    } else {
        // SAFETY: the caller's promise.
        unsafe { segments::free(start, layout) };
    }
}

/// Memory seems to be out: gives back what is kept for speed, collects what was freed but is still known to some CPU, and
/// tries once more.
#[cold]
fn retry(layout: Layout) -> *mut u8 {
    slabs::trim();
    window::settle();
    let found = match class_of(layout) {
        Some(class) => slabs::allocate(class).inspect(|&object| arm(object, class, layout)),
        None => allocate_other(layout),
    };
    FAILURES.fetch_add(u64::from(found.is_none()), Ordering::Relaxed);
    found.map_or(null_mut(), NonNull::as_ptr)
}

/// Puts the guard around a small object, in builds that check.
#[inline]
fn arm(object: NonNull<u8>, class: SizeClass, layout: Layout) {
    if cfg!(debug_assertions) {
        guarded(object, class, layout, guard::arm);
    }
}

/// Checks the guard around a small object.
#[inline]
fn disarm(object: NonNull<u8>, class: SizeClass, layout: Layout) {
    if cfg!(debug_assertions) {
        guarded(object, class, layout, guard::disarm);
    }
}

fn guarded(
    object: NonNull<u8>,
    class: SizeClass,
    layout: Layout,
    check: fn(&mut [u8], usize, usize) -> Result<(), guard::Corruption>,
) {
    // SAFETY: the object is `class.size()` bytes of a slab, initialised when its page was, and for the moment
    // neither its owner's nor a list's.
    let bytes = unsafe { core::slice::from_raw_parts_mut(object.as_ptr(), class.size()) };
    if let Err(corruption) = check(bytes, object.addr().get(), layout.size()) {
        panic!(
            "heap: {corruption}: an object of {} bytes in size class {} at {object:p}",
            layout.size(),
            class.size()
        );
    }
}

/// Opens the heap. False when there is no memory for it.
pub(super) fn init() -> bool {
    segments::init()
}

/// Figures of one moment, from all three sources. Taking them costs a lock for each size class, and nothing on the
/// paths that allocate: these count in their own CPU's lists anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapStatistics {
    /// Bytes held for small and middling objects.
    pub size: u64,
    /// Bytes of them in use.
    pub used: u64,
    /// Bytes in large allocations, each rounded up to pages.
    pub large: u64,
    /// Allocations that succeeded since boot, of any size.
    pub allocations: u64,
    /// Frees since boot.
    pub frees: u64,
    /// Allocations that failed since boot.
    pub failures: u64,
    /// The slabs of each size class, by rising size of its objects.
    pub classes: [ClassStatistics; SizeClass::COUNT],
    /// What lies between slabs and page runs.
    pub segments: SegmentStatistics,
}

/// The figures of this moment.
pub fn statistics() -> HeapStatistics {
    let (classes, segments) = (slabs::statistics(), segments::statistics());
    let mut sum = HeapStatistics {
        size: segments.size,
        used: segments.used,
        large: page_runs::used(),
        allocations: ALLOCATIONS.load(Ordering::Relaxed),
        frees: FREES.load(Ordering::Relaxed),
        failures: FAILURES.load(Ordering::Relaxed),
        classes,
        segments,
    };
    for class in classes {
        sum.size += class.held;
        sum.used += class.used * class.size;
        sum.allocations += class.allocations;
        sum.frees += class.frees;
    }
    sum
}
