//! The atomics everything here is built on: the processor's, or in unit tests the model checker's.

#[cfg(not(test))]
pub use core::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering, fence};
#[cfg(test)]
pub use loom::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering, fence};
