//! From the root pointer to every table: RSDP, then XSDT or RSDT.

use alloc::vec::Vec;

use crate::bytes::{array, sum_is_zero, u8, u32, u64};
use crate::table::HEADER_LENGTH;
use crate::{AcpiError, Fadt, Header, Hpet, Madt, Mcfg, PhysicalMemory, SleepType, Table, aml};

/// The most tables that are listed; machines have a few dozen.
pub const MAX_TABLES: usize = 256;

/// The RSDP (ACPI, section 5.2.5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootPointer {
    /// 0 for ACPI 1.0, 2 since.
    pub revision: u8,
    /// Physical address of the RSDT; 0 when there is none.
    pub rsdt: u32,
    /// Physical address of the XSDT, from revision 2 on.
    pub xsdt: Option<u64>,
}

impl RootPointer {
    /// Reads the root pointer at physical `address`.
    ///
    /// # Errors
    /// [`AcpiError`] when there is none, or a checksum is wrong.
    pub fn read(memory: &impl PhysicalMemory, address: u64) -> Result<Self, AcpiError> {
        const LENGTH_1: usize = 20;
        const LENGTH_2: usize = 36;
        let mut bytes = [0; LENGTH_2];
        let (first, _) = bytes.split_at_mut(LENGTH_1);
        if !memory.read(address, first) {
            return Err(AcpiError::Unreadable(address));
        }
        if !first.starts_with(b"RSD PTR ") {
            return Err(AcpiError::WrongSignature);
        }
        if !sum_is_zero(first) {
            return Err(AcpiError::WrongChecksum);
        }
        let revision = u8(first, 15).ok_or(AcpiError::TooShort)?;
        let rsdt = u32(first, 16).ok_or(AcpiError::TooShort)?;
        if revision < 2 {
            return Ok(Self { revision, rsdt, xsdt: None });
        }
        if !memory.read(address, &mut bytes) {
            return Err(AcpiError::Unreadable(address));
        }
        if !sum_is_zero(&bytes) {
            return Err(AcpiError::WrongChecksum);
        }
        Ok(Self { revision, rsdt, xsdt: u64(&bytes, 24).filter(|&xsdt| xsdt != 0) })
    }
}

/// Where every table lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    entries: Vec<([u8; 4], u64)>,
    /// Entries of the root table that lead to nothing readable.
    pub broken: usize,
}

impl Tables {
    /// Lists the tables behind the root pointer at physical `address`: by the XSDT, or by the RSDT where
    /// there is no sound XSDT.
    ///
    /// # Errors
    /// [`AcpiError`] when neither can be used.
    pub fn find(memory: &impl PhysicalMemory, address: u64) -> Result<Self, AcpiError> {
        let root = RootPointer::read(memory, address)?;
        if let Some(xsdt) = root.xsdt
            && let Ok(table) = Table::read(memory, xsdt, *b"XSDT")
        {
            let (entries, _) = table.body().as_chunks::<8>();
            return Self::list(memory, entries.iter().map(|entry| u64::from_le_bytes(*entry)));
        }
        if root.rsdt == 0 {
            return Err(AcpiError::NotFound(*b"RSDT"));
        }
        let table = Table::read(memory, u64::from(root.rsdt), *b"RSDT")?;
        let (entries, _) = table.body().as_chunks::<4>();
        Self::list(memory, entries.iter().map(|entry| u64::from(u32::from_le_bytes(*entry))))
    }

    fn list(memory: &impl PhysicalMemory, addresses: impl Iterator<Item = u64>) -> Result<Self, AcpiError> {
        let mut tables = Self::default();
        for address in addresses.take(MAX_TABLES) {
            match Header::read(memory, address) {
                Ok(header) => {
                    tables.entries.try_reserve(1).map_err(|_| AcpiError::OutOfMemory)?;
                    tables.entries.push((header.signature, address));
                }
                Err(_) => tables.broken += 1,
            }
        }
        Ok(tables)
    }

    /// Signature and physical address of each table.
    pub fn iter(&self) -> impl Iterator<Item = ([u8; 4], u64)> {
        self.entries.iter().copied()
    }

    /// The first sound table of this signature.
    ///
    /// # Errors
    /// [`AcpiError::NotFound`], or why the last one that there is can't be used.
    pub fn table(&self, memory: &impl PhysicalMemory, signature: [u8; 4]) -> Result<Table, AcpiError> {
        let mut failure = AcpiError::NotFound(signature);
        for (_, address) in self.iter().filter(|(found, _)| *found == signature) {
            match Table::read(memory, address, signature) {
                Ok(table) => return Ok(table),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// The MADT: processors and interrupt controllers.
    ///
    /// # Errors
    /// As [`Tables::table`].
    pub fn madt(&self, memory: &impl PhysicalMemory) -> Result<Madt, AcpiError> {
        Madt::parse(&self.table(memory, *b"APIC")?)
    }

    /// The FADT: power management.
    ///
    /// # Errors
    /// As [`Tables::table`].
    pub fn fadt(&self, memory: &impl PhysicalMemory) -> Result<Fadt, AcpiError> {
        Fadt::parse(&self.table(memory, *b"FACP")?)
    }

    /// The HPET's description.
    ///
    /// # Errors
    /// As [`Tables::table`].
    pub fn hpet(&self, memory: &impl PhysicalMemory) -> Result<Hpet, AcpiError> {
        Hpet::parse(&self.table(memory, *b"HPET")?)
    }

    /// Where PCI's configuration space lies in memory.
    ///
    /// # Errors
    /// As [`Tables::table`].
    pub fn mcfg(&self, memory: &impl PhysicalMemory) -> Result<Mcfg, AcpiError> {
        Mcfg::parse(&self.table(memory, *b"MCFG")?)
    }

    /// What to write to the PM1 control registers to switch the machine off: `\_S5` from the DSDT that the
    /// FADT names, or from an SSDT.
    ///
    /// # Errors
    /// [`AcpiError::NotFound`] when no table has it, or why the DSDT can't be used when no SSDT has it either.
    pub fn soft_off(&self, memory: &impl PhysicalMemory, fadt: &Fadt) -> Result<SleepType, AcpiError> {
        let mut failure = AcpiError::NotFound(*b"_S5_");
        match Table::read(memory, fadt.dsdt, *b"DSDT") {
            Ok(dsdt) => {
                if let Some(found) = aml::sleep_type(dsdt.body(), 5) {
                    return Ok(found);
                }
            }
            Err(error) => failure = error,
        }
        self.iter()
            .filter(|(signature, _)| signature == b"SSDT")
            .filter_map(|(_, address)| Table::read(memory, address, *b"SSDT").ok())
            .find_map(|ssdt| aml::sleep_type(ssdt.body(), 5))
            .ok_or(failure)
    }
}

/// The bytes before a root table's entries; an XSDT's entries are therefore not aligned.
const _: () = assert!(HEADER_LENGTH == 36);

/// Where BIOS firmware may have put the root pointer (ACPI, section 5.2.5.1), for loaders that pass none: searches
/// 16-byte steps of `area`, which was copied from physical `base`.
#[must_use]
pub fn search(area: &[u8], base: u64) -> Option<u64> {
    area.chunks(16).zip(0u64..).find_map(|(chunk, step)| {
        let offset = step as usize * 16;
        let candidate: [u8; 20] = array(area, offset)?;
        (chunk.starts_with(b"RSD PTR ") && sum_is_zero(&candidate)).then_some(base + step * 16)
    })
}
