//! Pages of memory for the contents of files.
//!
//! A page may be read and written by several threads, and by a device, at once, and one day be mapped into processes.
//! So there are no references into it: bytes are copied in and out, and a copy made during a write is a mix of old
//! and new, as with any memory that is shared.
//!
//! A [`Page`] owns its frame together with its clones; the last one to be dropped gives it back. The page cache, which must not count for
//! each page that is copied, keeps frames as such and pins them; for it the same is there as functions of frames. As
//! with [`machine::free`], whoever names a frame answers for it: it was given out for this, and stays so meanwhile.

use frames::{FRAME_SIZE, Frame};

use super::{direct_map, frames as machine};

/// Bytes in a page.
pub const PAGE_SIZE: usize = FRAME_SIZE as usize;

/// A frame for a page, whose bytes are whatever they are: they are written before anybody sees them. `None` when memory is
/// out.
pub fn allocate() -> Option<Frame> {
    machine::allocate()
}

/// Frames for all of `batch`, or nothing: neighbours where memory has such, lower ones first, so that a device moves many
/// by few commands. As with [`allocate`], their bytes are whatever they are.
pub fn allocate_all(batch: &mut [Frame]) -> bool {
    let count = machine::allocate_batch(batch);
    let is_enough = count == batch.len();
    if !is_enough {
        batch[..count].iter().for_each(|&frame| machine::free(frame));
    }
    is_enough
}

/// Copies bytes out, from `offset` on.
///
/// # Panics
/// When the range is not inside.
#[inline]
pub fn read(frame: Frame, offset: usize, buffer: &mut [u8]) {
    read_run(frame, 1, offset, buffer);
}

/// Copies bytes out of `count` pages whose frames follow each other, from `offset` in the first one on.
///
/// # Panics
/// When the range is not inside.
#[inline]
pub fn read_run(first: Frame, count: usize, offset: usize, buffer: &mut [u8]) {
    let source = pointer(first, count, offset, buffer.len());
    // SAFETY: 1. `pointer` gives bytes inside the frames, which the direct map holds; 2. the caller vouches for the frames:
    // they are pages', and in no Rust object, so the buffer is elsewhere; 3. any bytes will do, also those that somebody
    // changes meanwhile.
    unsafe { source.copy_to_nonoverlapping(buffer.as_mut_ptr(), buffer.len()) };
}

/// Copies bytes in, from `offset` on.
///
/// # Panics
/// When the range is not inside.
#[inline]
pub fn write(frame: Frame, offset: usize, bytes: &[u8]) {
    let target = pointer(frame, 1, offset, bytes.len());
    // SAFETY: as for reading. Two threads that write here at once mix bytes, no more.
    unsafe { target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
}

/// Writes zeros from `offset` to the end.
///
/// # Panics
/// When `offset` is not inside.
pub fn clear_from(frame: Frame, offset: usize) {
    let length = PAGE_SIZE.saturating_sub(offset);
    let target = pointer(frame, 1, offset, length);
    // SAFETY: as for writing.
    unsafe { target.write_bytes(0, length) };
}

#[inline]
fn pointer(first: Frame, count: usize, offset: usize, length: usize) -> *mut u8 {
    let end = offset.checked_add(length);
    let inside = end.is_some_and(|end| count.checked_mul(PAGE_SIZE).is_some_and(|size| end <= size));
    assert!(inside, "{length} bytes at {offset:#x} are outside of {count} pages");
    direct_map::pointer(first.address() + offset as u64)
}

/// One owner of a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Page(Frame);

impl Page {
    /// The owner of a frame that [`allocate`] gave.
    pub fn own(frame: Frame) -> Self {
        Self(frame)
    }

    /// Copies bytes out, from `offset` on.
    ///
    /// # Panics
    /// When the range is not inside.
    pub fn read(&self, offset: usize, buffer: &mut [u8]) {
        read(self.0, offset, buffer);
    }

    /// Copies bytes in, from `offset` on.
    ///
    /// # Panics
    /// When the range is not inside.
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        write(self.0, offset, bytes);
    }
}

impl Clone for Page {
    /// One more owner.
    ///
    /// # Panics
    /// When there are 65,535 already: no code keeps so many.
    fn clone(&self) -> Self {
        assert!(machine::share(self.0), "a page has too many owners");
        Self(self.0)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        machine::free(self.0);
    }
}
