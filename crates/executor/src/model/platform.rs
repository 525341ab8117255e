//! The platform under the model checker, and a thread that runs tasks and parks.

use alloc::boxed::Box;

use blocking::Lock;
use loom::sync::{Condvar, Mutex};

use crate::{Executor, OutOfMemory, Platform};

pub struct LoomLock<T>(Mutex<T>);

impl<T> Lock<T> for LoomLock<T> {
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.lock().unwrap())
    }
}

/// Its clock stands still.
pub struct LoomPlatform {
    /// Somebody said that there is something to do.
    called: Mutex<bool>,
    call: Condvar,
}

impl LoomPlatform {
    pub fn new() -> Self {
        Self { called: Mutex::new(false), call: Condvar::new() }
    }
}

impl Platform for LoomPlatform {
    type Lock<T: Send> = LoomLock<T>;

    fn lock<T: Send>(value: T) -> LoomLock<T> {
        LoomLock(Mutex::new(value))
    }

    fn now_ns() -> u64 {
        0
    }

    fn unpark(&self) {
        *self.called.lock().unwrap() = true;
        self.call.notify_all();
    }

    fn boxed<T>(value: T) -> Result<Box<T>, OutOfMemory> {
        Ok(Box::new(value))
    }

    fn counted<T>(value: T) -> Result<alloc::sync::Arc<T>, OutOfMemory> {
        Ok(alloc::sync::Arc::new(value))
    }
}

/// Runs tasks until `enough` says so. Waits, without looking at the queue, for whoever puts something there: should
/// somebody put a task there and not say so, or nobody do though a task is woken, this waits for ever.
pub fn run_until(executor: &Executor<LoomPlatform>, enough: impl Fn() -> bool) {
    let platform = executor.platform();
    while !enough() {
        if executor.run_round() > 0 {
            continue;
        }
        let mut called = platform.called.lock().unwrap();
        while !*called {
            called = platform.call.wait(called).unwrap();
        }
        *called = false;
    }
}
