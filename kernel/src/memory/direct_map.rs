//! The direct map: all memory that the kernel gives out, at a fixed distance from its physical address.
//!
//! The distance is the loader's choice. Both the loader's tables and ours map it, so it works from the
//! first line of the kernel on. This file turns physical addresses into pointers; who may use the bytes
//! behind them is for the callers to argue.

use core::sync::atomic::{AtomicU64, Ordering};

use frames::{FRAME_SIZE, Frame};
use paging::{PhysicalAddress, TableMemory};

static OFFSET: AtomicU64 = AtomicU64::new(0);

/// Notes the distance. Called once, before anything else here.
pub(super) fn set_offset(offset: u64) {
    OFFSET.store(offset, Ordering::Relaxed);
}

/// The virtual address of a physical one. Wraps on nonsense, and then is not mapped.
pub(super) fn address(physical: u64) -> u64 {
    OFFSET.load(Ordering::Relaxed).wrapping_add(physical)
}

/// A pointer to physical memory.
pub(super) fn pointer<T>(physical: u64) -> *mut T {
    core::ptr::with_exposed_provenance_mut(address(physical) as usize)
}

/// Reads the word at a physical address, a multiple of 8, that [`super::physical::is_memory`] says is memory. Whose it
/// is and what it means, the caller has to know; it may change at any moment.
pub(super) fn read(physical: u64) -> u64 {
    assert!(physical.is_multiple_of(8) && super::physical::is_memory(physical, 8), "no word of memory");
    // SAFETY: 1. the direct map has all memory, for good, and the word is aligned; 2. it is read in one piece and
    // volatile, so that whoever writes there at the same time makes the value old or new, and nothing else.
    unsafe { pointer::<u64>(physical).read_volatile() }
}

/// Fills a frame with zeros.
///
/// # Safety
/// The frame was given out by [`super::frames`], to the caller alone.
pub(super) unsafe fn zero(frame: Frame) {
    // SAFETY: the direct map holds every frame that is given out, whole and writable, and the caller says
    // that nobody else uses it.
    unsafe { pointer::<u8>(frame.address()).write_bytes(0, FRAME_SIZE as usize) };
}

/// Copies a frame.
///
/// # Safety
/// Both were given out by [`super::frames`], `to` to the caller alone, and nobody writes to `from`.
pub(super) unsafe fn copy(from: Frame, to: Frame) {
    let (from, to) = (pointer::<u8>(from.address()), pointer::<u8>(to.address()));
    // SAFETY: the direct map holds every frame that is given out, whole; two frames don't overlap, and the caller says that the
    // bytes stay as they are.
    unsafe { to.copy_from_nonoverlapping(from, FRAME_SIZE as usize) };
}

/// Page tables in the direct map, in frames from [`super::frames`].
pub(super) struct Tables;

impl Tables {
    fn entry(table: PhysicalAddress, index: usize) -> &'static AtomicU64 {
        assert!(index < 512, "a table has 512 entries");
        // SAFETY: 1. `Tables::allocate` is where tables come from: frames, zeroed, aligned, in the direct map;
        // 2. the index stays inside; 3. a table is only ever reached as atomics, by us and by the processor's walks.
        unsafe { AtomicU64::from_ptr(pointer::<u64>(table.get()).add(index)) }
    }
}

impl TableMemory for Tables {
    #[inline]
    fn read(&self, table: PhysicalAddress, index: usize) -> u64 {
        Self::entry(table, index).load(Ordering::Relaxed)
    }

    #[inline]
    fn write(&mut self, table: PhysicalAddress, index: usize, bits: u64) {
        // Release: the processor that finds the entry also finds what it points to.
        Self::entry(table, index).store(bits, Ordering::Release);
    }

    // Not inlined, nor `free`: tables come and go rarely, and pages often.
    #[inline(never)]
    fn allocate(&mut self) -> Option<PhysicalAddress> {
        let frame = super::frames::allocate()?;
        // SAFETY: given out to us just now.
        unsafe { zero(frame) };
        PhysicalAddress::new(frame.address())
    }

    #[inline(never)]
    fn free(&mut self, table: PhysicalAddress) {
        super::frames::free(Frame::containing(table.get()));
    }
}
