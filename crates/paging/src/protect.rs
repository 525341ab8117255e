//! Protecting: what is mapped stays where it is, and something else is permitted.

use crate::address::VirtualAddress;
use crate::attributes::Attributes;
use crate::entry::Entry;
use crate::error::MapError;
use crate::mapping::Mapping;
use crate::stale::{Retired, Stale};
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

    /// Changes all pages in `start .. start + length`, passing over what is not mapped; `attributes` says what each is to
    /// become.
    ///
    /// # Errors
    /// As [`PageTable::unmap_span`].
    pub fn protect_span(
        &mut self,
        memory: &mut impl TableMemory,
        start: VirtualAddress,
        length: u64,
        mut attributes: impl FnMut(Mapping) -> Attributes,
    ) -> Result<Stale, MapError> {
        self.each_page(memory, start, length, |_, memory, mapping, walk| {
            rewrite(memory, mapping, walk, attributes(mapping));
        })?;
        Ok(Stale { start, length, retired: Retired::default() })
    }
}

fn rewrite(memory: &mut impl TableMemory, mapping: Mapping, walk: &Walk, attributes: Attributes) {
    let bits = Entry::Page(mapping.physical, attributes).encode(mapping.size, false);
    memory.write(walk.table(walk.level), mapping.page.index(walk.level), bits);
}
