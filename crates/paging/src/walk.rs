//! Down the tree: to one entry, or to each page of a span.

use core::ops::ControlFlow;

use crate::address::{PageSize, PhysicalAddress, VirtualAddress};
use crate::entry::Entry;
use crate::error::MapError;
use crate::mapping::{Mapping, check_span};
use crate::table::{ENTRIES, PageTable, ROOT_LEVEL, TableMemory};

/// Where a walk ended: the tables it passed, by level, and the entry it found.
pub(crate) struct Walk {
    pub(crate) tables: [PhysicalAddress; ROOT_LEVEL as usize],
    pub(crate) level: u8,
    pub(crate) bits: u64,
}

impl Walk {
    pub(crate) fn entry(&self) -> Entry {
        Entry::decode(self.bits, self.level)
    }

    /// The table of `level` on the way; only for levels from `self.level` up.
    pub(crate) fn table(&self, level: u8) -> PhysicalAddress {
        self.tables[usize::from(level) - 1]
    }
}

impl PageTable {
    /// Descends to the entry that maps `address`, or would.
    #[inline(always)]
    pub(crate) fn walk(&self, memory: &impl TableMemory, address: VirtualAddress) -> Walk {
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

    /// Calls `change` for each page of the span, in rising order, until it says that it has enough. Returns for how many
    /// bytes from `start` on all is done.
    pub(crate) fn each_page<M: TableMemory>(
        &mut self,
        memory: &mut M,
        start: VirtualAddress,
        length: u64,
        mut change: impl FnMut(&mut Self, &mut M, Mapping, &Walk) -> ControlFlow<()>,
    ) -> Result<u64, MapError> {
        check_span(start, length)?;
        let Some(last) = length.checked_sub(1).and_then(|last| start.checked_add(last)) else {
            return Ok(0);
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
                if let Some(mapping) = mapping(address, &walk)
                    && change(self, memory, mapping, &walk).is_break()
                {
                    return Ok(mapping.page.get() - start.get() + mapping.size.bytes());
                }
                let next = (address.get() | (covered - 1)).checked_add(1).and_then(VirtualAddress::new);
                match next {
                    Some(next) if next <= last => address = next,
                    _ => return Ok(length),
                }
            }
        }
    }
}

/// The page around `address` that `walk` found.
#[inline(always)]
pub(crate) fn mapping(address: VirtualAddress, walk: &Walk) -> Option<Mapping> {
    let Entry::Page(physical, attributes) = walk.entry() else { return None };
    let size = PageSize::of_level(walk.level);
    let page = VirtualAddress::new(address.get() & !(size.bytes() - 1))?;
    Some(Mapping { page, physical, size, attributes })
}

/// The page that `walk` found, when it begins at `page`.
#[inline(always)]
pub(crate) fn beginning(page: VirtualAddress, walk: &Walk) -> Result<Mapping, MapError> {
    if !page.is_aligned(PageSize::Size4KiB) {
        return Err(MapError::Misaligned);
    }
    let mapping = mapping(page, walk).ok_or(MapError::NotMapped)?;
    if mapping.page == page { Ok(mapping) } else { Err(MapError::HugePageInTheWay) }
}
