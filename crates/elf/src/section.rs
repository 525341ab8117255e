//! Section headers: the linker's view of the file, which only names and symbols are read from.

use crate::ElfError;
use crate::bytes::{slice, string_at, u32_at, u64_at};
use crate::file::SECTION_HEADER_SIZE;

/// What a section holds (`sh_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// Unused entry.
    Null,
    /// Code or data.
    ProgramBits,
    /// Symbol table.
    SymbolTable,
    /// String table.
    StringTable,
    /// Zeroed memory without bytes in the file.
    NoBits,
    /// Anything else, with its number.
    Other(u32),
}

/// One section header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Offset of the name in the section name table.
    name: u32,
    /// What it holds.
    pub kind: SectionKind,
    /// Virtual address, or 0 if it is not loaded.
    pub address: u64,
    /// Offset of its bytes in the file.
    pub offset: u64,
    /// Length in bytes.
    pub size: u64,
    /// Index of a related section: a symbol table's strings.
    pub link: u32,
    /// Size of one entry, in sections that are tables.
    pub entry_size: u64,
}

/// The section headers of a file.
#[derive(Clone, Copy, Debug)]
pub struct Sections<'a> {
    file: &'a [u8],
    table: &'a [u8],
    names: u16,
    next: usize,
}

impl<'a> Sections<'a> {
    pub(crate) fn new(file: &'a [u8], table: &'a [u8], names: u16) -> Self {
        Self { file, table, names, next: 0 }
    }

    /// The section with this index.
    pub fn get(&self, index: u32) -> Option<Section> {
        let start = usize::try_from(index).ok()?.checked_mul(SECTION_HEADER_SIZE)?;
        let entry = self.table.get(start..start.checked_add(SECTION_HEADER_SIZE)?)?;
        Some(Section {
            name: u32_at(entry, 0)?,
            kind: match u32_at(entry, 4)? {
                0 => SectionKind::Null,
                1 => SectionKind::ProgramBits,
                2 => SectionKind::SymbolTable,
                3 => SectionKind::StringTable,
                8 => SectionKind::NoBits,
                other => SectionKind::Other(other),
            },
            address: u64_at(entry, 16)?,
            offset: u64_at(entry, 24)?,
            size: u64_at(entry, 32)?,
            link: u32_at(entry, 40)?,
            entry_size: u64_at(entry, 56)?,
        })
    }

    /// The bytes of `section`; none for one that has no bytes in the file.
    ///
    /// # Errors
    /// [`ElfError::Truncated`] if they reach past the end of the file.
    pub fn bytes(&self, section: &Section) -> Result<&'a [u8], ElfError> {
        match section.kind {
            SectionKind::NoBits | SectionKind::Null => Ok(&[]),
            _ => slice(self.file, section.offset, section.size).ok_or(ElfError::Truncated),
        }
    }

    /// The name of `section`, if the name table is sound there.
    pub fn name(&self, section: &Section) -> Option<&'a str> {
        let names = self.get(u32::from(self.names))?;
        string_at(self.bytes(&names).ok()?, section.name)
    }

    /// The first section called `name`.
    pub fn by_name(&self, name: &str) -> Option<Section> {
        let mut all = Self { next: 0, ..*self };
        all.find(|section| self.name(section) == Some(name))
    }
}

impl Iterator for Sections<'_> {
    type Item = Section;

    fn next(&mut self) -> Option<Section> {
        let section = self.get(u32::try_from(self.next).ok()?)?;
        self.next += 1;
        Some(section)
    }
}
