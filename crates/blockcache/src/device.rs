//! What a disk is to everything above its driver.

use alloc::sync::Arc;
use core::fmt;

/// Bytes in a sector. Disks with larger physical sectors still speak of 512-byte ones.
pub const SECTOR_SIZE: usize = 512;

/// A disk, or a part of one. Methods take `&self`: a driver guards its hardware with its own lock.
pub trait BlockDevice: Send + Sync {
    /// The size in sectors.
    fn sector_count(&self) -> u64;

    /// Reads whole sectors from `first_sector` on. `buffer` is a whole number of sectors long, or the call fails with
    /// [`DeviceError::OutOfRange`].
    ///
    /// # Errors
    /// What the disk said. The buffer's contents are then unspecified.
    fn read(&self, first_sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError>;

    /// Writes whole sectors from `first_sector` on. They are on the medium only after [`BlockDevice::flush`].
    ///
    /// # Errors
    /// What the disk said. Any of the sectors may then hold old, new or no readable data.
    fn write(&self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError>;

    /// Puts everything written before onto the medium, out of the disk's own cache.
    ///
    /// # Errors
    /// What the disk said.
    fn flush(&self) -> Result<(), DeviceError>;
}

impl<T: BlockDevice + ?Sized> BlockDevice for Arc<T> {
    fn sector_count(&self) -> u64 {
        (**self).sector_count()
    }

    fn read(&self, first_sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        (**self).read(first_sector, buffer)
    }

    fn write(&self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        (**self).write(first_sector, data)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        (**self).flush()
    }
}

/// Why a disk could not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceError {
    /// The request reaches beyond the end of the device or is not a whole number of sectors.
    OutOfRange,
    /// The disk did not answer in time.
    TimedOut,
    /// The disk reported an error, told here in words.
    Failed(&'static str),
    /// A sector can't be read or written. Its number counts from the start of the disk.
    AtSector {
        /// Which sector.
        sector: u64,
        /// What the disk says, in words.
        reason: &'static str,
    },
    /// The disk stopped answering, and was given up: nothing it is asked for succeeds any more.
    GivenUp,
    /// The medium can't be written.
    ReadOnly,
}

impl fmt::Display for DeviceError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange => write!(out, "the request lies beyond the end of the disk"),
            Self::TimedOut => write!(out, "the disk does not answer"),
            Self::Failed(words) => write!(out, "the disk reports: {words}"),
            Self::AtSector { sector, reason } => write!(out, "the disk reports: {reason} (sector {sector})"),
            Self::GivenUp => write!(out, "the disk stopped answering and a reset did not help"),
            Self::ReadOnly => write!(out, "the disk is write-protected"),
        }
    }
}

impl core::error::Error for DeviceError {}
