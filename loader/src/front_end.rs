//! Who started us, and where to read what they say.

use bootload::handover::Handover;
use bootload::memory_map::MemoryMap;
use bootload::{BootError, multiboot2, pvh};

use crate::physical;

/// `FRONT_END_PVH` of `entry.s`.
const PVH: u32 = 0;

/// Reads what was left at `info`.
pub fn read(
    front_end: u32,
    info: u64,
    handover: &mut Handover,
    map: &mut MemoryMap,
) -> Result<(), BootError> {
    if front_end == PVH {
        return pvh::read_start_info(info, physical::bytes, handover, map);
    }
    let total = physical::bytes(info, 4).and_then(|size| size.try_into().ok()).map_or(0, u32::from_le_bytes);
    let bytes = physical::bytes(info, total as usize).ok_or(BootError::NoMemoryMap)?;
    multiboot2::read_boot_information(bytes, handover, map)
}
