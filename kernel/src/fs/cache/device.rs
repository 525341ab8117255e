//! A device whose sectors are cached: what a file system's metadata are read from.
//!
//! Reads come from pages, with reading ahead. Writes go to the device at once, and to the pages that are here: when they
//! last is the file system's business, which flushes. So no page of a device is ever dirty.

use alloc::sync::Arc;

use blockcache::pages::ReadAhead;
use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use vfs::FsError;
use vfs::inode::Extent;

use super::{Backing, Object, Volume};
use crate::sync::Mutex;

/// See above.
pub struct CachedDevice {
    object: Object,
    device: Arc<Volume>,
    ahead: Mutex<ReadAhead>,
}

impl CachedDevice {
    /// A cache over `device`.
    pub fn new(device: Arc<Volume>) -> Result<Self, FsError> {
        Ok(Self { object: Object::new()?, device, ahead: Mutex::new(ReadAhead::new()) })
    }
}

impl Backing for CachedDevice {
    fn size(&self) -> u64 {
        self.device.sector_count().saturating_mul(SECTOR_SIZE as u64)
    }

    fn extent(&self, offset: u64) -> Result<Extent, FsError> {
        Ok(Extent { device_offset: offset, length: self.size().saturating_sub(offset) })
    }

    fn device(&self) -> Result<&Arc<Volume>, FsError> {
        Ok(&self.device)
    }
}

impl BlockDevice for CachedDevice {
    fn sector_count(&self) -> u64 {
        self.device.sector_count()
    }

    fn read(&self, first_sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        let offset = first_sector.checked_mul(SECTOR_SIZE as u64).ok_or(DeviceError::OutOfRange)?;
        let end = offset.checked_add(buffer.len() as u64).ok_or(DeviceError::OutOfRange)?;
        if end > self.size() || !buffer.len().is_multiple_of(SECTOR_SIZE) {
            return Err(DeviceError::OutOfRange);
        }
        let mut ahead = *self.ahead.lock();
        let result = self.object.read(self, &mut ahead, offset, buffer);
        *self.ahead.lock() = ahead;
        match result {
            Ok(length) if length == buffer.len() => Ok(()),
            // It stopped in front of what can't be read; asked for that alone, the disk says why.
            Ok(_) => self.device.read(first_sector, buffer),
            Err(FsError::Device(error)) => Err(error),
            Err(_) => Err(DeviceError::Failed("no memory for what is read")),
        }
    }

    fn write(&self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.device.write(first_sector, data)?;
        self.object
            .update(first_sector * SECTOR_SIZE as u64, data)
            .map_err(|_| DeviceError::Failed("no memory for what is written"))
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.device.flush()
    }
}
