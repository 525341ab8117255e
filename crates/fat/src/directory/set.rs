//! A name set: the pieces of a long name, the last first, and the short entry that says everything else.

use super::area::Area;
use super::slot::{
    self, ATTRIBUTES, CASE, ESCAPED_DELETED, Kind, LAST_PIECE, LONG_NAME, LOWER_BASE, LOWER_EXTENSION,
    SLOT_SIZE, Slot,
};
use crate::names::{self, MAX_UNITS};
use crate::store::Store;
use alloc::string::String;
use blockcache::BlockDevice;
use vfs::FsError;

/// UTF-16 units in a piece of a long name.
const UNITS: usize = 13;
/// The most pieces.
const MAX_PIECES: usize = MAX_UNITS.div_ceil(UNITS);
/// The most slots that a name takes.
pub const MAX_SET: u32 = MAX_PIECES as u32 + 1;
/// Where the units stand in a piece.
const PLACES: [usize; UNITS] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
const CHECKSUM: usize = 13;

/// A name set as it was found.
#[derive(Clone)]
pub struct Set {
    /// The number of its short entry's slot.
    pub slot: u32,
    /// How many slots it takes, up to and with that one.
    pub count: u32,
    /// The short entry.
    pub entry: Slot,
    units: [u16; MAX_PIECES * UNITS],
    /// Units of the long name; 0 without one.
    length: usize,
}

impl Set {
    /// Reads the set whose short entry stands in slot `index`. Pieces before it that don't belong to it are not its.
    ///
    /// # Errors
    /// The device's.
    pub fn read<D: BlockDevice>(store: &mut Store<D>, area: &Area<'_>, index: u32) -> Result<Self, FsError> {
        let mut set = Self::new();
        set.find(index, area.read(store, index)?, |at| area.read(store, at))?;
        Ok(set)
    }

    /// One to [`find`](Self::find) others with.
    pub const fn new() -> Self {
        Self { slot: 0, count: 0, entry: [0; SLOT_SIZE], units: [0; MAX_PIECES * UNITS], length: 0 }
    }

    /// Becomes the set of the short entry `entry` in slot `index`, with what `read` gives of the slots before it.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn find(
        &mut self,
        index: u32,
        entry: Slot,
        mut read: impl FnMut(u32) -> Result<Slot, FsError>,
    ) -> Result<(), FsError> {
        let set = self;
        (set.slot, set.count, set.entry, set.length) = (index, 1, entry, 0);
        let checksum = slot::checksum(&entry);
        for (number, at) in (1..=MAX_PIECES).zip((0..index).rev()) {
            let piece = read(at)?;
            let is_next = slot::kind(&piece) == Kind::Piece
                && usize::from(piece[0] & !LAST_PIECE) == number
                && piece[CHECKSUM] == checksum;
            if !is_next {
                break;
            }
            let units = &mut set.units[(number - 1) * UNITS..number * UNITS];
            for (unit, place) in units.iter_mut().zip(PLACES) {
                *unit = u16::from_le_bytes([piece[place], piece[place + 1]]);
            }
            if piece[0] & LAST_PIECE != 0 {
                let end = units.iter().position(|&unit| unit == 0).unwrap_or(UNITS);
                set.length = ((number - 1) * UNITS + end).min(MAX_UNITS);
                set.count = number as u32 + 1;
                break;
            }
        }
        Ok(())
    }

    /// Whether it is a directory's.
    pub fn is_directory(&self) -> bool {
        slot::kind(&self.entry) == Kind::Directory
    }

    /// Puts the name into `name`, which has room for it.
    pub fn name(&self, name: &mut String) {
        name.clear();
        let units = self.units[..self.length].iter().copied();
        // Most are plain.
        if units.clone().all(|unit| unit < 0x80) {
            name.extend(units.map(|unit| names::presentable(char::from(unit as u8))));
        } else {
            name.extend(
                char::decode_utf16(units)
                    .map(|character| names::presentable(character.unwrap_or(char::REPLACEMENT_CHARACTER))),
            );
        }
        if matches!(name.as_str(), "" | "." | "..") {
            self.short_name(name);
        }
    }

    /// Puts the short name into `name`, which has room for it.
    pub fn short_name(&self, name: &mut String) {
        name.clear();
        let part = |name: &mut String, bytes: &[u8], lower: u8| {
            let end = bytes.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
            for &byte in &bytes[..end] {
                let byte = if self.entry[CASE] & lower != 0 { byte.to_ascii_lowercase() } else { byte };
                name.push(names::from_code_page(byte));
            }
        };
        let mut base: [u8; 8] = [0; 8];
        base.copy_from_slice(&self.entry[..8]);
        if base[0] == ESCAPED_DELETED {
            base[0] = slot::DELETED;
        }
        part(name, &base, LOWER_BASE);
        if self.entry[8..11] != *b"   " {
            name.push('.');
            part(name, &self.entry[8..11], LOWER_EXTENSION);
        }
        if name.is_empty() || name == "." {
            // A hostile disk's name of spaces.
            name.clear();
            name.push(char::REPLACEMENT_CHARACTER);
        }
    }

    /// The numbers that it is found by: the name's and the short name's.
    pub fn hashes(&self, buffer: &mut String) -> [u32; 2] {
        self.name(buffer);
        let hash = names::hash(buffer);
        self.short_name(buffer);
        [hash, names::hash(buffer)]
    }

    /// Whether it is what `name` stands for.
    pub fn is_named(&self, name: &str, buffer: &mut String) -> bool {
        self.name(buffer);
        if names::same(buffer, name) {
            return true;
        }
        self.short_name(buffer);
        names::same(buffer, name)
    }
}

/// A name set to be written.
pub struct NewSet {
    slots: [Slot; MAX_SET as usize],
    count: u32,
}

impl NewSet {
    /// The set of `name`, whose short entry is `entry`. Without a long name the short one and its
    /// flags of case say all.
    pub fn new(name: Option<&str>, entry: &Slot) -> Self {
        let mut slots = [[0; SLOT_SIZE]; MAX_SET as usize];
        let mut units = [0xffff_u16; MAX_PIECES * UNITS];
        let mut length = 0;
        for (target, unit) in units.iter_mut().zip(name.into_iter().flat_map(str::encode_utf16)) {
            *target = unit;
            length += 1;
        }
        if let Some(end) = units.get_mut(length) {
            *end = 0;
        }
        let pieces = length.div_ceil(UNITS);
        let checksum = slot::checksum(entry);
        // The last piece comes first.
        for (piece, number) in slots.iter_mut().zip((1..=pieces).rev()) {
            piece[0] = number as u8 | if number == pieces { LAST_PIECE } else { 0 };
            piece[ATTRIBUTES] = LONG_NAME;
            piece[CHECKSUM] = checksum;
            for (unit, place) in units[(number - 1) * UNITS..].iter().zip(PLACES) {
                piece[place..place + 2].copy_from_slice(&unit.to_le_bytes());
            }
        }
        slots[pieces] = *entry;
        Self { slots, count: pieces as u32 + 1 }
    }

    /// The slots, the short entry last.
    pub fn slots(&self) -> &[Slot] {
        &self.slots[..self.count as usize]
    }

    /// How many there are.
    pub const fn count(&self) -> u32 {
        self.count
    }
}
