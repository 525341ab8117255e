//! Memory that a device reads and writes by itself: a run of frames with one owner.
//!
//! The device may change any byte at any time, so there are no references into this memory: bytes are copied in and
//! out, and words that a device looks at are read and written in one access, in the order of the program. On x86-64
//! caches are coherent with devices, so it is mapped like all other memory.
//!
//! Whoever tells a device an address keeps the value until the device is done with it. Where that can't be known, as
//! with a device that no longer obeys, the value is leaked rather than dropped.

use core::sync::atomic::{Ordering, compiler_fence};

use frames::{FRAME_SIZE, Frame, FrameRange};

use super::direct_map;
use super::frames::{self as machine, Zone};

/// An owned run of frames for a device.
#[derive(Debug)]
pub struct Dma {
    run: FrameRange,
}

impl Dma {
    /// `bytes` bytes, rounded up to whole pages, contiguous and zero, in memory that a device which reaches `zone`
    /// can name; `None` when there is no such run.
    pub fn allocate(bytes: usize, zone: Zone) -> Option<Self> {
        let count = (bytes as u64).div_ceil(FRAME_SIZE).max(1);
        let dma = Self { run: machine::allocate_contiguous(count, 1, zone)? };
        for frame in dma.run.iter() {
            // SAFETY: the frame was just given out, to this value alone.
            unsafe { direct_map::zero(frame) };
        }
        Some(dma)
    }

    /// The physical address of the first byte, a multiple of 4096.
    pub const fn address(&self) -> u64 {
        self.run.address()
    }

    /// How many bytes there are.
    pub const fn length(&self) -> usize {
        (self.run.count * FRAME_SIZE) as usize
    }

    /// Copies bytes out, from `offset` on.
    ///
    /// # Panics
    /// When the range is not inside.
    pub fn read(&self, offset: usize, buffer: &mut [u8]) {
        let source = self.pointer::<u8>(offset, buffer.len());
        // What was read before, such as "it is done", was read before.
        compiler_fence(Ordering::Acquire);
        // SAFETY: 1. `pointer` gives bytes inside this run, which the direct map holds; 2. the run is this value's, so
        // the buffer is elsewhere; 3. no Rust object lives here: bytes that a device changes meanwhile are just bytes.
        unsafe { source.copy_to_nonoverlapping(buffer.as_mut_ptr(), buffer.len()) };
    }

    /// Copies bytes in, from `offset` on.
    ///
    /// # Panics
    /// When the range is not inside.
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        let target = self.pointer::<u8>(offset, bytes.len());
        // SAFETY: as for reading. Two threads that write here at once mix bytes, no more.
        unsafe { target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        // What is written afterwards, such as "go", is written afterwards.
        compiler_fence(Ordering::Release);
    }

    /// Reads 32 bits in one access.
    ///
    /// # Panics
    /// When `offset` is not inside or not a multiple of 4.
    pub fn read_u32(&self, offset: usize) -> u32 {
        assert!(offset.is_multiple_of(4), "offset {offset:#x} is not aligned");
        // SAFETY: inside the run, aligned, and every bit pattern is a number; volatile, for the device writes here.
        unsafe { self.pointer::<u32>(offset, 4).read_volatile() }
    }

    /// Writes 32 bits in one access.
    ///
    /// # Panics
    /// As [`Dma::read_u32`].
    pub fn write_u32(&self, offset: usize, value: u32) {
        assert!(offset.is_multiple_of(4), "offset {offset:#x} is not aligned");
        // SAFETY: as for reading.
        unsafe { self.pointer::<u32>(offset, 4).write_volatile(value) };
    }

    /// A pointer to `length` bytes at `offset`.
    fn pointer<T>(&self, offset: usize, length: usize) -> *mut T {
        let inside = offset.checked_add(length).is_some_and(|end| end <= self.length());
        assert!(
            inside,
            "{length} bytes at {offset:#x} are outside of {:#x} bytes for a device",
            self.length()
        );
        direct_map::pointer(self.address() + offset as u64)
    }
}

impl Drop for Dma {
    fn drop(&mut self) {
        machine::free_contiguous(self.run);
    }
}

/// Copies bytes of a frame out, from `offset` on. As everywhere, whoever names a frame answers for it: it was given out,
/// stays so, and holds bytes that may change at any time, no Rust object.
///
/// # Panics
/// When the range is not inside.
pub fn read_frame(frame: Frame, offset: usize, buffer: &mut [u8]) {
    let source = frame_part(frame, offset, buffer.len());
    // SAFETY: 1. the direct map holds every frame that is given out, whole, and the bytes are inside; 2. the caller vouches
    // for the frame, as for [`machine::free`]; a slice is elsewhere, for no Rust object lives in it.
    unsafe { source.copy_to_nonoverlapping(buffer.as_mut_ptr(), buffer.len()) };
}

/// Copies bytes into a frame, from `offset` on; else as [`read_frame`].
///
/// # Panics
/// As [`read_frame`].
pub fn write_frame(frame: Frame, offset: usize, bytes: &[u8]) {
    let target = frame_part(frame, offset, bytes.len());
    // SAFETY: as for reading, and the frame may be written to.
    unsafe { target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
}

/// A pointer to `length` bytes at `offset` of a frame.
fn frame_part(frame: Frame, offset: usize, length: usize) -> *mut u8 {
    let inside = offset.checked_add(length).is_some_and(|end| end <= FRAME_SIZE as usize);
    assert!(inside, "{length} bytes at {offset:#x} are outside of a frame");
    direct_map::pointer(frame.address() + offset as u64)
}
