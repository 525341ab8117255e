//! Blocking synchronisation: what threads sleep in and wake each other from, from the state word of a thread
//! up to locks and channels. Written once over a small [`Platform`], so that the code the kernel runs is the
//! very code whose interleavings are explored on the host.
//!
//! Three builds of the same source:
//!
//! - in the kernel, over its scheduler and its spin locks that turn interrupts off;
//! - in this crate's unit tests, over `loom`, which runs every interleaving of two or three threads, and every
//!   value that the memory model lets a load return (`src/model/`); `src/atomic.rs` is the switch;
//! - in `tests/`, over the host's threads: many of them, for a short time.
//!
//! Nothing here guards data by itself: references out of a lock need `unsafe`, which stays in the kernel's
//! fence. A [`RawMutex`] is the decision who may go on; the kernel's `Mutex<T>` adds the value.
//!
//! | primitive | waiting | waking |
//! |---|---|---|
//! | [`WaitQueue`] | may sleep | anywhere, in interrupt handlers too |
//! | [`RawMutex`], [`RawRwLock`] | may sleep | by the thread that holds it |
//! | [`Condition`] | may sleep, holding the mutex | anywhere |
//! | [`Semaphore`] | may sleep | anywhere |
//! | [`Barrier`], [`RawOnce`] | may sleep | threads only: the last to arrive, the one that initialised |
//! | [`Channel`], [`OneShot`] | may sleep | `try_send` and `close` anywhere |
//!
//! "May sleep" means: never in an interrupt handler, never under a spin lock.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

/// A `const fn`, but for the model checker, whose atomics cannot be made before the model runs.
macro_rules! const_unless_modelled {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        #[cfg(not(test))]
        $(#[$attribute])*
        $visibility const fn $($rest)*
        #[cfg(test)]
        $(#[$attribute])*
        $visibility fn $($rest)*
    };
}

mod atomic;
mod barrier;
mod channel;
mod condition;
mod interruption;
#[cfg(test)]
mod model;
mod once;
mod one_shot;
mod platform;
mod priority_inheritance;
mod raw_mutex;
mod raw_rw_lock;
mod reason;
mod semaphore;
mod thread_state;
mod wait_queue;
mod waiters;

pub use barrier::Barrier;
pub use channel::{Channel, Closed, SendError, TryRecvError, TrySendError};
pub use condition::Condition;
pub use interruption::{Interrupted, Interruption};
pub use once::RawOnce;
pub use one_shot::OneShot;
pub use platform::{Access, Lock, Platform, Ticket};
pub use priority_inheritance::{
    Acquisition, Boost, InheritanceError, LockId, Priority, PriorityInheritance, ThreadId,
};
pub use raw_mutex::{RawMutex, holder_in};
pub use raw_rw_lock::RawRwLock;
pub use reason::{Reason, WaitKind};
pub use semaphore::Semaphore;
pub use thread_state::{StateWord, ThreadState};
pub use wait_queue::WaitQueue;
pub use waiters::Waiters;
