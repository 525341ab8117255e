//! The life cycle of processes, as values: the tree, who waits for whom, how they end and who reaps them
//! (POSIX.1-2024, `fork`, `_exit`, `wait`). The kernel keeps one [`ProcessTable`] under a lock, wakes whom a
//! [`LookAgain`] names, and sleeps on a wait queue for each process; nothing here knows of either.
//!
//! ```text
//!             spawn                    last thread ends                parent waits
//!   (nothing) ─────▶ alive ───────────────────────────────▶ zombie ───────────────▶ (nothing)
//!                      │   exit, cancel: every thread is        ▲
//!                      │   called out of its sleep and ends     │ the parent ends first: init is
//!                      └────────────────────────────────────────┘ the parent from then on
//! ```
//!
//! A process is *alive* while it has a thread. Its status is that of its last thread, unless the whole process
//! was told to end: then the status it was told. A *zombie* is a status that waits for its parent.
//!
//! Threads are named by whoever makes them; processes get their numbers here. No operation costs more among ten
//! thousand processes than among ten, and memory that cannot be had is an error.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod id;
mod lists;
mod numbered;
mod record;
mod table;
mod wait;

pub use id::{ProcessId, ThreadId};
pub use record::{ExitStatus, ProcessInfo, ProcessState};
pub use table::{LookAgain, ProcessError, ProcessTable};
pub use wait::{Reaped, WaitError, WaitFor};
