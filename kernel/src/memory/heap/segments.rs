//! What slabs don't serve and page runs would waste: from 2 KiB to 64 KiB, on `linked_list_allocator`.
//!
//! The heap grows as `sbrk` grows a program's, but by segments of 256 KiB, each with a free list of its own: so a
//! segment that has become empty can be given back wherever it lies, not only at the end, and no
//! list is ever longer than one segment makes it. A segment is aligned to its size: an object's address
//! names it.

use core::alloc::Layout;
use core::ptr::NonNull;

use ::frames::FRAME_SIZE;
use linked_list_allocator::Heap;

use crate::lock::{IrqSpinLock, Rank};
use crate::memory::window::{Shape, UNIT, Window};
use crate::memory::{frames, layout};

/// Bytes of a segment: the largest allocation (just below [`super::LARGE`] at an alignment of half as much) fits thrice.
const SEGMENT: u64 = 256 << 10;
const SHAPE: Shape = Shape { guard: 0, pages: SEGMENT / FRAME_SIZE, units: SEGMENT / UNIT };

static WINDOW: Window = Window::new(layout::HEAP);

/// What lies at a segment's beginning; its free list follows.
struct Segment {
    heap: Heap,
    next: Option<NonNull<Segment>>,
}

const _: () = assert!(size_of::<Segment>() <= HEADER);
/// Bytes kept for [`Segment`].
const HEADER: usize = 64;

struct Segments {
    /// The segment added last.
    first: Option<NonNull<Segment>>,
    /// Segments with nothing in use: 0 or 1.
    empty: usize,
    /// Bytes of all segments.
    size: u64,
    /// Bytes of them in use.
    used: u64,
}

// SAFETY: the segments belong to the list alone, on whichever CPU it is used.
unsafe impl Send for Segments {}

static SEGMENTS: IrqSpinLock<Segments> =
    IrqSpinLock::new(Rank::Heap, Segments { first: None, empty: 0, size: 0, used: 0 });

/// Opens the window and takes the first segment. False when there is no memory.
pub(super) fn init() -> bool {
    // Twice the addresses that memory could fill: what was given back may rest a while.
    WINDOW.open((2 * frames::figures().usable).min(layout::SLOT) / UNIT) && grow()
}

/// Bytes for `layout`; `None` when memory is out.
pub(super) fn allocate(layout: Layout) -> Option<NonNull<u8>> {
    loop {
        if let Some(found) = SEGMENTS.lock().allocate(layout) {
            return Some(found);
        }
        // A fresh segment has room for any layout that comes here; another CPU may fill it first.
        if !grow() {
            return None;
        }
    }
}

/// Takes bytes back, and gives back their segment if that leaves two empty ones.
///
/// # Safety
/// `start` came from [`allocate`] with the same layout, and nobody uses it any more.
pub(super) unsafe fn free(start: NonNull<u8>, layout: Layout) {
    // SAFETY: the caller's promise.
    let emptied = unsafe { SEGMENTS.lock().free(start, layout) };
    if let Some(segment) = emptied {
        // SAFETY: the segment came from this window with this shape, holds nothing, and has left the list.
        unsafe { WINDOW.free(segment.addr().get() as u64, SHAPE) };
    }
}

/// Figures of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentStatistics {
    /// Segments held.
    pub segments: u64,
    /// Bytes of them.
    pub size: u64,
    /// Bytes of them in use.
    pub used: u64,
}

/// The figures of this moment.
pub(super) fn statistics() -> SegmentStatistics {
    let segments = SEGMENTS.lock();
    SegmentStatistics { segments: segments.size / SEGMENT, size: segments.size, used: segments.used }
}

/// Adds a segment. Takes the window's locks, which rank below the heap's.
fn grow() -> bool {
    let Some(start) = WINDOW.allocate(SHAPE, SHAPE.units) else { return false };
    let segment = core::ptr::with_exposed_provenance_mut::<Segment>(start as usize);
    // SAFETY: 1. the window gave us `SEGMENT` bytes, writable and nobody else's; 2. the header fits before the
    // list's bytes (asserted above), and both are aligned, for the segment is.
    unsafe {
        let heap = Heap::new(segment.cast::<u8>().add(HEADER), SEGMENT as usize - HEADER);
        segment.write(Segment { heap, next: None });
    }
    let Some(segment) = NonNull::new(segment) else { return false };
    SEGMENTS.lock().add(segment);
    true
}

impl Segments {
    fn add(&mut self, mut segment: NonNull<Segment>) {
        // SAFETY: a fresh segment, in nobody else's hands.
        unsafe { segment.as_mut() }.next = self.first;
        self.first = Some(segment);
        self.empty += 1;
        self.size += SEGMENT;
    }

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let mut next = self.first;
        while let Some(mut segment) = next {
            // SAFETY: segments in the list are initialised, mapped, and reached through the list alone.
            let segment = unsafe { segment.as_mut() };
            let before = segment.heap.used();
            if segment.heap.free() >= layout.size()
                && let Ok(found) = segment.heap.allocate_first_fit(layout)
            {
                self.empty -= usize::from(before == 0);
                self.used += (segment.heap.used() - before) as u64;
                return Some(found);
            }
            next = segment.next;
        }
        None
    }

    /// Returns the segment when it is empty and was unlinked.
    ///
    /// # Safety
    /// As for the function [`free`].
    unsafe fn free(&mut self, start: NonNull<u8>, layout: Layout) -> Option<NonNull<Segment>> {
        let mut place = start
            .map_addr(|address| {
                // The window lies far above 0, so rounding down never gets there.
                address
                    .get()
                    .checked_sub(address.get() % SEGMENT as usize)
                    .and_then(|a| a.try_into().ok())
                    .unwrap_or(address)
            })
            .cast::<Segment>();
        // SAFETY: the object lies in a segment of the list, whose beginning is a multiple of its size.
        let segment = unsafe { place.as_mut() };
        let before = segment.heap.used();
        // SAFETY: the caller's promise: this very list gave the object out.
        unsafe { segment.heap.deallocate(start, layout) };
        self.used -= (before - segment.heap.used()) as u64;
        if segment.heap.used() > 0 {
            return None;
        }
        if self.empty == 0 {
            self.empty = 1;
            return None;
        }
        self.unlink(place);
        Some(place)
    }

    fn unlink(&mut self, gone: NonNull<Segment>) {
        // SAFETY: (of each block) segments of the list, as in `allocate`; no two references live at a time.
        let behind = unsafe { gone.as_ref() }.next;
        let mut current = self.first;
        if current == Some(gone) {
            self.first = behind;
        }
        while let Some(mut segment) = current {
            // SAFETY: as above.
            let segment = unsafe { segment.as_mut() };
            if segment.next == Some(gone) {
                segment.next = behind;
            }
            current = segment.next;
        }
        self.size -= SEGMENT;
    }
}
