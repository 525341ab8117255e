//! The multiboot2 way in: GRUB, from BIOS or UEFI, with `multiboot2 /boot/loader.elf WORDS` and
//! `module2 FILE WORDS`.
//!
//! GRUB leaves a list of tags, each of type, size and contents, on 8-byte boundaries. Source:
//! Multiboot2 Specification 2.0, section 3.6.

use crate::BootError;
use crate::acpi::{RSDP_SIZE_1, RSDP_SIZE_2};
use crate::bytes::{u32_at, u64_at, until_nul};
use crate::framebuffer::{Channel, Framebuffer};
use crate::handover::{Handover, RootPointer};
use crate::memory_map::{Kind, MemoryMap, Region};
use crate::responses::Firmware;

/// What EAX holds when a multiboot2 loader starts a kernel.
pub const MAGIC: u32 = 0x36d7_6289;

const END: u32 = 0;
const COMMAND_LINE: u32 = 1;
const MODULE: u32 = 3;
const MEMORY_MAP: u32 = 6;
const FRAMEBUFFER: u32 = 8;
const EFI_64_TABLE: u32 = 12;
const OLD_RSDP: u32 = 14;
const NEW_RSDP: u32 = 15;

/// Type of a framebuffer whose pixels hold colours rather than palette indices.
const DIRECT_COLOUR: u8 = 1;

/// Reads the boot information in `info`, which starts with its own length.
///
/// # Errors
/// [`BootError::NoMemoryMap`], [`BootError::MemoryMapTooLong`].
pub fn read_boot_information(
    info: &[u8],
    handover: &mut Handover,
    map: &mut MemoryMap,
) -> Result<(), BootError> {
    let mut has_map = false;
    for (kind, tag) in tags(info) {
        match kind {
            COMMAND_LINE => handover.command_line.add(until_nul(tag)),
            MODULE => {
                if let (Some(start), Some(end), Some(string)) = (u32_at(tag, 0), u32_at(tag, 4), tag.get(8..))
                {
                    handover.add_module(
                        u64::from(start),
                        u64::from(end.saturating_sub(start)),
                        until_nul(string),
                    );
                }
            }
            MEMORY_MAP if !has_map => {
                map.add_firmware_map(memory_map(tag))?;
                has_map = true;
            }
            FRAMEBUFFER => handover.framebuffer = framebuffer(tag).filter(Framebuffer::is_usable),
            EFI_64_TABLE => handover.firmware = Firmware::Uefi64,
            // The new one is better, whichever comes first.
            NEW_RSDP => handover.root_pointer = root_pointer(tag, RSDP_SIZE_2),
            OLD_RSDP if handover.root_pointer == RootPointer::Unknown => {
                handover.root_pointer = root_pointer(tag, RSDP_SIZE_1);
            }
            _ => {}
        }
    }
    if has_map { Ok(()) } else { Err(BootError::NoMemoryMap) }
}

/// Types and contents of the tags, up to the end tag or the first one that makes no sense.
fn tags(info: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut offset = 8;
    core::iter::from_fn(move || {
        let kind = u32_at(info, offset).filter(|kind| *kind != END)?;
        let size = u32_at(info, offset + 4)? as usize;
        let contents = info.get(offset + 8..offset.checked_add(size)?)?;
        offset = (offset + size).next_multiple_of(8);
        Some((kind, contents))
    })
}

fn memory_map(tag: &[u8]) -> impl Iterator<Item = Region> + Clone {
    // Entries may grow in later versions; an entry too small to hold ours ends the map.
    let entry_size = u32_at(tag, 0).map_or(0, |size| size as usize);
    let entries = if entry_size < 24 { &[] } else { tag.get(8..).unwrap_or(&[]) };
    entries.chunks_exact(entry_size.max(24)).filter_map(|entry| {
        let kind = Kind::from_e820(u32_at(entry, 16)?);
        Some(Region { base: u64_at(entry, 0)?, length: u64_at(entry, 8)?, kind })
    })
}

fn framebuffer(tag: &[u8]) -> Option<Framebuffer> {
    let channel = |offset: usize| Some(Channel { shift: *tag.get(offset)?, size: *tag.get(offset + 1)? });
    (*tag.get(21)? == DIRECT_COLOUR).then_some(())?;
    Some(Framebuffer {
        base: u64_at(tag, 0)?,
        pitch: u64::from(u32_at(tag, 8)?),
        width: u64::from(u32_at(tag, 12)?),
        height: u64::from(u32_at(tag, 16)?),
        bits_per_pixel: u16::from(*tag.get(20)?),
        red: channel(24)?,
        green: channel(26)?,
        blue: channel(28)?,
    })
}

fn root_pointer(tag: &[u8], size: usize) -> RootPointer {
    let mut copy = [0; RSDP_SIZE_2];
    match tag.get(..size) {
        Some(bytes) => {
            copy[..size].copy_from_slice(bytes);
            RootPointer::Copy(copy)
        }
        None => RootPointer::Unknown,
    }
}
