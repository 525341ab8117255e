//! What holders of spin locks must not do, done on purpose: so that a test sees that checked builds find it. The others
//! don't do it, for they would go on with a broken lock.

use super::{IrqSpinLock, Rank, SpinLock};

static OUTER: SpinLock<()> = SpinLock::new(Rank::Device, ());
static INNER: IrqSpinLock<()> = IrqSpinLock::new(Rank::Frames, ());

/// Releases a lock that is free.
#[inline(never)]
pub fn release_twice() {
    if cfg!(debug_assertions) {
        let guard = INNER.lock();
        // SAFETY: none: two guards of one lock break its contract, and the second one's end panics.
        let again = unsafe { core::ptr::read(&raw const guard) };
        drop(guard);
        drop(again);
    }
}

/// Takes a lock under one that comes after it in the order.
#[inline(never)]
pub fn take_in_wrong_order() {
    if cfg!(debug_assertions) {
        let _inner = INNER.lock();
        let _outer = OUTER.lock();
    }
}

/// Takes a lock that this CPU holds.
#[inline(never)]
pub fn take_twice() {
    if cfg!(debug_assertions) {
        let _first = OUTER.lock();
        let _second = OUTER.lock();
    }
}

/// Takes a lock for good.
#[inline(never)]
pub fn keep() {
    if cfg!(debug_assertions) {
        core::mem::forget(INNER.lock());
    }
}

/// Calls `action` under a lock.
#[inline(never)]
pub fn under_a_lock(action: fn()) {
    let _guard = OUTER.lock();
    action();
}

/// Calls `action` under a lock that keeps interrupts out.
#[inline(never)]
pub fn with_interrupts_out(action: fn()) {
    let _guard = INNER.lock();
    action();
}
