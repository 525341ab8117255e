//! The mounted volume: every operation opens `fatfs` over the cache, does one thing, and closes it again.
//!
//! That costs two cached sectors an operation and buys three things: no value that borrows from another lives between
//! calls; what is on the disk is all the state there is, so the count of free clusters can't go stale; and the moment
//! at which changes are written is ours. Reading goes past `fatfs`: an open file knows where its pieces lie.
//!
//! A change goes: prove that it will succeed (names, room), mark the volume dirty on the disk, change the cache. The
//! cache goes to the disk, and the mark away, in `sync`: at the end of every change of a directory and at the closing
//! of every file that was written.

use crate::check::{self, Report};
use crate::directory::{self, DOT, DOT_DOT, ENTRY_SIZE};
use crate::geometry::{Geometry, NotFat32, STATUS_DIRTY, STATUS_OFFSET};
use crate::names;
use crate::open_files::{Extent, Node, OpenFiles};
use crate::storage::{Failure, Storage};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use blockcache::{BLOCK_SIZE, BlockDevice, Cache, DeviceError};
use core::cell::Cell;
use core::fmt;
use fatfs::{FsOptions, LossyOemCpConverter, Seek, SeekFrom, Write};
use vfs::{DirectoryEntry, FileId, FileKind, FileSystem, FsError, Metadata, OpenMode, Usage};

/// The largest file: sizes are 32-bit numbers.
const MAX_FILE_SIZE: u64 = u32::MAX as u64;
/// Bytes that the longest name's entries take in a directory.
const MAX_NAME_ENTRIES: u64 = 21 * ENTRY_SIZE as u64;

type Volume<'a, D> = fatfs::FileSystem<Storage<'a, D>, Clock, LossyOemCpConverter>;
type Directory<'a, 'b, D> = fatfs::Dir<'b, Storage<'a, D>, Clock, LossyOemCpConverter>;
type Entry<'a, 'b, D> = fatfs::DirEntry<'b, Storage<'a, D>, Clock, LossyOemCpConverter>;

/// Why a disk was not mounted, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountError {
    /// There is no FAT32 volume to mount.
    NotFat32(NotFat32),
    /// There is one, and it is damaged or can't be read.
    Unusable(FsError),
}

impl fmt::Display for MountError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFat32(reason) => write!(out, "{reason}"),
            Self::Unusable(error) => write!(out, "{error}"),
        }
    }
}

/// Tells `fatfs` the time. FAT counts from 1980 to 2107 in local time; here that is UTC.
#[derive(Debug, Clone, Copy)]
struct Clock(fn() -> u64);

impl fatfs::TimeProvider for Clock {
    fn get_current_date(&self) -> fatfs::Date {
        self.get_current_date_time().date
    }

    fn get_current_date_time(&self) -> fatfs::DateTime {
        let now = calendar::DateTime::from_unix((self.0)());
        let date = match now.year {
            1980..=2107 => fatfs::Date::new(now.year, u16::from(now.month), u16::from(now.day)),
            _ => fatfs::Date::new(1980, 1, 1),
        };
        let time = fatfs::Time::new(u16::from(now.hour), u16::from(now.minute), u16::from(now.second), 0);
        fatfs::DateTime::new(date, time)
    }
}

/// A FAT32 volume, mounted for reading and writing.
pub struct Fat<D: BlockDevice> {
    cache: Cache<D>,
    geometry: Geometry,
    clock: Clock,
    open: OpenFiles,
    /// The volume is marked dirty on the disk, because changes are on their way.
    marked: bool,
    /// The disk failed in the middle of a change. The mark then stays, so that the next check looks for what is left.
    suspect: bool,
}

impl<D: BlockDevice> Fat<D> {
    /// Checks the volume on `device` and mounts it, with a cache of `cache_blocks` blocks of 4 KiB. `clock` tells the
    /// seconds since 1970.
    ///
    /// # Errors
    /// In words, why not; the disk is then as it was.
    pub fn mount(device: D, cache_blocks: usize, clock: fn() -> u64) -> Result<(Self, Report), MountError> {
        let mut cache = Cache::new(device, cache_blocks);
        let mut sector = [0; 512];
        match cache.read(0, &mut sector) {
            Ok(()) => {}
            Err(DeviceError::OutOfRange) => return Err(MountError::NotFat32(NotFat32::NoFileSystem)),
            Err(error) => return Err(MountError::Unusable(error.into())),
        }
        let geometry = Geometry::parse(&sector, cache.size()).map_err(MountError::NotFat32)?;
        let report = check::check(&mut cache, &geometry).map_err(MountError::Unusable)?;
        let volume = Self {
            cache,
            geometry,
            clock: Clock(clock),
            open: OpenFiles::default(),
            marked: false,
            suspect: false,
        };
        Ok((volume, report))
    }

    /// What the cache did and holds.
    pub fn cache_statistics(&self) -> blockcache::Statistics {
        self.cache.statistics()
    }

    /// Opens `fatfs` for one operation. `action` also gets the place where the last transfer ended.
    fn run<T>(
        &mut self,
        action: impl for<'a, 'b> FnOnce(&'b Volume<'a, D>, &Cell<u64>) -> Result<T, Failure>,
    ) -> Result<T, FsError> {
        let position = Cell::new(0);
        let storage = Storage::new(&mut self.cache, &position);
        let options = FsOptions::new().time_provider(self.clock);
        let result = (|| {
            let volume = Volume::new(storage, options)?;
            let result = action(&volume, &position);
            // Writes the count of free clusters, whatever came of the action.
            volume.unmount()?;
            result
        })();
        result.map_err(|Failure(error)| error)
    }

    /// An operation that changes the volume.
    fn change<T>(
        &mut self,
        action: impl for<'a, 'b> FnOnce(&'b Volume<'a, D>, &Cell<u64>) -> Result<T, Failure>,
    ) -> Result<T, FsError> {
        if !self.marked {
            self.cache.write(STATUS_OFFSET, &[self.geometry.status | STATUS_DIRTY])?;
            self.cache.flush()?;
            self.marked = true;
        }
        let result = self.run(action);
        match result {
            Err(FsError::Device(_) | FsError::Damaged(_)) => self.suspect = true,
            // Refused halfway, as removing a directory that is not empty: nothing is on its way any more.
            Err(_) => self.sync()?,
            Ok(_) => {}
        }
        result
    }

    fn free_clusters(&mut self) -> Result<u64, FsError> {
        self.run(|volume, _| Ok(u64::from(volume.stats()?.free_clusters())))
    }

    fn require_room(&mut self, clusters: u64) -> Result<(), FsError> {
        if self.free_clusters()? < clusters { Err(FsError::NoSpace) } else { Ok(()) }
    }

    /// Proves that `path` can be created. Gives the directory's path and the name.
    fn prepare_entry<'a>(&mut self, path: &'a str, clusters: u64) -> Result<(&'a str, &'a str), FsError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        names::validate(name)?;
        self.run(|volume, _| directory_at(volume, parent).map(|_| ()))?;
        self.require_room(self.geometry.clusters_for(MAX_NAME_ENTRIES) + 1 + clusters)?;
        Ok((parent, name))
    }

    /// The path of something that exists, in the disk's own spelling, and what it is.
    fn find(&mut self, path: &str) -> Result<(String, Metadata), FsError> {
        self.run(|volume, _| {
            let (spelling, entry) = find(volume, path)?;
            Ok((spelling, entry.as_ref().map_or(ROOT_METADATA, describe)))
        })
    }

    /// Runs `action` on an open file, positioned at `offset`, and brings our knowledge of the file up to date.
    fn change_file(
        &mut self,
        file: FileId,
        action: impl for<'a, 'b> FnOnce(
            &mut fatfs::File<'b, Storage<'a, D>, Clock, LossyOemCpConverter>,
        ) -> Result<(), Failure>,
    ) -> Result<(), FsError> {
        let node = self.open.get_writable(file)?;
        node.extents = None;
        node.changed = true;
        let path = node.path.clone();
        let result = self.change(|volume, _| {
            let mut file = volume.root_dir().open_file(&path)?;
            let result = action(&mut file);
            let size = file.size().map_or(0, u64::from);
            file.flush()?;
            Ok((result, size))
        });
        let (result, size) = result?;
        self.open.get(file)?.size = size;
        result.map_err(|Failure(error)| error)
    }

    /// Cuts or extends: `size` is proven to be possible.
    fn set_size(&mut self, file: FileId, old: u64, size: u64) -> Result<(), FsError> {
        self.change_file(file, |file| {
            file.seek(SeekFrom::Start(old.min(size)))?;
            if size < old {
                file.truncate()?;
            } else {
                let zeros = vec![0; BLOCK_SIZE.min((size - old) as usize)];
                let mut left = size - old;
                while left > 0 {
                    let length = left.min(zeros.len() as u64);
                    file.write_all(&zeros[..length as usize])?;
                    left -= length;
                }
            }
            Ok(())
        })
    }

    /// Proves that a file of `old` bytes can grow to `new` bytes.
    fn require_growth(&mut self, old: u64, new: u64) -> Result<(), FsError> {
        if new > MAX_FILE_SIZE {
            return Err(FsError::TooLarge);
        }
        let more = self.geometry.clusters_for(new).saturating_sub(self.geometry.clusters_for(old));
        if more > 0 { self.require_room(more) } else { Ok(()) }
    }

    /// Where the contents of an open file lie.
    fn extents(&mut self, file: FileId) -> Result<&Node, FsError> {
        if self.open.get(file)?.extents.is_none() {
            let path = self.open.get(file)?.path.clone();
            let extents = self.run(|volume, _| {
                let mut extents: Vec<Extent> = Vec::new();
                let mut file_offset = 0;
                for piece in volume.root_dir().open_file(&path)?.extents() {
                    let piece = piece?;
                    let length = u64::from(piece.size);
                    match extents.last_mut() {
                        Some(last) if last.disk_offset + last.length == piece.offset => last.length += length,
                        _ => extents.push(Extent { file_offset, disk_offset: piece.offset, length }),
                    }
                    file_offset += length;
                }
                Ok(extents)
            })?;
            self.open.get(file)?.extents = Some(extents);
        }
        Ok(self.open.get(file)?)
    }

    /// Points the ".." entry of a directory that was moved at its new parent.
    fn correct_parent(&mut self, path: &str) -> Result<(), FsError> {
        let (parent, _) = path.rsplit_once('/').unwrap_or(("", path));
        let own = self.first_entry(path)?;
        let cluster = if parent.is_empty() {
            // The root is 0 in ".." entries, whatever its cluster.
            0
        } else {
            let dot = self.first_entry(parent)?;
            directory::cluster(&self.entry_at(dot)?)
        };
        let offset = own + ENTRY_SIZE as u64;
        let mut entry = self.entry_at(offset)?;
        if !self.entry_at(own)?.starts_with(DOT) || !entry.starts_with(DOT_DOT) {
            return Err(FsError::Damaged("a directory does not begin with . and .."));
        }
        directory::set_cluster(&mut entry, cluster);
        self.cache.write(offset, &entry)?;
        Ok(())
    }

    /// Where the first entry of the directory `path` lies. `fatfs` does not tell, but reading the entry leaves the
    /// position behind it.
    fn first_entry(&mut self, path: &str) -> Result<u64, FsError> {
        self.run(|volume, position| {
            directory_at(volume, path)?.iter().next().transpose()?;
            Ok(position.get() - ENTRY_SIZE as u64)
        })
    }

    fn entry_at(&mut self, offset: u64) -> Result<[u8; ENTRY_SIZE], FsError> {
        let mut entry = [0; ENTRY_SIZE];
        self.cache.read(offset, &mut entry)?;
        Ok(entry)
    }

    /// Moves within `fatfs`, which neither replaces nor sees a difference between upper and lower case.
    fn move_entry(&mut self, from: &str, to: &str) -> Result<(), FsError> {
        self.with_new_name(to, |volume, to| {
            let root = volume.root_dir();
            Ok(root.rename(from, &root, to)?)
        })
    }

    /// Runs `action`, which makes an entry with the path it is given.
    ///
    /// `fatfs` makes short names from long ones and panics at one that begins with a character of several bytes. So
    /// it gets another first character, one that makes the name unused, and the right one is put into the entry
    /// afterwards. The short name's checksum, which ties the two together, does not change with that.
    fn with_new_name(
        &mut self,
        path: &str,
        action: impl for<'a, 'b> FnOnce(&'b Volume<'a, D>, &str) -> Result<(), Failure>,
    ) -> Result<(), FsError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut characters = name.chars();
        let first = characters.next().ok_or(FsError::InvalidName("it is empty"))?;
        if first.is_ascii() {
            return self.change(|volume, _| action(volume, path));
        }
        let rest = characters.as_str();
        for substitute in "_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".chars() {
            let provisional = format!("{substitute}{rest}");
            let path =
                if parent.is_empty() { provisional.clone() } else { format!("{parent}/{provisional}") };
            if self.find(&path) == Err(FsError::NotFound) {
                self.change(|volume, _| action(volume, &path))?;
                return self.set_first_character(parent, &provisional, first);
            }
        }
        Err(FsError::InvalidName("too many names differ from it in the first character only"))
    }

    /// Changes the first character of the long name of an entry in the directory `parent`.
    fn set_first_character(&mut self, parent: &str, name: &str, first: char) -> Result<(), FsError> {
        let entry_offset = self.run(|volume, position| {
            for entry in directory_at(volume, parent)?.iter() {
                if entry?.file_name() == name {
                    return Ok(position.get() - ENTRY_SIZE as u64);
                }
            }
            Err(FsError::NotFound.into())
        })?;
        // The first piece of a long name stands right before the entry: at the end of the cluster before, if the
        // entry is the first of its cluster.
        let cluster_size = u64::from(self.geometry.cluster_size);
        let within = (entry_offset - self.geometry.data_offset) % cluster_size;
        let piece_offset = if within > 0 {
            entry_offset - ENTRY_SIZE as u64
        } else {
            let first = match parent {
                "" => self.geometry.root_cluster,
                parent => {
                    let offset = self.first_entry(parent)?;
                    self.geometry.cluster_at(offset)
                }
            };
            let before = self.cluster_before(first, self.geometry.cluster_at(entry_offset))?;
            self.geometry.cluster_offset(before) + cluster_size - ENTRY_SIZE as u64
        };
        let mut piece = self.entry_at(piece_offset)?;
        if !directory::set_first_character(&mut piece, first) {
            return Err(FsError::Damaged("a long name does not stand before its entry"));
        }
        self.cache.write(piece_offset, &piece)?;
        Ok(())
    }

    /// The cluster before `cluster` in the chain that begins at `first`.
    fn cluster_before(&mut self, first: u32, cluster: u32) -> Result<u32, FsError> {
        let mut current = first;
        for _ in 0..self.geometry.cluster_count {
            let mut entry = [0; 4];
            self.cache.read(self.geometry.entry_offset(current), &mut entry)?;
            let next = u32::from_le_bytes(entry) & check::ENTRY_MASK;
            if next == cluster {
                return Ok(current);
            }
            if !self.geometry.contains(next) {
                break;
            }
            current = next;
        }
        Err(FsError::Damaged("a directory's chain does not lead to its entry"))
    }
}

const ROOT_METADATA: Metadata = Metadata { kind: FileKind::Directory, size: 0, modified: 0 };

/// What `fatfs` knows of an entry.
fn describe<D: BlockDevice>(entry: &Entry<'_, '_, D>) -> Metadata {
    let fatfs::DateTime { date, time, .. } = entry.modified();
    let narrow = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
    let modified = calendar::DateTime::new(
        date.year,
        narrow(date.month),
        narrow(date.day),
        narrow(time.hour),
        narrow(time.min),
        narrow(time.sec),
    );
    let kind = if entry.is_dir() { FileKind::Directory } else { FileKind::File };
    Metadata {
        kind,
        size: if kind == FileKind::File { entry.len() } else { 0 },
        modified: modified.map_or(0, calendar::DateTime::to_unix),
    }
}

/// Looks `path` up: its spelling on the disk, and its entry, None for the root.
fn find<'a, 'b, D: BlockDevice>(
    volume: &'b Volume<'a, D>,
    path: &str,
) -> Result<(String, Option<Entry<'a, 'b, D>>), Failure> {
    let mut spelling = String::new();
    let mut found: Option<Entry<'a, 'b, D>> = None;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let directory = match &found {
            None => volume.root_dir(),
            Some(entry) if entry.is_dir() => entry.to_dir(),
            Some(_) => return Err(FsError::NotADirectory.into()),
        };
        let mut next = None;
        for entry in directory.iter() {
            let entry = entry?;
            if entry.eq_name(name) {
                next = Some(entry);
                break;
            }
        }
        let entry = next.ok_or(FsError::NotFound)?;
        if !spelling.is_empty() {
            spelling.push('/');
        }
        spelling.push_str(&entry.file_name());
        found = Some(entry);
    }
    Ok((spelling, found))
}

/// The directory `path`.
fn directory_at<'a, 'b, D: BlockDevice>(
    volume: &'b Volume<'a, D>,
    path: &str,
) -> Result<Directory<'a, 'b, D>, Failure> {
    match find(volume, path)?.1 {
        None => Ok(volume.root_dir()),
        Some(entry) if entry.is_dir() => Ok(entry.to_dir()),
        Some(_) => Err(FsError::NotADirectory.into()),
    }
}

impl<D: BlockDevice> FileSystem for Fat<D> {
    fn kind(&self) -> &'static str {
        "FAT32"
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
        let (spelling, _) = self.find(path)?;
        if spelling.is_empty() || self.open.is_open(&spelling) {
            return Err(FsError::Busy);
        }
        self.change(|volume, _| Ok(volume.root_dir().remove(path)?))?;
        self.sync()
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), FsError> {
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
