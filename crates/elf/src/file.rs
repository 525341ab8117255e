//! The file header, and the door to everything else in the file.

use core::fmt;

use crate::bytes::{slice, u16_at, u32_at, u64_at};
use crate::{Sections, Segments, Symbols};

/// Size of the ELF64 file header.
const HEADER_SIZE: usize = 64;
/// Size of one program header table entry.
pub(crate) const PROGRAM_HEADER_SIZE: usize = 56;
/// Size of one section header table entry.
pub(crate) const SECTION_HEADER_SIZE: usize = 64;

/// `e_machine` of x86-64.
const MACHINE_X86_64: u16 = 62;
/// `e_phnum` saying that the true count stands in section 0. No linker writes it for fewer than
/// 65 535 segments, so it is refused rather than followed.
const TOO_MANY_SEGMENTS: u16 = 0xffff;

/// Why bytes are not a file this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElfError {
    /// Shorter than a file header.
    TooShort,
    /// Not the magic number 0x7f "ELF".
    NotElf,
    /// An ELF file, but not 64-bit little-endian version 1.
    WrongClass,
    /// Built for another machine; holds `e_machine`.
    WrongMachine(u16),
    /// A table entry size other than ELF64's, or a count this crate refuses.
    BadTable,
    /// A table or the bytes of a segment or section reach past the end of the file.
    Truncated,
}

impl fmt::Display for ElfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => f.write_str("shorter than an ELF header"),
            Self::NotElf => f.write_str("not an ELF file"),
            Self::WrongClass => f.write_str("not a 64-bit little-endian ELF file"),
            Self::WrongMachine(machine) => write!(f, "built for ELF machine {machine}, not x86-64"),
            Self::BadTable => f.write_str("a header table has an impossible shape"),
            Self::Truncated => f.write_str("cut short: a table or segment reaches past the end"),
        }
    }
}

impl core::error::Error for ElfError {}

/// What a file is for (`e_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElfKind {
    /// Object file, not linked.
    Relocatable,
    /// Program for fixed addresses.
    Executable,
    /// Shared object or position-independent program.
    Dynamic,
    /// Core dump.
    Core,
    /// Anything else, with its number.
    Other(u16),
}

/// A checked view of an ELF64 file.
#[derive(Clone, Copy, Debug)]
pub struct Elf<'a> {
    bytes: &'a [u8],
    kind: ElfKind,
    entry: u64,
    program_headers: &'a [u8],
    program_header_offset: u64,
    section_header_offset: u64,
    section_count: u16,
    section_header_size: u16,
    section_names: u16,
}

impl<'a> Elf<'a> {
    /// Checks the file header and the place of the program header table.
    ///
    /// # Errors
    /// See [`ElfError`]. A damaged section table is no error here: see [`Elf::sections`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ElfError> {
        let header = bytes.get(..HEADER_SIZE).ok_or(ElfError::TooShort)?;
        if header[..4] != *b"\x7fELF" {
            return Err(ElfError::NotElf);
        }
        // EI_CLASS = ELFCLASS64, EI_DATA = ELFDATA2LSB, EI_VERSION = EV_CURRENT.
        if header[4..7] != [2, 1, 1] {
            return Err(ElfError::WrongClass);
        }
        let half = |offset| u16_at(header, offset).ok_or(ElfError::TooShort);
        let wide = |offset| u64_at(header, offset).ok_or(ElfError::TooShort);
        match half(18)? {
            MACHINE_X86_64 => {}
            other => return Err(ElfError::WrongMachine(other)),
        }
        if u32_at(header, 20) != Some(1) {
            return Err(ElfError::WrongClass);
        }

        let program_header_offset = wide(32)?;
        let count = half(56)?;
        if count == TOO_MANY_SEGMENTS || (count > 0 && usize::from(half(54)?) != PROGRAM_HEADER_SIZE) {
            return Err(ElfError::BadTable);
        }
        let length = u64::from(count) * PROGRAM_HEADER_SIZE as u64;
        // An empty table may stand at any offset: nobody looks there.
        let program_headers = match count {
            0 => &[],
            _ => slice(bytes, program_header_offset, length).ok_or(ElfError::Truncated)?,
        };

        Ok(Self {
            bytes,
            kind: match half(16)? {
                1 => ElfKind::Relocatable,
                2 => ElfKind::Executable,
                3 => ElfKind::Dynamic,
                4 => ElfKind::Core,
                other => ElfKind::Other(other),
            },
            entry: wide(24)?,
            program_headers,
            program_header_offset,
            section_header_offset: wide(40)?,
            section_header_size: half(58)?,
            section_count: half(60)?,
            section_names: half(62)?,
        })
    }

    /// The whole file.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What the file is for.
    pub fn kind(&self) -> ElfKind {
        self.kind
    }

    /// Virtual address of the first instruction (`e_entry`), as the file states it.
    pub fn entry(&self) -> u64 {
        self.entry
    }

    /// Offset of the program header table in the file (`e_phoff`): what `AT_PHDR` is made from.
    pub fn program_header_offset(&self) -> u64 {
        self.program_header_offset
    }

    /// The program headers, in the file's order.
    pub fn segments(&self) -> Segments<'a> {
        Segments::new(self.bytes, self.program_headers)
    }

    /// The section headers, in the file's order; none if the file has no section table.
    ///
    /// # Errors
    /// [`ElfError::BadTable`] and [`ElfError::Truncated`] for a table that cannot be read.
    pub fn sections(&self) -> Result<Sections<'a>, ElfError> {
        if self.section_header_offset == 0 || self.section_count == 0 {
            return Ok(Sections::new(self.bytes, &[], 0));
        }
        if usize::from(self.section_header_size) != SECTION_HEADER_SIZE {
            return Err(ElfError::BadTable);
        }
        let length = u64::from(self.section_count) * SECTION_HEADER_SIZE as u64;
        let table = slice(self.bytes, self.section_header_offset, length).ok_or(ElfError::Truncated)?;
        Ok(Sections::new(self.bytes, table, self.section_names))
    }

    /// The entries of `.symtab`; none if the file is stripped or the table is damaged.
    pub fn symbols(&self) -> Symbols<'a> {
        self.sections().map_or_else(|_| Symbols::empty(), Symbols::from_sections)
    }

    /// The function that holds `address` (a link-time virtual address), and how far into it the
    /// address lies.
    ///
    /// A symbol with a size stands for the addresses it covers, the innermost one where several do.
    /// Assembly labels often have none: they stand for what follows them in their section, up to
    /// the next symbol. Walks the whole table: made for the few lines of a backtrace.
    pub fn symbol_for(&self, address: u64) -> Option<(&'a str, u64)> {
        let symbols = self.symbols();
        let symbol = symbols.containing(address)?;
        let section = self.sections().ok()?.get(u32::from(symbol.section))?;
        let is_inside = address.checked_sub(section.address)? < section.size;
        is_inside.then_some(())?;
        Some((symbols.name(&symbol)?, address - symbol.address))
    }
}
