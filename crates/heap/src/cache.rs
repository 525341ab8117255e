//! All objects of one class: pages cut into objects.
//!
//! Slabs that have free objects stand in a list; full ones stand nowhere and come back with the first object
//! that is freed. A slab that becomes empty is given back at once, except for one: a
//! workload at the border would otherwise take and give a page with every object.
//!
//! What describes a slab lies at its beginning, in words:

use crate::{SLAB_HEADER, SLAB_SIZE, SizeClass, SlabMemory};

/// The next slab with free objects; 0 at the end.
const NEXT: usize = 0;
/// The one before; 0 at the beginning.
const PREVIOUS: usize = 8;
/// The first free object of those that were used before; 0 when there is none.
const FREE: usize = 16;
/// Objects in use.
const USED: usize = 24;
/// Objects that were ever used. Those behind are free too, without being in a list: a new slab is ready
/// without a loop over its objects.
const TOUCHED: usize = 32;

/// Figures of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStatistics {
    /// Pages held.
    pub slabs: usize,
    /// Objects given out, those in CPUs' free lists included.
    pub given_out: usize,
}

/// The objects of one class.
#[derive(Debug)]
pub struct Cache {
    class: SizeClass,
    /// The first slab with free objects; 0 when there is none.
    partial: usize,
    /// Slabs in that list that are empty: 0 or 1.
    empty: usize,
    statistics: CacheStatistics,
}

impl Cache {
    /// A cache without slabs.
    #[must_use]
    pub const fn new(class: SizeClass) -> Self {
        Self { class, partial: 0, empty: 0, statistics: CacheStatistics { slabs: 0, given_out: 0 } }
    }

    /// The class of its objects.
    #[must_use]
    pub const fn class(&self) -> SizeClass {
        self.class
    }

    /// A free object; `None` when there is none and no page either.
    pub fn take(&mut self, memory: &impl SlabMemory) -> Option<usize> {
        if self.partial == 0 {
            self.add_slab(memory)?;
        }
        let slab = self.partial;
        let (free, used) = (memory.load(slab + FREE), memory.load(slab + USED));
        let object = if free != 0 {
            memory.store(slab + FREE, memory.load(free));
            free
        } else {
            let touched = memory.load(slab + TOUCHED);
            memory.store(slab + TOUCHED, touched + 1);
            slab + SLAB_HEADER + touched * self.class.size()
        };
        memory.store(slab + USED, used + 1);
        if used == 0 {
            self.empty -= 1;
        }
        if used + 1 == self.class.per_slab() {
            self.unlink(memory, slab);
        }
        self.statistics.given_out += 1;
        Some(object)
    }

    /// Takes an object back.
    pub fn put(&mut self, memory: &impl SlabMemory, object: usize) {
        let slab = object & !(SLAB_SIZE - 1);
        let used = memory.load(slab + USED);
        memory.store(object, memory.load(slab + FREE));
        memory.store(slab + FREE, object);
        memory.store(slab + USED, used - 1);
        self.statistics.given_out -= 1;
        if used == self.class.per_slab() {
            self.link(memory, slab);
        }
        if used == 1 {
            if self.empty == 0 {
                self.empty = 1;
            } else {
                self.remove_slab(memory, slab);
            }
        }
    }

    /// Gives the empty slab back that is kept for the next object. Returns whether there was one.
    pub fn trim(&mut self, memory: &impl SlabMemory) -> bool {
        let mut slab = self.partial;
        while self.empty > 0 && slab != 0 {
            let next = memory.load(slab + NEXT);
            if memory.load(slab + USED) == 0 {
                self.empty -= 1;
                self.remove_slab(memory, slab);
                return true;
            }
            slab = next;
        }
        false
    }

    /// The figures of this moment.
    #[must_use]
    pub const fn statistics(&self) -> CacheStatistics {
        self.statistics
    }

    fn add_slab(&mut self, memory: &impl SlabMemory) -> Option<()> {
        let slab = memory.allocate_page()?;
        for word in [FREE, USED, TOUCHED] {
            memory.store(slab + word, 0);
        }
        self.link(memory, slab);
        self.empty += 1;
        self.statistics.slabs += 1;
        Some(())
    }

    fn remove_slab(&mut self, memory: &impl SlabMemory, slab: usize) {
        self.unlink(memory, slab);
        self.statistics.slabs -= 1;
        memory.free_page(slab);
    }

    /// Puts a slab at the list's beginning.
    fn link(&mut self, memory: &impl SlabMemory, slab: usize) {
        memory.store(slab + PREVIOUS, 0);
        memory.store(slab + NEXT, self.partial);
        if self.partial != 0 {
            memory.store(self.partial + PREVIOUS, slab);
        }
        self.partial = slab;
    }

    fn unlink(&mut self, memory: &impl SlabMemory, slab: usize) {
        let (previous, next) = (memory.load(slab + PREVIOUS), memory.load(slab + NEXT));
        if previous == 0 {
            self.partial = next;
        } else {
            memory.store(previous + NEXT, next);
        }
        if next != 0 {
            memory.store(next + PREVIOUS, previous);
        }
    }
}
