//! Scheduling policy, as values: who runs next, who wakes when, which CPU a woken thread goes to. The kernel
//! brings locks, stacks and interrupts (`kernel/src/task`); nothing here knows of them, so all of it is
//! driven on the host.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod placement;
mod ring;
mod run_queue;
mod timer_heap;

pub use placement::{CpuLoad, place, steal_from};
pub use run_queue::{MAX_WOKEN_IN_A_ROW, RunQueue, TIME_SLICE_TICKS};
pub use timer_heap::TimerHeap;
