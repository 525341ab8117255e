//! What files are: paths, errors, the contract that every file system fulfils, the mount table that joins them into
//! one tree, and the file system in memory that is mounted at `/`.
//!
//! There are two generations. [`FileSystem`], [`RamFs`] and [`MountTable`] know files by their paths; the kernel uses
//! them. The modules [`inode`], [`tmpfs`], [`procfs`], [`walk`], [`namespace`], [`mod@open`] and [`pipe`] know them by inode,
//! with links, owners and modes, and are to take their place (docs/storage.md).
//!
//! All of it is plain values with `&mut self` methods: no lock, no thread, no clock of its own. The kernel's `fs`
//! module puts each mounted file system behind a sleeping lock and hands out open files that close themselves.
//! The FAT file system is crate `fat`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod error;
mod file_system;
pub mod inode;
mod mounts;
pub mod namespace;
pub mod open;
pub mod path;
pub mod pipe;
pub mod procfs;
mod ramfs;
pub mod tmpfs;
pub mod walk;

pub use error::FsError;
pub use file_system::{DirectoryEntry, FileId, FileKind, FileSystem, Metadata, OpenMode, Usage};
pub use mounts::{MountError, MountTable};
pub use ramfs::RamFs;
