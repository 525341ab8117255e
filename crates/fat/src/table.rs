//! The allocation table: what an entry says, and changing many entries in few writes.
//!
//! Source: Microsoft Extensible Firmware Initiative FAT32 File System Specification, version 1.03, section "FAT Data
//! Structure".

use crate::geometry::{FIRST_CLUSTER, Geometry, Width};
use crate::store::{Overlay, Store};
use blockcache::{BlockDevice, SECTOR_SIZE};
use vfs::FsError;

/// The bits of a FAT32 entry that count; the upper four are to be kept.
const MASK_32: u32 = 0x0fff_ffff;
/// In entry 1: the volume was closed properly.
const CLEAN_16: u32 = 1 << 15;
/// See [`CLEAN_16`].
const CLEAN_32: u32 = 1 << 27;
/// Sectors that a batch holds at most.
const BATCH: usize = 64;

/// What an entry says of its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Nobody owns it.
    Free,
    /// It is followed by this one, which may lie anywhere, even outside the volume.
    Next(u32),
    /// It is the last of its chain.
    End,
    /// It can't be used.
    Bad,
}

impl Link {
    fn decode(width: Width, entry: u32) -> Self {
        // The same number of ones in every width, seen from the top.
        let normal = match width {
            Width::Fat12 if entry >= 0xff0 => entry | 0x0fff_f000,
            Width::Fat16 if entry >= 0xfff0 => entry | 0x0fff_0000,
            _ => entry,
        };
        match normal {
            0 => Self::Free,
            0x0fff_fff7 => Self::Bad,
            0x0fff_fff8.. => Self::End,
            next => Self::Next(next),
        }
    }

    const fn encode(self) -> u32 {
        match self {
            Self::Free => 0,
            Self::Next(next) => next,
            Self::End => MASK_32,
            Self::Bad => 0x0fff_fff7,
        }
    }
}

/// The entry's first byte in the table.
const fn offset(width: Width, cluster: u32) -> u64 {
    match width {
        Width::Fat12 => cluster as u64 + cluster as u64 / 2,
        Width::Fat16 => cluster as u64 * 2,
        Width::Fat32 => cluster as u64 * 4,
    }
}

/// The entry `cluster` as a number, from a reader of single bytes of the table.
fn number(
    width: Width,
    cluster: u32,
    mut byte: impl FnMut(u64) -> Result<u8, FsError>,
) -> Result<u32, FsError> {
    let at = offset(width, cluster);
    let mut bytes = [0; 4];
    let length = if width == Width::Fat32 { 4 } else { 2 };
    for (target, at) in bytes[..length].iter_mut().zip(at..) {
        *target = byte(at)?;
    }
    let word = u32::from_le_bytes(bytes);
    Ok(match width {
        Width::Fat12 if cluster % 2 == 1 => word >> 4,
        Width::Fat12 => word & 0xfff,
        Width::Fat16 => word,
        Width::Fat32 => word & MASK_32,
    })
}

/// What the table on the device says of a cluster of the volume.
///
/// # Errors
/// The device's.
pub fn read<D: BlockDevice>(
    store: &mut Store<D>,
    geometry: &Geometry,
    cluster: u32,
) -> Result<Link, FsError> {
    read_copy(store, geometry, 0, cluster)
}

/// The same from one copy of the table.
///
/// # Errors
/// The device's.
pub fn read_copy<D: BlockDevice>(
    store: &mut Store<D>,
    geometry: &Geometry,
    copy: u8,
    cluster: u32,
) -> Result<Link, FsError> {
    let start = geometry.copy_sector(copy);
    let width = geometry.width;
    if width != Width::Fat12 {
        // An entry never lies in two sectors, and this is what every walk does.
        let at = offset(width, cluster);
        let sector = store.stored(start + at / SECTOR_SIZE as u64)?;
        let at = (at % SECTOR_SIZE as u64) as usize;
        return Ok(Link::decode(
            width,
            match width {
                Width::Fat16 => u32::from(u16::from_le_bytes([sector[at], sector[at + 1]])),
                _ => {
                    u32::from_le_bytes([sector[at], sector[at + 1], sector[at + 2], sector[at + 3]]) & MASK_32
                }
            },
        ));
    }
    let entry = number(width, cluster, |at| {
        Ok(store.stored(start + at / SECTOR_SIZE as u64)?[(at % SECTOR_SIZE as u64) as usize])
    })?;
    Ok(Link::decode(width, entry))
}

/// Calls `each` for every cluster of the volume that is not free, in order. A sector at a time where entries are whole words:
/// all of a large table is gone through when room is needed for the first time.
///
/// # Errors
/// The device's.
pub fn for_each_taken<D: BlockDevice>(
    store: &mut Store<D>,
    geometry: &Geometry,
    mut each: impl FnMut(u32),
) -> Result<(), FsError> {
    let end = FIRST_CLUSTER + geometry.cluster_count;
    let length = match geometry.width {
        Width::Fat12 => {
            for cluster in FIRST_CLUSTER..end {
                if read(store, geometry, cluster)? != Link::Free {
                    each(cluster);
                }
            }
            return Ok(());
        }
        Width::Fat16 => 2,
        Width::Fat32 => 4,
    };
    let starts = (0..end).step_by(SECTOR_SIZE / length);
    for (sector, first) in (geometry.copy_sector(0)..).zip(starts) {
        let bytes = store.stored(sector)?;
        for (cluster, entry) in (first..end).zip(bytes.chunks_exact(length)) {
            let is_taken = match *entry {
                [a, b] => u16::from_le_bytes([a, b]) != 0,
                [a, b, c, d] => u32::from_le_bytes([a, b, c, d]) & MASK_32 != 0,
                _ => false,
            };
            if is_taken && cluster >= FIRST_CLUSTER {
                each(cluster);
            }
        }
    }
    Ok(())
}

/// Whether entry 1 says that the volume was closed properly, in every copy: a power failure may come between two. FAT12
/// does not say.
///
/// # Errors
/// The device's.
pub fn is_clean<D: BlockDevice>(store: &mut Store<D>, geometry: &Geometry) -> Result<Option<bool>, FsError> {
    let Some((offset, bit)) = clean_bit(geometry) else { return Ok(None) };
    let mut is_clean = true;
    for copy in 0..geometry.mirrors {
        is_clean &= store.stored(geometry.copy_sector(copy))?[offset] & bit != 0;
    }
    Ok(Some(is_clean))
}

/// The byte and the bit for that in the table's first sector.
const fn clean_bit(geometry: &Geometry) -> Option<(usize, u8)> {
    match geometry.width {
        Width::Fat12 => None,
        Width::Fat16 => Some((3, (CLEAN_16 >> 8) as u8)),
        Width::Fat32 => Some((7, (CLEAN_32 >> 24) as u8)),
    }
}

/// Writes into entry 1 of every copy whether the volume is closed properly.
///
/// # Errors
/// The device's.
pub fn set_clean<D: BlockDevice>(
    store: &mut Store<D>,
    geometry: &Geometry,
    clean: bool,
) -> Result<(), FsError> {
    let Some((offset, bit)) = clean_bit(geometry) else { return Ok(()) };
    for copy in 0..geometry.mirrors {
        let sector = geometry.copy_sector(copy);
        let old = store.stored(sector)?[offset];
        let new = if clean { old | bit } else { old & !bit };
        if old != new {
            store.patch(sector, offset, &[new])?;
        }
    }
    Ok(())
}

/// Changes to the table that are collected and written sector by sector, into every copy. What is collected must be
/// allowed to reach the disk in any order.
#[derive(Default)]
pub struct Batch {
    /// By their number in the table.
    sectors: Overlay,
    written: bool,
}

impl Batch {
    /// Changes the entry of `cluster`.
    ///
    /// # Errors
    /// The device's; [`FsError::OutOfMemory`].
    pub fn set<D: BlockDevice>(
        &mut self,
        store: &mut Store<D>,
        geometry: &Geometry,
        cluster: u32,
        link: Link,
    ) -> Result<(), FsError> {
        let at = offset(geometry.width, cluster);
        let value = link.encode();
        // What of each byte is kept, and what it gets.
        let (length, keep, value): (usize, [u8; 4], u32) = match geometry.width {
            Width::Fat12 if cluster % 2 == 1 => (2, [0x0f, 0, 0, 0], (value & 0xfff) << 4),
            Width::Fat12 => (2, [0, 0xf0, 0, 0], value & 0xfff),
            Width::Fat16 => (2, [0; 4], value & 0xffff),
            Width::Fat32 => (4, [0, 0, 0, 0xf0], value),
        };
        let last = at + length as u64 - 1;
        let sectors = [at / SECTOR_SIZE as u64, last / SECTOR_SIZE as u64];
        // Most entries lie in the sector of the one before.
        if sectors[0] == sectors[1]
            && let Some(sector) = self.sectors.get_mut(sectors[0])
        {
            let start = (at % SECTOR_SIZE as u64) as usize;
            for (byte, (keep, new)) in
                sector[start..start + length].iter_mut().zip(keep.into_iter().zip(value.to_le_bytes()))
            {
                *byte = *byte & keep | new;
            }
            return Ok(());
        }
        if self.sectors.len() + 2 > BATCH && sectors.iter().any(|&sector| self.sectors.get(sector).is_none())
        {
            self.write(store, geometry)?;
        }
        for sector in sectors {
            if self.sectors.get(sector).is_none() {
                let bytes = *store.stored(geometry.table_sector + sector)?;
                self.sectors.insert(sector, &bytes)?;
            }
        }
        for (index, at) in (at..=last).enumerate() {
            if let Some(sector) = self.sectors.get_mut(at / SECTOR_SIZE as u64) {
                let byte = &mut sector[(at % SECTOR_SIZE as u64) as usize];
                *byte = *byte & keep[index] | value.to_le_bytes()[index];
            }
        }
        Ok(())
    }

    fn write<D: BlockDevice>(&mut self, store: &mut Store<D>, geometry: &Geometry) -> Result<(), FsError> {
        for copy in 0..geometry.mirrors {
            // Of an entry that lies in two sectors one copy is then always whole.
            if copy > 0 && self.written && geometry.width == Width::Fat12 {
                store.flush()?;
            }
            let start = geometry.copy_sector(copy);
            self.written |=
                store.write_sectors(self.sectors.iter().map(|(at, bytes)| (start + at, bytes)))?;
        }
        self.sectors.clear();
        Ok(())
    }

    /// Writes the rest. False if nothing at all was written.
    ///
    /// # Errors
    /// The device's.
    pub fn finish<D: BlockDevice>(
        mut self,
        store: &mut Store<D>,
        geometry: &Geometry,
    ) -> Result<bool, FsError> {
        self.write(store, geometry)?;
        Ok(self.written)
    }
}
