//! A directory entry's 32 bytes. Entries are called slots here, since a name may take many of them.
//!
//! Source: Microsoft FAT32 File System Specification, version 1.03, "FAT Directory Structure" and "FAT Long Directory
//! Entries". The high bit pair of `NTRes` is this crate's own, see [`MOVING`].

use crate::stamp::Stamp;

/// Bytes in a slot.
pub const SLOT_SIZE: usize = 32;
/// Slots in a sector.
pub const SLOTS: u32 = 16;
/// The most slots that a directory may have.
pub const MAX_SLOTS: u32 = 65_536;
/// A slot as it lies on the disk.
pub type Slot = [u8; SLOT_SIZE];

/// The name of a directory's first entry, which stands for itself.
pub const DOT: &[u8; 11] = b".          ";
/// The name of the second one, which stands for its parent.
pub const DOT_DOT: &[u8; 11] = b"..         ";

/// The first byte of a slot behind which there are none.
pub const END: u8 = 0;
/// The first byte of a slot that is free.
pub const DELETED: u8 = 0xe5;
/// Stands for a name's first byte that would be taken for [`DELETED`].
pub const ESCAPED_DELETED: u8 = 0x05;

/// Where the attributes stand.
pub const ATTRIBUTES: usize = 11;
/// An attribute: may not be written.
pub const READ_ONLY: u8 = 0x01;
const VOLUME_LABEL: u8 = 0x08;
/// An attribute: a directory.
pub const DIRECTORY: u8 = 0x10;
/// An attribute, set on everything that changes, for programs that save what has changed.
pub const ARCHIVE: u8 = 0x20;
/// All four low attributes together mark a piece of a long name.
pub const LONG_NAME: u8 = 0x0f;
/// In a long name's piece number, its first byte: the last piece of the name, which comes first.
pub const LAST_PIECE: u8 = 0x40;

/// Where the flags of letters' case stand, `NTRes`.
pub const CASE: usize = 12;
/// In it: the name's base is in lower case.
pub const LOWER_BASE: u8 = 0x08;
/// In it: the name's extension is in lower case.
pub const LOWER_EXTENSION: u8 = 0x10;
/// In it, and nobody else's: this is the old name of something that is being renamed. If something else begins with the
/// same cluster, the renaming was completed, and this entry is to go; if nothing does, it was not, and only the mark is.
/// Other systems pass over the bit, so that at worst both names are seen.
pub const MOVING: u8 = 0x40;

const CREATED_TENTHS: usize = 13;
const CREATED_TIME: usize = 14;
const CREATED_DATE: usize = 16;
const ACCESSED_DATE: usize = 18;
const CLUSTER_HIGH: usize = 20;
const MODIFIED_TIME: usize = 22;
const MODIFIED_DATE: usize = 24;
const CLUSTER_LOW: usize = 26;
const SIZE: usize = 28;

/// What a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It and all that follow are free.
    End,
    /// It is free.
    Free,
    /// A piece of a long name.
    Piece,
    /// The volume's label.
    Label,
    /// `.` or `..`.
    Dot,
    /// A file's.
    File,
    /// A directory's.
    Directory,
}

/// What a slot is.
pub fn kind(slot: &Slot) -> Kind {
    let attributes = slot[ATTRIBUTES];
    match slot[0] {
        END => Kind::End,
        DELETED => Kind::Free,
        _ if attributes & 0x3f == LONG_NAME => Kind::Piece,
        _ if attributes & VOLUME_LABEL != 0 => Kind::Label,
        _ if slot.starts_with(DOT) || slot.starts_with(DOT_DOT) => Kind::Dot,
        _ if attributes & DIRECTORY != 0 => Kind::Directory,
        _ => Kind::File,
    }
}

/// Whether it holds what no system writes as an entry of a file or directory: bytes of something else, not what a power
/// failure leaves (specification, section 6.1, "Notes" of the short name).
pub fn is_nonsense(slot: &Slot) -> bool {
    let is_bad = |(place, &byte): (usize, &u8)| match byte {
        // Stands for 0xe5, which means "free", at the beginning of a name.
        0x05 => place != 0,
        0..0x20 | 0x7f => true,
        _ => br#""*+,./:;<=>?[\]|"#.contains(&byte),
    };
    slot[ATTRIBUTES] & 0xc0 != 0 || slot[..11].iter().enumerate().any(is_bad)
}

/// Whether it holds a name of a file or directory.
pub fn is_entry(slot: &Slot) -> bool {
    matches!(kind(slot), Kind::File | Kind::Directory)
}

fn u16_at(slot: &Slot, offset: usize) -> u16 {
    u16::from_le_bytes([slot[offset], slot[offset + 1]])
}

fn set_u16(slot: &mut Slot, offset: usize, value: u16) {
    slot[offset..offset + 2].copy_from_slice(&value.to_le_bytes());
}

/// The first cluster; its upper half counts only on FAT32.
pub fn cluster(slot: &Slot, is_wide: bool) -> u32 {
    let high = if is_wide { u32::from(u16_at(slot, CLUSTER_HIGH)) << 16 } else { 0 };
    high | u32::from(u16_at(slot, CLUSTER_LOW))
}

/// Sets the first cluster.
pub fn set_cluster(slot: &mut Slot, cluster: u32, is_wide: bool) {
    if is_wide {
        set_u16(slot, CLUSTER_HIGH, (cluster >> 16) as u16);
    }
    set_u16(slot, CLUSTER_LOW, cluster as u16);
}

/// The size in bytes.
pub fn size(slot: &Slot) -> u32 {
    u32::from(u16_at(slot, SIZE)) | u32::from(u16_at(slot, SIZE + 2)) << 16
}

/// Sets the size.
pub fn set_size(slot: &mut Slot, size: u32) {
    slot[SIZE..].copy_from_slice(&size.to_le_bytes());
}

/// When the contents were changed.
pub fn modified(slot: &Slot) -> Stamp {
    Stamp { date: u16_at(slot, MODIFIED_DATE), time: u16_at(slot, MODIFIED_TIME) }
}

/// Sets when the contents were changed.
pub fn set_modified(slot: &mut Slot, stamp: Stamp) {
    set_u16(slot, MODIFIED_DATE, stamp.date);
    set_u16(slot, MODIFIED_TIME, stamp.time);
}

/// The day of the last reading.
pub fn accessed(slot: &Slot) -> Stamp {
    Stamp { date: u16_at(slot, ACCESSED_DATE), time: 0 }
}

/// Sets the day of the last reading.
pub fn set_accessed(slot: &mut Slot, stamp: Stamp) {
    set_u16(slot, ACCESSED_DATE, stamp.date);
}

/// A slot for something new. All its times are `now`.
pub fn new(name: &[u8; 11], case: u8, attributes: u8, now: Stamp) -> Slot {
    let mut slot = [0; SLOT_SIZE];
    slot[..11].copy_from_slice(name);
    slot[ATTRIBUTES] = attributes;
    slot[CASE] = case;
    slot[CREATED_TENTHS] = 0;
    set_u16(&mut slot, CREATED_TIME, now.time);
    set_u16(&mut slot, CREATED_DATE, now.date);
    set_modified(&mut slot, now);
    set_accessed(&mut slot, now);
    slot
}

/// The entries `.` and `..` of a directory at `cluster`; `parent` is 0 for the root.
pub fn first_entries(cluster: u32, parent: u32, is_wide: bool, now: Stamp) -> [Slot; 2] {
    [(DOT, cluster), (DOT_DOT, parent)].map(|(name, cluster)| {
        let mut slot = new(name, 0, DIRECTORY, now);
        set_cluster(&mut slot, cluster, is_wide);
        slot
    })
}

/// The byte that ties a long name's pieces to the short name that follows them.
pub fn checksum(short: &[u8]) -> u8 {
    short[..11].iter().fold(0u8, |sum, &byte| sum.rotate_right(1).wrapping_add(byte))
}

/// The slot with this number in a sector.
pub fn in_sector(sector: &[u8; 512], number: u32) -> &Slot {
    &sector.as_chunks::<SLOT_SIZE>().0[(number % SLOTS) as usize]
}

/// The same, to be changed.
pub fn in_sector_mut(sector: &mut [u8; 512], number: u32) -> &mut Slot {
    &mut sector.as_chunks_mut::<SLOT_SIZE>().0[(number % SLOTS) as usize]
}
