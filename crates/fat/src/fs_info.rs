//! FAT32's FSInfo sector: how many clusters are free and where the search goes on. Only hints: where they decide
//! something, the table is read.

use crate::geometry::Geometry;
use crate::store::{Sector, Store};
use blockcache::BlockDevice;
use vfs::FsError;

/// The signatures at its beginning, in its middle and at its end.
const SIGNATURES: [(usize, u32); 3] = [(0, 0x4161_5252), (484, 0x6141_7272), (508, 0xaa55_0000)];
const FREE: usize = 488;
const NEXT: usize = 492;
/// Stands for a number that is not known.
const UNKNOWN: u32 = u32::MAX;

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FsInfo {
    /// Where it lies.
    pub sector: u64,
    /// How many clusters are free.
    pub free: Option<u32>,
    /// Where the search goes on.
    pub next: Option<u32>,
}

fn u32_at(sector: &Sector, offset: usize) -> u32 {
    sector[offset..offset + 4].as_array().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Reads it; `None` if there is none.
///
/// # Errors
/// The device's.
pub fn read<D: BlockDevice>(store: &mut Store<D>, geometry: &Geometry) -> Result<Option<FsInfo>, FsError> {
    let Some(number) = geometry.fs_info else { return Ok(None) };
    let sector = store.stored(number)?;
    if SIGNATURES.iter().any(|&(offset, signature)| u32_at(sector, offset) != signature) {
        return Ok(None);
    }
    let known = |value| (value != UNKNOWN).then_some(value);
    Ok(Some(FsInfo { sector: number, free: known(u32_at(sector, FREE)), next: known(u32_at(sector, NEXT)) }))
}

/// Writes the numbers that are known into it. False if it says so already.
///
/// # Errors
/// The device's.
pub fn write<D: BlockDevice>(store: &mut Store<D>, info: &FsInfo) -> Result<bool, FsError> {
    let mut sector = *store.stored(info.sector)?;
    for (offset, value) in [(FREE, info.free), (NEXT, info.next)] {
        if let Some(value) = value {
            sector[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        }
    }
    store.write_sectors([(info.sector, &sector)].into_iter())
}
