//! What owners of memory must not do, done on purpose: so that a test sees that checked builds find it.

use alloc::alloc::{alloc, dealloc};
use core::alloc::Layout;

/// A size that a class does not fill, so that the red zone is more than its minimum.
const LAYOUT: Layout = Layout::new::<[u8; 50]>();

/// Frees an object twice. Only builds with debug assertions notice; the others would be left with a damaged heap, so
/// they don't do it.
#[inline(never)]
pub fn free_twice() {
    if cfg!(debug_assertions) {
        // SAFETY: none: the second call breaks `dealloc`'s contract, and panics before it harms anything.
        unsafe {
            let object = core::hint::black_box(alloc(LAYOUT));
            dealloc(core::hint::black_box(object), LAYOUT);
            dealloc(core::hint::black_box(object), LAYOUT);
        }
    }
}

/// Writes one byte behind an object's end and frees it. As [`free_twice`], only where it is noticed.
#[inline(never)]
pub fn overrun() {
    if cfg!(debug_assertions) {
        // SAFETY: the byte behind the object lies in its red zone, in such builds; nobody else's.
        unsafe {
            let object = core::hint::black_box(alloc(LAYOUT));
            object.add(LAYOUT.size()).write_volatile(1);
            dealloc(object, LAYOUT);
        }
    }
}
