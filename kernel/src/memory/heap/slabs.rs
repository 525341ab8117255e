//! Small objects: `crates/heap` over pages of the direct map.
//!
//! Each CPU has a list of free objects per class and uses it with interrupts off, which is all the exclusion
//! it needs. A list that runs empty or long exchanges a batch with the class's cache, under a lock.
//! Slabs are single frames in the direct map: taking and giving them back changes no page table, so no CPU
//! has to forget anything.

use core::ptr::NonNull;

use ::frames::Frame;
use ::heap::{Cache, FreeList, SLAB_SIZE, SizeClass, SlabMemory};

use crate::arch::{cpu, interrupts};
use crate::lock::{IrqSpinLock, Rank};
use crate::memory::{direct_map, frames};

/// Pages of the direct map.
struct Pages;

impl SlabMemory for Pages {
    #[inline]
    fn load(&self, address: usize) -> usize {
        // SAFETY: 1. addresses come from `crates/heap` alone: words of slabs' headers and first words of free
        // objects, in frames from `allocate_page`, mapped and aligned; 2. a free object is the list's or the
        // cache's that holds it, and these have one user at a time (interrupts off, or the lock).
        unsafe { core::ptr::with_exposed_provenance::<usize>(address).read() }
    }

    #[inline]
    fn store(&self, address: usize, value: usize) {
        // SAFETY: as for `load`.
        unsafe { core::ptr::with_exposed_provenance_mut::<usize>(address).write(value) };
    }

    fn allocate_page(&self) -> Option<usize> {
        let frame = frames::allocate()?;
        if cfg!(debug_assertions) {
            // Leftovers of an earlier life as a slab would look like objects that were written to.
            // SAFETY: given out to us just now.
            unsafe { direct_map::zero(frame) };
        }
        Some(direct_map::address(frame.address()) as usize)
    }

    fn free_page(&self, page: usize) {
        frames::free(Frame::containing((page as u64).wrapping_sub(direct_map::address(0))));
    }
}

const CLASSES: usize = SizeClass::COUNT;

/// One CPU's lists, on cache lines of their own.
#[repr(align(128))]
struct Lists([FreeList; CLASSES]);

static LISTS: [Lists; cpu::MAX_CPUS] = [const { Lists([const { FreeList::new() }; CLASSES]) }; cpu::MAX_CPUS];

static CACHES: [IrqSpinLock<Cache>; CLASSES] = {
    let mut caches = [const { IrqSpinLock::new(Rank::Heap, Cache::new(SizeClass::from_index(0))) }; CLASSES];
    let mut index = 0;
    while index < CLASSES {
        caches[index] = IrqSpinLock::new(Rank::Heap, Cache::new(SizeClass::from_index(index)));
        index += 1;
    }
    caches
};

/// An object of `class`; `None` when memory is out.
#[inline]
pub(super) fn allocate(class: SizeClass) -> Option<NonNull<u8>> {
    let were_enabled = interrupts::disable();
    let list = &LISTS[cpu::id()].0[class.index()];
    let object = match list.take(&Pages) {
        Some(object) => Some(object),
        None => list.refill(&Pages, &mut CACHES[class.index()].lock()),
    };
    interrupts::restore(were_enabled);
    object.and_then(|object| NonNull::new(core::ptr::with_exposed_provenance_mut(object)))
}

/// Takes an object back.
///
/// # Safety
/// It came from [`allocate`] with the same class, and nobody uses it any more.
#[inline]
pub(super) unsafe fn free(object: NonNull<u8>, class: SizeClass) {
    let were_enabled = interrupts::disable();
    let list = &LISTS[cpu::id()].0[class.index()];
    if FreeList::is_long(list.put(&Pages, object.as_ptr().expose_provenance()), class) {
        list.spill(&Pages, &mut CACHES[class.index()].lock());
    }
    interrupts::restore(were_enabled);
}

/// Gives back this CPU's free objects and the pages that are kept in reserve: before memory is said to be out.
pub(super) fn trim() {
    interrupts::without(|| {
        for (list, cache) in LISTS[cpu::id()].0.iter().zip(&CACHES) {
            let mut cache = cache.lock();
            while list.count() > 0 {
                list.spill(&Pages, &mut cache);
            }
            cache.trim(&Pages);
        }
    });
}

/// Figures of one size class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassStatistics {
    /// Bytes of an object.
    pub size: u64,
    /// Objects in use.
    pub used: u64,
    /// Free objects in CPUs' lists.
    pub listed: u64,
    /// Slabs held.
    pub slabs: u64,
    /// Bytes of these slabs: objects in use, free ones, and headers.
    pub held: u64,
    /// Allocations since boot.
    pub allocations: u64,
    /// Frees since boot.
    pub frees: u64,
}

/// The figures of every class, by rising size.
pub(super) fn statistics() -> [ClassStatistics; CLASSES] {
    let mut classes = [ClassStatistics::default(); CLASSES];
    for (class, figures) in SizeClass::all().zip(&mut classes) {
        figures.size = class.size() as u64;
        figures.slabs = CACHES[class.index()].lock().statistics().slabs as u64;
        figures.held = figures.slabs * SLAB_SIZE as u64;
        for lists in LISTS.iter().take(cpu::count()) {
            let list = &lists.0[class.index()];
            let (taken, returned) = list.traffic();
            figures.listed += list.count() as u64;
            figures.allocations += taken;
            figures.frees += returned;
        }
        // Other CPUs go on while we add up.
        figures.used = figures.allocations.saturating_sub(figures.frees);
    }
    classes
}
