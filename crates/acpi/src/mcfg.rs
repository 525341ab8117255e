//! Where PCI's configuration space lies in memory (PCI Firmware Specification 3.0, section 4.1.2).

use crate::bytes::{u8, u16, u64};
use crate::table::HEADER_LENGTH;
use crate::{AcpiError, Table};

/// Bytes reserved between the header and the entries.
const RESERVED: usize = 8;
const ENTRY: usize = 16;
/// Bytes of one bus: 32 devices of 8 functions of 4 KiB.
const BUS_BYTES: u64 = 1 << 20;

/// The buses of segment 0, the only one that a PC without racks has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mcfg {
    /// Physical address of what would be bus 0's registers, also when `first_bus` is not 0.
    pub base: u64,
    /// The first bus.
    pub first_bus: u8,
    /// The last bus, not before the first.
    pub last_bus: u8,
}

impl Mcfg {
    /// Reads the table.
    ///
    /// # Errors
    /// [`AcpiError::WrongSignature`]; [`AcpiError::TooShort`] when no entry describes segment 0 in numbers that can
    /// be true.
    pub fn parse(table: &Table) -> Result<Self, AcpiError> {
        if table.header().signature != *b"MCFG" {
            return Err(AcpiError::WrongSignature);
        }
        let entries = table.bytes().get(HEADER_LENGTH + RESERVED..).ok_or(AcpiError::TooShort)?;
        let entry = |bytes: &[u8]| {
            let (base, segment) = (u64(bytes, 0)?, u16(bytes, 8)?);
            let (first_bus, last_bus) = (u8(bytes, 10)?, u8(bytes, 11)?);
            let end = base.checked_add((u64::from(last_bus) + 1) * BUS_BYTES);
            let sound = segment == 0 && first_bus <= last_bus && base != 0 && base % BUS_BYTES == 0;
            (sound && end.is_some()).then_some(Self { base, first_bus, last_bus })
        };
        entries.chunks_exact(ENTRY).find_map(entry).ok_or(AcpiError::TooShort)
    }

    /// Physical address and length of the buses' registers.
    #[must_use]
    pub const fn window(&self) -> (u64, u64) {
        let buses = self.last_bus as u64 - self.first_bus as u64 + 1;
        (self.base + self.first_bus as u64 * BUS_BYTES, buses * BUS_BYTES)
    }
}
