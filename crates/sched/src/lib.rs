//! Scheduling policy, as values: who runs next, who wakes when, which CPU a woken thread goes to. The kernel
//! brings locks, stacks and interrupts (`kernel/src/task`); nothing here knows of them, so all of it is
//! driven on the host.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod level;
mod multilevel;
mod placement;
mod realtime;
mod timer_heap;
mod timer_wheel;

pub use level::{BOOST_TICKS, FEEDBACK_LEVELS, LEVELS, Level, REALTIME_LEVELS, Standing, TOP_SLICE_TICKS};
pub use multilevel::{Linked, MultilevelQueue};
pub use placement::{CpuLoad, place, steal_from, whom_to_tell};
pub use realtime::{Admission, MOST_RESERVATIONS, Refused, Reservation};
pub use timer_heap::TimerHeap;
pub use timer_wheel::{TimerWheel, UNIT_NS};
