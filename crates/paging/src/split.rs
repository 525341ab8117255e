//! Splitting: a large page becomes 512 of the next smaller size, so that a part of it can be treated apart.

use crate::address::{PageSize, PhysicalAddress, VirtualAddress};
use crate::entry::{Entry, with_used_entries};
use crate::error::MapError;
use crate::stale::{Retired, Stale};
use crate::table::{ENTRIES, PageTable, TableMemory};
use crate::walk::mapping;

impl PageTable {
    /// Replaces the page of 2 MiB or 1 GiB around `address` by 512 pages of the next smaller size, which map the same to
    /// the same. Every other operation refuses a part of a page; whoever wants one makes it a page first.
    ///
    /// Translations don't change, but processors may know them by the large page and by small ones at a time (SDM vol. 3A,
    /// section 4.10.2.3), so the large page is stale: who changes a part of it must have both forgotten.
    ///
    /// # Errors
    /// [`MapError::NotMapped`]; [`MapError::AlreadyMapped`] where a page of 4 KiB is: there is nothing smaller;
    /// [`MapError::OutOfMemory`]. Nothing has changed then.
    pub fn split(
        &mut self,
        memory: &mut impl TableMemory,
        address: VirtualAddress,
    ) -> Result<Stale, MapError> {
        let walk = self.walk(memory, address);
        let large = mapping(address, &walk).ok_or(MapError::NotMapped)?;
        if large.size == PageSize::Size4KiB {
            return Err(MapError::AlreadyMapped);
        }
        let size = PageSize::of_level(walk.level - 1);
        let table = memory.allocate().ok_or(MapError::OutOfMemory)?;
        for index in 0..ENTRIES {
            // Inside of the large page, which an entry could hold.
            let physical = large.physical.get() + index as u64 * size.bytes();
            let page = Entry::Page(PhysicalAddress::new_truncate(physical), large.attributes);
            memory.write(table, index, page.encode(size, false));
        }
        let bits = Entry::Table(table).encode(size, !address.is_upper_half());
        let bits = with_used_entries(bits, ENTRIES as u64);
        memory.write(walk.table(walk.level), address.index(walk.level), bits);
        Ok(Stale { start: large.page, length: large.size.bytes(), retired: Retired::default() })
    }
}
