//! `.symtab`: which name stands for which address.

use crate::bytes::{string_at, u16_at, u32_at, u64_at};
use crate::{SectionKind, Sections};

/// Size of one symbol table entry.
const SYMBOL_SIZE: usize = 24;
/// `st_shndx` of a symbol that is defined elsewhere.
const UNDEFINED: u16 = 0;
/// From here on `st_shndx` names no section (SHN_LORESERVE): absolute values, common blocks.
const FIRST_RESERVED: u16 = 0xff00;

/// What a symbol names (the low half of `st_info`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// A label, as assembly writes them.
    Label,
    /// Data.
    Object,
    /// Code.
    Function,
    /// A section.
    Section,
    /// The name of a source file.
    File,
    /// Anything else, with its number.
    Other(u8),
}

/// One symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Offset of the name in the string table.
    name: u32,
    /// What it names.
    pub kind: SymbolKind,
    /// Index of the section it is defined in.
    pub section: u16,
    /// Its value: a virtual address in a linked file.
    pub address: u64,
    /// Length in bytes, 0 if unknown.
    pub size: u64,
}

/// The symbols of a file, with the table their names stand in.
#[derive(Clone, Copy, Debug)]
pub struct Symbols<'a> {
    table: &'a [u8],
    strings: &'a [u8],
    next: usize,
}

impl<'a> Symbols<'a> {
    pub(crate) fn empty() -> Self {
        Self { table: &[], strings: &[], next: 0 }
    }

    pub(crate) fn from_sections(mut sections: Sections<'a>) -> Self {
        let mut find = || {
            let table = sections.find(|section| section.kind == SectionKind::SymbolTable)?;
            let strings = sections.get(table.link)?;
            // A table of another entry size is not one of symbols that this code knows.
            (table.entry_size == SYMBOL_SIZE as u64 && strings.kind == SectionKind::StringTable)
                .then_some(())?;
            Some(Self {
                table: sections.bytes(&table).ok()?,
                strings: sections.bytes(&strings).ok()?,
                next: 0,
            })
        };
        find().unwrap_or_else(Self::empty)
    }

    /// The name of `symbol`, if the string table is sound there.
    pub fn name(&self, symbol: &Symbol) -> Option<&'a str> {
        string_at(self.strings, symbol.name).filter(|name| !name.is_empty())
    }

    /// The code symbol that stands for `address`: see [`crate::Elf::symbol_for`].
    pub(crate) fn containing(&self, address: u64) -> Option<Symbol> {
        let mut nearest: Option<Symbol> = None;
        let mut holder: Option<Symbol> = None;
        for symbol in (Self { next: 0, ..*self }) {
            let is_code = matches!(symbol.kind, SymbolKind::Function | SymbolKind::Label);
            let is_placed = symbol.section != UNDEFINED && symbol.section < FIRST_RESERVED;
            if !is_code || !is_placed || symbol.address > address || self.name(&symbol).is_none() {
                continue;
            }
            if symbol.is_nearer_than(nearest) {
                nearest = Some(symbol);
            }
            if address - symbol.address < symbol.size && symbol.is_nearer_than(holder) {
                holder = Some(symbol);
            }
        }
        nearest.filter(|symbol| symbol.size == 0).or(holder)
    }
}

impl Symbol {
    /// Whether it starts later than `other`; of two that start together, the one with a size counts.
    fn is_nearer_than(&self, other: Option<Self>) -> bool {
        other.is_none_or(|other| {
            self.address > other.address
                || (self.address == other.address && other.size == 0 && self.size != 0)
        })
    }
}

impl Iterator for Symbols<'_> {
    type Item = Symbol;

    fn next(&mut self) -> Option<Symbol> {
        let entry = self.table.get(self.next..self.next.checked_add(SYMBOL_SIZE)?)?;
        self.next += SYMBOL_SIZE;
        Some(Symbol {
            name: u32_at(entry, 0)?,
            kind: match entry[4] & 0xf {
                0 => SymbolKind::Label,
                1 => SymbolKind::Object,
                2 => SymbolKind::Function,
                3 => SymbolKind::Section,
                4 => SymbolKind::File,
                other => SymbolKind::Other(other),
            },
            section: u16_at(entry, 6)?,
            address: u64_at(entry, 8)?,
            size: u64_at(entry, 16)?,
        })
    }
}
