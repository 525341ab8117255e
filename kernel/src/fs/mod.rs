//! One tree of files: a file system in memory at `/`, the disk at `/disk`.
//!
//! What files are, paths, and the two file systems are crates (`vfs`, `fat`). Here each mounted one stands behind a
//! lock that sleeps, and open files close themselves. A change of a directory is on the disk when its call returns;
//! what was written into a file is when the file is closed.

mod disk;
mod file;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

pub use vfs::{DirectoryEntry, FileKind, FsError, Metadata, Usage};
use vfs::{FileSystem, MountError, MountTable, OpenMode, RamFs, path};

use crate::drivers::rtc;
use crate::memory::{self, heap::fallible};
use crate::sync::Mutex;

pub use disk::status as disk_status;
pub use file::File;

/// Where the disk is mounted.
pub const DISK: &str = "/disk";

/// The file system in memory may take this part of all memory.
const RAMFS_PART: u64 = 4;

/// A mounted file system.
struct Mount {
    file_system: Mutex<Box<dyn FileSystem>>,
}

static MOUNTS: Mutex<MountTable<Arc<Mount>>> = Mutex::new(MountTable::new());

/// A line of `df`.
#[derive(Clone, Debug)]
pub struct MountInfo {
    /// Where it is mounted.
    pub point: String,
    /// What it is: "tmpfs", "FAT32".
    pub kind: &'static str,
    /// Its room, or why that is not known.
    pub usage: Result<Usage, FsError>,
}

/// Mounts the file systems. The drivers have looked for disks.
pub fn initialise() {
    let capacity = memory::statistics().total / RAMFS_PART;
    match RamFs::new(capacity, rtc::now) {
        Ok(mut root) => {
            if let Err(error) = root.create_directory("tmp") {
                log::error!("/tmp can't be made: {error}");
            }
            mount("/", root);
        }
        Err(error) => log::error!("no files: {error}"),
    }
    disk::initialise();
}

/// Mounts a file system on the directory `point`, which exists; says so in the log when it can't.
fn mount(point: &'static str, file_system: impl FileSystem + 'static) {
    let counted = fallible::boxed(file_system)
        .ok()
        .and_then(|file_system| fallible::counted(Mount { file_system: Mutex::new(file_system) }).ok());
    let mounted = match counted {
        // Nothing is ever unmounted.
        Some(mount) => MOUNTS.lock().mount(point, mount.clone()).inspect(|()| mount.file_system.list(point)),
        None => Err(MountError::OutOfMemory),
    };
    if let Err(error) = mounted {
        log::error!("{point}: {error}");
    }
}

/// The mount that `path` lies in and the path in it. `path` is made normal first; relative ones start at the root.
fn resolve(path: &str) -> Result<(Arc<Mount>, String), FsError> {
    let mut normal = path::normalise("/", path)?;
    let (mount, start) = {
        let mounts = MOUNTS.lock();
        let (mount, rest) = mounts.resolve(&normal).ok_or(FsError::NotFound)?;
        (mount.clone(), normal.len() - rest.len())
    };
    // The path in the mount is the end of the whole, so what is in front of it goes, and nothing is copied.
    normal.drain(..start);
    Ok((mount, normal))
}

/// What `path` is.
pub fn metadata(path: &str) -> Result<Metadata, FsError> {
    let (mount, rest) = resolve(path)?;
    mount.file_system.lock().metadata(&rest)
}

/// The entries of a directory, sorted by name.
pub fn list(path: &str) -> Result<Vec<DirectoryEntry>, FsError> {
    let (mount, rest) = resolve(path)?;
    let mut entries = mount.file_system.lock().list(&rest)?;
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// Opens a file.
pub fn open(path: &str, mode: OpenMode) -> Result<File, FsError> {
    let (mount, rest) = resolve(path)?;
    let id = mount.file_system.lock().open(&rest, mode)?;
    Ok(File::new(mount, id))
}

/// Makes an empty directory.
pub fn create_directory(path: &str) -> Result<(), FsError> {
    let (mount, rest) = resolve(path)?;
    mount.file_system.lock().create_directory(&rest)
}

/// Removes a file or an empty directory.
pub fn remove(path: &str) -> Result<(), FsError> {
    refuse_mount_points(path)?;
    let (mount, rest) = resolve(path)?;
    mount.file_system.lock().remove(&rest)
}

/// Moves a file or directory within its file system; replaces a file that has the new name.
pub fn rename(from: &str, to: &str) -> Result<(), FsError> {
    refuse_mount_points(from)?;
    refuse_mount_points(to)?;
    let (mount, from) = resolve(from)?;
    let (target, to) = resolve(to)?;
    if !Arc::ptr_eq(&mount, &target) {
        return Err(FsError::CrossDevice);
    }
    mount.file_system.lock().rename(&from, &to)
}

fn refuse_mount_points(path: &str) -> Result<(), FsError> {
    let normal = path::normalise("/", path)?;
    if MOUNTS.lock().has_mount_within(&normal) { Err(FsError::Busy) } else { Ok(()) }
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

/// Makes `contents` the contents of a file, which is created if it is missing. When there is no room for them the file
/// is as it was before.
pub fn write(path: &str, contents: &[u8]) -> Result<(), FsError> {
    let is_new = match metadata(path) {
        Ok(_) => false,
        Err(FsError::NotFound) => true,
        // Whether it is there is not known, so that it could not be put back as it was.
        Err(error) => return Err(error),
    };
    let file = open(path, OpenMode::Create)?;
    let written = file.write(0, contents).and_then(|()| file.truncate(contents.len() as u64));
    let closed = file.close();
    if written.is_err() && is_new {
        // The first error is the one to tell.
        let _ = remove(path);
    }
    written.and(closed)
}

/// Adds `contents` at the end of a file, which is created if it is missing.
pub fn append(path: &str, contents: &[u8]) -> Result<(), FsError> {
    let file = open(path, OpenMode::Create)?;
    file.write(file.size()?, contents)?;
    file.close()
}

/// Puts everything on the disks. Tries all of them, and gives the first error.
pub fn sync() -> Result<(), FsError> {
    // By number, for a list would need memory. Nothing is ever unmounted; what is mounted meanwhile only moves others to
    // higher numbers, so that one may be synced twice, and none is left out.
    let mut result = Ok(());
    for number in 0.. {
        let Some(mount) = MOUNTS.lock().iter().nth(number).map(|(_, mount)| mount.clone()) else { break };
        result = result.and(mount.file_system.lock().sync());
    }
    result
}

/// What is mounted, outermost first.
///
/// # Errors
/// [`FsError::OutOfMemory`].
pub fn mounts() -> Result<Vec<MountInfo>, FsError> {
    let mut infos = Vec::new();
    loop {
        let (point, mount) = match MOUNTS.lock().iter().nth(infos.len()) {
            Some((point, mount)) => (path::copy(point)?, mount.clone()),
            None => return Ok(infos),
        };
        infos.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        let mut file_system = mount.file_system.lock();
        infos.push(MountInfo { point, kind: file_system.kind(), usage: file_system.usage() });
    }
}

/// A size for messages.
fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}
