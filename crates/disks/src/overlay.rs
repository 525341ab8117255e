//! A disk in memory over an image that nobody may change: what is written is kept beside it.
//!
//! The image stays as the loader put it; of a block that is written to, a copy is made. So a large image costs memory
//! only where it is changed. An image may be cut short: what is missing of the disk reads as zeros ([`size_of`]).

use alloc::vec::Vec;

use blockcache::{DeviceError, SECTOR_SIZE};

/// The unit in which copies are made.
const BLOCK: usize = 4096;
const NO_MEMORY: DeviceError = DeviceError::Failed("no memory is left for what is written");

/// A block that differs from the image's.
#[derive(Debug)]
struct Changed {
    /// Its number.
    block: usize,
    /// [`BLOCK`] bytes, of which the disk's end may cut some off.
    data: Vec<u8>,
}

/// The image and the blocks that differ from it.
#[derive(Debug)]
pub struct Overlay<'a> {
    image: &'a [u8],
    /// The disk's size in sectors.
    sectors: usize,
    /// By rising number.
    changed: Vec<Changed>,
    /// The most blocks that may differ.
    limit: usize,
}

/// How many sectors the disk has that `image` shows: as many as are there, or as a FAT32 boot sector says (Microsoft's FAT32
/// File System Specification, "Boot Sector and BPB"), when the image is cut short. A piece of a sector at its end does not count.
#[must_use]
pub fn size_of(image: &[u8]) -> u64 {
    let there = (image.len() / SECTOR_SIZE) as u64;
    let claimed = match image.get(..SECTOR_SIZE) {
        Some(boot) if boot[82..87] == *b"FAT32" && boot[510..] == [0x55, 0xaa] => {
            u32::from_le_bytes([boot[32], boot[33], boot[34], boot[35]])
        }
        _ => 0,
    };
    there.max(claimed.into())
}

impl<'a> Overlay<'a> {
    /// A disk of `sectors` sectors that `image` shows the beginning of, on which no more than `limit` bytes can be changed.
    #[must_use]
    pub fn new(image: &'a [u8], sectors: u64, limit: usize) -> Self {
        // More could not be addressed; nobody has as much memory.
        let sectors = usize::try_from(sectors).unwrap_or(usize::MAX).min(usize::MAX / SECTOR_SIZE);
        let image = &image[..image.len().min(sectors * SECTOR_SIZE)];
        Self { image, sectors, changed: Vec::new(), limit: limit / BLOCK }
    }

    /// The size in sectors.
    #[must_use]
    pub const fn sector_count(&self) -> u64 {
        self.sectors as u64
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
            let (now, later) = rest.split_at_mut(rest.len().min(BLOCK - within));
            match self.place_of(block) {
                Ok(place) => now.copy_from_slice(&self.changed[place].data[within..within + now.len()]),
                Err(_) => self.copy_original(at, now),
            }
            at += now.len();
            rest = later;
        }
        Ok(())
    }

    /// Writes whole sectors.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`]; [`DeviceError::Failed`] when there is no memory for the copy of a block, or no more
    /// may be had. Part of the data may then have been taken.
    pub fn write(&mut self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        let mut at = self.check(first_sector, data.len())?;
        let mut rest = data;
        while !rest.is_empty() {
            let (block, within) = (at / BLOCK, at % BLOCK);
            let place = match self.place_of(block) {
                Ok(place) => place,
                Err(place) => {
                    self.copy_block(place, block)?;
                    place
                }
            };
            let (now, later) = rest.split_at(rest.len().min(BLOCK - within));
            self.changed[place].data[within..within + now.len()].copy_from_slice(now);
            at += now.len();
            rest = later;
        }
        Ok(())
    }

    /// Where a block is among those that differ, or would be.
    fn place_of(&self, block: usize) -> Result<usize, usize> {
        self.changed.binary_search_by_key(&block, |changed| changed.block)
    }

    fn copy_block(&mut self, place: usize, block: usize) -> Result<(), DeviceError> {
        if self.changed.len() >= self.limit {
            return Err(NO_MEMORY);
        }
        let mut data = Vec::new();
        data.try_reserve_exact(BLOCK).map_err(|_| NO_MEMORY)?;
        data.resize(BLOCK, 0);
        self.copy_original(block * BLOCK, &mut data);
        self.changed.try_reserve(1).map_err(|_| NO_MEMORY)?;
        self.changed.insert(place, Changed { block, data });
        Ok(())
    }

    /// The image's bytes from `at` on, and zeros behind its end.
    fn copy_original(&self, at: usize, buffer: &mut [u8]) {
        let there = self.image.get(at..).unwrap_or_default();
        let (from_image, behind) = buffer.split_at_mut(there.len().min(buffer.len()));
        from_image.copy_from_slice(&there[..from_image.len()]);
        behind.fill(0);
    }

    /// Where the sectors begin on the disk, if they lie on it and are whole.
    fn check(&self, first_sector: u64, length: usize) -> Result<usize, DeviceError> {
        let end = first_sector.checked_add(length.div_ceil(SECTOR_SIZE) as u64);
        if length.is_multiple_of(SECTOR_SIZE) && end.is_some_and(|end| end <= self.sector_count()) {
            Ok(first_sector as usize * SECTOR_SIZE)
        } else {
            Err(DeviceError::OutOfRange)
        }
    }
}
