//! ACPI tables, read from bytes that nobody vouches for.
//!
//! Firmware tables are read once at boot: which processors and interrupt controllers there are (MADT), where
//! the power-management registers and the reset register lie (FADT), what to write there to switch the
//! machine off (`\_S5`), where the HPET and PCI's configuration space are. There is no AML interpreter: the one AML object that
//! matters is found by a bounded scan.
//!
//! Every length, count and pointer is checked; whatever the bytes say, the answer is a value or an
//! [`AcpiError`]. "ACPI" in citations is the ACPI Specification, version 6.5.
//!
//! * [`Tables`] finds the tables, from the root pointer on ([`root`], [`table`]).
//! * [`Madt`], [`Fadt`], [`Hpet`], [`Mcfg`] are what is in them.
//! * [`aml::sleep_type`] finds `\_S5`.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

pub mod aml;
mod bytes;
pub mod fadt;
pub mod hpet;
pub mod madt;
pub mod mcfg;
pub mod root;
pub mod table;

pub use aml::SleepType;
pub use fadt::{AddressSpace, Fadt, GenericAddress, ResetRegister};
pub use hpet::Hpet;
pub use madt::{InterruptOverride, IoApic, LocalNmi, Madt, NmiSource, Polarity, Processor, Trigger};
pub use mcfg::Mcfg;
pub use root::{RootPointer, Tables};
pub use table::{Header, Table};

/// Physical memory, as the reader of tables needs it.
pub trait PhysicalMemory {
    /// Copies the bytes from physical `address` on into `buffer`; false when they can't be read.
    fn read(&self, address: u64, buffer: &mut [u8]) -> bool;
}

/// Why a table is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcpiError {
    /// The memory at this address can't be read.
    Unreadable(u64),
    /// The signature is not the one that should stand there.
    WrongSignature,
    /// The bytes do not add up to zero.
    WrongChecksum,
    /// The table says that it is shorter than what it must hold, or than 36 bytes.
    TooShort,
    /// The table says that it is longer than [`table::MAX_LENGTH`].
    TooLong,
    /// There is no table of this signature.
    NotFound([u8; 4]),
    /// There is no memory for a copy.
    OutOfMemory,
}

impl core::fmt::Display for AcpiError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unreadable(address) => write!(formatter, "can't read firmware memory at {address:#x}"),
            Self::WrongSignature => formatter.write_str("wrong signature"),
            Self::WrongChecksum => formatter.write_str("wrong checksum"),
            Self::TooShort => formatter.write_str("table too short"),
            Self::TooLong => formatter.write_str("table too long"),
            Self::NotFound(signature) => write!(formatter, "no table {}", signature.escape_ascii()),
            Self::OutOfMemory => formatter.write_str("no memory for a table"),
        }
    }
}
