//! An entry of a page table: its bits, and what they mean as a value (SDM vol. 3A, section 4.5, tables 4-15 to 4-20).

use bitflags::bitflags;

use crate::address::{PageSize, PhysicalAddress};
use crate::attributes::{Access, Attributes, Cache};

bitflags! {
    /// The bits that this crate reads or writes. Two of them share bit 7: which one it is, the level tells.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Bits: u64 {
        const PRESENT = 1 << 0;
        const WRITE = 1 << 1;
        const USER = 1 << 2;
        const WRITE_THROUGH = 1 << 3;
        const CACHE_DISABLE = 1 << 4;
        const ACCESSED = 1 << 5;
        const DIRTY = 1 << 6;
        /// In levels 3 and 2: maps a page instead of pointing to a table.
        const HUGE = 1 << 7;
        /// In level 1: the third bit of the PAT index.
        const PAT_SMALL = 1 << 7;
        const GLOBAL = 1 << 8;
        /// One of three bits that are left to software at every level.
        const COPY_ON_WRITE = 1 << 9;
        /// In levels 3 and 2 with HUGE: the third bit of the PAT index.
        const PAT_HUGE = 1 << 12;
        const NO_EXECUTE = 1 << 63;
    }
}

/// Bits 51 to 12: where the next table, or a 4 KiB page, lies.
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

const USED_SHIFT: u32 = 52;
/// Ten bits: 0 to 512.
const USED_MASK: u64 = 0x3ff;

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing is mapped here.
    Empty,
    /// The next lower table lies here.
    Table(PhysicalAddress),
    /// A page, of the size that the entry's level maps.
    Page(PhysicalAddress, Attributes),
}

impl Entry {
    /// Reads `bits` as an entry of a table of `level` (4 is the root).
    #[must_use]
    #[inline]
    pub fn decode(bits: u64, level: u8) -> Self {
        let flags = Bits::from_bits_retain(bits);
        if !flags.contains(Bits::PRESENT) {
            return Self::Empty;
        }
        let is_page = level == 1 || (level < 4 && flags.contains(Bits::HUGE));
        if !is_page {
            return Self::Table(PhysicalAddress::new_truncate(bits & ADDRESS));
        }
        let size = PageSize::of_level(level);
        let address = bits & ADDRESS & !(size.bytes() - 1);
        Self::Page(PhysicalAddress::new_truncate(address), attributes(flags, pat_bit(size)))
    }

    /// Whether `bits` say anything.
    #[must_use]
    #[inline]
    pub const fn is_present(bits: u64) -> bool {
        bits & Bits::PRESENT.bits() != 0
    }

    /// The table that `bits`, an entry of a table of `level`, point to; `None` for a page or nothing. What a
    /// walk asks at each level, without looking at the rest of the entry.
    #[must_use]
    #[inline]
    pub fn next_table(bits: u64, level: u8) -> Option<PhysicalAddress> {
        let kind = bits & (Bits::PRESENT | Bits::HUGE).bits();
        (kind == Bits::PRESENT.bits() && level > 1).then(|| PhysicalAddress::new_truncate(bits & ADDRESS))
    }

    /// The bits that say this. A table permits everything: the last entry of a walk alone decides, since
    /// permissions of all levels are combined (SDM vol. 3A, section 4.6). `user_table` is whether ring 3
    /// may pass through a table.
    #[must_use]
    #[inline]
    pub fn encode(self, size: PageSize, user_table: bool) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Table(address) => {
                let mut flags = Bits::PRESENT | Bits::WRITE | Bits::ACCESSED;
                flags.set(Bits::USER, user_table);
                address.get() & ADDRESS | flags.bits()
            }
            Self::Page(address, attributes) => {
                let mut flags = page_bits(attributes, pat_bit(size));
                flags.set(Bits::HUGE, size != PageSize::Size4KiB || flags.contains(Bits::PAT_SMALL));
                address.get() & ADDRESS | flags.bits()
            }
        }
    }
}

/// How many entries of the table that `bits` point to are in use. The processor ignores bits 61 to 52 of
/// such an entry (SDM vol. 3A, tables 4-15, 4-17 and 4-19), so the number that tells when a table has become empty
/// is kept there: no scan of 512 entries at each unmap.
pub(crate) const fn used_entries(bits: u64) -> u64 {
    bits >> USED_SHIFT & USED_MASK
}

/// `bits` of an entry that points to a table, with another number of entries in use.
pub(crate) const fn with_used_entries(bits: u64, used: u64) -> u64 {
    bits & !(USED_MASK << USED_SHIFT) | (used & USED_MASK) << USED_SHIFT
}

#[inline]
fn pat_bit(size: PageSize) -> Bits {
    if size == PageSize::Size4KiB { Bits::PAT_SMALL } else { Bits::PAT_HUGE }
}

#[inline]
fn page_bits(attributes: Attributes, pat: Bits) -> Bits {
    let Attributes { access, cache } = attributes;
    let index = cache as u8;
    let mut flags = Bits::PRESENT;
    flags.set(Bits::WRITE, access.contains(Access::WRITE));
    flags.set(Bits::USER, access.contains(Access::USER));
    flags.set(Bits::GLOBAL, access.contains(Access::GLOBAL));
    flags.set(Bits::COPY_ON_WRITE, access.contains(Access::COPY_ON_WRITE));
    flags.set(Bits::NO_EXECUTE, !access.contains(Access::EXECUTE));
    // PAT index = 4 PAT + 2 PCD + PWT (SDM vol. 3A, section 4.9.2).
    flags.set(Bits::WRITE_THROUGH, index & 1 != 0);
    flags.set(Bits::CACHE_DISABLE, index & 2 != 0);
    flags.set(pat, index & 4 != 0);
    // Set beforehand, the processor has no reason to write to the entry.
    flags.insert(Bits::ACCESSED);
    flags.set(Bits::DIRTY, access.contains(Access::WRITE));
    flags
}

#[inline]
fn attributes(flags: Bits, pat: Bits) -> Attributes {
    let mut access = Access::empty();
    access.set(Access::WRITE, flags.contains(Bits::WRITE));
    access.set(Access::USER, flags.contains(Bits::USER));
    access.set(Access::GLOBAL, flags.contains(Bits::GLOBAL));
    access.set(Access::COPY_ON_WRITE, flags.contains(Bits::COPY_ON_WRITE));
    access.set(Access::EXECUTE, !flags.contains(Bits::NO_EXECUTE));
    let cache =
        match (flags.contains(pat), flags.contains(Bits::CACHE_DISABLE), flags.contains(Bits::WRITE_THROUGH))
        {
            (_, false, false) => Cache::WriteBack,
            (false, false, true) => Cache::WriteThrough,
            (true, false, true) => Cache::WriteCombining,
            // UC- and UC: they differ only where an MTRR says write-combining.
            (_, true, _) => Cache::Uncached,
        };
    Attributes { access, cache }
}
