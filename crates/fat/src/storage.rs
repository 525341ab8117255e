//! What `fatfs` takes for a disk: the block cache with a position.
//!
//! Three things are not what they seem:
//!
//! - The status byte of the boot sector, which says "being written". `fatfs` sets and clears it around its own lifetime,
//!   here a single operation; when it changes on the disk is [`crate::Fat`]'s decision, for it belongs before the first
//!   change and after the last. So that byte always reads as clean.
//! - The number of sectors. `fatfs` refuses FAT32 volumes of fewer than 65,525 clusters, so that what is smaller is shown
//!   larger, by clusters that do not exist.
//! - The table's entries behind the last real cluster. They read as bad clusters, so that none of those is ever allocated;
//!   and where the table itself ends, so does the search for a free cluster: that is how a full volume looks.
//!
//! The layout stays as it is, so that every place that `fatfs` names is the real one. Writing to the boot sector does
//! nothing.

use crate::check::BAD;
use crate::geometry::{Geometry, SECTORS_16_OFFSET, SECTORS_32_OFFSET, STATUS_DIRTY, STATUS_OFFSET};
use blockcache::{BlockDevice, Cache, DeviceError};
use core::cell::Cell;
use fatfs::{IoBase, IoError, Read, Seek, SeekFrom, Write};
use vfs::FsError;

/// All that `fatfs` reads of the boot sector.
const BOOT_SECTOR_SIZE: u64 = 512;

/// An error on its way through `fatfs`.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The disk's own.
    Device(DeviceError),
    /// Something ended too early. On a volume that was checked that is the table, in the search for a free cluster.
    Short,
}

impl IoError for Fault {
    fn is_interrupted(&self) -> bool {
        false
    }

    fn new_unexpected_eof_error() -> Self {
        Self::Short
    }

    fn new_write_zero_error() -> Self {
        Self::Short
    }
}

impl From<DeviceError> for Fault {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

/// An error of an operation: ours, or one that `fatfs` gave, translated.
pub struct Failure(pub FsError);

impl From<FsError> for Failure {
    fn from(error: FsError) -> Self {
        Self(error)
    }
}

impl From<fatfs::Error<Fault>> for Failure {
    fn from(error: fatfs::Error<Fault>) -> Self {
        use fatfs::Error;
        Self(match error {
            Error::Io(Fault::Device(error)) => FsError::Device(error),
            Error::NotFound => FsError::NotFound,
            Error::AlreadyExists => FsError::AlreadyExists,
            Error::DirectoryIsNotEmpty => FsError::NotEmpty,
            Error::NotEnoughSpace | Error::Io(Fault::Short) => FsError::NoSpace,
            Error::InvalidFileNameLength => FsError::InvalidName("it is empty or too long"),
            Error::UnsupportedFileNameCharacter => {
                FsError::InvalidName("it has a character that FAT can't store")
            }
            // The rest can't happen on a volume that was checked; if it does, the check missed something.
            _ => FsError::Damaged("an operation met something that the check at mounting did not"),
        })
    }
}

/// The cache as `fatfs` sees it.
pub struct Storage<'a, D> {
    cache: &'a mut Cache<D>,
    geometry: &'a Geometry,
    /// The place of the next transfer; shared, so that the volume can ask where the last one ended.
    position: &'a Cell<u64>,
}

impl<'a, D: BlockDevice> Storage<'a, D> {
    pub fn new(cache: &'a mut Cache<D>, geometry: &'a Geometry, position: &'a Cell<u64>) -> Self {
        position.set(0);
        Self { cache, geometry, position }
    }

    /// Makes `buffer`, read from `position`, what `fatfs` is to see.
    fn disguise(&self, position: u64, buffer: &mut [u8]) {
        if position < BOOT_SECTOR_SIZE {
            cover(position, buffer, STATUS_OFFSET, &[self.geometry.status & !STATUS_DIRTY]);
            cover(position, buffer, SECTORS_16_OFFSET, &[0; 2]);
            cover(position, buffer, SECTORS_32_OFFSET, &self.geometry.sectors_shown.to_le_bytes());
        }
        let unused = self.geometry.unused_entries();
        let end = unused.end.min(position + buffer.len() as u64);
        for place in unused.start.max(position)..end {
            buffer[(place - position) as usize] = BAD.to_le_bytes()[(place - unused.start) as usize % 4];
        }
    }

    /// How many of `length` bytes from the position on exist.
    fn available(&self, length: usize) -> usize {
        let rest = self.cache.size().saturating_sub(self.position.get());
        usize::try_from(rest).map_or(length, |rest| rest.min(length))
    }
}

/// Puts `bytes`, which stand at `place`, over what was read from `position` into `buffer`, where the two overlap.
fn cover(position: u64, buffer: &mut [u8], place: u64, bytes: &[u8]) {
    for (place, &byte) in (place..).zip(bytes) {
        if let Some(target) = place.checked_sub(position).and_then(|at| buffer.get_mut(at as usize)) {
            *target = byte;
        }
    }
}

impl<D> IoBase for Storage<'_, D> {
    type Error = Fault;
}

impl<D: BlockDevice> Read for Storage<'_, D> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let length = self.available(buffer.len());
        let position = self.position.get();
        self.cache.read(position, &mut buffer[..length])?;
        self.disguise(position, &mut buffer[..length]);
        self.position.set(position + length as u64);
        Ok(length)
    }
}

impl<D: BlockDevice> Write for Storage<'_, D> {
    fn write(&mut self, data: &[u8]) -> Result<usize, Fault> {
        let length = self.available(data.len());
        let position = self.position.get();
        if position >= BOOT_SECTOR_SIZE {
            self.cache.write(position, &data[..length])?;
        }
        self.position.set(position + length as u64);
        Ok(length)
    }

    /// When changes reach the disk is the volume's decision.
    fn flush(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

impl<D: BlockDevice> Seek for Storage<'_, D> {
    fn seek(&mut self, position: SeekFrom) -> Result<u64, Fault> {
        let position = match position {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(distance) => self.position.get().checked_add_signed(distance),
            SeekFrom::End(distance) => self.cache.size().checked_add_signed(distance),
        };
        self.position.set(position.ok_or(Fault::Short)?);
        Ok(self.position.get())
    }
}
