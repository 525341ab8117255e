//! Disks and partitions, in bytes.

use alloc::sync::Arc;
use alloc::vec::Vec;

use blockcache::{BlockDevice, SECTOR_SIZE};
use vfs::FsError;

use super::Device;

/// A disk or partition. It is not cached: what a file system keeps of it is not seen here before it is written.
pub struct Disk(pub Arc<dyn BlockDevice>);

impl Device for Disk {
    fn has_positions(&self) -> bool {
        true
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        let size = self.0.sector_count() * SECTOR_SIZE as u64;
        let length = size.saturating_sub(offset).min(buffer.len() as u64) as usize;
        let mut done = 0;
        while done < length {
            let (mut sectors, start) = self.around(offset + done as u64, length - done)?;
            self.0.read((offset + done as u64) / SECTOR_SIZE as u64, &mut sectors)?;
            let count = (sectors.len() - start).min(length - done);
            buffer[done..done + count].copy_from_slice(&sectors[start..start + count]);
            done += count;
        }
        Ok(length)
    }

    fn write(&self, _offset: u64, _data: &[u8]) -> Result<usize, FsError> {
        // A file system on it would be none the wiser.
        Err(FsError::NotPermitted)
    }
}

impl Disk {
    /// Room for the sectors that `length` bytes at `offset` lie in, at most 64 KiB, and where in it they begin.
    fn around(&self, offset: u64, length: usize) -> Result<(Vec<u8>, usize), FsError> {
        let start = (offset % SECTOR_SIZE as u64) as usize;
        let count = (start + length).next_multiple_of(SECTOR_SIZE).min(64 << 10);
        let mut sectors = Vec::new();
        sectors.try_reserve_exact(count).map_err(|_| FsError::OutOfMemory)?;
        sectors.resize(count, 0);
        Ok((sectors, start))
    }
}
