//! The kernel's page tables: built once from the memory map, then changed one span at a time.
//!
//! W^X throughout: the image by its sections, everything else never executable. The direct map holds the
//! kernel image and the modules read-only, so that not even its alias lets anybody write to code.
//!
//! Mapping what was not mapped needs no flush on any CPU; taking away does, and that is what `shootdown`
//! and the returned [`Stale`] are for.

use alloc::vec::Vec;

use frames::{FRAME_SIZE, Frame};
use paging::{
    Access, Attributes, Cache, MapError, Mapping, PageSize, PageTable, PhysicalAddress, Span, Stale,
    VirtualAddress,
};

use super::direct_map::{self, Tables};
use super::{InitError, frames as machine, layout};
use crate::arch;
use crate::boot::info::{BootInfo, RegionKind};
use crate::lock::{IrqSpinLock, Rank};

static KERNEL: IrqSpinLock<Option<PageTable>> = IrqSpinLock::new(Rank::PageTables, None);

/// Data that the kernel reads and writes.
pub(super) const DATA: Attributes = Attributes::memory(Access::WRITE.union(Access::GLOBAL));
/// Data that nobody writes.
pub(super) const READ_ONLY: Attributes = Attributes::memory(Access::GLOBAL);
const CODE: Attributes = Attributes::memory(Access::EXECUTE.union(Access::GLOBAL));

/// Frames taken from the allocator at a time.
const BATCH: usize = 64;

unsafe extern "C" {
    // Borders of the sections, from linker.ld; only their addresses mean anything.
    static __text_start: u8;
    static __text_end: u8;
    static __rodata_start: u8;
    static __rodata_end: u8;
    static __data_start: u8;
    static __data_end: u8;
}

/// Builds the kernel's tables and moves this CPU to them.
pub(super) fn init(boot: &BootInfo) -> Result<(), InitError> {
    let mut table = PageTable::new(&mut Tables).map_err(InitError::Map)?;
    for window in layout::WINDOWS {
        let address = VirtualAddress::new(window).ok_or(InitError::Map(MapError::NonCanonical))?;
        table.reserve_slot(&mut Tables, address).map_err(InitError::Map)?;
    }
    map_image(&mut table, boot)?;
    map_memory(&mut table, boot)?;
    let framebuffer = map_framebuffer(&mut table, boot);
    let root = table.root().get();
    // SAFETY: `table` maps, where the loader's tables did: 1. the image, by its own sections; 2. all usable
    // and reclaimable memory through the direct map, hence this stack, the loader's answers and its parking
    // places for CPUs; 3. the kernel's file, the modules and the framebuffer, to which `boot` points.
    unsafe { arch::tlb::set_kernel_table(root) };
    // The loader's entries may have been global.
    arch::tlb::flush_all();
    *KERNEL.lock() = Some(table);
    if let Err(error) = framebuffer {
        log::warn!("memory: no write-combining for the screen: {error}");
    }
    Ok(())
}

/// The largest pages this CPU knows.
fn largest_page() -> PageSize {
    if arch::cpu::features().gigabyte_pages { PageSize::Size1GiB } else { PageSize::Size2MiB }
}

/// Without the feature, the bit that forbids execution is reserved and must not be set.
pub(super) fn supported(attributes: Attributes) -> Attributes {
    let mut attributes = attributes;
    attributes.access.set(
        Access::EXECUTE,
        attributes.access.contains(Access::EXECUTE) || !arch::cpu::features().no_execute,
    );
    attributes
}

fn map_new(
    table: &mut PageTable,
    start: u64,
    physical: u64,
    length: u64,
    attributes: Attributes,
) -> Result<(), MapError> {
    let span = Span {
        start: VirtualAddress::new(start).ok_or(MapError::NonCanonical)?,
        physical: PhysicalAddress::new(physical).ok_or(MapError::BeyondPhysical)?,
        length,
    };
    table.map_span(&mut Tables, span, largest_page(), supported(attributes)).map_err(|(error, _)| error)
}

fn map_image(table: &mut PageTable, boot: &BootInfo) -> Result<(), InitError> {
    let sections = [
        (&raw const __text_start, &raw const __text_end, CODE),
        (&raw const __rodata_start, &raw const __rodata_end, READ_ONLY),
        (&raw const __data_start, &raw const __data_end, DATA),
    ];
    for (start, end, attributes) in sections {
        let (start, end) = (start.addr() as u64, end.addr() as u64);
        // The loader lays the image out in one piece: the distance is the same for every section.
        let physical = start.wrapping_sub(boot.kernel.virtual_base).wrapping_add(boot.kernel.physical_base);
        map_new(table, start, physical, end - start, attributes).map_err(InitError::Map)?;
    }
    Ok(())
}

/// In words, what an address near the kernel's image belongs to.
pub(super) fn describe_image(address: u64) -> &'static str {
    let sections = [
        (&raw const __text_start, &raw const __text_end, "the kernel's code"),
        (&raw const __rodata_start, &raw const __rodata_end, "the kernel's constants"),
        (&raw const __data_start, &raw const __data_end, "the kernel's variables"),
    ];
    let found =
        sections.iter().find(|(start, end, _)| (start.addr()..end.addr()).contains(&(address as usize)));
    found.map_or("no part of the kernel's image", |(.., name)| name)
}

/// The direct map: neighbouring regions of one kind of access become one span, so that large pages fit.
fn map_memory(table: &mut PageTable, boot: &BootInfo) -> Result<(), InitError> {
    let mut pending: Option<(u64, u64, Attributes)> = None;
    for region in boot.memory_map.regions() {
        let attributes = match region.kind {
            RegionKind::Usable | RegionKind::BootloaderReclaimable => DATA,
            RegionKind::KernelAndModules => READ_ONLY,
            _ => continue,
        };
        let previous_end = pending.map_or(0, |(_, end, _)| end);
        let (start, end) = ((region.start & !0xfff).max(previous_end), region.end().next_multiple_of(4096));
        if start >= end {
            continue;
        }
        pending = match pending {
            Some((first, last, same)) if last == start && same == attributes => {
                Some((first, end, attributes))
            }
            _ => {
                map_direct(table, pending)?;
                Some((start, end, attributes))
            }
        };
    }
    map_direct(table, pending)
}

fn map_direct(table: &mut PageTable, span: Option<(u64, u64, Attributes)>) -> Result<(), InitError> {
    let Some((start, end, attributes)) = span else { return Ok(()) };
    let first = direct_map::address(start);
    if first.checked_add(end - start).is_none_or(|last| last > layout::HEAP) {
        return Err(InitError::DirectMapTooHigh);
    }
    map_new(table, first, start, end - start, attributes).map_err(InitError::Map)
}

fn map_framebuffer(table: &mut PageTable, boot: &BootInfo) -> Result<(), MapError> {
    let Some(framebuffer) = &boot.framebuffer else { return Ok(()) };
    let start = framebuffer.physical_address & !0xfff;
    let end = (framebuffer.physical_address + framebuffer.bytes()).next_multiple_of(4096);
    let attributes = DATA.cached(Cache::WriteCombining);
    map_new(table, direct_map::address(start), start, end - start, attributes)
}

/// The tables of an address space with nothing in its lower half.
pub(super) fn new_root() -> Result<PageTable, MapError> {
    with(|table| table.with_same_upper_half(&mut Tables))
}

/// Runs `change` on the kernel's tables.
fn with<R>(change: impl FnOnce(&mut PageTable) -> Result<R, MapError>) -> Result<R, MapError> {
    change(KERNEL.lock().as_mut().ok_or(MapError::NotMapped)?)
}

/// The page around `address`.
pub fn translate(address: u64) -> Option<Mapping> {
    let address = VirtualAddress::new(address)?;
    KERNEL.lock().as_ref()?.translate(&Tables, address)
}

/// The word at `address`, a multiple of 8, wherever that is in the kernel's half: for who looks at what others use.
/// `None` where no memory is mapped. Never faults, whoever unmaps what meanwhile: what is translated is read through the
/// direct map. The word may be another's by the time it is read; who wants to know asks afterwards.
pub fn peek(address: u64) -> Option<u64> {
    let mapping = translate(address).filter(|_| address.is_multiple_of(8))?;
    let physical = mapping.physical.get() + (address - mapping.page.get());
    super::physical::is_memory(physical, 8).then(|| direct_map::read(physical))
}

/// The entries that translate `address`, from the root down: level, index and bits of each. None when it is not
/// canonical.
pub fn path(address: u64) -> Vec<(u8, usize, u64)> {
    let mut steps = Vec::with_capacity(4);
    if let Some(address) = VirtualAddress::new(address)
        && let Some(table) = KERNEL.lock().as_ref()
    {
        table.path(&Tables, address, |level, index, bits| steps.push((level, index, bits)));
    }
    steps
}

/// Maps physical memory that is nobody's: device registers, firmware tables. Never to be taken away again,
/// so that no other CPU ever has to hear of it.
pub(super) fn map_for_good(
    start: u64,
    physical: u64,
    length: u64,
    attributes: Attributes,
) -> Result<(), MapError> {
    with(|table| map_new(table, start, physical, length, attributes))
}

/// Maps one frame for ring 3: for a test that the kernel can't touch or execute it.
pub(super) fn map_for_user(address: u64, frame: Frame, access: Access) -> Result<(), MapError> {
    map_for_good(address, frame.address(), FRAME_SIZE, Attributes::memory(access | Access::USER))
}

/// Maps `pages` fresh frames, their bytes whatever they are, from `start` on.
///
/// # Errors
/// The number of pages that are mapped nevertheless: the caller's to give back by [`unmap`].
pub(super) fn populate(start: u64, pages: u64) -> Result<(), u64> {
    let attributes = supported(DATA);
    let mut kernel = KERNEL.lock();
    let table = kernel.as_mut().ok_or(0u64)?;
    let mut done = 0;
    while done < pages {
        let address = VirtualAddress::new(start + done * FRAME_SIZE).ok_or(done)?;
        let mut batch = [Frame::from_number(0); BATCH];
        let wanted = (pages - done).min(BATCH as u64) as usize;
        let found = machine::allocate_batch(&mut batch[..wanted]);
        let mut given = batch[..found].iter();
        let supply =
            |_: &mut Tables| given.next().map(|frame| PhysicalAddress::new_truncate(frame.address()));
        match table.map_each(&mut Tables, address, wanted as u64, PageSize::Size4KiB, attributes, supply) {
            Ok(()) => done += wanted as u64,
            Err((_, mapped)) => {
                machine::free_all(batch[mapped as usize..found].iter().copied());
                return Err(done + mapped);
            }
        }
    }
    Ok(())
}

/// Takes away the pages of a span and hands each to `taken`. Neither the frames nor the addresses may be
/// used again before the flush that the result asks for.
pub(super) fn unmap(start: u64, pages: u64, taken: impl FnMut(Mapping)) -> Result<Stale, MapError> {
    let start = VirtualAddress::new(start).ok_or(MapError::NonCanonical)?;
    with(|table| table.unmap_span(&mut Tables, start, pages * 4096, taken))
}
