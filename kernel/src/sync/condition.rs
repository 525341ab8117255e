//! Waiting, with a mutex held, until another thread says that what it guards has changed.

use super::mutex::MutexGuard;
use super::platform::{Kernel, queue};

/// A condition variable. A wait may end without a notification: look at the data again.
pub struct Condition(blocking::Condition<Kernel>);

impl Default for Condition {
    fn default() -> Self {
        Self::new()
    }
}

impl Condition {
    /// Nobody waits.
    pub const fn new() -> Self {
        Self(blocking::Condition::new(queue()))
    }

    /// Gives the mutex back, waits for a notification, and takes the mutex again. May sleep.
    pub fn wait<'a, T: ?Sized>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        guard.while_released(|mutex| self.0.wait(mutex))
    }

    /// Wakes the thread that has waited longest. Legal in interrupt handlers.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all that wait. Legal in interrupt handlers.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}
