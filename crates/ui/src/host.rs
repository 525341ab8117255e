//! The machine's side of the contract: everything a program may ask for.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{DateTime, SystemFigures};

/// What a program may ask of the system it runs on.
pub trait Host {
    /// Milliseconds since boot; never goes back.
    fn now_ms(&self) -> u64;

    /// The date and time of day.
    fn wall_clock(&self) -> DateTime;

    /// The file system.
    fn files(&mut self) -> &mut dyn Files;

    /// Load, memory and threads, measured now.
    fn system(&self) -> SystemFigures;

    /// The terminal line behind this window, for programs that were started with one.
    fn terminal(&mut self) -> Option<&mut dyn Pty>;

    /// Opens another program by its [`AppInfo::id`](crate::AppInfo::id). A failure is shown to the
    /// user by the desktop.
    fn launch(&mut self, app: &str);

    /// Shows a short message in a corner of the screen for some seconds.
    fn notify(&mut self, message: &str);
}

/// A terminal line: bytes both ways between a terminal window and the shell behind it.
pub trait Pty {
    /// Takes bytes the shell has printed, without waiting; returns how many were stored.
    fn read(&mut self, buffer: &mut [u8]) -> usize;

    /// Sends typed bytes to the shell without waiting; returns how many it took. Fewer than given
    /// means that the shell is not reading.
    fn write(&mut self, bytes: &[u8]) -> usize;

    /// Says how many character cells the window shows.
    fn resize(&mut self, columns: u16, rows: u16);

    /// Whether the shell has ended and nothing more will come.
    fn is_closed(&self) -> bool;
}

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
            Self::Unsupported => "not supported",
        })
    }
}

impl core::error::Error for FileError {}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Its name, without the directory's.
    pub name: String,
    /// Whether it is a directory itself.
    pub is_directory: bool,
    /// A file's length in bytes; 0 for a directory.
    pub length: u64,
}

/// Whole-file access by absolute path.
pub trait Files {
    /// Reads a whole file.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, FileError>;

    /// Creates or replaces a file with these contents.
    fn write(&mut self, path: &str, contents: &[u8]) -> Result<(), FileError>;

    /// Lists a directory, in no particular order, without `.` and `..`.
    fn list(&mut self, path: &str) -> Result<Vec<DirectoryEntry>, FileError>;

    /// Removes a file or an empty directory.
    fn remove(&mut self, path: &str) -> Result<(), FileError>;
}
