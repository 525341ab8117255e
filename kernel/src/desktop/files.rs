//! The kernel's files in the words of `ui` and `shell`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ::shell::{FileDetails, FileKind, FileStatus, FileSystemFigures, WriteMode};
use ui::{DateTime, DirectoryEntry, Existing, FileError, Files, Usage};
use vfs::OpenMode;
use vfs::inode::{Attributes, InodeKind};

use crate::fs::{self, FsError, Metadata};
use crate::task;

/// The files that a program sees: all.
pub struct KernelFiles;

impl Files for KernelFiles {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, FileError> {
        refuse_streams(path)?;
        fs::read(path).map_err(error)
    }

    fn write(&mut self, path: &str, contents: &[u8]) -> Result<(), FileError> {
        refuse_streams(path)?;
        fs::write(path, contents).map_err(error)
    }

    fn list(&mut self, path: &str) -> Result<Vec<DirectoryEntry>, FileError> {
        let entries = fs::list(path).map_err(error)?;
        Ok(entries.into_iter().map(|entry| directory_entry(entry.name, entry.metadata)).collect())
    }

    fn status(&mut self, path: &str) -> Result<DirectoryEntry, FileError> {
        let (_, named) = fs::link_attributes(path).map_err(error)?;
        let nothing = DirectoryEntry { name: name_of(path), is_directory: false, length: 0, modified: None };
        let mut entry = match fs::metadata(path) {
            Ok(metadata) => directory_entry(name_of(path), metadata),
            // A link that leads nowhere is there all the same.
            Err(_) if named.kind == InodeKind::SymbolicLink => nothing,
            Err(reason) => return Err(error(reason)),
        };
        // As `list` has it: who removes a directory with all that is in it must not go through a link.
        entry.is_directory &= named.kind == InodeKind::Directory;
        Ok(entry)
    }

    fn read_at(&mut self, path: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, FileError> {
        read_at(path, offset, buffer)
    }

    fn create(&mut self, path: &str) -> Result<(), FileError> {
        fs::open(path, OpenMode::CreateNew).map(drop).map_err(error)
    }

    fn write_at(&mut self, path: &str, offset: u64, data: &[u8]) -> Result<(), FileError> {
        change(path, |file| file.write(offset, data))
    }

    fn truncate(&mut self, path: &str, length: u64) -> Result<(), FileError> {
        change(path, |file| file.truncate(length))
    }

    fn create_directory(&mut self, path: &str) -> Result<(), FileError> {
        create_directory(path)
    }

    fn rename(&mut self, from: &str, to: &str, existing: Existing) -> Result<(), FileError> {
        match existing {
            Existing::Keep => rename(from, to),
            Existing::Replace => fs::rename(from, to).map_err(error),
        }
    }

    fn remove(&mut self, path: &str) -> Result<(), FileError> {
        remove(path)
    }

    fn usage(&mut self, path: &str) -> Result<Usage, FileError> {
        // The mount with the longest path that `path` lies in.
        let holds = |point: &str| {
            let rest = path.strip_prefix(point.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let mounts = fs::mounts().map_err(error)?;
        let innermost =
            mounts.into_iter().filter(|mount| holds(&mount.point)).max_by_key(|mount| mount.point.len());
        let usage = innermost.ok_or(FileError::NotFound)?.usage.map_err(error)?;
        Ok(Usage { total: usage.total, free: usage.free })
    }

    fn sync(&mut self) -> Result<(), FileError> {
        fs::sync().map_err(error)
    }
}

fn directory_entry(name: String, metadata: Metadata) -> DirectoryEntry {
    DirectoryEntry {
        name,
        is_directory: metadata.kind == fs::FileKind::Directory,
        length: metadata.size,
        modified: modified(&metadata),
    }
}

fn modified(metadata: &Metadata) -> Option<DateTime> {
    (metadata.modified > 0).then(|| DateTime::from_unix(metadata.modified))
}

/// A program that draws its window can't wait for what comes from a pipe or device.
fn refuse_streams(path: &str) -> Result<(), FileError> {
    match fs::attributes(path).map(|attributes| attributes.kind) {
        Ok(InodeKind::Fifo | InodeKind::CharacterDevice(_)) => Err(FileError::Unsupported),
        // Whatever else is wrong, the operation itself will say.
        _ => Ok(()),
    }
}

/// Changes a file that exists.
fn change(path: &str, change: impl FnOnce(&fs::File) -> Result<(), FsError>) -> Result<(), FileError> {
    refuse_streams(path)?;
    fs::open(path, OpenMode::Write).and_then(|file| change(&file)).map_err(error)
}

/// The entries of a directory.
pub fn list(path: &str) -> Result<Vec<FileStatus>, FileError> {
    let entries = fs::entries(path).map_err(error)?;
    let status = |entry: fs::Entry| {
        let target = link_target(&format!("{path}/{}", entry.name), &entry.attributes);
        file_status(entry.name, &entry.attributes, target)
    };
    Ok(entries.into_iter().map(status).collect())
}

/// What stands at `path`, symbolic links followed.
pub fn status(path: &str) -> Result<FileStatus, FileError> {
    let attributes = fs::attributes(path).map_err(error)?;
    Ok(file_status(name_of(path), &attributes, None))
}

/// All that is known about the name itself.
pub fn details(path: &str) -> Result<FileDetails, FileError> {
    let (inode, attributes) = fs::link_attributes(path).map_err(error)?;
    Ok(FileDetails {
        status: file_status(name_of(path), &attributes, link_target(path, &attributes)),
        inode: inode.0,
        mode: attributes.mode,
        user: attributes.user,
        group: attributes.group,
        links: attributes.links,
        blocks: attributes.blocks,
        device: match attributes.kind {
            InodeKind::CharacterDevice(number) | InodeKind::BlockDevice(number) => {
                Some((number.major, number.minor))
            }
            _ => None,
        },
    })
}

fn name_of(path: &str) -> String {
    path.rsplit('/').next().unwrap_or("").to_string()
}

/// Where a symbolic link leads, if that has a path.
fn link_target(path: &str, attributes: &Attributes) -> Option<String> {
    if attributes.kind == InodeKind::SymbolicLink { fs::read_link(path).ok() } else { None }
}

fn file_status(name: String, attributes: &Attributes, target: Option<String>) -> FileStatus {
    let kind = match attributes.kind {
        InodeKind::File => FileKind::File,
        InodeKind::Directory => FileKind::Directory,
        InodeKind::SymbolicLink => FileKind::Link,
        InodeKind::CharacterDevice(_) => FileKind::CharacterDevice,
        InodeKind::BlockDevice(_) => FileKind::BlockDevice,
        // There are no sockets with names yet; they would be opened as little as pipes are listed wrongly.
        InodeKind::Fifo | InodeKind::Socket => FileKind::Pipe,
    };
    let seconds = u64::try_from(attributes.modified.seconds).ok().filter(|seconds| *seconds > 0);
    FileStatus {
        name,
        kind,
        length: if kind == FileKind::File { attributes.size } else { 0 },
        modified: seconds.map(DateTime::from_unix),
        target,
    }
}

/// Makes a symbolic link at `path`.
pub fn create_link(path: &str, target: &str) -> Result<(), FileError> {
    fs::create_link(path, target).map_err(error)
}

/// Makes a named pipe at `path`.
pub fn create_pipe(path: &str) -> Result<(), FileError> {
    fs::create_pipe(path).map_err(error)
}

/// Makes `path` the directory of this process.
pub fn enter(path: &str) -> Result<(), FileError> {
    fs::directory::change(path).map_err(error)
}

/// Puts everything on the disks.
pub fn sync() -> Result<(), FileError> {
    fs::sync().map_err(error)
}

/// Bytes that are read at a time.
const PIECE: usize = 16 * 1024;

/// Opens a file and reads it to its end, or until `each` returns false.
pub fn read_all(path: &str, each: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), FileError> {
    let options = fs::OpenOptions { read: true, ..fs::OpenOptions::default() };
    let file = fs::open_with(path, &options, 0).map_err(error)?;
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(PIECE).map_err(|_| FileError::OutOfMemory)?;
    buffer.resize(PIECE, 0);
    loop {
        let count = file.read(&mut buffer).map_err(error)?;
        if count == 0 || !each(&buffer[..count]) {
            return Ok(());
        }
        // Of what has no end, such as zeros, nothing waits.
        if task::is_interrupted() {
            return Err(FileError::Interrupted);
        }
    }
}

/// Reads a part of a file.
pub fn read_at(path: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, FileError> {
    refuse_streams(path)?;
    fs::open(path, OpenMode::Read).and_then(|file| file.read(offset, buffer)).map_err(error)
}

/// Writes or extends a file.
pub fn write(path: &str, contents: &[u8], mode: WriteMode) -> Result<(), FileError> {
    match mode {
        WriteMode::Replace => fs::write(path, contents),
        WriteMode::Append => fs::append(path, contents),
        WriteMode::At(offset) => fs::write_at(path, offset, contents),
    }
    .map_err(error)
}

/// Makes a directory.
pub fn create_directory(path: &str) -> Result<(), FileError> {
    fs::create_directory(path).map_err(error)
}

/// Removes a file or an empty directory.
pub fn remove(path: &str) -> Result<(), FileError> {
    fs::remove(path).map_err(error)
}

/// Moves a file or directory where nothing is yet.
pub fn rename(from: &str, to: &str) -> Result<(), FileError> {
    fs::rename_to_free(from, to).map_err(error)
}

/// What is mounted: nothing that is known when memory is out. A file system that can't say how full it is has no room at
/// all.
pub fn mounted() -> Vec<FileSystemFigures> {
    let figures = |mount: fs::MountInfo| {
        let (total, free) = mount.usage.map_or((0, 0), |usage| (usage.total, usage.free));
        FileSystemFigures {
            device: mount.source,
            options: mount.options.into(),
            mount_point: mount.point,
            kind: mount.kind.to_ascii_lowercase(),
            total,
            used: total.saturating_sub(free),
        }
    };
    let mounts = fs::mounts().unwrap_or_else(|error| {
        log::warn!("what is mounted can't be listed: {error}");
        Vec::new()
    });
    mounts.into_iter().map(figures).collect()
}

fn error(error: FsError) -> FileError {
    match error {
        FsError::NotFound => FileError::NotFound,
        FsError::AlreadyExists => FileError::AlreadyExists,
        FsError::NotADirectory => FileError::NotADirectory,
        FsError::IsADirectory => FileError::IsADirectory,
        FsError::NotEmpty => FileError::DirectoryNotEmpty,
        FsError::InvalidName(_) => FileError::InvalidName,
        FsError::NoSpace => FileError::NoSpace,
        FsError::OutOfMemory => FileError::OutOfMemory,
        FsError::TooLarge => FileError::TooLarge,
        FsError::ReadOnly => FileError::ReadOnly,
        FsError::Busy => FileError::Busy,
        FsError::Damaged(_) | FsError::Device(_) => {
            // The words that programs get are few; the log keeps the rest.
            log::warn!("{error}");
            FileError::Device
        }
        FsError::CrossDevice => FileError::OtherFileSystem,
        FsError::TooManyLinks => FileError::TooManyLinks,
        FsError::NoSuchDevice => FileError::NoDevice,
        FsError::BrokenPipe => FileError::BrokenPipe,
        FsError::Interrupted => FileError::Interrupted,
        // Senseless arguments, such as moving a directory into itself.
        _ => FileError::Unsupported,
    }
}
