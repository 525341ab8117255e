//! The memory map: which physical memory is whose.
//!
//! Firmware's map comes in any order, with overlaps and odd boundaries. It is laid down in layers,
//! from the most to the least usable kind, each overwriting what it overlaps: where two entries
//! disagree, the more cautious one is believed. Usable memory shrinks to whole pages, everything
//! else grows to them. From then on the map is a sorted list without overlaps, and the loader
//! carves its own pieces out of it; what the kernel gets to see is that same list.

use crate::{ADDRESS_LIMIT, BootError, PAGE_SIZE, page_ceiling, page_floor};

/// Most entries a map can have. Real firmware gives a dozen (BIOS) to about 200 (UEFI).
pub const CAPACITY: usize = 1024;

/// What a region of memory is, with the protocol's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Kind {
    /// Free.
    Usable = 0,
    /// Not memory, or not ours.
    Reserved = 1,
    /// Holds ACPI tables; free once they are read.
    AcpiReclaimable = 2,
    /// Belongs to the firmware across sleep states.
    AcpiNvs = 3,
    /// Memory that does not work.
    Bad = 4,
    /// Holds what the loader leaves for the kernel; free once that is read.
    BootloaderReclaimable = 5,
    /// The kernel, its file, and modules.
    ExecutableAndModules = 6,
    /// Video memory.
    Framebuffer = 7,
}

impl Kind {
    /// From the type numbers of BIOS E820, which PVH and multiboot2 use too. Unknown is reserved.
    pub fn from_e820(kind: u32) -> Self {
        match kind {
            1 => Self::Usable,
            3 => Self::AcpiReclaimable,
            4 => Self::AcpiNvs,
            5 => Self::Bad,
            _ => Self::Reserved,
        }
    }

    /// How the higher half direct map covers this kind, if it does (base revision 3).
    fn caching(self) -> Option<Caching> {
        match self {
            Self::Usable | Self::BootloaderReclaimable | Self::ExecutableAndModules => {
                Some(Caching::WriteBack)
            }
            Self::Framebuffer => Some(Caching::WriteCombining),
            _ => None,
        }
    }
}

/// How the processor may cache a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// As ordinary memory.
    WriteBack,
    /// Writes gathered into bursts, reads uncached: for video memory.
    WriteCombining,
}

/// A piece of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Physical address of the first byte.
    pub base: u64,
    /// Length in bytes.
    pub length: u64,
    /// What it is.
    pub kind: Kind,
}

impl Region {
    /// Physical address after the last byte.
    pub fn end(&self) -> u64 {
        self.base + self.length
    }
}

/// The memory map: sorted, page-aligned, without overlaps; neighbours differ in kind.
#[derive(Clone, Debug)]
pub struct MemoryMap {
    regions: [Region; CAPACITY],
    count: usize,
}

impl Default for MemoryMap {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryMap {
    /// A map of nothing.
    pub const fn new() -> Self {
        Self { regions: [Region { base: 0, length: 0, kind: Kind::Reserved }; CAPACITY], count: 0 }
    }

    /// Lays down firmware's map: entries in any order, possibly overlapping or absurd.
    ///
    /// # Errors
    /// [`BootError::NoMemoryMap`] if no usable page comes of it, [`BootError::MemoryMapTooLong`].
    pub fn add_firmware_map(
        &mut self,
        entries: impl Iterator<Item = Region> + Clone,
    ) -> Result<(), BootError> {
        const LAYERS: [Kind; 5] =
            [Kind::Usable, Kind::AcpiReclaimable, Kind::AcpiNvs, Kind::Reserved, Kind::Bad];
        for layer in LAYERS {
            for entry in entries.clone().filter(|entry| entry.kind == layer) {
                let end = entry.base.saturating_add(entry.length);
                let (start, end) = match layer {
                    Kind::Usable => (page_ceiling(entry.base).unwrap_or(u64::MAX), page_floor(end)),
                    _ => (page_floor(entry.base), page_ceiling(end).unwrap_or(u64::MAX)),
                };
                self.set(start, end.min(ADDRESS_LIMIT), layer)?;
            }
        }
        // The real-mode vectors and BIOS data: never usable, by the protocol.
        if self.kind_at(0) == Some(Kind::Usable) {
            self.set(0, PAGE_SIZE, Kind::Reserved)?;
        }
        match self.regions().iter().any(|region| region.kind == Kind::Usable) {
            true => Ok(()),
            false => Err(BootError::NoMemoryMap),
        }
    }

    /// The regions, in order of address.
    pub fn regions(&self) -> &[Region] {
        &self.regions[..self.count]
    }

    /// What the byte at `address` is, if the map says so.
    pub fn kind_at(&self, address: u64) -> Option<Kind> {
        let region = self.regions().iter().find(|region| (region.base..region.end()).contains(&address))?;
        Some(region.kind)
    }

    /// Says that the pages of `length` bytes at `base` are `kind`, whatever they were before.
    ///
    /// # Errors
    /// [`BootError::MemoryMapTooLong`]; [`BootError::NoMemoryMap`] for a range beyond
    /// [`ADDRESS_LIMIT`].
    pub fn claim(&mut self, base: u64, length: u64, kind: Kind) -> Result<(), BootError> {
        let end = base.checked_add(length).and_then(page_ceiling).filter(|end| *end <= ADDRESS_LIMIT);
        let end = end.ok_or(BootError::NoMemoryMap)?;
        self.set(page_floor(base), end, kind)
    }

    /// Takes `length` bytes, rounded up to pages, from the highest usable memory that ends at or
    /// below `limit`, and gives their address, a multiple of `alignment` (a power of two).
    ///
    /// # Errors
    /// [`BootError::OutOfMemory`] with `what`; [`BootError::MemoryMapTooLong`].
    pub fn allocate(
        &mut self,
        length: u64,
        alignment: u64,
        limit: u64,
        kind: Kind,
        what: &'static str,
    ) -> Result<u64, BootError> {
        let out_of_memory = BootError::OutOfMemory(what, length);
        let length = page_ceiling(length.max(1)).ok_or(out_of_memory)?;
        let mask = alignment.max(PAGE_SIZE) - 1;
        let fit = |region: &Region| {
            let end = region.end().min(limit);
            let start = end.checked_sub(length)? & !mask;
            (region.kind == Kind::Usable && start >= region.base).then_some(start)
        };
        let start = self.regions().iter().rev().find_map(fit).ok_or(out_of_memory)?;
        self.set(start, start + length, kind)?;
        Ok(start)
    }

    /// What the higher half direct map covers: ranges as long as possible, in order, with their
    /// caching. They depend on the firmware's map and the framebuffer only, not on what is
    /// allocated, so page tables can be counted before they are.
    pub fn mapped_ranges(&self) -> impl Iterator<Item = (u64, u64, Caching)> {
        let mut regions = self.regions().iter().peekable();
        core::iter::from_fn(move || {
            let (first, caching) = loop {
                let region = regions.next()?;
                if let Some(caching) = region.kind.caching() {
                    break (region, caching);
                }
            };
            let mut end = first.end();
            while let Some(next) =
                regions.next_if(|next| next.base == end && next.kind.caching() == Some(caching))
            {
                end = next.end();
            }
            Some((first.base, end - first.base, caching))
        })
    }

    /// Lays `kind` over `start..end`, both page-aligned.
    fn set(&mut self, start: u64, end: u64, kind: Kind) -> Result<(), BootError> {
        if start >= end {
            return Ok(());
        }
        self.split_at(start)?;
        self.split_at(end)?;
        let first = self.regions().partition_point(|region| region.base < start);
        let last = self.regions().partition_point(|region| region.base < end);
        // One region stands for all that were there.
        match last - first {
            0 => self.insert(first, Region { base: start, length: end - start, kind })?,
            covered => {
                self.regions[first] = Region { base: start, length: end - start, kind };
                self.remove(first + 1, covered - 1);
            }
        }
        self.merge_with_next(first);
        if first > 0 {
            self.merge_with_next(first - 1);
        }
        Ok(())
    }

    /// Makes `address` a boundary between regions.
    fn split_at(&mut self, address: u64) -> Result<(), BootError> {
        let inside = |region: &Region| region.base < address && address < region.end();
        let Some(index) = self.regions().iter().position(inside) else { return Ok(()) };
        let whole = self.regions[index];
        self.insert(index + 1, Region { base: address, length: whole.end() - address, kind: whole.kind })?;
        self.regions[index].length = address - whole.base;
        Ok(())
    }

    fn merge_with_next(&mut self, index: usize) {
        if let [this, next, ..] = self.regions()[index..]
            && this.end() == next.base
            && this.kind == next.kind
        {
            self.regions[index].length += next.length;
            self.remove(index + 1, 1);
        }
    }

    fn insert(&mut self, index: usize, region: Region) -> Result<(), BootError> {
        if self.count == CAPACITY {
            return Err(BootError::MemoryMapTooLong);
        }
        self.regions.copy_within(index..self.count, index + 1);
        self.regions[index] = region;
        self.count += 1;
        Ok(())
    }

    fn remove(&mut self, index: usize, how_many: usize) {
        self.regions.copy_within(index + how_many..self.count, index);
        self.count -= how_many;
    }
}
