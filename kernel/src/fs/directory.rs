//! The working directory of a process: where its relative paths begin. Children begin in their parent's.

use alloc::string::String;

use vfs::FsError;
use vfs::inode::InodeKind;
use vfs::walk::{FollowLast, Tree, path_of};

use super::inode::InodeRef;
use super::tree::AllMounts;
use crate::memory::heap::fallible;
use crate::process::{self, Kept};

/// Where this process's relative paths begin: the root, unless it went elsewhere.
pub(super) fn start() -> Result<InodeRef, FsError> {
    let kept = process::own().and_then(|process| process.kept());
    match kept.and_then(|kept| kept.downcast::<InodeRef>().ok()) {
        Some(directory) => Ok((*directory).clone()),
        None => AllMounts.root(),
    }
}

/// Makes `path` the working directory (chdir(2)).
///
/// # Errors
/// [`FsError::NotADirectory`], and those of walking there.
pub fn change(path: &str) -> Result<(), FsError> {
    let directory = super::find(path, FollowLast::Yes)?;
    if directory.kind != InodeKind::Directory {
        return Err(FsError::NotADirectory);
    }
    let process = process::own().ok_or(FsError::NotFound)?;
    let directory: Kept = fallible::counted(directory).map_err(|_| FsError::OutOfMemory)?;
    drop(process.keep(Some(directory)));
    Ok(())
}

/// The path of the working directory (getcwd(3)).
///
/// # Errors
/// [`FsError::NotFound`] when it was removed.
pub fn path() -> Result<String, FsError> {
    path_of(&mut AllMounts, &start()?)
}
