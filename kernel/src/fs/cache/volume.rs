//! A disk, or a part of one, that a file system lies on.

use alloc::sync::Arc;

use blockcache::{BlockDevice, DeviceError};
use frames::Frame;
use partitions::Partition;
use vfs::FsError;

use crate::block::{AsyncDevice, FRAME_SECTORS, Owner, Pending, Transfer};
use crate::sync::Mutex;

/// See above.
pub struct Volume {
    disk: Arc<dyn AsyncDevice>,
    part: Partition,
    /// A page was given up, and nobody who asked for a sync has heard of it.
    loss: Mutex<Option<FsError>>,
}

impl Volume {
    /// All of a disk.
    pub fn whole(disk: Arc<dyn AsyncDevice>) -> Self {
        let part = Partition { first_sector: 0, sector_count: disk.sector_count() };
        Self { disk, part, loss: Mutex::new(None) }
    }

    /// A part of a disk, which the table of partitions names.
    pub fn part(disk: Arc<dyn AsyncDevice>, part: Partition) -> Self {
        Self { disk, part, loss: Mutex::new(None) }
    }

    /// As [`AsyncDevice::submit`], in sectors of this volume.
    ///
    /// # Errors
    /// As there; beyond the end it is [`DeviceError::OutOfRange`].
    pub fn submit(
        &self,
        transfer: Transfer,
        first_sector: u64,
        frames: &[Frame],
        owner: Arc<dyn Owner>,
    ) -> Result<Pending, DeviceError> {
        let first = self.place(first_sector, frames.len() as u64 * FRAME_SECTORS)?;
        self.disk.submit(transfer, first, frames, owner)
    }

    /// A page could not be written, and was given up: the next who asks for a sync is told.
    pub fn note_loss(&self, error: FsError) {
        log::error!("a page of a file could not be written and is lost: {error}");
        *self.loss.lock() = Some(error);
    }

    /// What was lost since it was last asked for.
    pub fn take_loss(&self) -> Option<FsError> {
        self.loss.lock().take()
    }

    /// Where sectors of this volume are on the disk, if all of them are.
    fn place(&self, first_sector: u64, count: u64) -> Result<u64, DeviceError> {
        let end = first_sector.checked_add(count).filter(|&end| end <= self.part.sector_count);
        end.and_then(|_| self.part.first_sector.checked_add(first_sector)).ok_or(DeviceError::OutOfRange)
    }
}

impl BlockDevice for Volume {
    fn sector_count(&self) -> u64 {
        self.part.sector_count
    }

    fn read(&self, first_sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        let count = buffer.len().div_ceil(blockcache::SECTOR_SIZE) as u64;
        self.disk.read(self.place(first_sector, count)?, buffer)
    }

    fn write(&self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        let count = data.len().div_ceil(blockcache::SECTOR_SIZE) as u64;
        self.disk.write(self.place(first_sector, count)?, data)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.disk.flush()
    }
}
