//! Physical memory that is not the kernel's: firmware tables, read by copying.
//!
//! Firmware puts its tables wherever it likes, often where the direct map has nothing. Pages are mapped
//! read-only at `FIRMWARE + physical` when they are first read, and stay. The bytes are copied out, because
//! firmware may change them under us and a reference promises that nobody does.

use frames::FRAME_SIZE;

use super::{direct_map, kernel_space, layout, loader};
use crate::boot::info::{MemoryMap, MemoryRegion, RegionKind};
use crate::lock::Once;

static MAP: Once<MemoryMap> = Once::new();

pub(super) fn init(map: &MemoryMap) {
    MAP.call_once(|| *map);
}

/// The memory map, sorted by start; empty before [`init`].
pub(super) fn regions() -> &'static [MemoryRegion] {
    MAP.get().map_or(&[], MemoryMap::regions)
}

fn touches(start: u64, length: u64, kinds: fn(RegionKind) -> bool) -> bool {
    let Some(map) = MAP.get() else { return false };
    let end = start.saturating_add(length);
    map.regions().iter().any(|region| kinds(region.kind) && region.start < end && start < region.end())
}

/// Whether any byte of the range is memory that the kernel uses or may use.
pub fn is_memory(start: u64, length: u64) -> bool {
    touches(start, length, |kind| {
        matches!(kind, RegionKind::Usable | RegionKind::BootloaderReclaimable | RegionKind::KernelAndModules)
    })
}

/// Firmware's tables, for the crate that reads them.
#[derive(Clone, Copy, Debug)]
pub struct FirmwareMemory;

impl acpi::PhysicalMemory for FirmwareMemory {
    /// Copies bytes from `address` on into `buffer`. False when they can't be read, or lie where no table
    /// should: in the kernel's memory, in the framebuffer, beyond 512 GiB.
    fn read(&self, address: u64, buffer: &mut [u8]) -> bool {
        read(address, buffer)
    }
}

/// See [`FirmwareMemory`].
pub fn read(address: u64, buffer: &mut [u8]) -> bool {
    let length = buffer.len() as u64;
    let Some(end) = address.checked_add(length).filter(|&end| end <= layout::SLOT) else { return false };
    if length == 0 {
        return true;
    }
    if touches(address, length, |kind| kind == RegionKind::Usable || kind == RegionKind::Framebuffer) {
        return false;
    }
    if loader::is_gone() && touches(address, length, |kind| kind == RegionKind::BootloaderReclaimable) {
        return false;
    }
    // The loader may have left copies in its own memory or beside the modules: the direct map has those.
    let direct = is_memory(address, length);
    let base = if direct { direct_map::address(0) } else { layout::FIRMWARE };
    for page in (address / FRAME_SIZE)..end.div_ceil(FRAME_SIZE) {
        let (start, physical) = (base + page * FRAME_SIZE, page * FRAME_SIZE);
        if kernel_space::translate(start).is_some() {
            continue;
        }
        // Two CPUs may race here; the second one finds the page mapped, which is what it wanted.
        let mapped = !direct
            && (kernel_space::map_for_good(start, physical, FRAME_SIZE, kernel_space::READ_ONLY).is_ok()
                || kernel_space::translate(start).is_some());
        if !mapped {
            return false;
        }
    }
    let source = core::ptr::with_exposed_provenance::<u8>((base + address) as usize);
    for (offset, byte) in buffer.iter_mut().enumerate() {
        // SAFETY: every page of the range is mapped for good, as the loop saw; volatile, because firmware
        // may write there.
        *byte = unsafe { source.add(offset).read_volatile() };
    }
    true
}
