//! What opening a file means, as plain values: the options of open(2), what they ask for of what has the name now, where
//! a seek goes, and who may do what.

mod access;
mod mode;
mod seek;

pub use access::{Access, Credentials, may, may_remove, notes_reading};
pub use mode::OpenMode;
pub use seek::{Whence, seek};

use crate::FsError;
use crate::inode::InodeKind;
use crate::walk::FollowLast;

/// How a file shall be opened. What has no meaning for the way to a file (O_CLOEXEC, O_NONBLOCK and the like) is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenOptions {
    /// To be read.
    pub read: bool,
    /// To be written.
    pub write: bool,
    /// Every write goes to the end.
    pub append: bool,
    /// A name that is free gets a new file.
    pub create: bool,
    /// With `create`: the name must be free, also of a symbolic link.
    pub exclusive: bool,
    /// A file is emptied.
    pub truncate: bool,
    /// Only a directory will do.
    pub directory: bool,
    /// A symbolic link at the end of the path is an error instead of being followed.
    pub no_follow: bool,
    /// The place is meant, not its contents (O_PATH): nothing can be read or written, and a symbolic link that is not
    /// followed will do.
    pub place_only: bool,
}

/// What is to be done to open something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// What is there is opened.
    Existing,
    /// What is there is opened and emptied: its size becomes 0, also if it was.
    Emptied,
    /// A new file is made. Whoever makes it may read and write it, whatever its mode says.
    New,
}

/// What stands at the end of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What has the name; None if it is free.
    pub kind: Option<InodeKind>,
    /// Whether slashes came behind the name.
    pub trailing_slash: bool,
    /// Whether the file system can't be changed.
    pub is_read_only: bool,
}

// The values of Linux on x86-64 (asm-generic/fcntl.h).
const O_ACCMODE: u32 = 0o3;
const O_WRONLY: u32 = 0o1;
const O_RDWR: u32 = 0o2;
const O_CREAT: u32 = 0o100;
const O_EXCL: u32 = 0o200;
const O_TRUNC: u32 = 0o1000;
const O_APPEND: u32 = 0o2000;
const O_DIRECTORY: u32 = 0o20_0000;
const O_NOFOLLOW: u32 = 0o40_0000;
const O_PATH: u32 = 0o1000_0000;
/// Without O_DIRECTORY, which it comes with.
const O_TMPFILE: u32 = 0o2000_0000;

impl OpenOptions {
    /// What the flags of open(2) ask for. Flags that don't matter here are passed over, as Linux passes over unknown ones.
    ///
    /// # Errors
    /// [`FsError::InvalidInput`] for an access mode of 3, and to create a directory. [`FsError::IsADirectory`] for
    /// O_TMPFILE, which is how programs learn that there is no such thing (open(2), BUGS).
    pub const fn from_flags(flags: u32) -> Result<Self, FsError> {
        let access = flags & O_ACCMODE;
        let options = Self {
            read: access != O_WRONLY,
            write: access == O_WRONLY || access == O_RDWR,
            append: flags & O_APPEND != 0,
            create: flags & O_CREAT != 0,
            exclusive: flags & O_EXCL != 0,
            truncate: flags & O_TRUNC != 0,
            directory: flags & O_DIRECTORY != 0,
            no_follow: flags & O_NOFOLLOW != 0,
            place_only: false,
        };
        if flags & O_PATH != 0 {
            // All other flags are ignored.
            return Ok(Self {
                read: false,
                write: false,
                append: false,
                create: false,
                exclusive: false,
                truncate: false,
                place_only: true,
                ..options
            });
        }
        if flags & O_TMPFILE != 0 {
            return Err(FsError::IsADirectory);
        }
        if access == O_ACCMODE {
            return Err(FsError::InvalidInput("no such way to open a file"));
        }
        if options.create && options.directory {
            return Err(FsError::InvalidInput("opening does not make directories"));
        }
        Ok(options)
    }

    /// Whether the walk follows a symbolic link at the end of the path.
    #[must_use]
    pub const fn follow(&self) -> FollowLast {
        if self.no_follow || self.create && self.exclusive { FollowLast::No } else { FollowLast::Yes }
    }

    /// What the permission bits of something that exists must allow.
    #[must_use]
    pub const fn access(&self) -> Access {
        Access { read: self.read, write: self.write || self.truncate, execute: false }
    }

    /// What is to be done, or why it can't be. The permission bits are checked after this.
    ///
    /// # Errors
    /// [`FsError::NotFound`], [`FsError::AlreadyExists`], [`FsError::IsADirectory`], [`FsError::NotADirectory`],
    /// [`FsError::ReadOnly`]; [`FsError::TooManyLinks`] for a symbolic link that is not to be followed;
    /// [`FsError::NoSuchDevice`] for the name of a socket.
    pub const fn decide(&self, found: Found) -> Result<Opening, FsError> {
        // Files are made, and their names have no slash behind them.
        if self.create && found.trailing_slash {
            return Err(FsError::IsADirectory);
        }
        let Some(kind) = found.kind else {
            return match self.create {
                false => Err(FsError::NotFound),
                true if found.is_read_only => Err(FsError::ReadOnly),
                true => Ok(Opening::New),
            };
        };
        if self.create && self.exclusive {
            return Err(FsError::AlreadyExists);
        }
        let is_directory = matches!(kind, InodeKind::Directory);
        if is_directory && self.create {
            return Err(FsError::IsADirectory);
        }
        if !is_directory && (self.directory || found.trailing_slash) {
            return Err(FsError::NotADirectory);
        }
        if self.place_only {
            return Ok(Opening::Existing);
        }
        let changes = self.write || self.truncate;
        match kind {
            InodeKind::SymbolicLink => Err(FsError::TooManyLinks),
            InodeKind::Directory if changes => Err(FsError::IsADirectory),
            InodeKind::File if changes && found.is_read_only => Err(FsError::ReadOnly),
            InodeKind::File if self.truncate => Ok(Opening::Emptied),
            InodeKind::Socket => Err(FsError::NoSuchDevice),
            _ => Ok(Opening::Existing),
        }
    }
}
