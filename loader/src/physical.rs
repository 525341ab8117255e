//! Physical memory as slices.
//!
//! The loader runs in an identity mapping of the first 4 GiB, so an address there is a pointer.
//! What makes the slices sound is who calls for them, and when:
//!
//! 1. `bytes_mut` and `tables_mut` are called for ranges that the memory map has just given out,
//!    each of them once.
//! 2. `bytes` is called for what others wrote before us and nobody writes now: boot information,
//!    modules, firmware's tables. The first two are out of the map before it gives out anything.
//!    The last are at addresses that firmware says, which may be wrong; they are read, and done
//!    with, before the first range of `bytes_mut` that is kept.

use bootload::PAGE_SIZE;
use bootload::handover::REACHABLE;
use bootload::page_tables::Table;

unsafe extern "C" {
    static loader_start: u8;
    static loader_end: u8;
}

/// Where the loader itself lies, and how long it is, with its stack and its early page tables.
pub fn loader_image() -> (u64, u64) {
    let [start, end] = [&raw const loader_start, &raw const loader_end].map(|symbol| symbol as u64);
    (start, end - start)
}

fn is_reachable(base: u64, length: u64) -> bool {
    base != 0 && base.checked_add(length).is_some_and(|end| end <= REACHABLE)
}

/// The bytes at `base` that somebody left for us; `None` beyond the loader's reach.
pub fn bytes(base: u64, length: usize) -> Option<&'static [u8]> {
    // SAFETY: mapped, for it ends below 4 GiB; any byte is a valid `u8`; nobody writes it while
    // the loader runs (see above), and the identity mapping lasts as long as the loader.
    is_reachable(base, length as u64)
        .then(|| unsafe { core::slice::from_raw_parts(base as *const u8, length) })
}

/// Memory just allocated from the map below [`REACHABLE`].
pub fn bytes_mut(base: u64, length: u64) -> &'static mut [u8] {
    assert!(is_reachable(base, length));
    // SAFETY: mapped, for it ends below 4 GiB, and writable; any byte is a valid `u8`; the map
    // gave this range to the caller and to nobody else.
    unsafe { core::slice::from_raw_parts_mut(base as *mut u8, length as usize) }
}

/// Memory just allocated from the map below [`REACHABLE`], as page tables.
pub fn tables_mut(base: u64, count: u64) -> &'static mut [Table] {
    assert!(is_reachable(base, count * PAGE_SIZE) && base.is_multiple_of(PAGE_SIZE));
    // SAFETY: as in `bytes_mut`; page-aligned, and any bits are a valid `u64`.
    unsafe { core::slice::from_raw_parts_mut(base as *mut Table, count as usize) }
}

/// Copies a module to memory just allocated.
pub fn copy(from: u64, to: u64, length: u64) {
    if let Some(source) = bytes(from, length as usize) {
        bytes_mut(to, length).copy_from_slice(source);
    }
}
