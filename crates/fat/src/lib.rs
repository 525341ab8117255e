//! FAT32 on a disk that nobody vouches for.
//!
//! The `fatfs` crate knows how FAT is written; it believes what it reads. A chain that bites its own tail would keep
//! it busy for ever, a cluster number out of range would take it anywhere. So nothing reaches it that was not proven:
//!
//! 1. [`geometry`] reads the boot sector and refuses one whose numbers contradict each other or the size of the disk.
//! 2. [`check`] walks every directory and every chain once, before mounting. Whatever is broken is named in words and
//!    the disk is left alone, though still read if its directories are sound; what an interrupted write leaves behind,
//!    and only that, is put in order.
//! 3. [`Fat`] then owns the disk, checks names and room before each change, and marks the volume dirty around changes,
//!    so that the next system knows when one was cut short.
//!
//! Only FAT32 is mounted, of whatever size. Its predecessors are recognised and named.
//!
//! Source: Microsoft Extensible Firmware Initiative FAT32 File System Specification, version 1.03.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod check;
mod contents;
mod directory;
mod entries;
pub mod geometry;
mod names;
mod open_files;
mod operations;
mod storage;
mod volume;

pub use check::Report;
pub use geometry::{Geometry, NotFat32};
pub use volume::{Fat, MountError};
