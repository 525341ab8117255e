//! As much of ACPI as it takes to find the other processors: root pointer, root table, MADT.
//!
//! The crate `acpi` reads far more, into lists on a heap; the loader has no heap, so this reads in
//! place. Tables are read through a function from physical address and length to bytes, so that tests can
//! lay them out in a map. Source: ACPI 6.5, sections 5.2.5 (RSDP), 5.2.7, 5.2.8 and 5.2.12 (MADT).

use crate::bytes::{u32_at, u64_at};

/// Size of the ACPI 1.0 root pointer, which its first checksum covers.
pub const RSDP_SIZE_1: usize = 20;
/// Size of the root pointer since ACPI 2.0.
pub const RSDP_SIZE_2: usize = 36;

const HEADER_SIZE: usize = 36;
/// No table of interest is larger.
const MAX_TABLE_SIZE: usize = 1 << 20;

/// A processor as the MADT has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Processor {
    /// ACPI processor UID.
    pub uid: u32,
    /// Local APIC id.
    pub lapic_id: u32,
}

/// Whether `bytes` start with a sound root pointer.
pub fn is_rsdp(bytes: &[u8]) -> bool {
    rsdp(bytes).is_some()
}

/// The sound root pointer that `bytes` start with: 20 or 36 bytes of it.
pub fn rsdp(bytes: &[u8]) -> Option<&[u8]> {
    let first = bytes.get(..RSDP_SIZE_1)?;
    if !first.starts_with(b"RSD PTR ") || sum(first) != 0 {
        return None;
    }
    match bytes.get(..RSDP_SIZE_2) {
        Some(whole) if first[15] >= 2 && sum(whole) == 0 => Some(whole),
        _ => Some(first),
    }
}

/// The offset of the root pointer in `area`, where a BIOS leaves it on a 16-byte boundary.
pub fn scan_for_rsdp(area: &[u8]) -> Option<usize> {
    (0..area.len()).step_by(16).find(|offset| is_rsdp(&area[*offset..]))
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// The MADT ("APIC" table).
#[derive(Clone, Copy, Debug)]
pub struct Madt<'a>(&'a [u8]);

impl<'a> Madt<'a> {
    /// Finds the table, starting from the bytes of the root pointer. `read` gives the bytes at a
    /// physical address, or `None` where nothing can be read.
    pub fn find(rsdp_bytes: &[u8], read: impl Fn(u64, usize) -> Option<&'a [u8]>) -> Option<Self> {
        let root = rsdp(rsdp_bytes)?;
        let table = |address: u64, signature: &[u8; 4]| -> Option<&'a [u8]> {
            let header = read(address, HEADER_SIZE)?;
            let length = u32_at(header, 4)? as usize;
            if !header.starts_with(signature) || !(HEADER_SIZE..=MAX_TABLE_SIZE).contains(&length) {
                return None;
            }
            read(address, length).filter(|bytes| sum(bytes) == 0)
        };
        let extended = u64_at(root, 24).filter(|address| *address != 0);
        if let Some(xsdt) = extended.and_then(|address| table(address, b"XSDT")) {
            let (entries, _) = xsdt[HEADER_SIZE..].as_chunks::<8>();
            return entries.iter().find_map(|entry| table(u64::from_le_bytes(*entry), b"APIC")).map(Self);
        }
        let rsdt = table(u64::from(u32_at(root, 16)?), b"RSDT")?;
        let (entries, _) = rsdt[HEADER_SIZE..].as_chunks::<4>();
        entries.iter().find_map(|entry| table(u64::from(u32::from_le_bytes(*entry)), b"APIC")).map(Self)
    }

    /// The processors that are enabled, in the table's order. A local APIC can be listed in both
    /// of the formats; whoever collects these keeps the first of each id.
    pub fn processors(&self) -> impl Iterator<Item = Processor> + use<'a> {
        const ENABLED: u32 = 1;
        self.entries().filter_map(|entry| {
            let (processor, flags) = match entry.first()? {
                0 => {
                    let id = *entry.get(3)?;
                    // 255 is the xAPIC broadcast id: firmware's way to say "not there".
                    (id != 0xff).then_some((
                        Processor { uid: u32::from(*entry.get(2)?), lapic_id: u32::from(id) },
                        u32_at(entry, 4)?,
                    ))?
                }
                9 => (Processor { uid: u32_at(entry, 12)?, lapic_id: u32_at(entry, 4)? }, u32_at(entry, 8)?),
                _ => return None,
            };
            (flags & ENABLED != 0).then_some(processor)
        })
    }

    /// Physical addresses of the I/O APICs.
    pub fn io_apics(&self) -> impl Iterator<Item = u64> + use<'a> {
        self.entries()
            .filter(|entry| entry.first() == Some(&1))
            .filter_map(|entry| u32_at(entry, 4))
            .map(u64::from)
    }

    fn entries(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        // Behind the header stand the local APIC's address and flags, 4 bytes each.
        let mut rest = self.0.get(HEADER_SIZE + 8..).unwrap_or(&[]);
        core::iter::from_fn(move || {
            let length = usize::from(*rest.get(1)?);
            // A length of 0 or 1 would never get on.
            let entry = rest.get(..length).filter(|_| length >= 2)?;
            rest = &rest[length..];
            Some(entry)
        })
    }
}
