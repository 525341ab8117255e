//! What benchmarks need of memory that nobody else should have: raw allocations, and allocators to compare with.

use alloc::alloc::{alloc, dealloc};
use alloc::vec::Vec;
use core::alloc::Layout;
use core::ptr::NonNull;

use linked_list_allocator::Heap;
use paging::{PageSize, PageTable, PhysicalAddress, VirtualAddress};

use super::direct_map::Tables;
use super::{frames, kernel_space, shootdown};

/// Runs a closure that many times over and returns the cost of one run.
pub type Clock = fn(u64, &mut dyn FnMut()) -> u64;

/// Something that gives out objects of one size.
trait Source {
    fn take(&mut self) -> Option<NonNull<u8>>;
    /// # Safety
    /// The object is from `take` of this source, and unused.
    unsafe fn put(&mut self, object: NonNull<u8>);
}

struct KernelHeap(Layout);

impl Source for KernelHeap {
    #[inline]
    fn take(&mut self) -> Option<NonNull<u8>> {
        // SAFETY: callers choose a layout of some bytes.
        NonNull::new(unsafe { alloc(self.0) })
    }

    #[inline]
    unsafe fn put(&mut self, object: NonNull<u8>) {
        // SAFETY: the caller's promise, and the layout is the same.
        unsafe { dealloc(object.as_ptr(), self.0) };
    }
}

struct FreeList(Heap, Layout);

impl Source for FreeList {
    fn take(&mut self) -> Option<NonNull<u8>> {
        self.0.allocate_first_fit(self.1).ok()
    }

    unsafe fn put(&mut self, object: NonNull<u8>) {
        // SAFETY: the caller's promise, and the layout is the same.
        unsafe { self.0.deallocate(object, self.1) };
    }
}

/// The cost of freeing a random one of `alive` objects and allocating another, where as many holes as objects
/// are scattered among them. Includes the choice, about ten instructions.
fn churn(source: &mut impl Source, alive: usize, random: fn(&mut u64) -> u64, clock: Clock) -> Option<u64> {
    let mut objects = Vec::new();
    objects.try_reserve_exact(2 * alive).ok()?;
    for _ in 0..2 * alive {
        objects.push(source.take()?);
    }
    let mut index = 0;
    objects.retain(|&object| {
        index += 1;
        if index % 2 == 0 {
            // SAFETY: from `take` above, and leaves the list here.
            unsafe { source.put(object) };
        }
        index % 2 != 0
    });
    let mut seed = 1;
    let choices: Vec<u32> = (0..1024).map(|_| random(&mut seed) as u32 % alive as u32).collect();
    let mut choice = choices.iter().cycle();
    let cost = clock(10_000, &mut || {
        let Some(slot) = choice.next().and_then(|&chosen| objects.get_mut(chosen as usize)) else { return };
        // SAFETY: from `take`, and replaced by another below.
        unsafe { source.put(*slot) };
        match source.take() {
            Some(object) => *slot = object,
            None => unreachable!("what was freed can be had again"),
        }
    });
    for object in objects {
        // SAFETY: from `take`, and the list ends here.
        unsafe { source.put(object) };
    }
    Some(cost)
}

/// [`churn`] on the kernel's heap. `size` is not 0.
pub fn heap(alive: usize, size: usize, random: fn(&mut u64) -> u64, clock: Clock) -> Option<u64> {
    churn(&mut KernelHeap(Layout::from_size_align(size, 8).ok()?), alive, random, clock)
}

/// [`churn`] on a bare `linked_list_allocator`, without lock or statistics.
pub fn free_list(alive: usize, size: usize, random: fn(&mut u64) -> u64, clock: Clock) -> Option<u64> {
    let mut memory: Vec<u64> = Vec::new();
    memory.try_reserve_exact(2 * alive * size / 8 + 1024).ok()?;
    let spare = memory.spare_capacity_mut();
    // SAFETY: the bytes are ours, written and read by the list alone, and outlive it: `memory` is dropped last.
    let heap = unsafe { Heap::new(spare.as_mut_ptr().cast(), size_of_val(spare)) };
    churn(&mut FreeList(heap, Layout::from_size_align(size, 8).ok()?), alive, random, clock)
}

/// A tree of tables with one page mapped at `start`, so that tables next to it are not made and retired each time.
struct Scratch {
    table: PageTable,
    start: VirtualAddress,
    frame: PhysicalAddress,
}

impl Scratch {
    fn new() -> Option<Self> {
        // The first frame of a run for the largest page that is measured; what is mapped is never touched.
        let frame = PhysicalAddress::new(frames::allocate()?.address())?;
        let mut table = PageTable::new(&mut Tables).ok()?;
        let start = VirtualAddress::new(1 << 30)?;
        table.map(&mut Tables, start, frame, PageSize::Size4KiB, kernel_space::DATA).ok()?;
        Some(Self { table, start, frame })
    }

    fn end(self) {
        self.table.dismantle(&mut Tables, |mapping| {
            frames::free(::frames::Frame::containing(mapping.physical.get()));
        });
    }
}

/// The cost of mapping one page (of 2 MiB if `LARGE`, else of 4 KiB) and taking it away again, where its tables exist
/// already; without what the other CPUs do. The size is known when compiling, as where the kernel maps.
pub fn map_unmap<const LARGE: bool>(runs: u64, clock: Clock) -> Option<u64> {
    let size = const { if LARGE { PageSize::Size2MiB } else { PageSize::Size4KiB } };
    let Scratch { mut table, start, frame } = Scratch::new()?;
    let page = start.checked_add(size.bytes())?;
    let physical = PhysicalAddress::new(frame.get() & !(size.bytes() - 1))?;
    let mut complete = true;
    let cost = clock(runs, &mut || {
        let size = const { if LARGE { PageSize::Size2MiB } else { PageSize::Size4KiB } };
        complete &= table.map(&mut Tables, page, physical, size, kernel_space::DATA).is_ok();
        match table.unmap(&mut Tables, page) {
            Ok((_, stale)) => stale.flush(|_, _| ()).free(&mut Tables),
            Err(_) => complete = false,
        }
    });
    Scratch { table, start, frame }.end();
    complete.then_some(cost)
}

/// The cost of changing a page and having every CPU forget it: what this CPU does for it.
pub fn shootdown(runs: u64, clock: Clock) -> Option<u64> {
    let mut scratch = Scratch::new()?;
    let mut complete = true;
    let cost = clock(runs, &mut || match scratch.table.protect(
        &mut Tables,
        scratch.start,
        kernel_space::READ_ONLY,
    ) {
        Ok(stale) => {
            let request = shootdown::begin(&stale, shootdown::EVERY_CPU);
            stale.flush(|_, _| shootdown::wait(request)).free(&mut Tables);
        }
        Err(_) => complete = false,
    });
    scratch.end();
    complete.then_some(cost)
}
