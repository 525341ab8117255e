//! The targets of the Makefile that do more than build one thing.

pub mod bench;
pub mod check;
pub mod crashtest;
pub mod fuzz;
pub mod matrix;
pub mod run;
pub mod screenshot;
pub mod soak;
pub mod storage_bench;
pub mod test;
pub mod usb;
