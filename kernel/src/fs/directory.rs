//! What the floor of files keeps with a process: its working directory, where its relative paths begin, and its terminal.
//! Children begin with the same.

use alloc::string::String;
use alloc::sync::Arc;

use vfs::FsError;
use vfs::inode::InodeKind;
use vfs::walk::{FollowLast, Tree, path_of};

use super::devices::Device;
use super::inode::InodeRef;
use super::tree::AllMounts;
use crate::memory::heap::fallible;
use crate::process::{self, Kept, Process};

#[derive(Clone, Default)]
struct Surroundings {
    /// The root, unless it went elsewhere.
    directory: Option<InodeRef>,
    terminal: Option<Arc<dyn Device>>,
}

fn surroundings(process: &Process) -> Option<Arc<Surroundings>> {
    process.kept()?.downcast().ok()
}

/// Changes what is kept with one's own process.
fn change_own(change: impl FnOnce(&mut Surroundings)) -> Result<(), FsError> {
    let process = process::own().ok_or(FsError::NotFound)?;
    let mut new = surroundings(&process).map_or_else(Surroundings::default, |kept| (*kept).clone());
    change(&mut new);
    let new: Kept = fallible::counted(new).map_err(|_| FsError::OutOfMemory)?;
    drop(process.keep(Some(new)));
    Ok(())
}

/// The working directory of a process.
pub(super) fn of(process: &Process) -> Result<InodeRef, FsError> {
    match surroundings(process).and_then(|kept| kept.directory.clone()) {
        Some(directory) => Ok(directory),
        None => AllMounts.root(),
    }
}

/// Where this process's relative paths begin.
pub(super) fn start() -> Result<InodeRef, FsError> {
    match process::own() {
        Some(process) => of(&process),
        None => AllMounts.root(),
    }
}

/// The terminal of this process, if it has one.
pub(super) fn terminal() -> Option<Arc<dyn Device>> {
    surroundings(&*process::own()?)?.terminal.clone()
}

/// Makes `terminal` what `/dev/tty` is for this process and the children that it will have.
///
/// # Errors
/// [`FsError::OutOfMemory`].
pub fn set_terminal(terminal: Arc<dyn Device>) -> Result<(), FsError> {
    change_own(|own| own.terminal = Some(terminal))
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
    change_own(|own| own.directory = Some(directory))
}

/// The path of the working directory (getcwd(3)).
///
/// # Errors
/// [`FsError::NotFound`] when it was removed.
pub fn path() -> Result<String, FsError> {
    path_of(&mut AllMounts, &start()?)
}
