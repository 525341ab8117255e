//! The platform of these tests: one thread, a clock that is set by hand, memory that runs out when told to.

#![allow(dead_code, reason = "each test file takes what it needs")]

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use blocking::Lock;
use executor::{Executor, OutOfMemory, Platform};

thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
    static UNTIL_FAILURE: Cell<u32> = const { Cell::new(u32::MAX) };
}

/// Sets the clock.
pub fn set_now(now_ns: u64) {
    NOW.set(now_ns);
}

/// Has the allocation after `allocations` more fail, and all that follow.
pub fn fail_after(allocations: u32) {
    UNTIL_FAILURE.set(allocations);
}

#[derive(Default)]
pub struct Simulated {
    /// How often the executor's thread was called.
    pub calls: AtomicUsize,
}

pub struct HostLock<T>(Mutex<T>);

impl<T> Lock<T> for HostLock<T> {
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        thread_local!(static HELD: Cell<bool> = const { Cell::new(false) });
        // All have one rank in the kernel.
        assert!(!HELD.replace(true), "two of the executor's locks are held at once");
        let result = f(&mut self.0.lock().unwrap());
        HELD.set(false);
        result
    }
}

fn allocation() -> Result<(), OutOfMemory> {
    let left = UNTIL_FAILURE.get();
    UNTIL_FAILURE.set(if left == u32::MAX { left } else { left.saturating_sub(1) });
    if left == 0 { Err(OutOfMemory) } else { Ok(()) }
}

impl Platform for Simulated {
    type Lock<T: Send> = HostLock<T>;

    fn lock<T: Send>(value: T) -> HostLock<T> {
        HostLock(Mutex::new(value))
    }

    fn now_ns() -> u64 {
        NOW.get()
    }

    fn unpark(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    fn boxed<T>(value: T) -> Result<Box<T>, OutOfMemory> {
        allocation().map(|()| Box::new(value))
    }

    fn counted<T>(value: T) -> Result<Arc<T>, OutOfMemory> {
        allocation().map(|()| Arc::new(value))
    }
}

/// An executor at time 0.
pub fn executor() -> Executor<Simulated> {
    set_now(0);
    Executor::new(Simulated::default()).unwrap()
}
