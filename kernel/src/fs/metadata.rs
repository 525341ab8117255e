//! What is said about files to those who need few words: the desktop and the shell.

use alloc::string::String;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Anything that is no directory.
    File,
    /// A directory.
    Directory,
}

/// What is known about a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub kind: FileKind,
    /// Bytes of contents; 0 for directories.
    pub size: u64,
    /// Last change, in seconds since 1970-01-01 00:00 UTC; 0 when unknown.
    pub modified: u64,
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The name, without slashes. `.` and `..` are not listed.
    pub name: String,
    /// What it stands for.
    pub metadata: Metadata,
}

/// How much room there is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Room for contents in all.
    pub total: u64,
    /// Room that is left.
    pub free: u64,
}
