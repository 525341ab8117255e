//! The page tables a kernel starts with: 4 levels, in memory that it may reclaim.
//!
//! The higher half direct map is made of the largest pages that fit; the kernel of 4 KiB pages, so
//! that each segment keeps its own rights. Source: Intel SDM vol. 3A, section 4.5 (formats) and
//! 4.9.2 (page attribute table).

use crate::memory_map::{Caching, MemoryMap};
use crate::plan::LoadPlan;
use crate::{BootError, HHDM, PAGE_SIZE};

/// One page table: 512 entries.
pub type Table = [u64; 512];

const PRESENT: u64 = 1 << 0;
const WRITABLE: u64 = 1 << 1;
const WRITE_THROUGH: u64 = 1 << 3;
/// In an entry above the last level: maps a large page.
const LARGE: u64 = 1 << 7;
/// Third bit of the PAT index in the last level, where `LARGE` has no meaning ...
const PAT_SMALL: u64 = 1 << 7;
/// ... and in large pages.
const PAT_LARGE: u64 = 1 << 12;
const NO_EXECUTE: u64 = 1 << 63;
/// The physical address in an entry that leads to a table.
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// What the page attribute table must hold for these page tables to mean what they say, in the
/// layout the protocol fixes: WB, WT, UC-, UC, WP, WC, UC-, UC from entry 0 up.
pub const PAT: u64 = 0x0007_0105_0007_0406;

/// What the processor can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PagingFeatures {
    /// 1 GiB pages (CPUID 8000_0001h EDX bit 26).
    pub gib_pages: bool,
    /// The no-execute bit (CPUID 8000_0001h EDX bit 20).
    pub no_execute: bool,
    /// The page attribute table (CPUID 1 EDX bit 16).
    pub pat: bool,
}

/// What a mapping allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Writing.
    pub write: bool,
    /// Executing.
    pub execute: bool,
    /// Caching.
    pub caching: Caching,
}

/// Page tables under construction, in a run of tables that lie at `base`.
#[derive(Debug)]
pub struct PageTables<'a> {
    tables: &'a mut [Table],
    base: u64,
    used: usize,
    features: PagingFeatures,
}

impl<'a> PageTables<'a> {
    /// Starts with an empty root in `tables`, whose physical address is `base`.
    ///
    /// # Errors
    /// [`BootError::OutOfMemory`] if there is not even room for the root.
    pub fn new(tables: &'a mut [Table], base: u64, features: PagingFeatures) -> Result<Self, BootError> {
        let mut this = Self { tables, base, used: 0, features };
        this.take_table()?;
        Ok(this)
    }

    /// The most tables that [`PageTables::map_all`] can use. Generous by a table or two for each
    /// range, because where ranges share a table is not looked at.
    pub fn tables_needed(map: &MemoryMap, plan: &LoadPlan, features: PagingFeatures) -> u64 {
        let touched =
            |base: u64, length: u64, shift: u32| ((base + length - 1) >> shift) - (base >> shift) + 1;
        let of_range = |(base, length, _): (u64, u64, Caching)| {
            let directories = match features.gib_pages {
                // Only at the ends.
                true => touched(base, length, 30).min(2),
                false => touched(base, length, 30),
            };
            touched(base, length, 39) + directories + 2
        };
        let kernel = 1 + touched(plan.base(), plan.size(), 30) + touched(plan.base(), plan.size(), 21);
        1 + map.mapped_ranges().map(of_range).sum::<u64>() + kernel
    }

    /// Maps everything a kernel of base revision 3 may expect: the higher half direct map of
    /// `map`, and the segments of `plan`, whose image lies at `image_base`.
    ///
    /// # Errors
    /// [`BootError::OutOfMemory`] if the tables run out.
    pub fn map_all(&mut self, map: &MemoryMap, plan: &LoadPlan, image_base: u64) -> Result<(), BootError> {
        for (base, length, caching) in map.mapped_ranges() {
            // Everything is allowed here: so says the protocol, and the loader's own last
            // instructions and the parked processors run in this mapping.
            self.map(HHDM + base, base, length, Access { write: true, execute: true, caching })?;
        }
        for segment in plan.segments() {
            let access = Access {
                write: segment.permissions.write,
                execute: segment.permissions.execute,
                caching: Caching::WriteBack,
            };
            let pages = segment.pages();
            self.map_small(
                plan.base() + pages.start,
                image_base + pages.start,
                pages.end - pages.start,
                access,
            )?;
        }
        Ok(())
    }

    /// Physical address of the root table, for CR3.
    pub fn root(&self) -> u64 {
        self.base
    }

    /// Maps `length` bytes with the largest pages that fit. All three numbers are page-aligned.
    ///
    /// # Errors
    /// [`BootError::OutOfMemory`] if the tables run out.
    pub fn map(&mut self, virt: u64, phys: u64, length: u64, access: Access) -> Result<(), BootError> {
        let mut done = 0;
        while done < length {
            let fits =
                |size: u64| ((virt + done) | (phys + done)).is_multiple_of(size) && length - done >= size;
            let level = match () {
                () if self.features.gib_pages && fits(1 << 30) => 2,
                () if fits(1 << 21) => 1,
                () => 0,
            };
            self.map_page(virt + done, phys + done, level, access)?;
            done += PAGE_SIZE << (9 * level);
        }
        Ok(())
    }

    /// Maps `length` bytes with 4 KiB pages only.
    fn map_small(&mut self, virt: u64, phys: u64, length: u64, access: Access) -> Result<(), BootError> {
        (0..length / PAGE_SIZE)
            .try_for_each(|page| self.map_page(virt + page * PAGE_SIZE, phys + page * PAGE_SIZE, 0, access))
    }

    /// Writes the entry for one page: level 0 is 4 KiB, 1 is 2 MiB, 2 is 1 GiB.
    fn map_page(&mut self, virt: u64, phys: u64, level: u32, access: Access) -> Result<(), BootError> {
        let slot = |level: u32| (virt >> (12 + 9 * level)) as usize & 511;
        let mut table = 0;
        for above in (level + 1..=3).rev() {
            let entry = self.tables[table][slot(above)];
            table = match entry & PRESENT {
                0 => {
                    let fresh = self.take_table()?;
                    let address = self.base + fresh as u64 * PAGE_SIZE;
                    // Rights are decided in the last level alone.
                    self.tables[table][slot(above)] = address | PRESENT | WRITABLE;
                    fresh
                }
                _ => ((entry & ADDRESS) - self.base) as usize / PAGE_SIZE as usize,
            };
        }
        self.tables[table][slot(level)] = phys | self.flags(level, access);
        Ok(())
    }

    fn flags(&self, level: u32, access: Access) -> u64 {
        let mut flags = PRESENT;
        if access.write {
            flags |= WRITABLE;
        }
        if !access.execute && self.features.no_execute {
            flags |= NO_EXECUTE;
        }
        if level > 0 {
            flags |= LARGE;
        }
        // Entry 5 of the PAT: PAT bit and PWT.
        if access.caching == Caching::WriteCombining && self.features.pat {
            flags |= WRITE_THROUGH | if level > 0 { PAT_LARGE } else { PAT_SMALL };
        }
        flags
    }

    /// A fresh, empty table; gives its index.
    fn take_table(&mut self) -> Result<usize, BootError> {
        let index = self.used;
        let out_of_memory = BootError::OutOfMemory("page tables", PAGE_SIZE);
        self.tables.get_mut(index).ok_or(out_of_memory)?.fill(0);
        self.used += 1;
        Ok(index)
    }
}
