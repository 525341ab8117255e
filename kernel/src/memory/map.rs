//! What addresses are for, in words: for who looks into the machine.

use super::{direct_map, heap, layout, page_runs, physical, stack};
use crate::boot::info::{MemoryRegion, RegionKind};

/// The loader's map of physical memory; empty before memory stands.
pub fn regions() -> &'static [MemoryRegion] {
    physical::regions()
}

/// What a kind of memory is for.
pub fn kind_name(kind: RegionKind) -> &'static str {
    match kind {
        RegionKind::Usable => "usable memory",
        RegionKind::BootloaderReclaimable if super::loader::is_gone() => "usable memory, once the loader's",
        RegionKind::BootloaderReclaimable => "the loader's",
        RegionKind::KernelAndModules => "the kernel and its files",
        RegionKind::Framebuffer => "video memory",
        RegionKind::AcpiReclaimable => "ACPI tables",
        RegionKind::AcpiNvs => "firmware's working memory",
        RegionKind::Reserved => "reserved",
    }
}

/// What the memory at a physical address is for.
pub fn kind_at(address: u64) -> &'static str {
    let region = regions().iter().find(|region| (region.start..region.end()).contains(&address));
    region.map_or("no memory: a device, or nothing", |region| kind_name(region.kind))
}

/// The windows of the kernel's half: where each begins, what it is for, and the bytes in use where they are counted.
pub fn windows() -> [(u64, &'static str, Option<u64>); 7] {
    let window = |start, used| (start, layout::describe(start), used);
    let heap = heap::statistics();
    [
        window(direct_map::address(0), None),
        window(layout::HEAP, Some(heap.size)),
        window(layout::PAGE_RUNS, Some(page_runs::used())),
        (layout::STACKS, "kernel stacks", Some(stack::used())),
        window(layout::MMIO, None),
        window(layout::FIRMWARE, None),
        window(layout::KERNEL_IMAGE, None),
    ]
}
