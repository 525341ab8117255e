//! What every part of the kernel may know about the boot, in the kernel's own words.
//!
//! The slices point into memory the loader owns (bootloader-reclaimable, or the kernel file's own pages).
//! `memory` leaves their frames out when it reclaims the rest, so they live as long as the kernel.

use super::command_line::CommandLine;

/// Regions kept of the memory map; firmware maps have a few dozen, and 256 is past any seen.
pub const MAX_REGIONS: usize = 256;

/// What a stretch of physical memory is used for (Limine protocol, "Memory Map Feature").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionKind {
    /// Free for the kernel.
    Usable,
    /// Holds what the loader left: page tables, responses, stacks.
    BootloaderReclaimable,
    /// The kernel image, its file and the modules.
    KernelAndModules,
    /// Video memory.
    Framebuffer,
    /// ACPI tables that may be reclaimed after they were read.
    AcpiReclaimable,
    /// ACPI memory the firmware uses while running.
    AcpiNvs,
    /// Anything else: not to be touched.
    Reserved,
}

/// One stretch of physical memory.
#[derive(Clone, Copy, Debug)]
pub struct MemoryRegion {
    /// First physical address.
    pub start: u64,
    /// Bytes; `start + length` does not overflow.
    pub length: u64,
    /// Its use.
    pub kind: RegionKind,
}

impl MemoryRegion {
    /// The first address past the region.
    pub fn end(&self) -> u64 {
        self.start + self.length
    }
}

/// The memory map, sorted by start.
#[derive(Clone, Copy)]
pub struct MemoryMap {
    regions: [MemoryRegion; MAX_REGIONS],
    count: usize,
    /// Bytes of usable regions for which there was no room.
    left_out: u64,
}

impl MemoryMap {
    /// A map of no regions.
    pub const fn empty() -> Self {
        let nothing = MemoryRegion { start: 0, length: 0, kind: RegionKind::Reserved };
        Self { regions: [nothing; MAX_REGIONS], count: 0, left_out: 0 }
    }

    /// Adds a region in order; false when it is empty, wraps around the address space, or the map is full.
    pub fn insert(&mut self, region: MemoryRegion) -> bool {
        if region.length == 0 || region.start.checked_add(region.length).is_none() {
            return false;
        }
        if self.count == MAX_REGIONS {
            let usable = matches!(region.kind, RegionKind::Usable | RegionKind::BootloaderReclaimable);
            self.left_out = self.left_out.saturating_add(if usable { region.length } else { 0 });
            return false;
        }
        let at = self.regions[..self.count].partition_point(|r| r.start <= region.start);
        self.regions.copy_within(at..self.count, at + 1);
        self.regions[at] = region;
        self.count += 1;
        true
    }

    /// Bytes of memory that could be used, had the map not more than [`MAX_REGIONS`] regions.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The regions, sorted by start.
    pub fn regions(&self) -> &[MemoryRegion] {
        &self.regions[..self.count]
    }
}

/// Where the kernel image lies.
#[derive(Clone, Copy, Debug)]
pub struct KernelImage {
    /// Physical address of the image's first byte.
    pub physical_base: u64,
    /// Its virtual address.
    pub virtual_base: u64,
}

/// Where one colour lies in a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Lowest bit.
    pub shift: u8,
    /// Bits; 8 on everything but old hardware.
    pub size: u8,
}

/// A linear framebuffer.
#[derive(Clone, Copy, Debug)]
pub struct FramebufferInfo {
    /// Where the loader mapped it (inside the HHDM).
    pub virtual_address: u64,
    /// Its physical address.
    pub physical_address: u64,
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from one row to the next; at least `width * bits_per_pixel / 8`.
    pub pitch: u32,
    /// 16, 24 or 32.
    pub bits_per_pixel: u16,
    /// Red's place in a pixel.
    pub red: Channel,
    /// Green's place.
    pub green: Channel,
    /// Blue's place.
    pub blue: Channel,
}

impl FramebufferInfo {
    /// Bytes of video memory from the first pixel to the end of the last row.
    pub fn bytes(&self) -> u64 {
        u64::from(self.pitch) * u64::from(self.height)
    }
}

/// A file the loader put beside the kernel.
#[derive(Clone, Copy)]
pub struct Module {
    /// Its path on the boot medium.
    pub path: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

/// Modules kept; more are ignored with a warning.
pub const MAX_MODULES: usize = 8;

/// Everything the loader told us.
pub struct BootInfo {
    /// The loader's name.
    pub loader_name: &'static str,
    /// The loader's version.
    pub loader_version: &'static str,
    /// Virtual minus physical address of the higher-half direct map.
    pub hhdm_offset: u64,
    /// Physical memory.
    pub memory_map: MemoryMap,
    /// The kernel image.
    pub kernel: KernelImage,
    /// The kernel's ELF file: its symbols name the functions in a backtrace. Empty if not given.
    pub kernel_file: &'static [u8],
    /// The command line.
    pub command_line: CommandLine,
    /// Files beside the kernel.
    pub modules: [Option<Module>; MAX_MODULES],
    /// The screen, when there is one.
    pub framebuffer: Option<FramebufferInfo>,
    /// Physical address of the ACPI root pointer.
    pub rsdp: Option<u64>,
    /// Seconds since 1970 when the loader ran.
    pub boot_time: Option<u64>,
    /// The other processors, waiting to be started.
    pub processors: super::limine::Processors,
}
