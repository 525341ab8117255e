//! Mounting.

use crate::check::{self, Repair, Report};
use crate::fs_info;
use crate::geometry::{Geometry, NotFat};
use crate::store::Store;
use crate::volume::Fat;
use blockcache::{BlockDevice, DeviceError};
use core::fmt;
use vfs::FsError;
use vfs::inode::Time;

/// Why a disk was not mounted, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountError {
    /// There is no FAT volume to mount.
    NotFat(NotFat),
    /// There is one, and it can't be read, or there is not enough memory.
    Unusable(FsError),
}

impl fmt::Display for MountError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFat(reason) => write!(out, "{reason}"),
            Self::Unusable(error) => write!(out, "{error}"),
        }
    }
}

impl core::error::Error for MountError {}

impl From<FsError> for MountError {
    fn from(error: FsError) -> Self {
        Self::Unusable(error)
    }
}

/// Reads the boot sector, and limits the store to the volume that it describes.
pub(crate) fn open<D: BlockDevice>(device: D) -> Result<(Store<D>, Geometry), MountError> {
    let mut store = Store::new(device)?;
    let sectors = store.sectors();
    let boot_sector = match store.stored(0) {
        Ok(sector) => *sector,
        Err(FsError::Device(DeviceError::OutOfRange)) => {
            return Err(MountError::NotFat(NotFat::NoFileSystem));
        }
        Err(error) => return Err(error.into()),
    };
    let geometry = Geometry::parse(&boot_sector, sectors).map_err(MountError::NotFat)?;
    store.limit(geometry.sectors);
    Ok((store, geometry))
}

impl<D: BlockDevice> Fat<D> {
    /// Mounts the volume on `device`. One that was closed properly is believed to be sound for the time being; any other
    /// is checked as a whole, which takes a walk through all directories and chains, and put in order. What can't be put
    /// in order is mounted for reading only. `clock` tells the time.
    ///
    /// # Errors
    /// In words, why not; the disk is then as it was, but for repairs that an error of the device interrupted.
    pub fn mount(device: D, clock: fn() -> Time) -> Result<(Self, Report), MountError> {
        let (mut store, geometry) = open(device)?;
        let mut report = Report::default();
        let is_dirty = check::is_dirty(&mut store, &geometry)?;
        if is_dirty {
            report = check::run(&mut store, &geometry, Repair::Yes)?;
        }
        if let (false, Some(info)) = (is_dirty, fs_info::read(&mut store, &geometry)?) {
            report.free_clusters = info.free;
        }
        let mut volume = Self::new(store, geometry, clock)?;
        volume.is_read_only = report.damage.is_some();
        if is_dirty {
            volume.geometry.status &= !crate::geometry::STATUS_DIRTY;
        }
        Ok((volume, report))
    }
}
