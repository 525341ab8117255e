//! What the host tests of several crates need: comparing pictures with committed ones. Never part of the
//! kernel.
#![forbid(unsafe_code)]

mod golden;

pub use golden::golden;
