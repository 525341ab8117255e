//! Which memory a bus master is shown for a command.
//!
//! It takes a table of regions: the address below 4 GiB and even, the length even, none across a border of 64 KiB (Bus
//! Master, section 1.2). The memory of a request keeps to nothing of that. What can't be shown makes a detour: it is
//! copied to or from memory that can.

use alloc::vec::Vec;

use blockcache::SECTOR_SIZE;

use crate::Segment;

/// No region crosses a multiple of this.
pub const BORDER: u64 = 64 << 10;
/// Where addresses end that the table can hold.
const END: u64 = 1 << 32;
/// Regions of one command, and detours: a table of a page.
pub const MOST_REGIONS: usize = 512;

/// An entry of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The physical address.
    pub address: u32,
    /// The length in bytes, up to [`BORDER`].
    pub length: u32,
}

/// Bytes that are moved elsewhere than where the request has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detour {
    /// Where the request has them.
    pub address: u64,
    /// Where they are moved, counted from the beginning of the memory for detours.
    pub at: usize,
    /// How many bytes.
    pub length: usize,
    /// Where they stand in the command's data.
    position: usize,
}

/// The memory for detours: below 4 GiB, beginning at a page's border, an even number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aside {
    /// The physical address.
    pub address: u64,
    /// The length in bytes.
    pub length: usize,
}

/// The regions of a command. Made once, with all the memory that it will need.
#[derive(Debug)]
pub struct Plan {
    regions: Vec<Region>,
    detours: Vec<Detour>,
    length: usize,
    /// What the detours take of the memory aside.
    aside: usize,
}

impl Plan {
    /// An empty one; `None` when there is no memory for it.
    #[must_use]
    pub fn new() -> Option<Self> {
        let (mut regions, mut detours) = (Vec::new(), Vec::new());
        regions.try_reserve_exact(MOST_REGIONS).ok()?;
        detours.try_reserve_exact(MOST_REGIONS).ok()?;
        Some(Self { regions, detours, length: 0, aside: 0 })
    }

    /// Plans a command that moves the memory of `segments` from byte `from` on: whole sectors, at most `most` bytes, and no
    /// more than the table and the memory aside have room for. Of 256 pieces or fewer a sector has room at least.
    pub fn make(&mut self, segments: &[Segment], from: usize, most: usize, aside: Aside) {
        self.regions.clear();
        self.detours.clear();
        (self.length, self.aside) = (0, 0);
        for piece in pieces(segments, from, most) {
            if !self.add(piece, aside) {
                break;
            }
        }
        self.shorten(self.length - self.length % SECTOR_SIZE);
    }

    /// How many bytes it moves.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    /// What the table holds, in order.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// What is to be copied, before the command when it writes, after it when it reads.
    #[must_use]
    pub fn detours(&self) -> &[Detour] {
        &self.detours
    }

    /// Adds a piece of memory; false when not all of it has room.
    fn add(&mut self, piece: Segment, aside: Aside) -> bool {
        let (mut address, mut left) = (piece.address, piece.length as usize);
        while left > 0 {
            let even = address.is_multiple_of(2) && self.length.is_multiple_of(2) && left >= 2;
            let is_direct = even && address < END;
            let target = if is_direct { address } else { aside.address + self.aside as u64 };
            let mut length = left.min((BORDER - target % BORDER) as usize);
            if is_direct {
                length -= length % 2;
            } else {
                length = length.min(aside.length - self.aside);
                if length == 0 || self.detours.len() == MOST_REGIONS {
                    return false;
                }
            }
            if !self.show(target, length) {
                return false;
            }
            if !is_direct {
                self.detours.push(Detour { address, at: self.aside, length, position: self.length });
                self.aside += length;
            }
            self.length += length;
            address += length as u64;
            left -= length;
        }
        true
    }

    /// Adds a region, or makes the last one longer; false when the table is full.
    fn show(&mut self, address: u64, length: usize) -> bool {
        // Both are below 4 GiB, and no longer than to the next border.
        let (address, length) = (address as u32, length as u32);
        let goes_on = !u64::from(address).is_multiple_of(BORDER);
        if let Some(last) = self.regions.last_mut()
            && goes_on
            && u64::from(last.address) + u64::from(last.length) == u64::from(address)
        {
            last.length += length;
            return true;
        }
        if self.regions.len() == MOST_REGIONS {
            return false;
        }
        self.regions.push(Region { address, length });
        true
    }

    /// Takes away what stands behind the first `length` bytes.
    fn shorten(&mut self, length: usize) {
        let mut excess = (self.length - length) as u32;
        while excess > 0
            && let Some(last) = self.regions.last_mut()
        {
            let taken = excess.min(last.length);
            last.length -= taken;
            excess -= taken;
            if last.length == 0 {
                self.regions.pop();
            }
        }
        while let Some(last) = self.detours.last_mut()
            && last.position + last.length > length
        {
            last.length = length.saturating_sub(last.position);
            if last.length > 0 {
                break;
            }
            self.detours.pop();
        }
        self.length = length;
    }
}

/// The memory of `length` bytes of `segments` from byte `from` on, or as many as there are.
pub fn pieces(segments: &[Segment], from: usize, length: usize) -> impl Iterator<Item = Segment> {
    let (mut skip, mut left) = (from, length);
    segments.iter().filter_map(move |segment| {
        let here = segment.length as usize;
        let skipped = skip.min(here);
        let taken = (here - skipped).min(left);
        skip -= skipped;
        left -= taken;
        (taken > 0).then_some(Segment { address: segment.address + skipped as u64, length: taken as u32 })
    })
}
