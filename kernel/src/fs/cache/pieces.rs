//! Pages that do not lie on the disk in one piece, because its clusters are smaller: moved sector by sector, through a copy.

use core::ops::Range;

use ::frames::Frame;
use blockcache::{BlockDevice, SECTOR_SIZE};
use vfs::FsError;

use super::Backing;
use crate::memory::page::{self, PAGE_SIZE};

/// Reads a page; behind the end of the file it is zeros.
pub fn read_page(backing: &dyn Backing, index: u64, frame: Frame) -> Result<(), FsError> {
    let start = index * PAGE_SIZE as u64;
    let mut bytes = [0; PAGE_SIZE];
    for_each(backing, start, |sector, range| Ok(backing.device()?.read(sector, &mut bytes[range])?))?;
    let length = backing.size().saturating_sub(start).min(PAGE_SIZE as u64) as usize;
    bytes[length..].fill(0);
    page::write(frame, 0, &bytes);
    Ok(())
}

/// Writes a page, as far as the file goes.
pub fn write_page(backing: &dyn Backing, index: u64, frame: Frame) -> Result<(), FsError> {
    let mut bytes = [0; PAGE_SIZE];
    page::read(frame, 0, &mut bytes);
    for_each(backing, index * PAGE_SIZE as u64, |sector, range| {
        Ok(backing.device()?.write(sector, &bytes[range])?)
    })
}

/// Calls `each` with the places on the device of the page that begins at `start`, as far as the file goes, in whole sectors.
fn for_each(
    backing: &dyn Backing,
    start: u64,
    mut each: impl FnMut(u64, Range<usize>) -> Result<(), FsError>,
) -> Result<(), FsError> {
    let size = backing.size().next_multiple_of(SECTOR_SIZE as u64);
    let length = size.saturating_sub(start).min(PAGE_SIZE as u64) as usize;
    let mut done = 0;
    while done < length {
        let extent = backing.extent(start + done as u64)?;
        let count = extent.length.min((length - done) as u64) as usize;
        if count == 0 {
            return Err(FsError::Damaged("a piece of a file has no place"));
        }
        each(extent.device_offset / SECTOR_SIZE as u64, done..done + count)?;
        done += count;
    }
    Ok(())
}
