//! The PVH way in: `qemu -kernel loader.elf -initrd PACK -append WORDS`.
//!
//! QEMU finds the entry point in an ELF note and starts it in 32-bit protected mode with the
//! address of a start-of-day structure in EBX. Source: Xen, `xen/include/public/arch-x86/hvm/
//! start_info.h`.

use crate::BootError;
use crate::bytes::{u32_at, u64_at, until_nul};
use crate::cmdline;
use crate::handover::{Handover, RootPointer};
use crate::memory_map::{Kind, MemoryMap, Region};

const MAGIC: u32 = 0x336e_c578;
/// Size of the structure since version 1, which brought the memory map.
const SIZE: usize = 56;
const MODULE_SIZE: usize = 32;
const MAP_ENTRY_SIZE: usize = 24;

/// Reads the structure at `address`. `read` gives the bytes at a physical address, or `None` where
/// nothing can be read.
///
/// # Errors
/// [`BootError::NoMemoryMap`] if there is no such structure or it has no usable map;
/// [`BootError::MemoryMapTooLong`].
pub fn read_start_info<'a>(
    address: u64,
    read: impl Fn(u64, usize) -> Option<&'a [u8]>,
    handover: &mut Handover,
    map: &mut MemoryMap,
) -> Result<(), BootError> {
    let info = read(address, SIZE).ok_or(BootError::NoMemoryMap)?;
    let word = |offset| u32_at(info, offset).unwrap_or(0);
    let wide = |offset| u64_at(info, offset).unwrap_or(0);
    if word(0) != MAGIC || word(4) < 1 {
        return Err(BootError::NoMemoryMap);
    }

    let entries = read(wide(40), word(48) as usize * MAP_ENTRY_SIZE).ok_or(BootError::NoMemoryMap)?;
    let entries = entries.as_chunks::<MAP_ENTRY_SIZE>().0.iter().filter_map(|entry| {
        let kind = Kind::from_e820(u32_at(entry, 16)?);
        Some(Region { base: u64_at(entry, 0)?, length: u64_at(entry, 8)?, kind })
    });
    map.add_firmware_map(entries)?;

    // A string's length is not said; what is not there reads as none.
    let string = |address: u64| match address {
        0 => &[],
        _ => (0..13).rev().find_map(|shift| read(address, 1 << shift)).map_or(&[][..], until_nul),
    };
    const { assert!(cmdline::MAX_LENGTH <= 1 << 12) };
    handover.command_line.add(string(wide(24)));
    if wide(32) != 0 {
        handover.root_pointer = RootPointer::At(wide(32));
    }
    let modules = (word(12) as usize).checked_mul(MODULE_SIZE).and_then(|length| read(wide(16), length));
    for module in modules.unwrap_or(&[]).as_chunks::<MODULE_SIZE>().0 {
        if let (Some(base), Some(size), Some(name)) =
            (u64_at(module, 0), u64_at(module, 8), u64_at(module, 16))
        {
            handover.add_module(base, size, string(name));
        }
    }
    Ok(())
}
