//! The walker: map, unmap, protect, translate.
//!
//! Every change writes a single entry as its last step, so that a processor that walks the tables at the
//! same moment sees either the old state or the new one: new tables are filled before they are linked, an
//! emptied table is unlinked before it is retired.

use crate::address::{PageSize, PhysicalAddress, VirtualAddress};
use crate::attributes::Attributes;
use crate::entry::{Entry, used_entries, with_used_entries};
use crate::stale::{Retired, Stale};

const ROOT_LEVEL: u8 = 4;
/// Entries of a table, of any level.
const ENTRIES: usize = 512;

/// The memory that tables live in.
pub trait TableMemory {
    /// Reads entry `index` (below 512) of the table at `table`.
    fn read(&self, table: PhysicalAddress, index: usize) -> u64;
    /// Writes entry `index` (below 512) of the table at `table`, in one piece.
    fn write(&mut self, table: PhysicalAddress, index: usize, bits: u64);
    /// A frame for a table, aligned to 4 KiB, all entries zero, not at address 0; `None` when memory is out.
    fn allocate(&mut self) -> Option<PhysicalAddress>;
    /// Takes back a frame from [`TableMemory::allocate`], all entries zero.
    fn free(&mut self, table: PhysicalAddress);
}

/// Why a change was refused. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapError {
    /// An address or a length is no multiple of the page's size.
    Misaligned,
    /// The span leaves canonical addresses, or crosses from the lower half to the upper.
    NonCanonical,
    /// The span leaves the physical addresses that an entry can hold.
    BeyondPhysical,
    /// Something is mapped there.
    AlreadyMapped,
    /// Nothing is mapped there.
    NotMapped,
    /// A page larger than the one asked for is mapped there, and sticks out.
    HugePageInTheWay,
    /// There is no frame for a table.
    OutOfMemory,
}

impl core::fmt::Display for MapError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::Misaligned => "not a multiple of the page size",
            Self::NonCanonical => "not in canonical addresses",
            Self::BeyondPhysical => "beyond physical addresses",
            Self::AlreadyMapped => "mapped already",
            Self::NotMapped => "not mapped",
            Self::HugePageInTheWay => "a larger page is mapped there",
            Self::OutOfMemory => "no frame for a page table",
        })
    }
}

/// A page that is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Where the page begins in virtual memory.
    pub page: VirtualAddress,
    /// Where it begins in physical memory.
    pub physical: PhysicalAddress,
    /// Its size.
    pub size: PageSize,
    /// What it permits and how it is cached.
    pub attributes: Attributes,
}

/// A stretch of virtual memory and the physical memory to put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first virtual address.
    pub start: VirtualAddress,
    /// The first physical address.
    pub physical: PhysicalAddress,
    /// Bytes.
    pub length: u64,
}

/// A tree of tables, named by its root. The value owns nothing: dropping it frees no table.
#[derive(Debug, PartialEq, Eq)]
pub struct PageTable {
    root: PhysicalAddress,
}

/// Where a walk ended: the tables it passed, by level, and the entry it found.
struct Walk {
    tables: [PhysicalAddress; ROOT_LEVEL as usize],
    level: u8,
    bits: u64,
}

impl Walk {
    fn entry(&self) -> Entry {
        Entry::decode(self.bits, self.level)
    }

    /// The table of `level` on the way; only for levels from `self.level` up.
    fn table(&self, level: u8) -> PhysicalAddress {
        self.tables[usize::from(level) - 1]
    }
}

impl PageTable {
    /// An empty tree.
    ///
    /// # Errors
    /// [`MapError::OutOfMemory`].
    pub fn new(memory: &mut impl TableMemory) -> Result<Self, MapError> {
        memory.allocate().map(Self::from_root).ok_or(MapError::OutOfMemory)
    }

    /// The tree whose root table is at `root`. It must have been made by this crate: the walker keeps
    /// counts in the entries' ignored bits.
    #[must_use]
    pub const fn from_root(root: PhysicalAddress) -> Self {
        Self { root }
    }

    /// The root table's address: what CR3 holds.
    #[must_use]
    pub const fn root(&self) -> PhysicalAddress {
        self.root
    }

    /// The page that `address` lies in.
    pub fn translate(&self, memory: &impl TableMemory, address: VirtualAddress) -> Option<Mapping> {
        let walk = self.walk(memory, address);
        mapping(address, &walk)
    }

    /// Maps one page. What was not mapped is in no TLB (SDM vol. 3A, section 4.10.2.3), so nothing is stale.
    ///
    /// # Errors
    /// [`MapError`]; then neither a page nor a table was added.
    #[inline(always)] // callers know size and attributes: most of it folds
    pub fn map(
        &mut self,
        memory: &mut impl TableMemory,
        page: VirtualAddress,
        physical: PhysicalAddress,
        size: PageSize,
        attributes: Attributes,
    ) -> Result<(), MapError> {
        if !page.is_aligned(size) || !physical.is_aligned(size) {
            return Err(MapError::Misaligned);
        }
        let walk = self.walk(memory, page);
        let bits = Entry::Page(physical, attributes).encode(size, false);
        if walk.level != size.level() || Entry::is_present(walk.bits) {
            return self.map_with_tables(memory, &walk, page, size, bits);
        }
        memory.write(walk.table(walk.level), page.index(walk.level), bits);
        self.count(memory, page, &walk, walk.level, 1);
        Ok(())
    }

    /// The rest of [`PageTable::map`], where tables are missing or something is in the way.
    #[cold]
    fn map_with_tables(
        &mut self,
        memory: &mut impl TableMemory,
        walk: &Walk,
        page: VirtualAddress,
        size: PageSize,
        mut bits: u64,
    ) -> Result<(), MapError> {
        match walk.entry() {
            Entry::Empty if walk.level >= size.level() => {}
            Entry::Page(..) if walk.level > size.level() => return Err(MapError::HugePageInTheWay),
            _ => return Err(MapError::AlreadyMapped),
        }
        // From the page upwards: each missing table gets the entry below it before it gets an entry itself.
        let mut link = None;
        for level in size.level()..walk.level {
            let Some(table) = memory.allocate() else {
                free_chain(memory, link, page, level);
                return Err(MapError::OutOfMemory);
            };
            memory.write(table, page.index(level), bits);
            link = Some(table);
            bits = with_used_entries(Entry::Table(table).encode(size, !page.is_upper_half()), 1);
        }
        memory.write(walk.table(walk.level), page.index(walk.level), bits);
        self.count(memory, page, walk, walk.level, 1);
        Ok(())
    }

    /// Maps a span with the largest pages that fit, none larger than `largest`.
    ///
    /// # Errors
    /// The [`MapError`] together with the bytes from the start that are mapped by now: the caller's to unmap.
    pub fn map_span(
        &mut self,
        memory: &mut impl TableMemory,
        span: Span,
        largest: PageSize,
        attributes: Attributes,
    ) -> Result<(), (MapError, u64)> {
        check_span(span.start, span.length).map_err(|error| (error, 0))?;
        if span.length > 0 && span.physical.checked_add(span.length - 1).is_none() {
            return Err((MapError::BeyondPhysical, 0));
        }
        let mut done = 0;
        while done < span.length {
            let page = span.start.checked_add(done).ok_or((MapError::NonCanonical, done))?;
            let physical = span.physical.checked_add(done).ok_or((MapError::BeyondPhysical, done))?;
            let left = span.length - done;
            let fits = |size: &PageSize| {
                page.is_aligned(*size) && physical.is_aligned(*size) && left >= size.bytes()
            };
            let size = [PageSize::Size1GiB, PageSize::Size2MiB]
                .into_iter()
                .filter(|&size| size <= largest)
                .find(fits)
                .unwrap_or(PageSize::Size4KiB);
            // To the end of the table; then a larger page may fit.
            let pages = (ENTRIES - page.index(size.level())) as u64;
            let pages = pages.min(left / size.bytes());
            let mut next = physical.get();
            let supply = |_: &mut _| {
                let address = PhysicalAddress::new_truncate(next);
                next += size.bytes();
                Some(address)
            };
            self.map_each(memory, page, pages, size, attributes, supply)
                .map_err(|(error, mapped)| (error, done + mapped * size.bytes()))?;
            done += pages * size.bytes();
        }
        Ok(())
    }

    /// Maps `count` pages one behind the other, page n to the n-th physical page that `supply` gives: one walk
    /// for each table instead of one for each page.
    ///
    /// # Errors
    /// The [`MapError`] ([`MapError::OutOfMemory`] when `supply` has none) together with the number of pages
    /// that are mapped by now: those are the caller's to unmap, and any further page that `supply` gave is
    /// the caller's still.
    pub fn map_each<M: TableMemory>(
        &mut self,
        memory: &mut M,
        start: VirtualAddress,
        count: u64,
        size: PageSize,
        attributes: Attributes,
        mut supply: impl FnMut(&mut M) -> Option<PhysicalAddress>,
    ) -> Result<(), (MapError, u64)> {
        let mut done = 0;
        while done < count {
            let fail = |error| (error, done);
            let offset = done.checked_mul(size.bytes()).ok_or(fail(MapError::NonCanonical))?;
            let page = start.checked_add(offset).ok_or(fail(MapError::NonCanonical))?;
            let walk = self.walk(memory, page);
            if walk.level != size.level() {
                // No table yet, or something in the way: the careful way finds out which.
                let physical = supply(memory).ok_or(fail(MapError::OutOfMemory))?;
                self.map(memory, page, physical, size, attributes).map_err(fail)?;
                done += 1;
                continue;
            }
            let index = page.index(walk.level);
            let room = ((ENTRIES - index) as u64).min(count - done) as usize;
            let entries = index..index + room;
            let (filled, result) =
                fill(memory, walk.table(walk.level), entries, size, attributes, &mut supply);
            if filled > 0 {
                self.count(memory, page, &walk, walk.level, filled as i64);
                done += filled;
            }
            result.map_err(|error| (error, done))?;
        }
        Ok(())
    }

    /// Takes away the page that begins at `page`, whatever its size, and the tables that this leaves empty.
    /// What was mapped comes back; it must not be used otherwise before the [`Stale`] is flushed.
    ///
    /// # Errors
    /// [`MapError::NotMapped`], or [`MapError::HugePageInTheWay`] when `page` is inside a page and not its beginning.
    #[inline(always)]
    pub fn unmap(
        &mut self,
        memory: &mut impl TableMemory,
        page: VirtualAddress,
    ) -> Result<(Mapping, Stale), MapError> {
        let walk = self.walk(memory, page);
        let mapping = beginning(page, &walk)?;
        let mut retired = Retired::default();
        self.clear(memory, page, &walk, &mut retired);
        Ok((mapping, Stale { start: page, length: mapping.size.bytes(), retired }))
    }

    /// Takes away all pages in `start .. start + length`, passing over what is not mapped, and hands each to `taken`.
    /// None of them must be used otherwise before the [`Stale`] is flushed.
    ///
    /// # Errors
    /// [`MapError::HugePageInTheWay`] when the first or the last page sticks out; see also [`MapError`].
    pub fn unmap_span(
        &mut self,
        memory: &mut impl TableMemory,
        start: VirtualAddress,
        length: u64,
        mut taken: impl FnMut(Mapping),
    ) -> Result<Stale, MapError> {
        let mut retired = Retired::default();
        self.each_page(memory, start, length, |tables, memory, mapping, walk| {
            tables.clear(memory, mapping.page, walk, &mut retired);
            taken(mapping);
        })?;
        Ok(Stale { start, length, retired })
    }

    /// Changes what the page that begins at `page` permits and how it is cached.
    ///
    /// # Errors
    /// As [`PageTable::unmap`].
    pub fn protect(
        &mut self,
        memory: &mut impl TableMemory,
        page: VirtualAddress,
        attributes: Attributes,
    ) -> Result<Stale, MapError> {
        let walk = self.walk(memory, page);
        let mapping = beginning(page, &walk)?;
        rewrite(memory, mapping, &walk, attributes);
        Ok(Stale { start: page, length: mapping.size.bytes(), retired: Retired::default() })
    }

    /// Changes all pages in `start .. start + length`, passing over what is not mapped.
    ///
    /// # Errors
    /// As [`PageTable::unmap_span`].
    pub fn protect_span(
        &mut self,
        memory: &mut impl TableMemory,
        start: VirtualAddress,
        length: u64,
        attributes: Attributes,
    ) -> Result<Stale, MapError> {
        self.each_page(memory, start, length, |_, memory, mapping, walk| {
            rewrite(memory, mapping, walk, attributes);
        })?;
        Ok(Stale { start, length, retired: Retired::default() })
    }

    /// Makes sure that the root has a table for the 512 GiB around `address` in the upper half. The roots
    /// of all address spaces share such tables, so they must exist before the first root is copied, and stay.
    ///
    /// # Errors
    /// [`MapError::NonCanonical`] for an address of the lower half, [`MapError::OutOfMemory`].
    pub fn reserve_slot(
        &mut self,
        memory: &mut impl TableMemory,
        address: VirtualAddress,
    ) -> Result<(), MapError> {
        if !address.is_upper_half() {
            return Err(MapError::NonCanonical);
        }
        let index = address.index(ROOT_LEVEL);
        if Entry::decode(memory.read(self.root, index), ROOT_LEVEL) == Entry::Empty {
            let table = memory.allocate().ok_or(MapError::OutOfMemory)?;
            memory.write(self.root, index, Entry::Table(table).encode(PageSize::Size4KiB, false));
        }
        Ok(())
    }

    /// Descends to the entry that maps `address`, or would.
    #[inline(always)]
    fn walk(&self, memory: &impl TableMemory, address: VirtualAddress) -> Walk {
        let mut tables = [self.root; ROOT_LEVEL as usize];
        let mut level = ROOT_LEVEL;
        loop {
            let table = tables[usize::from(level) - 1];
            let bits = memory.read(table, address.index(level));
            let Some(next) = Entry::next_table(bits, level) else { return Walk { tables, level, bits } };
            level -= 1;
            tables[usize::from(level) - 1] = next;
        }
    }

    /// Calls `change` for each page of the span, in rising order.
    fn each_page<M: TableMemory>(
        &mut self,
        memory: &mut M,
        start: VirtualAddress,
        length: u64,
        mut change: impl FnMut(&mut Self, &mut M, Mapping, &Walk),
    ) -> Result<(), MapError> {
        check_span(start, length)?;
        let Some(last) = length.checked_sub(1).and_then(|last| start.checked_add(last)) else {
            return Ok(());
        };
        let sticks_out = |mapping: Mapping| {
            mapping.page < start || mapping.page.get() + (mapping.size.bytes() - 1) > last.get()
        };
        if [start, last].into_iter().filter_map(|edge| self.translate(memory, edge)).any(sticks_out) {
            return Err(MapError::HugePageInTheWay);
        }
        let mut address = start;
        loop {
            let mut walk = self.walk(memory, address);
            let level = walk.level;
            // An entry of level 4 covers 512 GiB, one of level 1 a page.
            let covered = 1u64 << (12 + 9 * (u32::from(level) - 1));
            // Through the table without walking anew. It stays readable even if `change` takes its last page.
            for index in address.index(level)..ENTRIES {
                walk.bits = memory.read(walk.table(level), index);
                if Entry::next_table(walk.bits, level).is_some() {
                    break;
                }
                if let Some(mapping) = mapping(address, &walk) {
                    change(self, memory, mapping, &walk);
                }
                let next = (address.get() | (covered - 1)).checked_add(1).and_then(VirtualAddress::new);
                match next {
                    Some(next) if next <= last => address = next,
                    _ => return Ok(()),
                }
            }
        }
    }

    /// Clears the entry that `walk` ended at, and unlinks the tables that this leaves empty.
    #[inline(always)]
    fn clear(
        &mut self,
        memory: &mut impl TableMemory,
        page: VirtualAddress,
        walk: &Walk,
        retired: &mut Retired,
    ) {
        memory.write(walk.table(walk.level), page.index(walk.level), 0);
        if self.count(memory, page, walk, walk.level, -1) == Some(0) {
            self.retire(memory, page, walk, retired);
        }
    }

    /// Retires the table whose last entry [`PageTable::clear`] cleared, and those that this leaves empty.
    #[cold]
    fn retire(
        &mut self,
        memory: &mut impl TableMemory,
        page: VirtualAddress,
        walk: &Walk,
        retired: &mut Retired,
    ) {
        let mut level = walk.level;
        loop {
            retired.push(memory, walk.table(level));
            level += 1;
            if self.count(memory, page, walk, level, -1) != Some(0) {
                return;
            }
        }
    }

    /// Adds `change` to the count of entries in use of the table of `level`, kept in the entry that points
    /// to it, and unlinks the table when that becomes 0. `None` for tables that are never freed: the root,
    /// and those right below its upper half, which all address spaces share.
    #[inline(always)]
    fn count(
        &mut self,
        memory: &mut impl TableMemory,
        page: VirtualAddress,
        walk: &Walk,
        level: u8,
        change: i64,
    ) -> Option<u64> {
        let parent = level + 1;
        if parent > ROOT_LEVEL || (parent == ROOT_LEVEL && page.is_upper_half()) {
            return None;
        }
        let (table, index) = (walk.table(parent), page.index(parent));
        let bits = memory.read(table, index);
        let used = used_entries(bits).saturating_add_signed(change);
        memory.write(table, index, if used == 0 { 0 } else { with_used_entries(bits, used) });
        Some(used)
    }
}

/// Fills empty entries of a table with pages, until one is not empty or `supply` has none. Returns how many
/// were filled.
fn fill<M: TableMemory>(
    memory: &mut M,
    table: PhysicalAddress,
    entries: core::ops::Range<usize>,
    size: PageSize,
    attributes: Attributes,
    supply: &mut impl FnMut(&mut M) -> Option<PhysicalAddress>,
) -> (u64, Result<(), MapError>) {
    let mut filled = 0;
    for index in entries {
        if !matches!(Entry::decode(memory.read(table, index), size.level()), Entry::Empty) {
            return (filled, Err(MapError::AlreadyMapped));
        }
        match supply(memory) {
            Some(physical) if physical.is_aligned(size) => {
                memory.write(table, index, Entry::Page(physical, attributes).encode(size, false));
                filled += 1;
            }
            Some(_) => return (filled, Err(MapError::Misaligned)),
            None => return (filled, Err(MapError::OutOfMemory)),
        }
    }
    (filled, Ok(()))
}

/// Whether whole pages of one half make up the span.
fn check_span(start: VirtualAddress, length: u64) -> Result<(), MapError> {
    if !start.is_aligned(PageSize::Size4KiB) || !length.is_multiple_of(PageSize::Size4KiB.bytes()) {
        return Err(MapError::Misaligned);
    }
    match start.checked_add(length.saturating_sub(1)) {
        Some(last) if last.is_upper_half() == start.is_upper_half() => Ok(()),
        _ => Err(MapError::NonCanonical),
    }
}

/// The page around `address` that `walk` found.
#[inline(always)]
fn mapping(address: VirtualAddress, walk: &Walk) -> Option<Mapping> {
    let Entry::Page(physical, attributes) = walk.entry() else { return None };
    let size = PageSize::of_level(walk.level);
    let page = VirtualAddress::new(address.get() & !(size.bytes() - 1))?;
    Some(Mapping { page, physical, size, attributes })
}

/// The page that `walk` found, when it begins at `page`.
#[inline(always)]
fn beginning(page: VirtualAddress, walk: &Walk) -> Result<Mapping, MapError> {
    if !page.is_aligned(PageSize::Size4KiB) {
        return Err(MapError::Misaligned);
    }
    let mapping = mapping(page, walk).ok_or(MapError::NotMapped)?;
    if mapping.page == page { Ok(mapping) } else { Err(MapError::HugePageInTheWay) }
}

fn rewrite(memory: &mut impl TableMemory, mapping: Mapping, walk: &Walk, attributes: Attributes) {
    let bits = Entry::Page(mapping.physical, attributes).encode(mapping.size, false);
    memory.write(walk.table(walk.level), mapping.page.index(walk.level), bits);
}

/// Frees tables that were never linked: `top` and those below it, each with the single entry for `page`.
/// `level` is the one above `top`'s.
fn free_chain(memory: &mut impl TableMemory, top: Option<PhysicalAddress>, page: VirtualAddress, level: u8) {
    let (mut next, mut level) = (top, level);
    while let Some(table) = next {
        level -= 1;
        next = match Entry::decode(memory.read(table, page.index(level)), level) {
            Entry::Table(below) => Some(below),
            _ => None,
        };
        memory.write(table, page.index(level), 0);
        memory.free(table);
    }
}
