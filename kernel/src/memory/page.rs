//! A page of memory with counted owners, for what is kept in pages: the contents of files.
//!
//! A page may be read and written by several threads, and by a device, at once, and one day be mapped into processes.
//! So there are no references into it: bytes are copied in and out, and a copy made during a write is a mix of old
//! and new, as with any memory that is shared. Cloning a page adds an owner to its frame; the last one to drop it gives
//! the frame back.

use frames::{FRAME_SIZE, Frame};

use super::{direct_map, frames as machine};

/// Bytes in a page.
pub const PAGE_SIZE: usize = FRAME_SIZE as usize;

/// One owner of a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Page(Frame);

impl Page {
    /// A page whose bytes are whatever they are; `None` when memory is out.
    pub fn allocate() -> Option<Self> {
        machine::allocate().map(Self)
    }

    /// A page of zeros; `None` when memory is out.
    pub fn zeroed() -> Option<Self> {
        let page = Self::allocate()?;
        // SAFETY: the frame was just given out, to this value alone.
        unsafe { direct_map::zero(page.0) };
        Some(page)
    }

    /// Its physical address.
    pub const fn address(&self) -> u64 {
        self.0.address()
    }

    /// Copies bytes out, from `offset` on.
    ///
    /// # Panics
    /// When the range is not inside.
    #[inline]
    pub fn read(&self, offset: usize, buffer: &mut [u8]) {
        let source = self.pointer(offset, buffer.len());
        // SAFETY: 1. `pointer` gives bytes inside this frame, which the direct map holds and which is not given back
        // while this value is; 2. frames of pages are in no Rust object, so the buffer is elsewhere; 3. any bytes will
        // do, also those that somebody changes meanwhile.
        unsafe { source.copy_to_nonoverlapping(buffer.as_mut_ptr(), buffer.len()) };
    }

    /// Copies bytes in, from `offset` on.
    ///
    /// # Panics
    /// When the range is not inside.
    #[inline]
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        let target = self.pointer(offset, bytes.len());
        // SAFETY: as for reading. Two threads that write here at once mix bytes, no more.
        unsafe { target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }

    /// Writes zeros from `offset` to the end.
    ///
    /// # Panics
    /// When `offset` is not inside.
    pub fn clear_from(&self, offset: usize) {
        let length = PAGE_SIZE.saturating_sub(offset);
        let target = self.pointer(offset, length);
        // SAFETY: as for writing.
        unsafe { target.write_bytes(0, length) };
    }

    #[inline]
    fn pointer(&self, offset: usize, length: usize) -> *mut u8 {
        let inside = offset.checked_add(length).is_some_and(|end| end <= PAGE_SIZE);
        assert!(inside, "{length} bytes at {offset:#x} are outside of a page");
        direct_map::pointer(self.0.address() + offset as u64)
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
