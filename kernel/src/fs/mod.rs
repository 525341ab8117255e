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
//! | `file`, `open_file` | open files, without and with a position |
//! | `paged` | reading and writing files that lie on a disk |
//! | `cache` | the page cache |
//! | `writeback` | when changes go to the disk by themselves |
//! | `volumes` | which disk `/disk` shows |
//! | `pipe` | pipes, with names and without |
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
mod open_file;
mod paged;
pub mod pipe;
mod processes;
mod random;
mod tree;
mod volumes;
mod writeback;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use vfs::OpenMode;
use vfs::inode::{Attributes, FileSystem, InodeId, InodeKind, Listed, Replace, Time};
use vfs::open::{Found, Opening};
use vfs::path;
use vfs::walk::{FollowLast, Last, resolve, resolve_place};

pub use cache::statistics as cache_statistics;
pub use devices::Device;
pub use file::File;
pub use metadata::{DirectoryEntry, FileKind, Metadata, Usage};
pub use names::{create_directory, create_link, create_pipe, remove};
pub use open_file::OpenFile;
pub use processes::set_command_line;
pub use vfs::FsError;
pub use vfs::open::{OpenOptions, Whence};
pub use volumes::status as disk_status;

use crate::memory;
use directory::start;
use inode::InodeRef;
use mount::Mount;
use tree::AllMounts;

/// Where the disk is mounted.
pub const DISK: &str = "/disk";

/// The permission bits of a file that is made here.
const NEW_FILE: u16 = 0o644;

/// A line of `df`.
#[derive(Clone, Debug)]
pub struct MountInfo {
    /// Where it is mounted.
    pub point: String,
    /// What it is: "tmpfs", "vfat".
    pub kind: &'static str,
    /// What it lies on: a path in `/dev`, or else what it is.
    pub source: String,
    /// As `mount` shows them: "rw,relatime".
    pub options: &'static str,
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
    if let Err(error) = processes::initialise() {
        log::error!("/proc can't be made: {error}");
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

/// What is known about the name itself: of a symbolic link, about the link. With its number in its file system.
pub fn link_attributes(path: &str) -> Result<(InodeId, Attributes), FsError> {
    let inode = find(path, FollowLast::No)?;
    let mut file_system = inode.mount.lock();
    file_system.attributes(inode.id).map(|attributes| (inode.id, attributes))
}

/// What a symbolic link says.
///
/// # Errors
/// [`FsError::InvalidInput`] for what is none.
pub fn read_link(path: &str) -> Result<String, FsError> {
    let inode = find(path, FollowLast::No)?;
    if inode.kind != InodeKind::SymbolicLink {
        return Err(FsError::InvalidInput("it is no symbolic link"));
    }
    match processes::text_of(&inode) {
        Some(text) => text,
        None => inode.mount.lock().read_link(inode.id),
    }
}

/// An entry of a directory, with all that is known about it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name there.
    pub name: String,
    /// Of a symbolic link, about the link.
    pub attributes: Attributes,
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
pub fn entries(path: &str) -> Result<Vec<Entry>, FsError> {
    let directory = find(path, FollowLast::Yes)?;
    let mut entries = Vec::new();
    {
        let mut file_system = directory.mount.lock();
        let names = vfs::inode::list_all(&mut **file_system, directory.id)?;
        entries.try_reserve_exact(names.len()).map_err(|_| FsError::OutOfMemory)?;
        for (name, ..) in names {
            if let Some(attributes) = attributes_in(&mut **file_system, directory.id, &name)? {
                entries.push(Entry { name, attributes });
            }
        }
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// What is known about the entry `name`; nothing if it is gone: processes come and go without asking the file system.
fn attributes_in(
    file_system: &mut dyn FileSystem,
    directory: InodeId,
    name: &str,
) -> Result<Option<Attributes>, FsError> {
    let inode = match file_system.lookup(directory, name) {
        Err(FsError::NotFound) => return Ok(None),
        found => found?,
    };
    let attributes = file_system.attributes(inode);
    file_system.forget(inode);
    match attributes {
        Err(FsError::NotFound) => Ok(None),
        attributes => attributes.map(Some),
    }
}

/// The same in fewer words, and faster where the directory itself knows them. A symbolic link counts as a file, whatever
/// it leads to: who removes or copies all that is in a directory must not go through it.
pub fn list(path: &str) -> Result<Vec<DirectoryEntry>, FsError> {
    let directory = find(path, FollowLast::Yes)?;
    let mut list: Vec<DirectoryEntry> = Vec::new();
    // Those of which the directory itself knows no more than the name.
    let mut unknown: Vec<usize> = Vec::new();
    let mut note = |entry: &Listed<'_>| -> Result<(), FsError> {
        list.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        if entry.summary.is_none() {
            unknown.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
            unknown.push(list.len());
        }
        let (size, modified) =
            entry.summary.map_or((0, Time::default()), |known| (known.size, known.modified));
        let metadata = describe(entry.kind, size, modified);
        list.push(DirectoryEntry { name: path::copy(entry.name)?, metadata });
        Ok(())
    };
    {
        let mut file_system = directory.mount.lock();
        let mut outcome = Ok(());
        file_system.list(directory.id, 0, &mut |entry| {
            outcome = note(entry);
            outcome.is_ok()
        })?;
        outcome?;
        // From the end, so that one that is gone changes no place of those still to come.
        for place in unknown.into_iter().rev() {
            match attributes_in(&mut **file_system, directory.id, &list[place].name)? {
                Some(attributes) => list[place].metadata = in_few_words(&attributes),
                None => drop(list.swap_remove(place)),
            }
        }
    }
    list.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(list)
}

/// Opens what `path` names as `options` say; a file that is made gets the permission bits `mode`.
///
/// # Errors
/// Those of [`OpenOptions::decide`] and of walking there; [`FsError::NoSuchDevice`] for a device that nobody knows;
/// [`FsError::Interrupted`] when the process is cancelled while it waits for the other end of a named pipe.
pub fn open_with(path: &str, options: &OpenOptions, mode: u16) -> Result<OpenFile, FsError> {
    let (opening, inode) = loop {
        let place = resolve_place(&mut AllMounts, &start()?, path, options.follow())?;
        let of = place.node.as_ref().unwrap_or(&place.directory);
        let changes = options.write || options.truncate || options.create;
        let found = Found {
            kind: place.node.as_ref().map(|inode| inode.kind),
            trailing_slash: place.trailing_slash,
            is_read_only: changes && of.mount.lock().is_read_only(),
        };
        match (options.decide(found)?, &place.node, &place.last) {
            (Opening::New, _, Last::Name(name)) => {
                match names::create_in(&place.directory, name, InodeKind::File, mode) {
                    // Somebody else was quicker: what to do about that is decided anew.
                    Err(FsError::AlreadyExists) => {}
                    made => break (Opening::New, made?),
                }
            }
            (opening, Some(inode), _) => break (opening, inode.clone()),
            _ => return Err(FsError::NotFound),
        }
    };
    let file = File::open(inode, options)?;
    if opening == Opening::Emptied && file.size()? > 0 {
        file.resize(0)?;
    }
    Ok(OpenFile::new(file, options.append))
}

/// Opens a file, to be read and written at any place.
///
/// # Errors
/// As [`open_with`]; [`FsError::IsADirectory`].
pub fn open(path: &str, mode: OpenMode) -> Result<File, FsError> {
    let options = OpenOptions {
        read: true,
        write: mode.is_writable(),
        create: mode.creates(),
        exclusive: mode == OpenMode::CreateNew,
        truncate: mode == OpenMode::Replace,
        ..OpenOptions::default()
    };
    let file = open_with(path, &options, NEW_FILE)?.into_file();
    if file.inode().kind == InodeKind::Directory { Err(FsError::IsADirectory) } else { Ok(file) }
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
    let file = open_to_write(path)?;
    let written = reserve(&file, contents.len() as u64)
        .and_then(|()| file.write(0, contents))
        .and_then(|()| if has_size(&file) { file.truncate(contents.len() as u64) } else { Ok(()) });
    drop(file);
    if written.is_err() && is_new {
        // The first error is the one to tell.
        let _ = remove(path);
    }
    written
}

/// Only to write: the end of a named pipe then waits for who reads.
fn open_to_write(path: &str) -> Result<File, FsError> {
    let options = OpenOptions { write: true, create: true, ..OpenOptions::default() };
    Ok(open_with(path, &options, NEW_FILE)?.into_file())
}

/// Whether it is a file: devices and pipes have no size to set.
fn has_size(file: &File) -> bool {
    file.inode().kind == InodeKind::File
}

/// Takes the room for `size` bytes before anything is overwritten. Devices need none.
fn reserve(file: &File, size: u64) -> Result<(), FsError> {
    if has_size(file) && file.size()? < size { file.truncate(size) } else { Ok(()) }
}

/// Adds `contents` at the end of a file, which is created if it is missing.
pub fn append(path: &str, contents: &[u8]) -> Result<(), FsError> {
    open_to_write(path)?.append(contents)
}

/// Writes at `offset`, into what there may be.
pub fn write_at(path: &str, offset: u64, contents: &[u8]) -> Result<(), FsError> {
    open_to_write(path)?.write(offset, contents)
}

/// Puts everything on the disks. Tries all of them, and gives the first error.
pub fn sync() -> Result<(), FsError> {
    let mut result = Ok(());
    tree::for_each_mount(|mount| result = result.and(mount.sync_for_user()));
    result
}

/// As [`sync`], and marks what is on the disks as sound: the machine is about to be switched off.
pub fn shut_down() -> Result<(), FsError> {
    let mut result = Ok(());
    tree::for_each_mount(|mount| result = result.and(mount.sync_for_user()).and_then(|()| mount.rest()));
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
        let is_read_only = mount.lock().is_read_only();
        infos.push(MountInfo {
            point,
            kind: mount.kind,
            source: path::copy(&mount.source)?,
            options: options(is_read_only),
            usage: usage(&mount),
        });
    }
    Ok(infos)
}

/// The options of a mount, as `/proc/mounts` has them.
const fn options(is_read_only: bool) -> &'static str {
    if is_read_only { "ro,relatime" } else { "rw,relatime" }
}

fn usage(mount: &Arc<Mount>) -> Result<Usage, FsError> {
    let room = mount.lock().room()?;
    let bytes = |blocks: u64| blocks.saturating_mul(u64::from(room.block_size));
    Ok(Usage { total: bytes(room.blocks), free: bytes(room.free_blocks) })
}
