//! The contract of a file system.

use crate::FsError;
use alloc::string::String;
use alloc::vec::Vec;

/// An open file of one file system. Every id that `open` gave must be given back to `close`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u64);

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file with contents.
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

/// What `open` does about a file that exists or doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// It must exist; only reading.
    Read,
    /// It must exist; reading and writing.
    Write,
    /// Created if missing; reading and writing, its contents stay.
    Create,
    /// Created if missing, emptied if not; reading and writing.
    Replace,
    /// It must not exist; reading and writing.
    CreateNew,
}

impl OpenMode {
    /// Whether the file may be written through the id.
    pub const fn is_writable(self) -> bool {
        !matches!(self, Self::Read)
    }

    /// Whether a missing file is created.
    pub const fn creates(self) -> bool {
        matches!(self, Self::Create | Self::Replace | Self::CreateNew)
    }
}

/// A mounted file system. Paths are relative to its root: `""` is the root itself, `"a/b"` an entry of the directory
/// `a`; they are normal (see [`crate::path`]) but otherwise unchecked.
///
/// All changes are visible to later calls at once. They are safe from a power failure after [`FileSystem::sync`], and
/// for a file's contents after `close`.
///
/// Any call that needs memory may fail with [`FsError::OutOfMemory`], or [`FsError::NoSpace`] where memory is what files
/// are kept in.
pub trait FileSystem: Send {
    /// What the file system is, for `df`: "tmpfs", "FAT32".
    fn kind(&self) -> &'static str;

    /// What `path` is.
    ///
    /// # Errors
    /// [`FsError::NotFound`], [`FsError::NotADirectory`] for something below a file, and the device's.
    fn metadata(&mut self, path: &str) -> Result<Metadata, FsError>;

    /// The entries of the directory `path`, in the file system's own order.
    ///
    /// # Errors
    /// As `metadata`, and [`FsError::NotADirectory`] for a file.
    fn list(&mut self, path: &str) -> Result<Vec<DirectoryEntry>, FsError>;

    /// Opens the file `path`.
    ///
    /// # Errors
    /// As `metadata`; [`FsError::IsADirectory`]; by mode [`FsError::AlreadyExists`], [`FsError::InvalidName`],
    /// [`FsError::NoSpace`], [`FsError::ReadOnly`].
    fn open(&mut self, path: &str, mode: OpenMode) -> Result<FileId, FsError>;

    /// Gives the id back. Contents written through it are on the medium when this returns without error; the id is
    /// invalid either way.
    ///
    /// # Errors
    /// The device's. The contents stay in memory and a later `sync` tries again.
    fn close(&mut self, file: FileId) -> Result<(), FsError>;

    /// The size of the open file in bytes.
    ///
    /// # Errors
    /// [`FsError::InvalidInput`] for an id that is not open: so for all calls that take one.
    fn size(&mut self, file: FileId) -> Result<u64, FsError>;

    /// Reads at `offset` into `buffer`. Gives the number of bytes read, which is less than asked for only at the end
    /// of the file.
    ///
    /// # Errors
    /// The device's.
    fn read(&mut self, file: FileId, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError>;

    /// Writes all of `data` at `offset`; a gap before it reads as zeros.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::TooLarge`], [`FsError::ReadOnly`] and the device's; a beginning of the data
    /// may then be written, which `size` tells.
    fn write(&mut self, file: FileId, offset: u64, data: &[u8]) -> Result<(), FsError>;

    /// Cuts the file to `size` bytes, or extends it with zeros.
    ///
    /// # Errors
    /// As `write`.
    fn truncate(&mut self, file: FileId, size: u64) -> Result<(), FsError>;

    /// Makes an empty directory.
    ///
    /// # Errors
    /// [`FsError::AlreadyExists`], [`FsError::NotFound`] when its parent is missing, [`FsError::InvalidName`],
    /// [`FsError::NoSpace`], [`FsError::ReadOnly`] and the device's.
    fn create_directory(&mut self, path: &str) -> Result<(), FsError>;

    /// Removes a file or an empty directory.
    ///
    /// # Errors
    /// [`FsError::NotEmpty`]; [`FsError::Busy`] for the root, and for an open file where the file system can't keep
    /// it; and as `metadata`.
    fn remove(&mut self, path: &str) -> Result<(), FsError>;

    /// Moves a file or directory to another name. A file that has that name is replaced.
    ///
    /// # Errors
    /// [`FsError::InvalidInput`] for moving a directory into itself; [`FsError::AlreadyExists`] when the new name is
    /// a directory; and as `create_directory` and `remove`.
    fn rename(&mut self, from: &str, to: &str) -> Result<(), FsError>;

    /// Puts all changes on the medium.
    ///
    /// # Errors
    /// The device's.
    fn sync(&mut self) -> Result<(), FsError>;

    /// How much room there is.
    ///
    /// # Errors
    /// The device's.
    fn usage(&mut self) -> Result<Usage, FsError>;
}
