//! Large allocations: whole pages, each allocation at its own addresses, with an unmapped page behind it.
//!
//! Window surfaces, file contents and queues are a few long-lived giants; on the heap's free list they
//! would leave holes that nothing fits.

use core::ptr::NonNull;

use frames::FRAME_SIZE;

use super::window::{Shape, UNIT, Window};
use super::{frames as machine, layout};

static WINDOW: Window = Window::new(layout::PAGE_RUNS);

/// Opens a window four times as large as memory: room for guards, and for addresses in pieces, so that they
/// never refuse what memory could hold.
pub(super) fn init() -> bool {
    WINDOW.open((4 * machine::figures().usable).min(layout::SLOT) / UNIT)
}

/// Bytes in use.
pub(super) fn used() -> u64 {
    WINDOW.used()
}

/// At least one page more than needed: it stays unmapped.
fn shape(bytes: usize) -> Option<Shape> {
    let pages = (bytes as u64).div_ceil(FRAME_SIZE);
    let addresses = pages.checked_add(1)?.checked_mul(FRAME_SIZE)?;
    Some(Shape { guard: 0, pages, units: addresses.div_ceil(UNIT) })
}

/// `bytes` (more than 0) at a multiple of `align`, uninitialised; `None` when there is no room.
pub(super) fn allocate(bytes: usize, align: usize) -> Option<NonNull<u8>> {
    let start = WINDOW.allocate(shape(bytes)?, (align as u64).div_ceil(UNIT))?;
    NonNull::new(core::ptr::with_exposed_provenance_mut(start as usize))
}

/// Takes back what [`allocate`] gave for `bytes`.
///
/// # Safety
/// `start` came from [`allocate`] with the same `bytes`, and nobody uses it any more.
pub(super) unsafe fn free(start: NonNull<u8>, bytes: usize) {
    if let Some(shape) = shape(bytes) {
        // SAFETY: the caller's promise; the shape depends on `bytes` alone.
        unsafe { WINDOW.free(start.addr().get() as u64, shape) };
    }
}
