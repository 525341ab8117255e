//! A write-back cache of 4 KiB blocks between a file system and a disk.
//!
//! It exists because of how file systems ask: FAT chains are followed four bytes at a time, directories are read
//! entry by entry, and a disk answers in units of sectors and milliseconds. A hit costs a comparison and a copy; a
//! miss fetches ahead when the reader moves forwards; writes stay in memory until [`Cache::flush`] or until too many
//! have gathered, and then go out in the order in which they were made, neighbours in one request.
//!
//! The cache is a plain value with `&mut self` methods; the kernel's `block` module puts it behind a sleeping lock.
//! [`BlockDevice`] is the contract between it and the drivers.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod cache;
mod device;
pub mod pages;

pub use cache::{BLOCK_SIZE, Cache, Statistics};
pub use device::{BlockDevice, DeviceError, SECTOR_SIZE};
