//! A system description table: the header that they all share (ACPI, section 5.2.6), and a checked copy.

use alloc::vec::Vec;

use crate::bytes::{array, sum_is_zero, u8, u32};
use crate::{AcpiError, PhysicalMemory};

/// Bytes of the header.
pub const HEADER_LENGTH: usize = 36;

/// The longest table that is read: several times the largest DSDT seen in the wild.
pub const MAX_LENGTH: usize = 2 << 20;

/// What is read of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Four letters that name the table's kind.
    pub signature: [u8; 4],
    /// Bytes of the whole table, between [`HEADER_LENGTH`] and [`MAX_LENGTH`].
    pub length: usize,
    /// Revision of the table's layout.
    pub revision: u8,
}

impl Header {
    /// Reads the header at physical `address`.
    ///
    /// # Errors
    /// [`AcpiError`] when it can't be read or its length can't be true. The checksum covers the whole
    /// table, so [`Table::read`] is where it is checked.
    pub fn read(memory: &impl PhysicalMemory, address: u64) -> Result<Self, AcpiError> {
        let mut bytes = [0; HEADER_LENGTH];
        if !memory.read(address, &mut bytes) {
            return Err(AcpiError::Unreadable(address));
        }
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Self, AcpiError> {
        let length = u32(bytes, 4).ok_or(AcpiError::TooShort)? as usize;
        if length < HEADER_LENGTH {
            return Err(AcpiError::TooShort);
        }
        if length > MAX_LENGTH {
            return Err(AcpiError::TooLong);
        }
        Ok(Self {
            signature: array(bytes, 0).ok_or(AcpiError::TooShort)?,
            length,
            revision: u8(bytes, 8).ok_or(AcpiError::TooShort)?,
        })
    }
}

/// A copy of a table whose length and checksum are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    header: Header,
    bytes: Vec<u8>,
}

impl Table {
    /// Copies the table at physical `address`.
    ///
    /// # Errors
    /// [`AcpiError`] when it can't be read, or is not a table with this signature and a right checksum.
    pub fn read(memory: &impl PhysicalMemory, address: u64, signature: [u8; 4]) -> Result<Self, AcpiError> {
        let header = Header::read(memory, address)?;
        if header.signature != signature {
            return Err(AcpiError::WrongSignature);
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(header.length).map_err(|_| AcpiError::OutOfMemory)?;
        bytes.resize(header.length, 0);
        if !memory.read(address, &mut bytes) {
            return Err(AcpiError::Unreadable(address));
        }
        // The second reading is the one that counts: firmware's memory may have changed in between.
        if Header::parse(&bytes)? != header || !sum_is_zero(&bytes) {
            return Err(AcpiError::WrongChecksum);
        }
        Ok(Self { header, bytes })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> Header {
        self.header
    }

    /// The whole table, header included: offsets are those of the specification.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What follows the header: AML, in a DSDT or SSDT.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.bytes.get(HEADER_LENGTH..).unwrap_or(&[])
    }
}
