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
    /// A name is longer than 255 bytes, or a path longer than 4096.
    NameTooLong,
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
    /// Too many symbolic links on the way, perhaps in a circle.
    TooManyLinks,
    /// Whoever asked may not do this, or the file system can't keep it.
    NotPermitted,
    /// The permission bits forbid it.
    AccessDenied,
    /// The device does not know this request, or there is no such device.
    NoSuchDevice,
    /// Nobody reads from the pipe any more.
    BrokenPipe,
    /// It would have to wait, and was told not to.
    WouldBlock,
    /// The wait was called out.
    Interrupted,
    /// This can't be positioned.
    NotSeekable,
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
            Self::NameTooLong => write!(out, "the name is too long"),
            Self::InvalidInput(why) => write!(out, "{why}"),
            Self::NoSpace => write!(out, "no space left"),
            Self::OutOfMemory => write!(out, "not enough memory"),
            Self::TooLarge => write!(out, "the file would be too large for this file system"),
            Self::ReadOnly => write!(out, "the file system is read-only"),
            Self::Busy => write!(out, "it is in use"),
            Self::CrossDevice => write!(out, "the two places are on different file systems"),
            Self::TooManyLinks => write!(out, "too many symbolic links"),
            Self::NotPermitted => write!(out, "not permitted"),
            Self::AccessDenied => write!(out, "permission denied"),
            Self::NoSuchDevice => write!(out, "no such device"),
            Self::BrokenPipe => write!(out, "nobody reads from the pipe"),
            Self::WouldBlock => write!(out, "it is not ready"),
            Self::Interrupted => write!(out, "interrupted"),
            Self::NotSeekable => write!(out, "it has no positions"),
            Self::Damaged(what) => write!(out, "the file system is damaged: {what}"),
            Self::Device(error) => write!(out, "{error}"),
        }
    }
}

impl core::error::Error for FsError {}

impl FsError {
    /// The number that Linux programs know it by (errno(3)).
    #[must_use]
    pub const fn errno(self) -> i32 {
        match self {
            Self::NotPermitted => 1,
            Self::NotFound => 2,
            Self::Interrupted => 4,
            Self::Damaged(_) | Self::Device(_) => 5,
            Self::NoSuchDevice => 6,
            Self::WouldBlock => 11,
            Self::OutOfMemory => 12,
            Self::AccessDenied => 13,
            Self::Busy => 16,
            Self::AlreadyExists => 17,
            Self::CrossDevice => 18,
            Self::NotADirectory => 20,
            Self::IsADirectory => 21,
            Self::InvalidInput(_) | Self::InvalidName(_) => 22,
            Self::TooLarge => 27,
            Self::NoSpace => 28,
            Self::NotSeekable => 29,
            Self::ReadOnly => 30,
            Self::BrokenPipe => 32,
            Self::NameTooLong => 36,
            Self::NotEmpty => 39,
            Self::TooManyLinks => 40,
        }
    }
}

impl From<DeviceError> for FsError {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}
