//! Answering what the kernel asks for.
//!
//! Responses are structures of words, written here as such: their layouts are the protocol's, in
//! the order of its documentation. `tests/limine.rs` reads them back through the `limine` crate,
//! as a kernel does.

use crate::acpi::Processor;
use crate::arena::Arena;
use crate::framebuffer::{Channel, Framebuffer};
use crate::memory_map::{CAPACITY, Region};
use crate::requests::{Feature, Requests};
use crate::{BootError, HHDM, cmdline};

/// Size of a stack when the kernel does not ask for one.
pub const DEFAULT_STACK_SIZE: u64 = 64 << 10;
/// Largest stack a kernel may ask for; every processor gets one.
const MAX_STACK_SIZE: u64 = 16 << 20;

/// Size of the structure that describes a processor.
pub const PROCESSOR_SIZE: u64 = 32;
/// Offset in it of the address that a parked processor waits for.
pub const GOTO_ADDRESS_OFFSET: u64 = 16;

/// What kind of firmware started the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// PC BIOS, or none (PVH).
    Bios = 0,
    /// 64-bit UEFI.
    Uefi64 = 2,
}

/// A file in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct File<'a> {
    /// Physical address, page-aligned.
    pub base: u64,
    /// Length in bytes.
    pub size: u64,
    /// Its path.
    pub path: &'a [u8],
    /// The words that came with it.
    pub string: &'a [u8],
}

/// All that the loader found out.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The memory map in its final state.
    pub memory_map: &'a [Region],
    /// The screen.
    pub framebuffer: Option<Framebuffer>,
    /// The firmware.
    pub firmware: Firmware,
    /// Physical address of the ACPI root pointer.
    pub rsdp: Option<u64>,
    /// The kernel's file; its string is the kernel's command line.
    pub kernel: File<'a>,
    /// The modules.
    pub modules: &'a [File<'a>],
    /// Seconds since 1970.
    pub boot_time: Option<i64>,
    /// Physical address of the kernel image.
    pub physical_base: u64,
    /// Virtual address of the kernel image.
    pub virtual_base: u64,
    /// The local APIC id of this processor.
    pub bsp_lapic_id: u32,
    /// Whether local APICs are in x2APIC mode.
    pub x2apic: bool,
    /// The processors that run, this one among them.
    pub processors: &'a [Processor],
}

/// The stack size that the kernel asks for, in bytes, a multiple of 16.
///
/// # Errors
/// [`BootError::StackTooLarge`].
pub fn stack_size(image: &[u8], requests: &Requests) -> Result<u64, BootError> {
    match requests.field(image, Feature::StackSize, 0, 0) {
        Some(size) if size > MAX_STACK_SIZE => Err(BootError::StackTooLarge(size)),
        Some(size) => Ok(size.max(DEFAULT_STACK_SIZE).next_multiple_of(16)),
        None => Ok(DEFAULT_STACK_SIZE),
    }
}

/// A size, in bytes, of arena that [`fill`] is content with.
pub fn arena_size(modules: &[File], processors: usize) -> u64 {
    let of_modules: usize = modules.iter().map(|file| 160 + file.path.len() + file.string.len()).sum();
    let fixed = 4096 + 2 * cmdline::MAX_LENGTH;
    (fixed + of_modules + CAPACITY * 32 + processors * 40) as u64
}

/// Answers all `requests` of the kernel in `image`, and gives the virtual address of the first of
/// the structures for processors: they stand one behind the other, in the order of
/// [`Facts::processors`], [`PROCESSOR_SIZE`] bytes each.
///
/// # Errors
/// [`BootError::OutOfMemory`] if the arena is too small; [`BootError::PagingMode`] for a kernel
/// that does without four levels.
pub fn fill(
    image: &mut [u8],
    requests: &Requests,
    facts: &Facts,
    arena: &mut Arena,
) -> Result<u64, BootError> {
    let mut answer = |feature, response| requests.answer(image, feature, response);

    let name = arena.string(b"Quicklime loader")?;
    let version = arena.string(env!("CARGO_PKG_VERSION").as_bytes())?;
    answer(Feature::BootloaderInfo, arena.words(&[0, name, version])?);
    answer(Feature::FirmwareType, arena.words(&[0, facts.firmware as u64])?);
    answer(Feature::StackSize, arena.words(&[0])?);
    answer(Feature::EntryPoint, arena.words(&[0])?);
    answer(Feature::Hhdm, arena.words(&[0, HHDM])?);
    answer(Feature::PagingMode, arena.words(&[0, 0])?);
    answer(Feature::ExecutableAddress, arena.words(&[0, facts.physical_base, facts.virtual_base])?);

    let kernel = file(arena, &facts.kernel)?;
    answer(Feature::ExecutableFile, arena.words(&[0, kernel])?);
    let command_line = arena.string(facts.kernel.string)?;
    answer(Feature::ExecutableCommandLine, arena.words(&[0, command_line])?);

    // The files first, then the list of their addresses: they are all of one size.
    let mut files = [0; crate::pack::MAX_MODULES];
    let files = files.get_mut(..facts.modules.len()).ok_or(BootError::OutOfMemory("modules", 0))?;
    for (address, module) in files.iter_mut().zip(facts.modules) {
        *address = file(arena, module)?;
    }
    let list = arena.words(files)?;
    answer(Feature::Module, arena.words(&[1, facts.modules.len() as u64, list])?);

    // Base revision 3 has the root pointer's address physical.
    if let Some(rsdp) = facts.rsdp {
        answer(Feature::Rsdp, arena.words(&[0, rsdp])?);
    }
    if let Some(time) = facts.boot_time {
        answer(Feature::DateAtBoot, arena.words(&[0, time.cast_unsigned()])?);
    }
    if let Some(screen) = facts.framebuffer {
        answer(Feature::Framebuffer, framebuffer(arena, &screen)?);
    }

    let entries = facts.memory_map.iter().flat_map(|region| [region.base, region.length, region.kind as u64]);
    let entries = arena.collect(entries)?;
    let list = list_of(arena, entries, 24, facts.memory_map.len())?;
    answer(Feature::MemoryMap, arena.words(&[0, facts.memory_map.len() as u64, list])?);

    let processor = |cpu: &Processor| [pair(cpu.uid, cpu.lapic_id), 0, 0, 0];
    let processors = arena.collect(facts.processors.iter().flat_map(processor))?;
    let list = list_of(arena, processors, PROCESSOR_SIZE, facts.processors.len())?;
    let head = pair(u32::from(facts.x2apic), facts.bsp_lapic_id);
    answer(Feature::Mp, arena.words(&[0, head, facts.processors.len() as u64, list])?);

    // Request revision 1 has the lowest mode the kernel can live with as its third field.
    if requests.field(image, Feature::PagingMode, 1, 2).is_some_and(|lowest| lowest > 0) {
        return Err(BootError::PagingMode);
    }
    requests.answer_revision(image);
    Ok(processors)
}

/// Two 32-bit fields in a word, the first one first in memory.
fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) | u64::from(second) << 32
}

/// A list of the addresses of `count` structures of `size` bytes that start at `first`.
fn list_of(arena: &mut Arena, first: u64, size: u64, count: usize) -> Result<u64, BootError> {
    arena.collect((0..count as u64).map(|index| first + index * size))
}

/// A file structure, revision 0, of "generic" medium: we do not know where the bytes came from.
fn file(arena: &mut Arena, file: &File) -> Result<u64, BootError> {
    let path = arena.string(file.path)?;
    let string = arena.string(file.string)?;
    // Behind the strings: medium, TFTP, partition, and three UUIDs of 16 bytes, all unknown.
    arena.words(&[0, HHDM + file.base, file.size, path, string, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

/// A framebuffer response of revision 1, with the one mode that is set.
fn framebuffer(arena: &mut Arena, screen: &Framebuffer) -> Result<u64, BootError> {
    const RGB: u8 = 1;
    let channel = |of: Channel| [of.size, of.shift];
    let mut format = [0; 16];
    format[..2].copy_from_slice(&screen.bits_per_pixel.to_le_bytes());
    format[2] = RGB;
    format[3..5].copy_from_slice(&channel(screen.red));
    format[5..7].copy_from_slice(&channel(screen.green));
    format[7..9].copy_from_slice(&channel(screen.blue));
    let format = u128::from_le_bytes(format);
    let (low, high) = (format as u64, (format >> 64) as u64);

    let mode = arena.words(&[screen.pitch, screen.width, screen.height, low, high])?;
    let modes = arena.words(&[mode])?;
    let address = HHDM + screen.base;
    let framebuffer =
        arena.words(&[address, screen.width, screen.height, screen.pitch, low, high, 0, 0, 1, modes])?;
    let list = arena.words(&[framebuffer])?;
    arena.words(&[1, 1, list])
}
