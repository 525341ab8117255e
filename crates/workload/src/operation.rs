//! What the user does.

use alloc::string::String;
use core::fmt;

/// One thing done to the tree. Paths are relative to its root, without a slash in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Makes an empty file where none is.
    Create {
        /// The new file.
        path: String,
        /// Its number.
        tag: u32,
    },
    /// Writes what [`crate::contents::fill`] gives; a gap before it becomes zeros.
    Write {
        /// The file.
        path: String,
        /// Its number.
        tag: u32,
        /// Which writing this is.
        generation: u32,
        /// Where, in bytes.
        offset: u64,
        /// How much, in bytes.
        length: u64,
    },
    /// Cuts a file, or extends it with zeros.
    Truncate {
        /// The file.
        path: String,
        /// Its new size.
        size: u64,
    },
    /// Reads a file, and checks that nothing in it is another's.
    Read {
        /// The file.
        path: String,
        /// Its number.
        tag: u32,
    },
    /// Gives a file or directory another name, where a file may be that goes.
    Rename {
        /// The old name.
        from: String,
        /// The new one.
        to: String,
    },
    /// Removes a file.
    Remove {
        /// The file.
        path: String,
    },
    /// Makes an empty directory.
    MakeDirectory {
        /// The new directory.
        path: String,
    },
    /// Removes an empty directory.
    RemoveDirectory {
        /// The directory.
        path: String,
    },
    /// Puts one file on the disk, with its name and the directories that it lies in.
    SyncFile {
        /// The file.
        path: String,
    },
    /// Puts everything on the disk.
    SyncAll,
}

impl Operation {
    /// Whether something is promised when it returns.
    #[must_use]
    pub const fn is_promise(&self) -> bool {
        matches!(self, Self::SyncFile { .. } | Self::SyncAll)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { path, .. } => write!(out, "create {path}"),
            Self::Write { path, offset, length, .. } => {
                write!(out, "write {length} bytes at {offset} of {path}")
            }
            Self::Truncate { path, size } => write!(out, "cut {path} to {size} bytes"),
            Self::Read { path, .. } => write!(out, "read {path}"),
            Self::Rename { from, to } => write!(out, "rename {from} to {to}"),
            Self::Remove { path } => write!(out, "remove {path}"),
            Self::MakeDirectory { path } => write!(out, "make directory {path}"),
            Self::RemoveDirectory { path } => write!(out, "remove directory {path}"),
            Self::SyncFile { path } => write!(out, "sync {path}"),
            Self::SyncAll => write!(out, "sync all"),
        }
    }
}
