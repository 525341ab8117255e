//! The volume as the rest of the system sees it: what each operation proves first, and in which order it acts.

use crate::entries::{describe, directory_at};
use crate::geometry::{STATUS_DIRTY, STATUS_OFFSET};
use crate::names;
use crate::volume::Fat;
use alloc::format;
use alloc::vec::Vec;
use blockcache::BlockDevice;
use fatfs::{Seek, SeekFrom, Write};
use vfs::{DirectoryEntry, FileId, FileKind, FileSystem, FsError, Metadata, OpenMode, Usage};

impl<D: BlockDevice> FileSystem for Fat<D> {
    fn kind(&self) -> &'static str {
        if self.read_only.is_some() { "FAT32, read-only" } else { "FAT32" }
    }

    fn metadata(&mut self, path: &str) -> Result<Metadata, FsError> {
        Ok(self.find(path)?.1)
    }

    fn list(&mut self, path: &str) -> Result<Vec<DirectoryEntry>, FsError> {
        self.run(|volume, _| {
            let mut entries = Vec::new();
            for entry in directory_at(volume, path)?.iter() {
                let entry = entry?;
                let name = entry.file_name();
                if name != "." && name != ".." {
                    entries
                        .push(DirectoryEntry { name: names::presentable(name), metadata: describe(&entry) });
                }
            }
            Ok(entries)
        })
    }

    fn open(&mut self, path: &str, mode: OpenMode) -> Result<FileId, FsError> {
        if mode.is_writable() {
            self.require_writable()?;
        }
        let mut created = false;
        let (spelling, size) = match self.find(path) {
            Ok(_) if mode == OpenMode::CreateNew => return Err(FsError::AlreadyExists),
            Ok((_, Metadata { kind: FileKind::Directory, .. })) => return Err(FsError::IsADirectory),
            Ok((spelling, metadata)) => (spelling, metadata.size),
            Err(FsError::NotFound) if mode.creates() => {
                self.prepare_entry(path, 0)?;
                self.with_new_name(path, |volume, path| {
                    Ok(volume.root_dir().create_file(path).map(drop)?)
                })?;
                created = true;
                (self.find(path)?.0, 0)
            }
            Err(error) => return Err(error),
        };
        let file = self.open.open(spelling, size, mode.is_writable());
        // A new file is safe when it is closed, together with what is written into it.
        self.open.get(file)?.changed |= created;
        if mode == OpenMode::Replace
            && let Err(error) = self.truncate(file, 0)
        {
            self.open.close(file)?;
            return Err(error);
        }
        Ok(file)
    }

    fn close(&mut self, file: FileId) -> Result<(), FsError> {
        if self.open.close(file)? { self.sync() } else { Ok(()) }
    }

    fn size(&mut self, file: FileId) -> Result<u64, FsError> {
        Ok(self.open.get(file)?.size)
    }

    fn read(&mut self, file: FileId, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        let node = self.extents(file)?;
        let extents = node.extents.as_deref().unwrap_or_default();
        let wanted = node.size.saturating_sub(offset).min(buffer.len() as u64);
        let mut pieces = Vec::new();
        let first = extents.partition_point(|extent| extent.file_offset + extent.length <= offset);
        for extent in &extents[first..] {
            let begin = extent.file_offset.max(offset);
            let end = (extent.file_offset + extent.length).min(offset + wanted);
            if begin >= end {
                break;
            }
            pieces.push((extent.disk_offset + (begin - extent.file_offset), (end - begin) as usize));
        }
        let mut done = 0;
        for (disk_offset, length) in pieces {
            self.cache.read(disk_offset, &mut buffer[done..done + length])?;
            done += length;
        }
        Ok(done)
    }

    fn write(&mut self, file: FileId, offset: u64, data: &[u8]) -> Result<(), FsError> {
        let size = self.open.get_writable(file)?.size;
        if data.is_empty() {
            return Ok(());
        }
        let end = offset.checked_add(data.len() as u64).ok_or(FsError::TooLarge)?;
        self.require_growth(size, end)?;
        if offset > size {
            self.set_size(file, size, offset)?;
        }
        self.change_file(file, |file| {
            file.seek(SeekFrom::Start(offset))?;
            Ok(file.write_all(data)?)
        })
    }

    fn truncate(&mut self, file: FileId, size: u64) -> Result<(), FsError> {
        let old = self.open.get_writable(file)?.size;
        if size == old {
            return Ok(());
        }
        self.require_growth(old, size)?;
        self.set_size(file, old, size)
    }

    fn create_directory(&mut self, path: &str) -> Result<(), FsError> {
        self.require_writable()?;
        match self.find(path) {
            Ok(_) => return Err(FsError::AlreadyExists),
            Err(FsError::NotFound) => {}
            Err(error) => return Err(error),
        }
        self.prepare_entry(path, 1)?;
        self.with_new_name(path, |volume, path| Ok(volume.root_dir().create_dir(path).map(drop)?))?;
        self.sync()
    }

    fn remove(&mut self, path: &str) -> Result<(), FsError> {
        self.require_writable()?;
        let (spelling, _) = self.find(path)?;
        if spelling.is_empty() || self.open.is_open(&spelling) {
            return Err(FsError::Busy);
        }
        self.change(|volume, _| Ok(volume.root_dir().remove(path)?))?;
        self.sync()
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), FsError> {
        self.require_writable()?;
        let (old, metadata) = self.find(from)?;
        if old.is_empty() {
            return Err(FsError::Busy);
        }
        let is_directory = metadata.kind == FileKind::Directory;
        let mut replaces = false;
        let mut respells = false;
        match self.find(to) {
            Ok((spelling, _)) if spelling == old => {
                if to.rsplit('/').next() == old.rsplit('/').next() {
                    return Ok(());
                }
                respells = true;
            }
            Ok((_, target)) if is_directory || target.kind == FileKind::Directory => {
                return Err(FsError::AlreadyExists);
            }
            Ok((spelling, _)) if self.open.is_open(&spelling) => return Err(FsError::Busy),
            Ok(_) => replaces = true,
            Err(FsError::NotFound) => {}
            Err(error) => return Err(error),
        }
        let (new_parent, _) = match self.prepare_entry(to, 0) {
            // What is replaced leaves its entries to a name that is as long.
            Err(FsError::NoSpace) if replaces || respells => to.rsplit_once('/').unwrap_or(("", to)),
            other => other?,
        };
        let new_parent = self.find(new_parent)?.0;
        if is_directory && vfs::path::below(&new_parent, &old).is_some() {
            return Err(FsError::InvalidInput("a directory can't be moved into itself"));
        }
        if replaces {
            self.change(|volume, _| Ok(volume.root_dir().remove(to)?))?;
        }
        if respells {
            let parent = old.rfind('/').map_or("", |slash| &old[..=slash]);
            let mut names = (0..1000).map(|number| format!("{parent}~{number}.tmp"));
            let Some(temporary) = names.find(|name| self.find(name) == Err(FsError::NotFound)) else {
                return Err(FsError::AlreadyExists);
            };
            self.move_entry(from, &temporary)?;
            self.move_entry(&temporary, to)?;
        } else {
            self.move_entry(from, to)?;
        }
        if is_directory && !names::same(&new_parent, old.rsplit_once('/').unwrap_or(("", "")).0) {
            self.correct_parent(to)?;
        }
        let new = self.find(to)?.0;
        self.open.renamed(&old, &new);
        self.sync()
    }

    fn sync(&mut self) -> Result<(), FsError> {
        self.cache.flush()?;
        if self.marked && !self.suspect {
            self.cache.write(STATUS_OFFSET, &[self.geometry.status & !STATUS_DIRTY])?;
            self.cache.flush()?;
            self.marked = false;
        }
        Ok(())
    }

    fn usage(&mut self) -> Result<Usage, FsError> {
        let cluster_size = u64::from(self.geometry.cluster_size);
        Ok(Usage {
            total: u64::from(self.geometry.cluster_count) * cluster_size,
            free: self.free_clusters()? * cluster_size,
        })
    }
}
