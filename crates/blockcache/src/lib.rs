//! What stands between file systems and disks: the contract of a disk ([`BlockDevice`]), and which of its bytes are kept
//! in memory ([`pages`]).
//!
//! Both are what they are for everybody above a driver: crates that know file systems and partitions see disks through
//! the contract, and on the host a vector of bytes fulfils it. The policy of the page cache asks no disk and holds no
//! lock; the kernel's `fs` module does.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod device;
pub mod pages;

pub use device::{BlockDevice, DeviceError, SECTOR_SIZE};
