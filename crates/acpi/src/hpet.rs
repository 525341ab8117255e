//! Where the high-precision event timer is (IA-PC HPET Specification 1.0a, section 3.2.4).

use crate::bytes::{u8, u16};
use crate::fadt::{AddressSpace, GenericAddress};
use crate::{AcpiError, Table};

/// What the HPET table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hpet {
    /// Physical address of the registers, 1024 bytes.
    pub address: u64,
    /// Which of several it is.
    pub number: u8,
    /// The smallest interval in ticks that loses no interrupt in periodic mode.
    pub minimum_ticks: u16,
}

impl Hpet {
    /// Reads the table.
    ///
    /// # Errors
    /// [`AcpiError::WrongSignature`]; [`AcpiError::TooShort`], also for registers that are not in memory.
    pub fn parse(table: &Table) -> Result<Self, AcpiError> {
        if table.header().signature != *b"HPET" {
            return Err(AcpiError::WrongSignature);
        }
        let bytes = table.bytes();
        let base = GenericAddress::parse(bytes, 40).filter(|base| base.space == AddressSpace::Memory);
        Ok(Self {
            address: base.ok_or(AcpiError::TooShort)?.address,
            number: u8(bytes, 52).ok_or(AcpiError::TooShort)?,
            minimum_ticks: u16(bytes, 53).ok_or(AcpiError::TooShort)?,
        })
    }
}
