//! Protecting: what is mapped stays where it is, and something else is permitted.

use crate::address::{PhysicalAddress, VirtualAddress};
use crate::attributes::Attributes;
use crate::entry::Entry;
use crate::error::MapError;
use crate::mapping::Mapping;
use crate::stale::{Changed, Retired, Stale};
use crate::table::{PageTable, TableMemory};
use crate::walk::{Walk, beginning};

impl PageTable {
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

    /// Changes up to `most` pages (at least one) in `start .. start + length`, passing over what is not mapped;
    /// `attributes` says what each is to become. Returns also for how many bytes from `start` on all is done.
    ///
    /// # Errors
    /// As [`PageTable::unmap_span`].
    pub fn protect_some(
        &mut self,
        memory: &mut impl TableMemory,
        start: VirtualAddress,
        length: u64,
        most: u64,
        mut attributes: impl FnMut(Mapping) -> Attributes,
    ) -> Result<(Stale, u64), MapError> {
        let mut changed = Changed::nothing(start);
        let done = self.each_page(memory, start, length, |_, memory, mapping, walk| {
            rewrite(memory, mapping, walk, attributes(mapping));
            changed.add(mapping, most)
        })?;
        Ok((changed.stale(Retired::default()), done))
    }

    /// Puts other physical memory under the page that begins at `page`, in one step: a processor finds either the old or the
    /// new. Returns what was there; it must not be used otherwise before the [`Stale`] is flushed.
    ///
    /// # Errors
    /// As [`PageTable::unmap`].
    pub fn replace(
        &mut self,
        memory: &mut impl TableMemory,
        page: VirtualAddress,
        physical: PhysicalAddress,
        attributes: Attributes,
    ) -> Result<(Mapping, Stale), MapError> {
        let walk = self.walk(memory, page);
        let before = beginning(page, &walk)?;
        if !physical.is_aligned(before.size) {
            return Err(MapError::Misaligned);
        }
        rewrite(memory, Mapping { physical, ..before }, &walk, attributes);
        let stale = Stale { start: page, length: before.size.bytes(), retired: Retired::default() };
        Ok((before, stale))
    }
}

fn rewrite(memory: &mut impl TableMemory, mapping: Mapping, walk: &Walk, attributes: Attributes) {
    let bits = Entry::Page(mapping.physical, attributes).encode(mapping.size, false);
    memory.write(walk.table(walk.level), mapping.page.index(walk.level), bits);
}
