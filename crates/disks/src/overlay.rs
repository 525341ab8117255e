//! A disk in memory over an image that nobody may change: what is written is kept beside it.
//!
//! The image stays as the loader put it; of a block that is written to, a copy is made. So a large image costs memory
//! only where it is changed.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use blockcache::{DeviceError, SECTOR_SIZE};

/// The unit in which copies are made.
const BLOCK: usize = 4096;

/// The image and the blocks that differ from it.
#[derive(Debug)]
pub struct Overlay<'a> {
    /// Whole sectors.
    image: &'a [u8],
    /// By number of the block; each as long as the image's block.
    changed: BTreeMap<usize, Vec<u8>>,
}

impl<'a> Overlay<'a> {
    /// The disk that `image` shows. A piece of a sector at its end is left out.
    #[must_use]
    pub fn new(image: &'a [u8]) -> Self {
        let whole = image.len() / SECTOR_SIZE * SECTOR_SIZE;
        Self { image: &image[..whole], changed: BTreeMap::new() }
    }

    /// The size in sectors.
    #[must_use]
    pub const fn sector_count(&self) -> u64 {
        (self.image.len() / SECTOR_SIZE) as u64
    }

    /// Reads whole sectors.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`].
    pub fn read(&self, first_sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        let mut at = self.check(first_sector, buffer.len())?;
        let mut rest = buffer;
        while !rest.is_empty() {
            let (block, within) = (at / BLOCK, at % BLOCK);
            let source = self.changed.get(&block).map_or_else(|| self.original(block), Vec::as_slice);
            let source = &source[within..];
            let (now, later) = rest.split_at_mut(rest.len().min(source.len()));
            now.copy_from_slice(&source[..now.len()]);
            at += now.len();
            rest = later;
        }
        Ok(())
    }

    /// Writes whole sectors.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`]; [`DeviceError::Failed`] when there is no memory for the copy of a block. Part of
    /// the data may then have been taken.
    pub fn write(&mut self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        let mut at = self.check(first_sector, data.len())?;
        let mut rest = data;
        while !rest.is_empty() {
            let (block, within) = (at / BLOCK, at % BLOCK);
            if !self.changed.contains_key(&block) {
                let original = self.original(block);
                let mut copy = Vec::new();
                copy.try_reserve_exact(original.len())
                    .map_err(|_| DeviceError::Failed("no memory is left for what is written"))?;
                copy.extend_from_slice(original);
                self.changed.insert(block, copy);
            }
            let Some(target) = self.changed.get_mut(&block) else { return Err(DeviceError::OutOfRange) };
            let target = &mut target[within..];
            let (now, later) = rest.split_at(rest.len().min(target.len()));
            target[..now.len()].copy_from_slice(now);
            at += now.len();
            rest = later;
        }
        Ok(())
    }

    /// The block as the image has it; the last one may be short.
    fn original(&self, block: usize) -> &'a [u8] {
        &self.image[block * BLOCK..((block + 1) * BLOCK).min(self.image.len())]
    }

    /// Where the sectors begin in the image, if they lie in it and are whole.
    fn check(&self, first_sector: u64, length: usize) -> Result<usize, DeviceError> {
        let end = first_sector.checked_add(length.div_ceil(SECTOR_SIZE) as u64);
        if length.is_multiple_of(SECTOR_SIZE) && end.is_some_and(|end| end <= self.sector_count()) {
            Ok(first_sector as usize * SECTOR_SIZE)
        } else {
            Err(DeviceError::OutOfRange)
        }
    }
}
