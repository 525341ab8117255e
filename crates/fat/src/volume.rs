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
use crate::entries::{self, ROOT_METADATA, describe};
use crate::geometry::{Geometry, NotFat32, STATUS_DIRTY, STATUS_OFFSET};
use crate::open_files::OpenFiles;
use crate::storage::{Failure, Storage};
use alloc::string::String;
use blockcache::{BlockDevice, Cache, DeviceError};
use core::cell::Cell;
use core::fmt;
use fatfs::{FsOptions, LossyOemCpConverter};
use vfs::{FileSystem, FsError, Metadata};

/// `fatfs` as it is used here: the volume, a directory, an entry in one.
pub(crate) type Volume<'a, D> = fatfs::FileSystem<Storage<'a, D>, Clock, LossyOemCpConverter>;
pub(crate) type Directory<'a, 'b, D> = fatfs::Dir<'b, Storage<'a, D>, Clock, LossyOemCpConverter>;
pub(crate) type Entry<'a, 'b, D> = fatfs::DirEntry<'b, Storage<'a, D>, Clock, LossyOemCpConverter>;

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
pub(crate) struct Clock(fn() -> u64);

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

/// A FAT32 volume, mounted for reading and writing; for reading only when files on it are damaged.
pub struct Fat<D: BlockDevice> {
    pub(crate) cache: Cache<D>,
    pub(crate) geometry: Geometry,
    clock: Clock,
    pub(crate) open: OpenFiles,
    /// The volume is marked dirty on the disk, because changes are on their way.
    pub(crate) marked: bool,
    /// The disk failed in the middle of a change. The mark then stays, so that the next check looks for what is left.
    pub(crate) suspect: bool,
    /// Some file is damaged: where else its clusters belong is not known, so that nothing may be changed. This is the
    /// number of free clusters, which stays as it is.
    pub(crate) read_only: Option<u64>,
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
        let report = match check::check(&mut cache, &geometry) {
            Err(FsError::Damaged(what)) => check::check_directories(&mut cache, &geometry, what),
            result => result,
        };
        let report = report.map_err(MountError::Unusable)?;
        let volume = Self {
            cache,
            geometry,
            clock: Clock(clock),
            open: OpenFiles::default(),
            marked: false,
            suspect: false,
            read_only: report.damage.map(|_| u64::from(report.free_clusters)),
        };
        Ok((volume, report))
    }

    /// Opens `fatfs` for one operation. `action` also gets the place where the last transfer ended.
    pub(crate) fn run<T>(
        &mut self,
        action: impl for<'a, 'b> FnOnce(&'b Volume<'a, D>, &Cell<u64>) -> Result<T, Failure>,
    ) -> Result<T, FsError> {
        let position = Cell::new(0);
        let storage = Storage::new(&mut self.cache, &self.geometry, &position);
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

    /// The first question of every change.
    pub(crate) fn require_writable(&self) -> Result<(), FsError> {
        if self.read_only.is_some() { Err(FsError::ReadOnly) } else { Ok(()) }
    }

    /// An operation that changes the volume.
    pub(crate) fn change<T>(
        &mut self,
        action: impl for<'a, 'b> FnOnce(&'b Volume<'a, D>, &Cell<u64>) -> Result<T, Failure>,
    ) -> Result<T, FsError> {
        self.require_writable()?;
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

    pub(crate) fn free_clusters(&mut self) -> Result<u64, FsError> {
        if let Some(free) = self.read_only {
            return Ok(free);
        }
        self.run(|volume, _| Ok(u64::from(volume.stats()?.free_clusters())))
    }

    pub(crate) fn require_room(&mut self, clusters: u64) -> Result<(), FsError> {
        if self.free_clusters()? < clusters { Err(FsError::NoSpace) } else { Ok(()) }
    }

    /// The path of something that exists, in the disk's own spelling, and what it is.
    pub(crate) fn find(&mut self, path: &str) -> Result<(String, Metadata), FsError> {
        self.run(|volume, _| {
            let (spelling, entry) = entries::find(volume, path)?;
            Ok((spelling, entry.as_ref().map_or(ROOT_METADATA, describe)))
        })
    }
}
