//! The cache itself.
//!
//! Blocks live in slots. A slot is found through a map from block number to slot, but first through a note of the slot
//! used last: a reader that walks through a block in small steps touches the map once. Replacement is the clock
//! algorithm: a hand sweeps over the slots, and one that was not used since the last sweep goes. Dirty slots don't go:
//! their number is bounded, and at the bound all of them are written out.
//!
//! Order of writing: a block's place is that of its *last* change. A file system that writes data, then the
//! allocation table, then the directory entry has them on the disk in that order too, whenever the power fails.

use crate::{BlockDevice, DeviceError, SECTOR_SIZE};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

/// Bytes in a block, the unit of caching.
pub const BLOCK_SIZE: usize = 4096;

const SECTORS_PER_BLOCK: u64 = (BLOCK_SIZE / SECTOR_SIZE) as u64;
/// The longest single request to the device: 64 KiB. It is also how far a sequential reader is read ahead of.
const REQUEST_BLOCKS: u64 = 16;

/// What the cache did since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests to the device for reading.
    pub device_reads: u64,
    /// Requests to the device for writing.
    pub device_writes: u64,
    /// Blocks in memory.
    pub blocks: usize,
    /// Blocks in memory that the device does not have yet.
    pub dirty_blocks: usize,
}

struct Slot {
    block: u64,
    data: Box<[u8]>,
    /// When the block was last changed, by the cache's count of changes; 0 when the device has it.
    changed: u64,
    /// Used since the clock's hand came by.
    used: bool,
}

/// A cache over one device.
pub struct Cache<D> {
    device: D,
    slots: Vec<Slot>,
    /// Block number to index in `slots`.
    index: BTreeMap<u64, usize>,
    /// The slot used last.
    recent: usize,
    hand: usize,
    capacity: usize,
    dirty_limit: usize,
    dirty: usize,
    changes: u64,
    /// The block after the last one read from the device: a miss there means a sequential reader.
    next_sequential: u64,
    statistics: Statistics,
}

impl<D: BlockDevice> Cache<D> {
    /// A cache of at most `capacity_blocks` blocks (at least 64 are granted), of which a quarter may be dirty. Memory
    /// is taken as blocks are used.
    pub fn new(device: D, capacity_blocks: usize) -> Self {
        let capacity = capacity_blocks.max(4 * REQUEST_BLOCKS as usize);
        Self {
            device,
            slots: Vec::new(),
            index: BTreeMap::new(),
            recent: 0,
            hand: 0,
            capacity,
            dirty_limit: capacity / 4,
            dirty: 0,
            changes: 0,
            next_sequential: u64::MAX,
            statistics: Statistics::default(),
        }
    }

    /// The device's size in bytes.
    pub fn size(&self) -> u64 {
        self.device.sector_count().saturating_mul(SECTOR_SIZE as u64)
    }

    /// What the cache did and holds.
    pub fn statistics(&self) -> Statistics {
        Statistics { blocks: self.slots.len(), dirty_blocks: self.dirty, ..self.statistics }
    }

    /// Reads `buffer.len()` bytes at `offset`.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] beyond the end, else what the device says.
    pub fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        self.check(offset, buffer.len())?;
        let mut offset = offset;
        let mut rest = buffer;
        while !rest.is_empty() {
            let (block, within, length) = split(offset, rest.len());
            let wanted = (within + rest.len()).div_ceil(BLOCK_SIZE) as u64;
            let slot = self.fetch(block, wanted)?;
            let (now, later) = rest.split_at_mut(length);
            now.copy_from_slice(&self.slots[slot].data[within..within + length]);
            rest = later;
            offset += length as u64;
        }
        Ok(())
    }

    /// Writes `data` at `offset`, into memory for the time being.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] beyond the end; else what the device says to the reads and writes that this one
    /// made necessary. Part of the data may then have been taken.
    pub fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.check(offset, data.len())?;
        let mut offset = offset;
        let mut rest = data;
        while !rest.is_empty() {
            let (block, within, length) = split(offset, rest.len());
            if self.dirty >= self.dirty_limit {
                self.write_dirty()?;
            }
            let slot = match self.find(block) {
                Some(slot) => slot,
                // All of it is replaced: no need to know what it was.
                None if length == self.block_length(block) => self.claim(block)?,
                None => self.fetch(block, 1)?,
            };
            let (now, later) = rest.split_at(length);
            self.changes += 1;
            let slot = &mut self.slots[slot];
            slot.data[within..within + length].copy_from_slice(now);
            if slot.changed == 0 {
                self.dirty += 1;
            }
            slot.changed = self.changes;
            rest = later;
            offset += length as u64;
        }
        Ok(())
    }

    /// Puts all changes onto the medium, in the order in which they were made.
    ///
    /// # Errors
    /// What the device says. What it has not confirmed stays dirty, so a later flush tries again.
    pub fn flush(&mut self) -> Result<(), DeviceError> {
        if self.dirty > 0 {
            self.write_dirty()?;
            self.device.flush()?;
        }
        Ok(())
    }

    fn check(&self, offset: u64, length: usize) -> Result<(), DeviceError> {
        match offset.checked_add(length as u64) {
            Some(end) if end <= self.size() => Ok(()),
            _ => Err(DeviceError::OutOfRange),
        }
    }

    /// The bytes of `block` that exist: the device may end inside its last one.
    fn block_length(&self, block: u64) -> usize {
        (self.size() - block * BLOCK_SIZE as u64).min(BLOCK_SIZE as u64) as usize
    }

    fn block_count(&self) -> u64 {
        self.device.sector_count().div_ceil(SECTORS_PER_BLOCK)
    }

    fn find(&mut self, block: u64) -> Option<usize> {
        let slot = match self.slots.get(self.recent) {
            Some(slot) if slot.block == block => self.recent,
            _ => *self.index.get(&block)?,
        };
        self.recent = slot;
        self.slots[slot].used = true;
        Some(slot)
    }

    /// The slot of `block`, read from the device if need be, together with the following blocks: those of `wanted`
    /// that this request goes on to read, and a run of them for a sequential reader.
    fn fetch(&mut self, block: u64, wanted: u64) -> Result<usize, DeviceError> {
        if let Some(slot) = self.find(block) {
            return Ok(slot);
        }
        let ahead = if block == self.next_sequential { REQUEST_BLOCKS } else { 1 };
        let limit = ahead.max(wanted).min(REQUEST_BLOCKS).min(self.block_count() - block);
        // Up to the first block that is here already: it may be newer than the device's.
        let mut count = (1..limit).find(|next| self.index.contains_key(&(block + next))).unwrap_or(limit);
        let run = match self.read_run(block, count) {
            // A bad sector among what was read ahead is nobody's trouble yet.
            Err(_) if count > 1 => {
                count = 1;
                self.read_run(block, count)?
            }
            result => result?,
        };
        self.next_sequential = block + count;
        // Backwards, so that the block asked for is the one used last, and is safe from the clock's hand.
        for (position, data) in run.chunks(BLOCK_SIZE).enumerate().rev() {
            let slot = self.claim(block + position as u64)?;
            self.slots[slot].data[..data.len()].copy_from_slice(data);
        }
        Ok(self.recent)
    }

    fn read_run(&mut self, block: u64, count: u64) -> Result<Vec<u8>, DeviceError> {
        let length = (count as usize - 1) * BLOCK_SIZE + self.block_length(block + count - 1);
        let mut run = vec![0; length];
        self.statistics.device_reads += 1;
        self.device.read(block * SECTORS_PER_BLOCK, &mut run)?;
        Ok(run)
    }

    /// A slot for `block`, which has none. Its data are whatever they were.
    fn claim(&mut self, block: u64) -> Result<usize, DeviceError> {
        let slot = if self.slots.len() < self.capacity {
            self.slots.push(Slot {
                block,
                data: vec![0; BLOCK_SIZE].into_boxed_slice(),
                changed: 0,
                used: true,
            });
            self.slots.len() - 1
        } else {
            let victim = self.sweep()?;
            self.index.remove(&self.slots[victim].block);
            self.slots[victim].block = block;
            self.slots[victim].used = true;
            victim
        };
        self.index.insert(block, slot);
        self.recent = slot;
        Ok(slot)
    }

    /// A clean slot that was not used for the longest time, roughly. There is one, for at most a quarter is dirty.
    fn sweep(&mut self) -> Result<usize, DeviceError> {
        // Two rounds: the first may do no more than clear the marks.
        for _ in 0..2 * self.slots.len() {
            self.hand = (self.hand + 1) % self.slots.len();
            let slot = &mut self.slots[self.hand];
            if slot.changed == 0 && !core::mem::take(&mut slot.used) {
                return Ok(self.hand);
            }
        }
        Err(DeviceError::Failed("all of the cache waits to be written"))
    }

    /// Writes all dirty blocks to the device, oldest change first, neighbours together.
    fn write_dirty(&mut self) -> Result<(), DeviceError> {
        let mut order: Vec<usize> =
            (0..self.slots.len()).filter(|&slot| self.slots[slot].changed != 0).collect();
        order.sort_unstable_by_key(|&slot| self.slots[slot].changed);
        let mut run = Vec::new();
        let mut rest = order.as_slice();
        while let Some(&first) = rest.first() {
            let block = self.slots[first].block;
            let count = rest
                .iter()
                .take(REQUEST_BLOCKS as usize)
                .zip(block..)
                .take_while(|&(&slot, expected)| self.slots[slot].block == expected)
                .count();
            let (together, later) = rest.split_at(count);
            run.clear();
            for &slot in together {
                let length = self.block_length(self.slots[slot].block);
                run.extend_from_slice(&self.slots[slot].data[..length]);
            }
            self.statistics.device_writes += 1;
            self.device.write(block * SECTORS_PER_BLOCK, &run)?;
            for &slot in together {
                self.slots[slot].changed = 0;
                self.dirty -= 1;
            }
            rest = later;
        }
        Ok(())
    }
}

/// Which block `offset` lies in, where in it, and how many of `length` bytes lie in that block.
const fn split(offset: u64, length: usize) -> (u64, usize, usize) {
    let within = (offset % BLOCK_SIZE as u64) as usize;
    let left = BLOCK_SIZE - within;
    (offset / BLOCK_SIZE as u64, within, if length < left { length } else { left })
}
