//! What processors may still remember after a change, as a value that must be dealt with.
//!
//! Two things outlive a change of the tables: translations in TLBs, and pointers to tables in the paging-structure
//! caches (SDM vol. 3A, sections 4.10.2 and 4.10.3). So a page must not be given to someone else, and
//! an emptied table must not be used again, before every processor that ran on these tables has flushed.
//! The types insist on this order: tables come out of a [`Stale`] only by [`Stale::flush`], as [`Retired`].

use core::ops::ControlFlow;

use crate::address::{PhysicalAddress, VirtualAddress};
use crate::mapping::Mapping;
use crate::table::TableMemory;

/// The addresses whose translations have changed. Flush them on every processor that may know them.
#[must_use = "processors still translate by the old tables until this is flushed"]
#[derive(Debug, PartialEq, Eq)]
pub struct Stale {
    pub(crate) start: VirtualAddress,
    pub(crate) length: u64,
    pub(crate) retired: Retired,
}

impl Stale {
    /// The first address whose translation changed.
    #[must_use]
    pub const fn start(&self) -> VirtualAddress {
        self.start
    }

    /// Bytes from there on that may have changed.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Whether tables became empty, which processors may still know.
    #[must_use]
    pub const fn retires_tables(&self) -> bool {
        !self.retired.is_empty()
    }

    /// Calls `flush` with the first address and the length in bytes. It must return only when no
    /// processor uses the old translations, or the old tables, any more. One INVLPG on each processor is
    /// enough for the tables (SDM vol. 3A, section 4.10.4.1: it drops all paging-structure caches), even where no page changed.
    pub fn flush(self, flush: impl FnOnce(VirtualAddress, u64)) -> Retired {
        flush(self.start, self.length);
        self.retired
    }
}

/// Pages that a change has come by so far: what of its span is stale.
pub(crate) struct Changed {
    start: VirtualAddress,
    length: u64,
    pages: u64,
}

impl Changed {
    /// No page from `start` on.
    pub(crate) const fn nothing(start: VirtualAddress) -> Self {
        Self { start, length: 0, pages: 0 }
    }

    /// Adds a page above the others; breaks when there are `most` now.
    pub(crate) fn add(&mut self, mapping: Mapping, most: u64) -> ControlFlow<()> {
        if self.pages == 0 {
            self.start = mapping.page;
        }
        self.length = mapping.page.get() - self.start.get() + mapping.size.bytes();
        self.pages += 1;
        if self.pages >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    pub(crate) fn stale(self, retired: Retired) -> Stale {
        Stale { start: self.start, length: self.length, retired }
    }
}

/// Tables that became empty and that no processor knows any more: a list threaded through the first entry
/// of each. Being aligned, a link looks not present, so even a late walk would find nothing there.
#[must_use = "these tables are lost unless they are freed"]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Retired {
    pub(crate) first: Option<PhysicalAddress>,
}

impl Retired {
    /// Adds a table whose entries are all empty and that nothing points to.
    pub(crate) fn push(&mut self, memory: &mut impl TableMemory, table: PhysicalAddress) {
        if let Some(next) = self.first {
            memory.write(table, 0, next.get());
        }
        self.first = Some(table);
    }

    /// Whether there is nothing to free.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Gives all tables back to `memory`, each one zeroed again.
    pub fn free(self, memory: &mut impl TableMemory) {
        let mut next = self.first;
        while let Some(table) = next {
            let link = memory.read(table, 0);
            memory.write(table, 0, 0);
            // Address 0 holds no table: the first frame of the machine is never given out.
            next = Some(PhysicalAddress::new_truncate(link)).filter(|address| address.get() != 0);
            memory.free(table);
        }
    }
}
