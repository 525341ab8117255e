//! Allocating what `alloc` allocates only infallibly in stable Rust: boxes and reference counts, for kernel
//! paths that must answer "out of memory" instead of panicking.

use alloc::alloc::alloc;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::alloc::{GlobalAlloc, Layout};

use super::{ALLOCATOR, class_of, fault};
use crate::arch::percpu;

/// `value` in a box; gives it back when memory is out.
pub fn boxed<T>(value: T) -> Result<Box<T>, T> {
    let layout = Layout::new::<T>();
    if layout.size() == 0 {
        return Ok(Box::new(value));
    }
    // SAFETY: the layout has some bytes.
    let place = unsafe { alloc(layout) }.cast::<T>();
    if place.is_null() {
        return Err(value);
    }
    // SAFETY: the allocator gave `place` for the layout of a `T`, which is what a box's memory is; it is written
    // before the box exists.
    unsafe {
        place.write(value);
        Ok(Box::from_raw(place))
    }
}

/// `value` behind a reference count; gives it back when memory is out, or when it is larger than the largest
/// size class.
pub fn counted<T>(value: T) -> Result<Arc<T>, T> {
    // What an `Arc` allocates: two counters, then the value.
    let counters = Layout::new::<[usize; 2]>();
    let Ok((layout, _)) = counters.extend(Layout::new::<T>()) else { return Err(value) };
    let layout = layout.pad_to_align();
    if class_of(layout).is_none() {
        return Err(value);
    }
    percpu::preempt_disable();
    let result = if reserve(layout) {
        // This CPU's list holds an object of this class, nobody else takes from it while preemption is off (interrupt
        // handlers do not allocate), so this can't fail.
        Ok(fault::spared(|| Arc::new(value)))
    } else {
        Err(value)
    };
    percpu::preempt_enable();
    result
}

/// Has this CPU's list hold an object for `layout`, which slabs serve; false when memory is out.
fn reserve(layout: Layout) -> bool {
    // Not by the functions of `alloc::alloc`: the compiler knows these, and would leave out both calls.
    // SAFETY: the layout has two counters at least.
    let object = unsafe { ALLOCATOR.alloc(layout) };
    if object.is_null() {
        return false;
    }
    // SAFETY: allocated with this layout just now. It goes on top of this CPU's list, and a list that is too long keeps
    // half of its objects.
    unsafe { ALLOCATOR.dealloc(object, layout) };
    true
}

/// A copy of `text`; `None` when memory is out.
pub fn text(text: &str) -> Option<Box<str>> {
    let mut copy = String::new();
    copy.try_reserve_exact(text.len()).ok()?;
    copy.push_str(text);
    // Its capacity is its length, so this moves nothing.
    Some(copy.into_boxed_str())
}
