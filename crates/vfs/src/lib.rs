//! What files are: errors, the contract that every file system fulfils ([`FileSystem`]), two that need no disk, and what
//! joins several into one tree.
//!
//! | module | what it decides |
//! |---|---|
//! | [`inode`] | the contract: inodes by number, counted, so that a removed file lives until it is forgotten |
//! | [`tmpfs`], [`procfs`] | files in memory; files that are made up when somebody reads them |
//! | [`walk`], [`namespace`] | from a path to what it names, through links and mounts; which file system hangs where |
//! | [`mod@open`], [`pipe`] | what opening asks for, and who may; a pipe's ring of bytes |
//!
//! All of it is plain values with `&mut self` methods: no lock, no thread, no clock of its own. The kernel's `fs`
//! module puts each mounted file system behind a sleeping lock and hands out open files that close themselves.
//! The FAT file system is crate `fat`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod error;
pub mod inode;
pub mod namespace;
pub mod open;
pub mod path;
pub mod pipe;
pub mod procfs;
pub mod tmpfs;
pub mod walk;

pub use error::FsError;
pub use inode::FileSystem;
pub use open::OpenMode;
