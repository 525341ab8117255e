//! An address space as a value: page tables of its own whose upper half is the kernel's, and a lower half of user pages whose
//! frames it owns, alone or with others. Dropping it frees all of it.
//!
//! Memory is zeroed, in pages of 2 MiB where they fit and a run of frames is at hand, else of 4 KiB. A part of a large page
//! can be unmapped or protected: the page is split first. [`AddressSpace::duplicate`] shares all frames until somebody writes.
//!
//! Unlike what the kernel frees for itself (see [`super::shootdown`]), a change here waits until the CPUs that run the address space
//! have forgotten what was there: its pages may be shared, so nothing can be noted in them meanwhile. It is made by a thread that holds no spin
//! lock, and where no other CPU runs the address space there is nobody to wait for.

mod sharing;

use core::marker::PhantomData;
use core::sync::atomic::{AtomicU64, Ordering};

use frames::{FRAME_SIZE, Frame, FrameRange};
use paging::context::Contexts;
use paging::{
    Access, Attributes, MapError, Mapping, PageSize, PageTable, PhysicalAddress, Stale, VirtualAddress,
};

use super::direct_map::{self, Tables};
use super::frames::Zone;
use super::shootdown::{self, CpuSet};
use super::{frames as machine, kernel_space, layout, window};
use crate::arch::{cpu, interrupts, percpu, tlb};
use crate::lock::{IrqSpinLock, Rank};

use sharing::until_written;

pub use sharing::WriteError;

/// Pages that are changed at a time: as many as go with interrupts off.
const BATCH: usize = 32;
const LARGE_PAGES: u64 = PageSize::Size2MiB.bytes() / FRAME_SIZE;

/// What each CPU keeps, and for which address spaces.
static CONTEXTS: [IrqSpinLock<Contexts>; cpu::MAX_CPUS] =
    [const { IrqSpinLock::new(Rank::Shootdowns, Contexts::new()) }; cpu::MAX_CPUS];

/// Names given so far. None is given twice, so that what a CPU keeps under one is nobody else's.
static NAMES: AtomicU64 = AtomicU64::new(0);

/// An address space.
pub struct AddressSpace {
    name: u64,
    root: PhysicalAddress,
    table: IrqSpinLock<PageTable>,
    /// CPUs that run it.
    running: AtomicU64,
    /// How often something was taken away. Raised before `running` is read; a CPU that begins to run it adds itself there
    /// before it reads this. So a CPU is told of a change, or finds it counted.
    changes: AtomicU64,
}

/// Pages that were taken away, until they can be let go.
struct Taken {
    list: [Option<Mapping>; BATCH],
    count: usize,
}

impl Taken {
    const fn nothing() -> Self {
        Self { list: [None; BATCH], count: 0 }
    }

    fn add(&mut self, mapping: Mapping) {
        if let Some(slot) = self.list.get_mut(self.count) {
            *slot = Some(mapping);
            self.count += 1;
        }
    }
}

/// The frames of a page.
fn frames_of(mapping: &Mapping) -> FrameRange {
    let start = Frame::containing(mapping.physical.get());
    FrameRange { start, count: mapping.size.bytes() / FRAME_SIZE }
}

fn let_go(mapping: &Mapping) {
    match mapping.size {
        PageSize::Size4KiB => machine::free(frames_of(mapping).start),
        _ => machine::free_contiguous(frames_of(mapping)),
    }
}

/// The first address of `pages` user pages from `start` on, and their bytes.
fn user_pages(start: u64, pages: u64) -> Result<(VirtualAddress, u64), MapError> {
    let bytes = pages.checked_mul(FRAME_SIZE).ok_or(MapError::NonCanonical)?;
    let end = start.checked_add(bytes).ok_or(MapError::NonCanonical)?;
    if !start.is_multiple_of(FRAME_SIZE) {
        return Err(MapError::Misaligned);
    }
    let start = VirtualAddress::new(start).ok_or(MapError::NonCanonical)?;
    if start.get() < layout::USER || end > layout::USER_END {
        return Err(MapError::NonCanonical);
    }
    Ok((start, bytes))
}

fn user_attributes(access: Access) -> Attributes {
    let permitted = access & (Access::WRITE | Access::EXECUTE);
    kernel_space::supported(Attributes::memory(permitted | Access::USER))
}

impl AddressSpace {
    /// An address space with no user pages.
    ///
    /// # Errors
    /// [`MapError::OutOfMemory`].
    pub fn new() -> Result<Self, MapError> {
        kernel_space::new_root().map(Self::from_table)
    }

    fn from_table(table: PageTable) -> Self {
        Self {
            name: NAMES.fetch_add(1, Ordering::Relaxed) + 1,
            root: table.root(),
            table: IrqSpinLock::new(Rank::AddressSpaces, table),
            running: AtomicU64::new(0),
            changes: AtomicU64::new(0),
        }
    }

    /// Maps `pages` pages of zeros from `start` on, which may be read, and what else `access` says of writing and execution.
    ///
    /// # Errors
    /// [`MapError`]: [`MapError::NonCanonical`] outside of user addresses, [`MapError::AlreadyMapped`],
    /// [`MapError::OutOfMemory`]. Nothing has changed then.
    pub fn map(&self, start: u64, pages: u64, access: Access) -> Result<(), MapError> {
        user_pages(start, pages)?;
        let is_short = || machine::figures().free / FRAME_SIZE < pages.saturating_add(window::RESERVE);
        if is_short() && (!window::settle() || is_short()) {
            return Err(MapError::OutOfMemory);
        }
        let attributes = user_attributes(access);
        let mut done = 0;
        while done < pages {
            let (mapped, result) = self.map_some(start + done * FRAME_SIZE, pages - done, attributes);
            done += mapped;
            if let Err(error) = result {
                // What is mapped by now is what this call mapped; another thread's page is what stopped it, if any.
                self.unmap(start, done)?;
                let in_the_way = error == MapError::HugePageInTheWay;
                return Err(if in_the_way { MapError::AlreadyMapped } else { error });
            }
        }
        Ok(())
    }

    /// Maps a few pages; returns how many, even if not all of them.
    fn map_some(&self, start: u64, most: u64, attributes: Attributes) -> (u64, Result<(), MapError>) {
        let Some(page) = VirtualAddress::new(start) else { return (0, Err(MapError::NonCanonical)) };
        if page.is_aligned(PageSize::Size2MiB)
            && most >= LARGE_PAGES
            && let Some(run) = machine::allocate_contiguous(LARGE_PAGES, LARGE_PAGES, Zone::All)
        {
            // SAFETY: given out to us just now.
            run.iter().for_each(|frame| unsafe { direct_map::zero(frame) });
            let physical = PhysicalAddress::new_truncate(run.address());
            let result = self.table.lock().map(&mut Tables, page, physical, PageSize::Size2MiB, attributes);
            if result.is_err() {
                machine::free_contiguous(run);
            }
            return (if result.is_ok() { LARGE_PAGES } else { 0 }, result);
        }
        // Up to where a large page may begin.
        let room = LARGE_PAGES - start / FRAME_SIZE % LARGE_PAGES;
        let wanted = most.min(room).min(BATCH as u64) as usize;
        let mut batch = [Frame::from_number(0); BATCH];
        let found = machine::allocate_batch(&mut batch[..wanted]);
        // SAFETY: as above.
        batch[..found].iter().for_each(|&frame| unsafe { direct_map::zero(frame) });
        let mut given = batch[..found].iter();
        let supply =
            |_: &mut Tables| given.next().map(|frame| PhysicalAddress::new_truncate(frame.address()));
        let size = PageSize::Size4KiB;
        let result = self.table.lock().map_each(&mut Tables, page, wanted as u64, size, attributes, supply);
        match result {
            Ok(()) => (wanted as u64, Ok(())),
            Err((error, mapped)) => {
                machine::free_all(batch[mapped as usize..found].iter().copied());
                (mapped, Err(error))
            }
        }
    }

    /// Takes away all pages in `pages` pages from `start` on, passing over what is not mapped. When this returns, no CPU reaches
    /// them any more.
    ///
    /// # Errors
    /// [`MapError::NonCanonical`] outside of user addresses; [`MapError::OutOfMemory`] when a large page at either end can't be split.
    pub fn unmap(&self, start: u64, pages: u64) -> Result<(), MapError> {
        let (mut at, mut left) = user_pages(start, pages)?;
        if left > 0 {
            self.split_at_ends(at, left)?;
        }
        while left > 0 {
            let mut taken = Taken::nothing();
            let take = |mapping| taken.add(mapping);
            let (stale, done) = self.table.lock().unmap_some(&mut Tables, at, left, BATCH as u64, take)?;
            self.forgotten(&stale);
            stale.flush(|_, _| ()).free(&mut Tables);
            taken.list.iter().flatten().for_each(let_go);
            left -= done;
            at = at.checked_add(done).ok_or(MapError::NonCanonical)?;
        }
        Ok(())
    }

    /// Changes what may be done with all pages in `pages` pages from `start` on, passing over what is not mapped.
    ///
    /// # Errors
    /// As [`AddressSpace::unmap`].
    pub fn protect(&self, start: u64, pages: u64, access: Access) -> Result<(), MapError> {
        let (mut at, mut left) = user_pages(start, pages)?;
        if left > 0 {
            self.split_at_ends(at, left)?;
        }
        let attributes = user_attributes(access);
        while left > 0 {
            let become_ = |mapping: Mapping| {
                let shared = mapping.attributes.access.contains(Access::COPY_ON_WRITE)
                    || frames_of(&mapping).iter().any(machine::is_shared);
                if shared { until_written(attributes) } else { attributes }
            };
            let (stale, done) =
                self.table.lock().protect_some(&mut Tables, at, left, BATCH as u64, become_)?;
            self.forgotten(&stale);
            stale.flush(|_, _| ()).free(&mut Tables);
            left -= done;
            at = at.checked_add(done).ok_or(MapError::NonCanonical)?;
        }
        Ok(())
    }

    /// The page around `address`.
    pub fn translate(&self, address: u64) -> Option<Mapping> {
        self.table.lock().translate(&Tables, VirtualAddress::new(address)?)
    }

    /// Makes page borders of both ends.
    fn split_at_ends(&self, start: VirtualAddress, bytes: u64) -> Result<(), MapError> {
        let end = start.checked_add(bytes).ok_or(MapError::NonCanonical)?;
        for border in [start, end] {
            loop {
                let stale = {
                    let mut table = self.table.lock();
                    match table.translate(&Tables, border) {
                        Some(mapping) if mapping.page != border => table.split(&mut Tables, border)?,
                        _ => break,
                    }
                };
                self.forgotten(&stale);
                stale.flush(|_, _| ()).free(&mut Tables);
            }
        }
        Ok(())
    }

    /// Returns when no CPU knows what was there.
    fn forgotten(&self, stale: &Stale) {
        if stale.length() == 0 {
            return;
        }
        self.changes.fetch_add(1, Ordering::SeqCst);
        let running: CpuSet = self.running.load(Ordering::SeqCst);
        if running != 0 {
            shootdown::wait(shootdown::begin(stale, running));
        }
    }

    /// Runs this CPU in the address space until the guard is dropped; threads are not switched meanwhile.
    ///
    /// # Panics
    /// In debug builds, when the CPU runs in one already.
    pub fn enter(&self) -> Entered<'_> {
        percpu::preempt_disable();
        interrupts::without(|| {
            let here = percpu::id();
            debug_assert!(!ENTERED[here].swap(true, Ordering::Relaxed), "in an address space already");
            // Interrupts are off until the table is loaded: being told of a change takes effect under it.
            self.running.fetch_or(1 << here, Ordering::SeqCst);
            let changes = self.changes.load(Ordering::SeqCst);
            let context = CONTEXTS[here].lock().enter(self.name, changes, tlb::has_context_ids());
            // SAFETY: 1. the table's upper half is the kernel's (`new_root`); 2. it stays: the guard borrows the address space and
            // loads the kernel's own when it is dropped; 3. the context is this CPU's and the name this table's alone.
            unsafe { tlb::load(self.root, context) };
        });
        Entered { space: self, on_this_cpu: PhantomData }
    }
}

impl Drop for AddressSpace {
    fn drop(&mut self) {
        debug_assert!(self.running.load(Ordering::Relaxed) == 0, "guards borrow the address space");
        // No CPU runs it, and none will: what it kept is under a name that is not given again.
        PageTable::from_root(self.root).dismantle(&mut Tables, |mapping| let_go(&mapping));
    }
}

/// CPUs that run in an address space.
static ENTERED: [core::sync::atomic::AtomicBool; cpu::MAX_CPUS] =
    [const { core::sync::atomic::AtomicBool::new(false) }; cpu::MAX_CPUS];

/// While this lives, the CPU that made it runs in the address space.
#[must_use = "the CPU leaves the address space when this is dropped"]
pub struct Entered<'a> {
    space: &'a AddressSpace,
    /// Not to be sent to another thread, hence not to another CPU.
    on_this_cpu: PhantomData<*const ()>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        interrupts::without(|| {
            let here = percpu::id();
            tlb::load_kernel_table();
            self.space.running.fetch_and(!(1 << here), Ordering::SeqCst);
            ENTERED[here].store(false, Ordering::Relaxed);
        });
        percpu::preempt_enable();
    }
}
