//! Unmapping: pages go, and with them the tables that become empty.

use crate::address::VirtualAddress;
use crate::error::MapError;
use crate::mapping::Mapping;
use crate::stale::{Changed, Retired, Stale};
use crate::table::{PageTable, TableMemory};
use crate::walk::{Walk, beginning};

impl PageTable {
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
        taken: impl FnMut(Mapping),
    ) -> Result<Stale, MapError> {
        self.unmap_some(memory, start, length, u64::MAX, taken).map(|(stale, _)| stale)
    }

    /// As [`PageTable::unmap_span`], but of not more than `most` pages (at least one). Returns also for how many bytes from
    /// `start` on nothing is mapped now: less than `length` when there may be more.
    ///
    /// # Errors
    /// As [`PageTable::unmap_span`].
    pub fn unmap_some(
        &mut self,
        memory: &mut impl TableMemory,
        start: VirtualAddress,
        length: u64,
        most: u64,
        mut taken: impl FnMut(Mapping),
    ) -> Result<(Stale, u64), MapError> {
        let mut retired = Retired::default();
        let mut changed = Changed::nothing(start);
        let done = self.each_page(memory, start, length, |tables, memory, mapping, walk| {
            tables.clear(memory, mapping.page, walk, &mut retired);
            taken(mapping);
            changed.add(mapping, most)
        })?;
        Ok((changed.stale(retired), done))
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
}
