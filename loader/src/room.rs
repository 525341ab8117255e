//! The memory that the loader leaves behind for the kernel to read, run on, and reclaim.
//!
//! All of it is taken at once, before the memory map is written down for the kernel.

use bootload::arena::Arena;
use bootload::handover::REACHABLE;
use bootload::memory_map::{Kind, MemoryMap};
use bootload::page_tables::{PageTables, PagingFeatures};
use bootload::responses::{self, File};
use bootload::{BootError, HHDM, PAGE_SIZE};

use crate::kernel::Kernel;
use crate::physical;

/// Physical addresses and sizes of what was taken.
pub struct Room {
    arena: (u64, u64),
    tables: (u64, u64),
    stacks: u64,
    stack_size: u64,
    /// A page below 1 MiB for the other processors to start in, if there are any and there is one.
    pub trampoline: Option<u64>,
}

impl Room {
    /// Takes room for `processors` processors, and for what a kernel with these modules is told.
    pub fn take(
        map: &mut MemoryMap,
        kernel: &Kernel,
        modules: &[File],
        processors: usize,
        features: PagingFeatures,
    ) -> Result<Self, BootError> {
        let arena_size = responses::arena_size(modules, processors);
        let table_count = PageTables::tables_needed(map, &kernel.plan, features);
        let mut take =
            |size, limit, what| map.allocate(size, PAGE_SIZE, limit, Kind::BootloaderReclaimable, what);
        Ok(Self {
            arena: (take(arena_size, REACHABLE, "responses")?, arena_size),
            tables: (take(table_count * PAGE_SIZE, REACHABLE, "page tables")?, table_count),
            stacks: take(kernel.stack_size * processors as u64, REACHABLE, "stacks")?,
            stack_size: kernel.stack_size,
            // Without one there is this processor, which is better than nothing.
            trampoline: (processors > 1).then(|| take(PAGE_SIZE, 1 << 20, "the trampoline").ok()).flatten(),
        })
    }

    /// Physical address of the end of processor `index`'s stack.
    pub fn stack_top(&self, index: usize) -> u64 {
        self.stacks + self.stack_size * (index as u64 + 1)
    }

    /// Empty page tables. To be called once.
    pub fn page_tables(&self, features: PagingFeatures) -> Result<PageTables<'static>, BootError> {
        let (base, count) = self.tables;
        PageTables::new(physical::tables_mut(base, count), base, features)
    }

    /// An empty arena. To be called once.
    pub fn arena(&self) -> Arena<'static> {
        let (base, size) = self.arena;
        Arena::new(physical::bytes_mut(base, size), HHDM + base)
    }
}
