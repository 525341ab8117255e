//! Reading and writing files that lie on a disk.
//!
//! What a file grows by must never show what another file left on the disk. So a file grows in steps, each under the lock of
//! its file system: the room is taken, pages for all of it are entered into the page cache, with what is to be in them or
//! zeros, and only then others may commit the new size.

use alloc::vec::Vec;
use core::ops::Range;

use blockcache::pages::ReadAhead;
use frames::Frame;
use vfs::FsError;

use super::cache::{self, Object};
use super::inode::Inode;
use super::writeback;
use crate::memory::page::{self, PAGE_SIZE};

/// How much a file grows at a time: the file system is locked meanwhile.
const STEP: u64 = 64 * PAGE_SIZE as u64;

/// Reads at `offset`; fewer bytes than asked for only at the end.
pub fn read(inode: &Inode, ahead: &mut ReadAhead, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
    let _shared = inode.contents.read();
    inode.object()?.read(inode, ahead, offset, buffer)
}

/// Writes at `offset`, or at the end, as much as there is room for; a gap before it becomes zeros. Returns where it was
/// written, and how many bytes.
pub fn write(inode: &Inode, offset: Option<u64>, data: &[u8]) -> Result<(u64, usize), FsError> {
    let _alone = inode.contents.write();
    let offset = offset.unwrap_or_else(|| inode.size());
    if data.is_empty() {
        return Ok((offset, 0));
    }
    let end = offset.checked_add(data.len() as u64).ok_or(FsError::TooLarge)?;
    if offset > inode.size() {
        grow(inode, offset)?;
    }
    if end <= inode.size() {
        inode.mount.change().touch(inode.id)?;
    }
    let mut done = 0;
    while done < data.len() {
        let position = offset + done as u64;
        let step = (STEP - position % STEP).min((data.len() - done) as u64);
        match write_step(inode, position, &data[done..done + step as usize]) {
            Ok(()) => done += step as usize,
            Err(error) if done == 0 => return Err(error),
            Err(_) => break,
        }
        writeback::throttle(&inode.mount);
    }
    Ok((offset, done))
}

/// Writes within one step. The file reaches to `position` at least.
fn write_step(inode: &Inode, position: u64, data: &[u8]) -> Result<(), FsError> {
    let before = inode.size();
    let end = position + data.len() as u64;
    // The pages that are there are written over; new ones come with what is to be in them.
    let over = before.next_multiple_of(PAGE_SIZE as u64).min(end).saturating_sub(position) as usize;
    if end > before {
        grow_by_step(inode, before, end, Some((position, data)))?;
    }
    inode.object()?.overwrite(inode, position, &data[..over])
}

/// Sets the size: what is behind it goes, what is new is zeros.
pub fn resize(inode: &Inode, size: u64) -> Result<(), FsError> {
    let _alone = inode.contents.write();
    if size > inode.size() {
        let before = inode.size();
        return grow(inode, size).inspect_err(|_| {
            // A file that could not grow as far as it should stays as it was.
            let _ = shrink(inode, before);
        });
    }
    shrink(inode, size)
}

fn shrink(inode: &Inode, size: u64) -> Result<(), FsError> {
    let object = inode.object()?;
    {
        let mut file_system = inode.mount.change();
        file_system.resize(inode.id, size)?;
        inode.set_size(size);
    }
    object.remove_from(size.div_ceil(PAGE_SIZE as u64));
    object.clear_behind(size)
}

/// Lets the file grow to `size`, in steps; what is new is zeros.
fn grow(inode: &Inode, size: u64) -> Result<(), FsError> {
    while inode.size() < size {
        let before = inode.size();
        grow_by_step(inode, before, size.min((before / STEP + 1) * STEP), None)?;
        writeback::throttle(&inode.mount);
    }
    Ok(())
}

/// One step: up to [`STEP`] bytes, which are zeros but for what of `data` lies at its place in new pages.
fn grow_by_step(inode: &Inode, before: u64, size: u64, data: Option<(u64, &[u8])>) -> Result<(), FsError> {
    let object = inode.object()?;
    let page = PAGE_SIZE as u64;
    let new = before.div_ceil(page)..size.div_ceil(page);
    // The last page so far has zeros behind the end in memory, and anything on the disk.
    if !before.is_multiple_of(page) {
        object.touch(inode, before / page)?;
    }
    match enter(inode, object, size, new.clone(), make_pages(new.clone(), data)?)? {
        Entered::Done => Ok(()),
        Entered::NoSpace => {
            // Room that was freed may be had once that has been committed.
            inode.mount.sync()?;
            match enter(inode, object, size, new.clone(), make_pages(new, data)?)? {
                Entered::Done => Ok(()),
                Entered::NoSpace => Err(FsError::NoSpace),
            }
        }
    }
}

/// Frames for pages of these numbers, with what is to be in them.
fn make_pages(numbers: Range<u64>, data: Option<(u64, &[u8])>) -> Result<Vec<Frame>, FsError> {
    let frames = cache::allocate_all((numbers.end - numbers.start) as usize)?;
    for (number, frame) in numbers.zip(&frames) {
        fill(*frame, number * PAGE_SIZE as u64, data);
    }
    Ok(frames)
}

/// Makes the bytes of the page that begins at `start` what `data`, which begins at its own place, has there; zeros elsewhere.
fn fill(frame: Frame, start: u64, data: Option<(u64, &[u8])>) {
    let Some((place, data)) = data else { return page::clear_from(frame, 0) };
    let from = place.clamp(start, start + PAGE_SIZE as u64);
    let to = (place + data.len() as u64).clamp(from, start + PAGE_SIZE as u64);
    if from == to {
        return page::clear_from(frame, 0);
    }
    if from > start {
        page::clear_from(frame, 0);
    }
    page::write(frame, (from - start) as usize, &data[(from - place) as usize..(to - place) as usize]);
    page::clear_from(frame, (to - start) as usize);
}

enum Entered {
    Done,
    NoSpace,
}

fn enter(
    inode: &Inode,
    object: &Object,
    size: u64,
    new: Range<u64>,
    pages: Vec<Frame>,
) -> Result<Entered, FsError> {
    let before = inode.size();
    let mut file_system = inode.mount.change();
    if let Err(error) = file_system.resize(inode.id, size) {
        cache::free_all(pages);
        return match error {
            FsError::NoSpace if file_system.is_changed() => Ok(Entered::NoSpace),
            error => Err(error),
        };
    }
    inode.set_size(size);
    match object.fill(new, pages) {
        Ok(()) => Ok(Entered::Done),
        Err(error) => {
            // Nobody has seen it.
            let _ = file_system.resize(inode.id, before);
            inode.set_size(before);
            // Who writes pages out asks the file system where they lie, and is waited for here.
            drop(file_system);
            object.remove_from(before.div_ceil(PAGE_SIZE as u64));
            Err(error)
        }
    }
}
