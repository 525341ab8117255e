//! One tree of files: memory at `/`, the disk at `/disk`, devices at `/dev`, what the kernel tells at `/proc`.
//!
//! What file systems are, how paths are walked and which are there is in crates (`vfs`, `fat`, `blockcache`). Here they
//! meet locks, threads and disks:
//!
//! | file | what it does |
//! |---|---|
//! | `mount` | one file system behind its lock; which of its inodes are in memory; commits |
//! | `inode` | an inode in memory: users, size, pages |
//! | `tree` | what is mounted where, as one tree to walk through |
//! | `names` | changes of directories |
//! | `file` | open files |
//! | `paged` | reading and writing files that lie on a disk |
//! | `cache` | the page cache |
//! | `writeback` | when changes go to the disk by themselves |
//! | `volumes` | which disk `/disk` shows |
//! | `devices`, `processes` | `/dev`, `/proc` |
//!
//! The functions below take paths from the root. What they change is seen by all at once, and lasts after [`sync`], or
//! by itself some seconds later.

mod cache;
mod clock;
mod devices;
pub mod directory;
mod file;
mod inode;
mod memory_files;
mod metadata;
mod mount;
mod names;
mod paged;
pub mod pipe;
mod random;
mod tree;
mod volumes;
mod writeback;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use vfs::OpenMode;
use vfs::inode::{Attributes, InodeKind, Listed, Replace, Time};
use vfs::path;
use vfs::walk::{FollowLast, Last, resolve, resolve_place};

pub use cache::statistics as cache_statistics;
pub use file::File;
pub use metadata::{DirectoryEntry, FileKind, Metadata, Usage};
pub use names::{create_directory, create_link, remove};
pub use vfs::FsError;
pub use volumes::status as disk_status;

use crate::memory;
use directory::start;
use inode::InodeRef;
use mount::Mount;
use tree::AllMounts;

/// Where the disk is mounted.
pub const DISK: &str = "/disk";

/// A line of `df`.
#[derive(Clone, Debug)]
pub struct MountInfo {
    /// Where it is mounted.
    pub point: String,
    /// What it is: "tmpfs", "vfat".
    pub kind: &'static str,
    /// What it lies on.
    pub source: String,
    /// Its room, or why that is not known.
    pub usage: Result<Usage, FsError>,
}

/// Mounts the file systems. The drivers have looked for disks.
pub fn initialise() {
    if let Err(error) = memory_files::mount_root() {
        log::error!("no files: {error}");
        return;
    }
    if let Err(error) = devices::initialise() {
        log::error!("/dev can't be made: {error}");
    }
    volumes::initialise();
    memory::frames::set_reclaimer(cache::evict);
    writeback::start();
}

fn find(path: &str, follow: FollowLast) -> Result<InodeRef, FsError> {
    resolve(&mut AllMounts, &start()?, path, follow)
}

/// What is known about what `path` names, links followed.
pub fn attributes(path: &str) -> Result<Attributes, FsError> {
    let inode = find(path, FollowLast::Yes)?;
    let mut file_system = inode.mount.lock();
    file_system.attributes(inode.id)
}

/// The same in fewer words.
pub fn metadata(path: &str) -> Result<Metadata, FsError> {
    attributes(path).map(|attributes| in_few_words(&attributes))
}

fn in_few_words(attributes: &Attributes) -> Metadata {
    describe(attributes.kind, attributes.size, attributes.modified)
}

fn describe(kind: InodeKind, size: u64, modified: Time) -> Metadata {
    let is_directory = kind == InodeKind::Directory;
    Metadata {
        kind: if is_directory { FileKind::Directory } else { FileKind::File },
        size: if is_directory { 0 } else { size },
        modified: u64::try_from(modified.seconds).unwrap_or(0),
    }
}

/// The entries of a directory, sorted by name.
pub fn list(path: &str) -> Result<Vec<DirectoryEntry>, FsError> {
    let directory = find(path, FollowLast::Yes)?;
    let mut entries: Vec<DirectoryEntry> = Vec::new();
    let mut unknown = Vec::new();
    let mut note = |entry: &Listed<'_>| -> Result<(), FsError> {
        entries.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        if entry.summary.is_none() {
            unknown.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
            unknown.push(entries.len());
        }
        let (size, modified) = entry.summary.map_or((0, Time::default()), |known| (known.size, known.modified));
        let metadata = describe(entry.kind, size, modified);
        entries.push(DirectoryEntry { name: path::copy(entry.name)?, metadata });
        Ok(())
    };
    let mut file_system = directory.mount.lock();
    let mut outcome = Ok(());
    file_system.list(directory.id, 0, &mut |entry| {
        outcome = note(entry);
        outcome.is_ok()
    })?;
    outcome?;
    for place in unknown {
        let Some(entry) = entries.get_mut(place) else { continue };
        let inode = file_system.lookup(directory.id, &entry.name)?;
        let attributes = file_system.attributes(inode);
        file_system.forget(inode);
        entry.metadata = in_few_words(&attributes?);
    }
    drop(file_system);
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// Opens a file.
pub fn open(path: &str, mode: OpenMode) -> Result<File, FsError> {
    let place = resolve_place(&mut AllMounts, &start()?, path, FollowLast::Yes)?;
    let inode = match (&place.node, &place.last) {
        (Some(_), _) if mode == OpenMode::CreateNew => return Err(FsError::AlreadyExists),
        (Some(inode), _) if inode.kind == InodeKind::Directory => return Err(FsError::IsADirectory),
        (Some(inode), _) => inode.clone(),
        (None, Last::Name(_)) if !mode.creates() => return Err(FsError::NotFound),
        (None, Last::Name(_)) if place.trailing_slash => return Err(FsError::IsADirectory),
        (None, Last::Name(name)) => {
            match names::create_in(&place.directory, name, InodeKind::File, 0o644) {
                // Somebody else was quicker: then that one is meant.
                Err(FsError::AlreadyExists) if mode != OpenMode::CreateNew => {
                    return open(path, mode);
                }
                made => made?,
            }
        }
        (None, _) => return Err(FsError::NotFound),
    };
    if mode.is_writable() && inode.kind == InodeKind::File && inode.mount.lock().is_read_only() {
        return Err(FsError::ReadOnly);
    }
    let file = File::open(inode, mode.is_writable())?;
    if mode == OpenMode::Replace && file.inode().kind == InodeKind::File && file.size()? > 0 {
        file.truncate(0)?;
    }
    Ok(file)
}

/// Moves a file or directory within its file system; replaces a file that has the new name.
pub fn rename(from: &str, to: &str) -> Result<(), FsError> {
    names::rename(from, to, Replace::Allowed)
}

/// As [`rename`], where nothing has the new name yet.
///
/// # Errors
/// [`FsError::AlreadyExists`].
pub fn rename_to_free(from: &str, to: &str) -> Result<(), FsError> {
    names::rename(from, to, Replace::Never)
}

/// The whole contents of a file.
pub fn read(path: &str) -> Result<Vec<u8>, FsError> {
    let file = open(path, OpenMode::Read)?;
    let size = usize::try_from(file.size()?).map_err(|_| FsError::TooLarge)?;
    let mut contents = Vec::new();
    contents.try_reserve_exact(size).map_err(|_| FsError::OutOfMemory)?;
    contents.resize(size, 0);
    let length = file.read(0, &mut contents)?;
    contents.truncate(length);
    Ok(contents)
}

/// Makes `contents` the contents of a file, which is created if it is missing. When there is no room for them a file that
/// was there is as long as before.
pub fn write(path: &str, contents: &[u8]) -> Result<(), FsError> {
    let is_new = match metadata(path) {
        Ok(_) => false,
        Err(FsError::NotFound) => true,
        // Whether it is there is not known, so that it could not be put back as it was.
        Err(error) => return Err(error),
    };
    let file = open(path, OpenMode::Create)?;
    let written = reserve(&file, contents.len() as u64)
        .and_then(|()| file.write(0, contents))
        .and_then(|()| file.truncate(contents.len() as u64));
    drop(file);
    if written.is_err() && is_new {
        // The first error is the one to tell.
        let _ = remove(path);
    }
    written
}

/// Takes the room for `size` bytes before anything is overwritten. Devices need none.
fn reserve(file: &File, size: u64) -> Result<(), FsError> {
    if file.inode().kind == InodeKind::File && file.size()? < size { file.truncate(size) } else { Ok(()) }
}

/// Adds `contents` at the end of a file, which is created if it is missing.
pub fn append(path: &str, contents: &[u8]) -> Result<(), FsError> {
    open(path, OpenMode::Create)?.append(contents)
}

/// Puts everything on the disks. Tries all of them, and gives the first error.
pub fn sync() -> Result<(), FsError> {
    let mut result = Ok(());
    tree::for_each_mount(|mount| result = result.and(mount.sync()));
    result
}

/// As [`sync`], and marks what is on the disks as sound: the machine is about to be switched off.
pub fn shut_down() -> Result<(), FsError> {
    let mut result = Ok(());
    tree::for_each_mount(|mount| result = result.and(mount.sync()).and_then(|()| mount.rest()));
    result
}

/// What is mounted, in the order of mounting.
///
/// # Errors
/// [`FsError::OutOfMemory`].
pub fn mounts() -> Result<Vec<MountInfo>, FsError> {
    let mounts = tree::mounts()?;
    let mut infos = Vec::new();
    infos.try_reserve_exact(mounts.len()).map_err(|_| FsError::OutOfMemory)?;
    for (point, mount) in mounts {
        infos.push(MountInfo {
            point,
            kind: mount.kind,
            source: path::copy(&mount.source)?,
            usage: usage(&mount),
        });
    }
    Ok(infos)
}

fn usage(mount: &Arc<Mount>) -> Result<Usage, FsError> {
    let room = mount.lock().room()?;
    let bytes = |blocks: u64| blocks.saturating_mul(u64::from(room.block_size));
    Ok(Usage { total: bytes(room.blocks), free: bytes(room.free_blocks) })
}
