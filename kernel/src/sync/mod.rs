//! Locks and queues that sleep, above the scheduler. Waking is legal in interrupt handlers, waiting is not.
//!
//! What decides stands in crate `blocking`, where every interleaving is explored; there it meets the scheduler
//! through [`task::Kernel`](crate::task::Kernel); here locks get the values they guard.

mod channel;
mod condition;
#[allow(unsafe_code, reason = "a lock hands out references to what it guards")]
mod mutex;
mod once;
#[allow(unsafe_code, reason = "a lock hands out references to what it guards")]
mod pi_mutex;
mod platform;
#[allow(unsafe_code, reason = "a lock hands out references to what it guards")]
mod rw_lock;
mod wait_queue;

pub use channel::Channel;
pub use condition::Condition;
pub use mutex::{Mutex, MutexGuard};
pub use once::Once;
pub use pi_mutex::PiMutex;
pub use rw_lock::RwLock;
pub use wait_queue::{WaitQueue, deadline_after};

use platform::{Kernel, queue};

/// A number of permits.
pub type Semaphore = blocking::Semaphore<Kernel>;
/// A point that threads pass only together.
pub type Barrier = blocking::Barrier<Kernel>;
/// A place for one message, sent once.
pub type OneShot<T> = blocking::OneShot<Kernel, T>;

/// A semaphore with `permits` permits.
pub const fn semaphore(permits: usize) -> Semaphore {
    Semaphore::new(permits, queue())
}

/// A barrier for `parties` threads.
pub fn barrier(parties: usize) -> Barrier {
    Barrier::new(parties, queue())
}

/// An empty place for one message.
pub fn one_shot<T: Send>() -> OneShot<T> {
    OneShot::new(queue())
}
