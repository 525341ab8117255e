//! Locks and queues that sleep, above the scheduler. Waking is legal in interrupt handlers, waiting is not.

mod channel;
#[allow(unsafe_code, reason = "a lock hands out references to what it guards")]
mod mutex;
mod wait_queue;

pub use channel::Channel;
pub use mutex::Mutex;
pub use wait_queue::WaitQueue;
