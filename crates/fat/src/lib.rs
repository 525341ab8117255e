//! FAT12, FAT16 and FAT32 on a disk that nobody vouches for, written so that a power failure at any moment loses nothing
//! that was committed.
//!
//! [`Fat`] is a `vfs::inode::FileSystem`: it keeps names, attributes and where contents lie; the contents themselves go
//! past it. What is on the disk is never believed: the boot sector's numbers are proven against each other
//! ([`geometry`]), each chain is followed with a bound and checked on the way. A volume that was not closed properly is
//! walked as a whole at mounting, and put in order ([`mod@check`]).
//!
//! The promise: after a power failure, whatever part of the writes since the last flush reached the disk, the volume
//! mounts, what was committed is there, and no file shows another's contents. It rests on three things. Nothing that is
//! changed reaches the disk before `commit`, which writes in an order of its own (`commit`). A cluster that is given up
//! is used again only when the disk says that it is free. And a name lies in one sector (`place`), or its old one stays
//! until the new one is there (`holds`).
//!
//! Source: Microsoft Extensible Firmware Initiative FAT32 File System Specification, version 1.03.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod bitmap;
mod chain;
pub mod check;
mod commit;
mod directory;
mod fs_info;
pub mod geometry;
mod holds;
mod mount;
mod names;
mod node;
mod operations;
mod place;
mod stamp;
mod store;
mod table;
mod volume;

pub use check::{Repair, Report, check};
pub use geometry::{Geometry, NotFat};
pub use mount::MountError;
pub use volume::Fat;
