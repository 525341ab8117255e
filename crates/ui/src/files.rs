//! What a program may do with files: the contract, its errors, and what a directory says.
//!
//! Everything is named by absolute path, and nothing stays open between two calls. A caller that copies
//! a large file does so in pieces ([`Files::read_at`], [`Files::write_at`]) and serves its window between
//! them.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::DateTime;

/// Why a file operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileError {
    /// No such file or directory.
    NotFound,
    /// It is there already.
    AlreadyExists,
    /// A path component is not a directory.
    NotADirectory,
    /// It is a directory.
    IsADirectory,
    /// The directory still has entries.
    DirectoryNotEmpty,
    /// The name has characters or a length the file system can't store.
    InvalidName,
    /// The file system has no room left.
    NoSpace,
    /// There is not enough memory to do it.
    OutOfMemory,
    /// The file would be larger than the file system can store.
    TooLarge,
    /// The file system can't be written.
    ReadOnly,
    /// The file is open, or the directory is a mount point.
    Busy,
    /// The device failed or the file system is damaged.
    Device,
    /// A file can't be moved between file systems; copy it and remove the old one.
    OtherFileSystem,
    /// Too many symbolic links on the way, perhaps in a circle.
    TooManyLinks,
    /// There is no such device, or no such terminal.
    NoDevice,
    /// Nobody reads from the pipe any more.
    BrokenPipe,
    /// The wait was called out.
    Interrupted,
    /// The operation is not possible here.
    Unsupported,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no such file or directory",
            Self::AlreadyExists => "exists already",
            Self::NotADirectory => "not a directory",
            Self::IsADirectory => "is a directory",
            Self::DirectoryNotEmpty => "directory not empty",
            Self::InvalidName => "invalid name",
            Self::NoSpace => "no space left",
            Self::OutOfMemory => "not enough memory",
            Self::TooLarge => "file too large",
            Self::ReadOnly => "read-only file system",
            Self::Busy => "in use",
            Self::Device => "input/output error",
            Self::OtherFileSystem => "on another file system",
            Self::TooManyLinks => "too many symbolic links, perhaps in a circle",
            Self::NoDevice => "no such device",
            Self::BrokenPipe => "nobody reads from the pipe",
            Self::Interrupted => "interrupted",
            Self::Unsupported => "not supported",
        })
    }
}

impl core::error::Error for FileError {}

/// One entry of a directory, or what stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Its name, without the directory's; empty for the root.
    pub name: String,
    /// Whether it is a directory itself.
    pub is_directory: bool,
    /// A file's length in bytes; 0 for a directory.
    pub length: u64,
    /// When it was changed last; None where the file system doesn't know.
    pub modified: Option<DateTime>,
}

/// How much room a file system has, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Room for contents in all.
    pub total: u64,
    /// The part that is left.
    pub free: u64,
}

/// What a rename does about a file that has the new name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It fails with [`FileError::AlreadyExists`].
    Keep,
    /// It replaces a file; a directory still makes it fail with [`FileError::AlreadyExists`].
    Replace,
}

/// Access to files by absolute path.
pub trait Files {
    /// Reads a whole file.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, FileError>;

    /// Creates or replaces a file with these contents.
    fn write(&mut self, path: &str, contents: &[u8]) -> Result<(), FileError>;

    /// Lists a directory, in no particular order, without `.` and `..`.
    fn list(&mut self, path: &str) -> Result<Vec<DirectoryEntry>, FileError>;

    /// What stands at `path`.
    fn status(&mut self, path: &str) -> Result<DirectoryEntry, FileError>;

    /// Reads a part of a file from `offset` on; fewer bytes than asked for only at its end.
    fn read_at(&mut self, path: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, FileError>;

    /// Makes an empty file where nothing is yet.
    fn create(&mut self, path: &str) -> Result<(), FileError>;

    /// Writes a part of a file that exists; one that ends before `offset + data.len()` grows.
    fn write_at(&mut self, path: &str, offset: u64, data: &[u8]) -> Result<(), FileError>;

    /// Cuts a file that exists to `length` bytes, or extends it with zeros.
    fn truncate(&mut self, path: &str, length: u64) -> Result<(), FileError>;

    /// Makes an empty directory where nothing is yet.
    fn create_directory(&mut self, path: &str) -> Result<(), FileError>;

    /// Moves a file or a directory to another name in its file system, in one step: whoever looks, even
    /// after a power failure, finds either the old state or the new one, where the file system can do that.
    /// Between file systems it fails with [`FileError::OtherFileSystem`].
    fn rename(&mut self, from: &str, to: &str, existing: Existing) -> Result<(), FileError>;

    /// Removes a file or an empty directory.
    fn remove(&mut self, path: &str) -> Result<(), FileError>;

    /// The room of the file system that holds `path`.
    fn usage(&mut self, path: &str) -> Result<Usage, FileError>;

    /// Puts everything on the disks.
    fn sync(&mut self) -> Result<(), FileError>;
}
