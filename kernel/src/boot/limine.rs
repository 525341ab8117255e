//! The Limine boot protocol: our requests, and the one function that turns the loader's answers into
//! [`BootInfo`]. Source: the protocol's specification (limine-bootloader, PROTOCOL.md), base revision 3.
//!
//! Nothing here trusts the loader further than it must: a missing answer is an absent feature, text that is
//! not UTF-8 is empty, a framebuffer that contradicts itself does not exist. Two answers are indispensable
//! (the memory map and the direct map's offset); without them `collect` says which one is missing.

use core::ffi::CStr;
use limine::BaseRevision;
use limine::memory_map::EntryType;
use limine::mp::Cpu;
use limine::request::{
    BootloaderInfoRequest, DateAtBootRequest, ExecutableAddressRequest, ExecutableCmdlineRequest,
    ExecutableFileRequest, FramebufferRequest, HhdmRequest, MemoryMapRequest, ModuleRequest, MpRequest,
    RequestsEndMarker, RequestsStartMarker, RsdpRequest, StackSizeRequest,
};

use super::command_line::CommandLine;
use super::info::{
    BootInfo, Channel, FramebufferInfo, KernelImage, MAX_MODULES, MemoryMap, MemoryRegion, Module, RegionKind,
};

/// Bytes of stack the loader gives each CPU until it moves to its own.
const STACK_SIZE: u64 = 64 * 1024;

// SAFETY: (for every `link_section` here) the sections are the ones linker.ld gathers into writable data,
// and the loader only writes the response fields, before the kernel runs.
#[used]
#[unsafe(link_section = ".limine_requests_start")]
static START_MARKER: RequestsStartMarker = RequestsStartMarker::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static BASE_REVISION: BaseRevision = BaseRevision::with_revision(3);
#[used]
#[unsafe(link_section = ".limine_requests")]
static LOADER: BootloaderInfoRequest = BootloaderInfoRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static HHDM: HhdmRequest = HhdmRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static MEMORY_MAP: MemoryMapRequest = MemoryMapRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static ADDRESS: ExecutableAddressRequest = ExecutableAddressRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static FILE: ExecutableFileRequest = ExecutableFileRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static COMMAND_LINE: ExecutableCmdlineRequest = ExecutableCmdlineRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static MODULES: ModuleRequest = ModuleRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static FRAMEBUFFER: FramebufferRequest = FramebufferRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static RSDP: RsdpRequest = RsdpRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static DATE: DateAtBootRequest = DateAtBootRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static PROCESSORS: MpRequest = MpRequest::new();
#[used]
#[unsafe(link_section = ".limine_requests")]
static STACK: StackSizeRequest = StackSizeRequest::new().with_size(STACK_SIZE);
#[used]
#[unsafe(link_section = ".limine_requests_end")]
static END_MARKER: RequestsEndMarker = RequestsEndMarker::new();

/// Why the kernel cannot start: what the loader did not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootError {
    /// The loader gave no memory map.
    MemoryMap,
    /// The loader gave no direct map.
    DirectMap,
    /// The loader did not say where the kernel lies.
    KernelAddress,
}

impl core::fmt::Display for BootError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::MemoryMap => "the loader gave no memory map",
            Self::DirectMap => "the loader gave no direct map of memory",
            Self::KernelAddress => "the loader did not say where it put the kernel",
        })
    }
}

/// Collects the loader's answers.
///
/// `BASE_REVISION.is_supported()` is not asked: Limine 8.2 boots a kernel that asks for revision 3 as
/// revision 2 and leaves the tag, which is fine for all we use.
pub fn collect() -> Result<BootInfo, BootError> {
    let hhdm_offset = HHDM.get_response().ok_or(BootError::DirectMap)?.offset();
    let address = ADDRESS.get_response().ok_or(BootError::KernelAddress)?;
    let (loader_name, loader_version) =
        LOADER.get_response().map_or(("unknown loader", ""), |r| (r.name(), r.version()));
    Ok(BootInfo {
        loader_name,
        loader_version,
        hhdm_offset,
        memory_map: memory_map().ok_or(BootError::MemoryMap)?,
        kernel: KernelImage { physical_base: address.physical_base(), virtual_base: address.virtual_base() },
        kernel_file: FILE.get_response().map_or(&[], |r| file_bytes(r.file())),
        command_line: command_line(),
        modules: modules(),
        framebuffer: framebuffer(hhdm_offset),
        // Physical in base revision 3, a direct-map address in 2 and below and from 4 on.
        rsdp: RSDP
            .get_response()
            .map(|r| r.address() as u64)
            .filter(|&a| a != 0)
            .map(|a| if a >= hhdm_offset { a - hhdm_offset } else { a }),
        boot_time: DATE.get_response().map(|r| r.timestamp().as_secs()).filter(|&s| s != 0),
        processors: Processors { count: PROCESSORS.get_response().map_or(1, |r| r.cpus().len().max(1)) },
    })
}

fn memory_map() -> Option<MemoryMap> {
    let mut map = MemoryMap::empty();
    for entry in MEMORY_MAP.get_response()?.entries() {
        let kind = match entry.entry_type {
            EntryType::USABLE => RegionKind::Usable,
            EntryType::BOOTLOADER_RECLAIMABLE => RegionKind::BootloaderReclaimable,
            EntryType::EXECUTABLE_AND_MODULES => RegionKind::KernelAndModules,
            EntryType::FRAMEBUFFER => RegionKind::Framebuffer,
            EntryType::ACPI_RECLAIMABLE => RegionKind::AcpiReclaimable,
            EntryType::ACPI_NVS => RegionKind::AcpiNvs,
            _ => RegionKind::Reserved,
        };
        map.insert(MemoryRegion { start: entry.base, length: entry.length, kind });
    }
    (!map.regions().is_empty()).then_some(map)
}

fn text(raw: &'static CStr) -> &'static str {
    raw.to_str().unwrap_or("")
}

fn file_bytes(file: &'static limine::file::File) -> &'static [u8] {
    let (start, length) = (file.addr(), file.size() as usize);
    if start.is_null() || length == 0 || length > isize::MAX as usize {
        return &[];
    }
    // SAFETY: 1. the protocol promises `size` readable bytes at `address`, inside the direct map; 2. they
    // lie in memory typed "executable and modules", which nobody frees or writes; 3. the length fits isize.
    unsafe { core::slice::from_raw_parts(start, length) }
}

fn command_line() -> CommandLine {
    // Limine 8.2 has no command-line feature but passes the text with the kernel's file.
    let given = COMMAND_LINE.get_response().map(|r| text(r.cmdline()));
    let beside_file = || FILE.get_response().map(|r| text(r.file().string()));
    CommandLine::new(given.or_else(beside_file).unwrap_or(""))
}

fn modules() -> [Option<Module>; MAX_MODULES] {
    let mut kept = [None; MAX_MODULES];
    if let Some(response) = MODULES.get_response() {
        for (slot, file) in kept.iter_mut().zip(response.modules()) {
            *slot = Some(Module { path: text(file.path()), bytes: file_bytes(file) });
        }
    }
    kept
}

fn framebuffer(hhdm_offset: u64) -> Option<FramebufferInfo> {
    let first = FRAMEBUFFER.get_response()?.framebuffers().next()?;
    let virtual_address = first.addr() as u64;
    let info = FramebufferInfo {
        virtual_address,
        physical_address: virtual_address.checked_sub(hhdm_offset)?,
        width: u32::try_from(first.width()).ok()?,
        height: u32::try_from(first.height()).ok()?,
        pitch: u32::try_from(first.pitch()).ok()?,
        bits_per_pixel: first.bpp(),
        red: Channel { shift: first.red_mask_shift(), size: first.red_mask_size() },
        green: Channel { shift: first.green_mask_shift(), size: first.green_mask_size() },
        blue: Channel { shift: first.blue_mask_shift(), size: first.blue_mask_size() },
    };
    let bytes_per_pixel = u64::from(info.bits_per_pixel / 8);
    let plausible = matches!(info.bits_per_pixel, 16 | 24 | 32)
        && (1..=16_384).contains(&info.width)
        && (1..=16_384).contains(&info.height)
        && u64::from(info.width) * bytes_per_pixel <= u64::from(info.pitch)
        && [info.red, info.green, info.blue]
            .iter()
            .all(|c| c.size <= 8 && u16::from(c.shift) + u16::from(c.size) <= info.bits_per_pixel);
    plausible.then_some(info)
}

/// The processors the loader found and parked.
#[derive(Clone, Copy)]
pub struct Processors {
    count: usize,
}

impl Processors {
    /// How many there are, the running one included.
    pub fn count(self) -> usize {
        self.count
    }

    /// Has every other processor, up to `limit` of them, call `entry`; returns how many were sent. Each runs
    /// on a stack of the loader, under the loader's page tables, with interrupts off. Only the first call's
    /// `entry` counts. To be called before the loader's memory is reclaimed.
    pub fn start_others(self, limit: usize, entry: fn() -> !) -> usize {
        let Some(response) = PROCESSORS.get_response() else { return 0 };
        ENTRY.call_once(|| entry);
        let others = response.cpus().iter().filter(|cpu| cpu.lapic_id != response.bsp_lapic_id());
        let mut sent = 0;
        for cpu in others.take(limit) {
            sent += 1;
            cpu.goto_address.write(arrive);
        }
        sent
    }
}

static ENTRY: spin::Once<fn() -> !> = spin::Once::new();

/// Where a parked processor goes.
unsafe extern "C" fn arrive(_: &Cpu) -> ! {
    match ENTRY.get() {
        Some(entry) => entry(),
        // The address was written after the entry was set, so this is unreachable.
        None => crate::arch::cpu::halt_forever(),
    }
}
