//! The lock for arch's own small tables: interrupts off around a bare spin lock. The kernel's lock types
//! stand on this floor, so they can't be used in it.

use spin::mutex::SpinMutex;

use super::interrupts;

/// A value that threads and interrupt handlers of all CPUs share.
pub struct Guarded<T> {
    value: SpinMutex<T>,
}

impl<T> Guarded<T> {
    /// Guards `value`.
    pub const fn new(value: T) -> Self {
        Self { value: SpinMutex::new(value) }
    }

    /// Runs `f` on the value. `f` must not come back here.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        interrupts::without(|| f(&mut self.value.lock()))
    }
}
