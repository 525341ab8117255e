//! Why a file operation failed, in words that a person at the shell can use.

use blockcache::DeviceError;
use core::fmt;

/// Why a file operation failed. Every variant says what is so afterwards: nothing was changed, but where noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FsError {
    /// No file or directory has this name.
    NotFound,
    /// The name is taken.
    AlreadyExists,
    /// A part of the path is a file, or a directory was needed.
    NotADirectory,
    /// The path is a directory, and a file was needed.
    IsADirectory,
    /// The directory still has entries.
    NotEmpty,
    /// The name can't be used; the text says why.
    InvalidName(&'static str),
    /// The operation makes no sense for these arguments; the text says why.
    InvalidInput(&'static str),
    /// The disk or the memory set aside for files is full. Of a write, a part may be done.
    NoSpace,
    /// There is not enough memory to do it.
    OutOfMemory,
    /// The file would be larger than the file system can say.
    TooLarge,
    /// The file system is mounted read-only.
    ReadOnly,
    /// The file is open, or the directory is a mount point.
    Busy,
    /// A file can't be moved between file systems; copy it.
    CrossDevice,
    /// The structures on the disk contradict each other; the text says where.
    Damaged(&'static str),
    /// The disk failed. Of a change, a part may be done.
    Device(DeviceError),
}

impl fmt::Display for FsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => write!(out, "no such file or directory"),
            Self::AlreadyExists => write!(out, "it exists already"),
            Self::NotADirectory => write!(out, "not a directory"),
            Self::IsADirectory => write!(out, "is a directory"),
            Self::NotEmpty => write!(out, "the directory is not empty"),
            Self::InvalidName(why) => write!(out, "invalid name: {why}"),
            Self::InvalidInput(why) => write!(out, "{why}"),
            Self::NoSpace => write!(out, "no space left"),
            Self::OutOfMemory => write!(out, "not enough memory"),
            Self::TooLarge => write!(out, "the file would be too large for this file system"),
            Self::ReadOnly => write!(out, "the file system is read-only"),
            Self::Busy => write!(out, "it is in use"),
            Self::CrossDevice => write!(out, "the two places are on different file systems"),
            Self::Damaged(what) => write!(out, "the file system is damaged: {what}"),
            Self::Device(error) => write!(out, "{error}"),
        }
    }
}

impl core::error::Error for FsError {}

impl From<DeviceError> for FsError {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}
