//! Scheduling policy, as values: who runs next, who wakes when, which CPU a woken thread goes to. The kernel
//! brings locks, stacks and interrupts (`kernel/src/task`); nothing here knows of them, so all of it is
//! driven on the host.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod level;
mod multilevel;
mod placement;
mod realtime;
mod ring;
mod run_queue;
mod timer_heap;

pub use level::{BOOST_TICKS, FEEDBACK_LEVELS, LEVELS, Level, REALTIME_LEVELS, Standing, TOP_SLICE_TICKS};
pub use multilevel::MultilevelQueue;
pub use placement::{CpuLoad, place, steal_from};
pub use realtime::{Admission, Refused, Reservation};
pub use run_queue::{MAX_WOKEN_IN_A_ROW, RunQueue, TIME_SLICE_TICKS};
pub use timer_heap::TimerHeap;
