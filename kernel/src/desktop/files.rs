//! The kernel's files in the words of `ui` and `shell`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ::shell::{FileKind, FileStatus, FileSystemFigures, WriteMode};
use ui::{DateTime, DirectoryEntry, Existing, FileError, Files, Usage};
use vfs::OpenMode;

use crate::fs::{self, FsError, Metadata};

/// The files that a program sees: all.
pub struct KernelFiles;

impl Files for KernelFiles {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, FileError> {
        fs::read(path).map_err(error)
    }

    fn write(&mut self, path: &str, contents: &[u8]) -> Result<(), FileError> {
        fs::write(path, contents).map_err(error)
    }

    fn list(&mut self, path: &str) -> Result<Vec<DirectoryEntry>, FileError> {
        let entries = fs::list(path).map_err(error)?;
        Ok(entries.into_iter().map(|entry| directory_entry(entry.name, entry.metadata)).collect())
    }

    fn status(&mut self, path: &str) -> Result<DirectoryEntry, FileError> {
        let name = path.rsplit('/').next().unwrap_or("");
        fs::metadata(path).map(|metadata| directory_entry(name.to_string(), metadata)).map_err(error)
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

/// Changes a file that exists.
fn change(path: &str, change: impl FnOnce(&fs::File) -> Result<(), FsError>) -> Result<(), FileError> {
    fs::open(path, OpenMode::Write).and_then(|file| change(&file)).map_err(error)
}

/// The entries of a directory.
pub fn list(path: &str) -> Result<Vec<FileStatus>, FileError> {
    let entries = fs::list(path).map_err(error)?;
    Ok(entries.into_iter().map(|entry| file_status(entry.name, entry.metadata)).collect())
}

/// What stands at `path`.
pub fn status(path: &str) -> Result<FileStatus, FileError> {
    let name = path.rsplit('/').next().unwrap_or("");
    fs::metadata(path).map(|metadata| file_status(name.to_string(), metadata)).map_err(error)
}

fn file_status(name: String, metadata: Metadata) -> FileStatus {
    let kind = match metadata.kind {
        fs::FileKind::File => FileKind::File,
        fs::FileKind::Directory => FileKind::Directory,
    };
    FileStatus { name, kind, length: metadata.size, modified: modified(&metadata) }
}

/// Reads a part of a file.
pub fn read_at(path: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, FileError> {
    fs::open(path, OpenMode::Read).and_then(|file| file.read(offset, buffer)).map_err(error)
}

/// Writes or extends a file.
pub fn write(path: &str, contents: &[u8], mode: WriteMode) -> Result<(), FileError> {
    match mode {
        WriteMode::Replace => fs::write(path, contents),
        WriteMode::Append => fs::append(path, contents),
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
            device: if mount.point == "/" { "none" } else { "disk" }.into(),
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
        // Senseless arguments, such as moving a directory into itself.
        _ => FileError::Unsupported,
    }
}
