//! Large allocations: whole pages, each allocation in its own addresses, with an unmapped page behind it.
//!
//! Window surfaces, file contents and queues are a few long-lived giants; on the heap's free list they
//! would leave holes that nothing fits. Addresses come from a second bitmap (a `FrameAllocator` that
//! counts units of the window instead of frames), frames from the machine's.
//!
//! A freed run is unmapped at once but put aside until no CPU can reach it any more (see `shootdown`). Its
//! description lies in the run's own memory, so freeing never needs any.

use core::ptr::NonNull;

use frames::{FRAME_SIZE, Frame, FrameAllocator, FrameRange, RunRequest};
use paging::Stale;

use super::direct_map::{self, Tables};
use super::shootdown::{self, Request};
use super::{frames as machine, kernel_space, layout};
use crate::lock::{IrqSpinLock, Rank};

/// Addresses are given out in steps of this many bytes: no allocation here is smaller.
const UNIT: u64 = 64 << 10;

/// Frames that large allocations leave to page tables, stacks and the heap.
const RESERVE: u64 = 64;

struct Window {
    /// Which units of addresses are free.
    units: FrameAllocator<'static>,
    /// Runs put aside, newest first.
    retired: Option<NonNull<RetiredRun>>,
    /// Bytes in use.
    used: u64,
}

// SAFETY: `retired` points to memory that belongs to the window alone, on whichever CPU it is used.
unsafe impl Send for Window {}

static WINDOW: IrqSpinLock<Option<Window>> = IrqSpinLock::new(Rank::PageRuns, None);

/// What lies at the beginning of each frame of a run that was put aside: the next one.
#[repr(C)]
struct Link {
    next: Option<NonNull<Link>>,
}

/// What lies at the beginning of the first frame in the list of a run.
#[repr(C)]
struct RetiredRun {
    link: Link,
    older: Option<NonNull<RetiredRun>>,
    request: Request,
    stale: Stale,
    addresses: FrameRange,
}

const _: () = assert!(size_of::<RetiredRun>() <= FRAME_SIZE as usize);

/// Opens a window four times as large as memory: room for the guard pages, and for addresses in pieces, so
/// that they never refuse what memory could hold.
pub(super) fn init() -> bool {
    let units = (4 * machine::figures().usable / UNIT).min(layout::SLOT / UNIT);
    let words = FrameAllocator::storage_words(units);
    let Some(storage) = machine::allocate_contiguous((words as u64 * 8).div_ceil(FRAME_SIZE), 1) else {
        return false;
    };
    // SAFETY: these frames are ours from now on, in the direct map, and hold at least `words` words.
    let storage =
        unsafe { core::slice::from_raw_parts_mut(direct_map::pointer::<u64>(storage.address()), words) };
    let Ok(mut allocator) = FrameAllocator::new(storage, units) else { return false };
    allocator.add(FrameRange { start: Frame::from_number(0), count: units });
    *WINDOW.lock() = Some(Window { units: allocator, retired: None, used: 0 });
    true
}

/// Bytes in use.
pub(super) fn used() -> u64 {
    WINDOW.lock().as_ref().map_or(0, |window| window.used)
}

fn address(addresses: FrameRange) -> u64 {
    layout::PAGE_RUNS + addresses.start.number() * UNIT
}

/// Units for `pages`, with at least one page more, that stays unmapped.
fn units_for(pages: u64) -> u64 {
    ((pages + 1) * FRAME_SIZE).div_ceil(UNIT)
}

/// `bytes` (more than 0) at a multiple of `align`, uninitialised; `None` when there is no room.
pub(super) fn allocate(bytes: usize, align: usize) -> Option<NonNull<u8>> {
    reclaim();
    let pages = (bytes as u64).div_ceil(FRAME_SIZE);
    if machine::figures().free / FRAME_SIZE < pages.checked_add(RESERVE)? {
        return None;
    }
    let align = (align as u64).div_ceil(UNIT);
    let request = RunRequest { count: units_for(pages), align, below: None };
    let addresses = {
        let mut window = WINDOW.lock();
        let window = window.as_mut()?;
        window.used += pages * FRAME_SIZE;
        window.units.allocate_run(request)
    };
    let result =
        match addresses.map(|addresses| (addresses, kernel_space::populate(address(addresses), pages))) {
            Some((addresses, Ok(()))) => Some(addresses),
            // Another CPU was faster. What is mapped by now was seen by nobody, but may have been looked up
            // ahead of time by any CPU, so it takes the same way back as a run that was used.
            Some((addresses, Err(mapped))) => {
                retire(addresses, mapped);
                None
            }
            None => None,
        };
    if result.is_none()
        && let Some(window) = WINDOW.lock().as_mut()
    {
        window.used -= pages * FRAME_SIZE;
    }
    NonNull::new(core::ptr::with_exposed_provenance_mut(address(result?) as usize))
}

/// Takes back what [`allocate`] gave for `bytes`.
///
/// # Safety
/// `start` came from [`allocate`] with the same `bytes`, and nobody uses it any more.
pub(super) unsafe fn free(start: NonNull<u8>, bytes: usize) {
    let pages = (bytes as u64).div_ceil(FRAME_SIZE);
    let first = Frame::from_number((start.addr().get() as u64 - layout::PAGE_RUNS) / UNIT);
    retire(FrameRange { start: first, count: units_for(pages) }, pages);
    if let Some(window) = WINDOW.lock().as_mut() {
        window.used -= pages * FRAME_SIZE;
    }
    reclaim();
}

/// Unmaps the first `mapped` pages of a run and puts the whole run aside.
fn retire(addresses: FrameRange, mapped: u64) {
    let mut list: Option<NonNull<Link>> = None;
    let unmapped = kernel_space::unmap(address(addresses), mapped, |mapping| {
        let Some(link) = NonNull::new(direct_map::pointer::<Link>(mapping.physical.get())) else { return };
        // SAFETY: the frame was this run's, nobody uses the run any more, and the direct map has it.
        unsafe { link.write(Link { next: list }) };
        list = Some(link);
    });
    let stale = match unmapped {
        Ok(stale) => stale,
        Err(error) => {
            log::error!("memory: a run of {mapped} pages is lost: {error}");
            return;
        }
    };
    let Some(first) = list else {
        // Nothing was mapped, so nothing is stale, and the addresses are free again.
        stale.flush(|_, _| ()).free(&mut Tables);
        release_addresses(WINDOW.lock().as_mut(), addresses);
        return;
    };
    let request = shootdown::begin();
    let run = first.cast::<RetiredRun>();
    let mut window = WINDOW.lock();
    let Some(window) = window.as_mut() else { return };
    // SAFETY: `first` is a frame of this run in the direct map, aligned to 4 KiB and large enough (asserted
    // above); its link is read out before it is overwritten by the same.
    unsafe {
        let link = first.read();
        run.write(RetiredRun { link, older: window.retired, request, stale, addresses });
    }
    window.retired = Some(run);
}

/// Makes the runs that no CPU can reach any more usable again.
fn reclaim() {
    let mut window = WINDOW.lock();
    let Some(window) = window.as_mut() else { return };
    let mut waiting = None;
    let mut next = window.retired.take();
    while let Some(run) = next {
        // SAFETY: every run in the list was written by `retire`, and is read out of it once: it leaves the
        // list here, or goes to `waiting` unread.
        let request = unsafe { (*run.as_ptr()).request };
        // SAFETY: as above.
        next = unsafe { (*run.as_ptr()).older };
        if !shootdown::is_over(request) {
            // SAFETY: as above; the list is ours while we hold the lock.
            unsafe { (*run.as_ptr()).older = waiting };
            waiting = Some(run);
            continue;
        }
        // SAFETY: as above. The frame is not freed before the value has been moved out.
        let RetiredRun { link, stale, addresses, .. } = unsafe { run.read() };
        stale.flush(|_, _| debug_assert!(shootdown::is_over(request))).free(&mut Tables);
        let mut current = Some(run.cast::<Link>());
        let mut following = link.next;
        machine::free_all(core::iter::from_fn(|| {
            let link = current?;
            current = following;
            // SAFETY: `following` is a frame of this run that is not freed yet: it is given to `free_all`
            // by the next call only, and its link was written by `retire`.
            following = following.and_then(|link| unsafe { link.read() }.next);
            Some(Frame::containing((link.addr().get() as u64).wrapping_sub(direct_map::address(0))))
        }));
        release_addresses(Some(window), addresses);
    }
    window.retired = waiting;
}

fn release_addresses(window: Option<&mut Window>, addresses: FrameRange) {
    let freed = window.map(|window| window.units.free_run(addresses));
    debug_assert!(matches!(freed, Some(Ok(()))), "addresses of a run were freed twice");
}
