//! An executor: runs tasks, which are [`Future`]s with a name, on as few threads as one, and wakes them from
//! wherever the thing they wait for happens, interrupt handlers included.
//!
//! A thread that waits costs a stack; a task that waits costs the variables it needs afterwards. So what mostly waits
//! (for a byte from a device, for a moment, for room) is a task, and what computes or sleeps in a lock stays a thread.
//!
//! Four promises, each modelled (`src/model/`) or tested against something simpler (`tests/`):
//!
//! - **At most once.** However often a task is woken before it runs, it is queued once and polled once
//!   ([`task`](crate) has the states). A wake-up that comes while it runs has it polled once more.
//! - **No wake-up is lost.** What a waker wrote before waking is seen by the poll that follows.
//! - **Waking is for interrupt handlers too.** It allocates nothing, frees nothing and waits for nothing but a spin lock
//!   held for a few instructions. A future is dropped on the executor's thread and nowhere else, also when it is
//!   cancelled; and the executor keeps the record of a finished task until the last [`Waker`](core::task::Waker) is gone, so
//!   that dropping one never frees anything.
//! - **Nobody starves.** Tasks take turns: who was queued first runs first, and who is woken while it runs goes to the end.
//!
//! Making a task may fail for want of memory, and says so; nothing after that needs any.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod atomic;
mod executor;
mod join;
#[cfg(test)]
mod model;
mod platform;
mod signal;
mod task;
mod timers;
mod timing;

pub use executor::{Executor, SpawnError};
pub use join::{Cancelled, JoinHandle};
pub use platform::{OutOfMemory, Platform};
pub use signal::{Signal, SignalState};
pub use task::{TaskInfo, TaskState};
pub use timing::{Interval, Sleep, TimedOut, yield_now};
