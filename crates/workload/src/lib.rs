//! A user of a file system who does the same each time, and a model that says what must be there after a power cut.
//!
//! From a seed, a [`Session`] is a sequence of [`Operation`]s on a small tree of files. The kernel performs them on its
//! disk and notes after each sync, outside of the volume, how many have returned: the promise (kernel/src/workload). The
//! host, which can do the same sequence over again, tells with [`History`] and [`Expectation`] what a disk may hold that
//! was cut off after a promise and before the next.
//!
//! Bytes describe themselves ([`contents`]): each line of sixteen says which file it is of, which writing, and where. So
//! data that turn up in another file are recognised.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod contents;
mod expectation;
mod history;
pub mod marker;
mod operation;
mod random;
mod session;

pub use expectation::{Expectation, Fault, Tree};
pub use history::History;
pub use operation::Operation;
pub use random::Random;
pub use session::Session;
