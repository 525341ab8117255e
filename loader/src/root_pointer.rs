//! The ACPI root pointer, wherever it is.

use bootload::acpi;
use bootload::handover::{Handover, REACHABLE, RootPointer};
use bootload::memory_map::{Kind, MemoryMap};
use bootload::{BootError, PAGE_SIZE};

use crate::physical;

/// A root pointer that the kernel can find again.
#[derive(Clone, Copy)]
pub struct Rsdp {
    /// Physical address.
    pub address: u64,
    /// Its bytes, checksum proven.
    pub bytes: &'static [u8],
}

/// Finds the root pointer: where we are told, or where a BIOS leaves it, or else in the copy that
/// was handed over, which then gets a page of its own,
/// among the ACPI tables. None on a machine without ACPI.
pub fn find(handover: &Handover, map: &mut MemoryMap) -> Result<Option<Rsdp>, BootError> {
    if let RootPointer::At(address) = handover.root_pointer
        && let Some(found) = at(address)
    {
        return Ok(Some(found));
    }
    // A copy is of a pointer that UEFI keeps elsewhere, or a BIOS where everybody finds it.
    match handover.root_pointer {
        RootPointer::Copy(copy) if acpi::is_rsdp(&copy) => {
            if let Some(found) = scan().filter(|found| copy.starts_with(&found.bytes[..acpi::RSDP_SIZE_1])) {
                return Ok(Some(found));
            }
            let place = map.allocate(
                PAGE_SIZE,
                PAGE_SIZE,
                REACHABLE,
                Kind::AcpiReclaimable,
                "the ACPI root pointer",
            )?;
            physical::bytes_mut(place, copy.len() as u64).copy_from_slice(&copy);
            Ok(at(place))
        }
        _ => Ok(scan()),
    }
}

fn at(address: u64) -> Option<Rsdp> {
    let bytes = physical::bytes(address, acpi::RSDP_SIZE_2)?;
    Some(Rsdp { address, bytes: acpi::rsdp(bytes)? })
}

/// Looks through the first KiB of the extended BIOS data area and through the BIOS's own memory
/// (ACPI 6.5, 5.2.5.1).
fn scan() -> Option<Rsdp> {
    // The real-mode segment of the former stands at 40:0E.
    let segment =
        physical::bytes(0x40e, 2).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_le_bytes);
    [(u64::from(segment) << 4, 1024), (0xe_0000, 0x2_0000)].into_iter().find_map(|(base, length)| {
        let area = physical::bytes(base, length)?;
        at(base + acpi::scan_for_rsdp(area)? as u64)
    })
}
