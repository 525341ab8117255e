//! What everything here is built on: the processor's atomics, or in unit tests the model checker's.

#[cfg(not(test))]
pub use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};
#[cfg(test)]
pub use loom::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// A value that one at a time uses, by a protocol of its own: this only makes sure, and never waits.
pub struct Exclusive<T>(Inner<T>);

#[cfg(not(test))]
type Inner<T> = spin::Mutex<T>;
#[cfg(test)]
type Inner<T> = loom::sync::Mutex<T>;

impl<T> Exclusive<T> {
    pub fn new(value: T) -> Self {
        Self(Inner::new(value))
    }

    /// Runs `f` on the value; `None` when somebody else is using it.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        #[cfg(not(test))]
        let guard = self.0.try_lock();
        #[cfg(test)]
        let guard = self.0.try_lock().ok();
        Some(f(&mut *guard?))
    }
}
