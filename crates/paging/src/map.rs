//! Mapping: one page, a span of physical memory, or pages that come one by one.

use crate::address::{PageSize, PhysicalAddress, VirtualAddress};
use crate::attributes::Attributes;
use crate::entry::{Entry, with_used_entries};
use crate::error::MapError;
use crate::mapping::{Span, check_span};
use crate::table::{ENTRIES, PageTable, TableMemory};
use crate::walk::Walk;

impl PageTable {
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
