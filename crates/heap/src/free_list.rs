//! One CPU's free objects of one class: a stack threaded through the objects themselves.
//!
//! Its fields are atomics only so that other CPUs may read the figures; relaxed loads and stores are plain
//! ones. Who changes a list makes sure that nobody else does: the kernel turns interrupts off and uses
//! only its own CPU's lists.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::{Cache, SizeClass, SlabMemory};

/// A stack of free objects.
#[derive(Debug)]
pub struct FreeList {
    /// The object freed last; 0 when there is none.
    head: AtomicUsize,
    count: AtomicUsize,
    taken: AtomicU64,
    returned: AtomicU64,
}

impl FreeList {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            head: AtomicUsize::new(0),
            count: AtomicUsize::new(0),
            taken: AtomicU64::new(0),
            returned: AtomicU64::new(0),
        }
    }

    /// Takes the object that was freed last; `None` when the list is empty.
    #[inline]
    pub fn take(&self, memory: &impl SlabMemory) -> Option<usize> {
        let object = self.head.load(Relaxed);
        if object == 0 {
            return None;
        }
        self.head.store(memory.load(object), Relaxed);
        self.count.store(self.count.load(Relaxed) - 1, Relaxed);
        self.taken.store(self.taken.load(Relaxed) + 1, Relaxed);
        Some(object)
    }

    /// Puts a free object on top; returns how many there are now.
    #[inline]
    pub fn put(&self, memory: &impl SlabMemory, object: usize) -> usize {
        self.returned.store(self.returned.load(Relaxed) + 1, Relaxed);
        self.push(memory, object)
    }

    /// Fetches objects for an empty list, a batch if there are so many, and takes one of them; `None` when
    /// memory is out.
    #[cold]
    pub fn refill(&self, memory: &impl SlabMemory, cache: &mut Cache) -> Option<usize> {
        for _ in 0..cache.class().batch() {
            let Some(object) = cache.take(memory) else { break };
            self.push(memory, object);
        }
        self.take(memory)
    }

    /// Whether `count` objects, as [`FreeList::put`] returned, are so many that some should go back.
    #[must_use]
    #[inline]
    pub fn is_long(count: usize, class: SizeClass) -> bool {
        count > 2 * class.batch()
    }

    /// Returns a batch of objects to `cache`.
    #[cold]
    pub fn spill(&self, memory: &impl SlabMemory, cache: &mut Cache) {
        for _ in 0..cache.class().batch() {
            let object = self.head.load(Relaxed);
            if object == 0 {
                return;
            }
            self.head.store(memory.load(object), Relaxed);
            self.count.store(self.count.load(Relaxed) - 1, Relaxed);
            cache.put(memory, object);
        }
    }

    /// Free objects in the list.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// Objects taken and objects put since the beginning.
    #[must_use]
    pub fn traffic(&self) -> (u64, u64) {
        (self.taken.load(Relaxed), self.returned.load(Relaxed))
    }

    #[inline]
    fn push(&self, memory: &impl SlabMemory, object: usize) -> usize {
        memory.store(object, self.head.load(Relaxed));
        self.head.store(object, Relaxed);
        let count = self.count.load(Relaxed) + 1;
        self.count.store(count, Relaxed);
        count
    }
}

impl Default for FreeList {
    fn default() -> Self {
        Self::new()
    }
}
