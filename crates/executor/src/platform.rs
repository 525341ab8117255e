//! What this crate asks of the system it runs in.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use blocking::Lock;

/// There is no memory for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not enough memory")
    }
}

/// A lock for short moments, a clock, memory that may run out, and the thread that runs the executor.
pub trait Platform: Send + Sync + Sized + 'static {
    /// A spin lock that interrupt handlers may take: nothing interrupts its holder.
    type Lock<T: Send>: Lock<T> + Send + Sync;

    /// A free lock around `value`.
    fn lock<T: Send>(value: T) -> Self::Lock<T>;

    /// Time since boot, in nanoseconds.
    fn now_ns() -> u64;

    /// There is something to run, or an earlier deadline: the thread that runs the executor shall look. Called by wakers,
    /// so legal in interrupt handlers; called with none of this crate's locks held.
    fn unpark(&self);

    /// `value` in a box.
    ///
    /// # Errors
    /// When memory is out; the value is gone then.
    fn boxed<T>(value: T) -> Result<Box<T>, OutOfMemory>;

    /// `value` behind a reference count.
    ///
    /// # Errors
    /// When memory is out; the value is gone then.
    fn counted<T>(value: T) -> Result<Arc<T>, OutOfMemory>;
}
