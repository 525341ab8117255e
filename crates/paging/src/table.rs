//! A tree of page tables: made, walked into, shared, taken apart. What is done to its pages stands in [`crate::map`],
//! [`crate::unmap`], [`crate::protect`] and [`crate::split`].
//!
//! Every change writes a single entry as its last step, so that a processor that walks the tables at the
//! same moment sees either the old state or the new one: new tables are filled before they are linked, an
//! emptied table is unlinked before it is retired.

use crate::address::{PageSize, PhysicalAddress, VirtualAddress};
use crate::entry::{Entry, used_entries, with_used_entries};
use crate::error::MapError;
use crate::mapping::Mapping;
use crate::walk::{Walk, mapping};

pub(crate) const ROOT_LEVEL: u8 = 4;
/// Entries of a table, of any level.
pub(crate) const ENTRIES: usize = 512;
/// Bytes of the lower half, where user programs live: the root's first 256 entries.
const LOWER_HALF: u64 = 1 << 47;

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

/// A tree of tables, named by its root. The value owns nothing: dropping it frees no table.
#[derive(Debug, PartialEq, Eq)]
pub struct PageTable {
    pub(crate) root: PhysicalAddress,
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

    /// Calls `visit` with level, index and bits of each entry that translates `address`, from the root down.
    pub fn path(
        &self,
        memory: &impl TableMemory,
        address: VirtualAddress,
        mut visit: impl FnMut(u8, usize, u64),
    ) {
        let walk = self.walk(memory, address);
        for level in (walk.level..=ROOT_LEVEL).rev() {
            let index = address.index(level);
            visit(level, index, memory.read(walk.table(level), index));
        }
    }

    /// The root of another address space: nothing in its lower half, and in the upper half whatever `self` has there,
    /// through the same tables. Entries are copied once and for all, so every slot of the upper half that will ever be
    /// used has a table by now ([`PageTable::reserve_slot`]).
    ///
    /// # Errors
    /// [`MapError::OutOfMemory`].
    pub fn with_same_upper_half(&self, memory: &mut impl TableMemory) -> Result<Self, MapError> {
        let other = Self::new(memory)?;
        for index in ENTRIES / 2..ENTRIES {
            memory.write(other.root, index, memory.read(self.root, index));
        }
        Ok(other)
    }

    /// Takes a tree apart that no processor uses, nor will: hands each page of the lower half to `taken`, frees the tables
    /// there and the root. Tables of the upper half stay, as others have them too.
    pub fn dismantle(mut self, memory: &mut impl TableMemory, taken: impl FnMut(Mapping)) {
        if let Some(start) = VirtualAddress::new(0)
            && let Ok(stale) = self.unmap_span(memory, start, LOWER_HALF, taken)
        {
            // No processor uses the tree, so none remembers it.
            stale.flush(|_, _| ()).free(memory);
        }
        for index in ENTRIES / 2..ENTRIES {
            memory.write(self.root, index, 0);
        }
        memory.free(self.root);
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

    /// Adds `change` to the count of entries in use of the table of `level`, kept in the entry that points
    /// to it, and unlinks the table when that becomes 0. `None` for tables that are never freed: the root,
    /// and those right below its upper half, which all address spaces share.
    #[inline(always)]
    pub(crate) fn count(
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
