//! A window of addresses whose pages come and go: the common part of large allocations and kernel stacks.
//!
//! Addresses are given out in units of 64 KiB by a second bitmap (a `FrameAllocator` that counts units of the
//! window instead of frames), and filled with the machine's frames one by one: nothing needs to be
//! contiguous in physical memory. A part of each piece stays unmapped, as its guard.
//!
//! What is given back is unmapped at once but put aside until no CPU can reach it any more (see
//! `shootdown`). Its description lies in its own memory, so giving back never needs any.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};

use frames::{FRAME_SIZE, Frame, FrameAllocator, FrameRange, RunRequest};
use paging::Stale;

use super::direct_map::{self, Tables};
use super::shootdown::{self, Request};
use super::{frames as machine, kernel_space};
use crate::arch::{interrupts, time};
use crate::lock::{IrqSpinLock, Once, Rank};

/// Bytes of addresses that are given out at a time.
pub(super) const UNIT: u64 = 64 << 10;

/// Frames that are left to page tables and the heap.
pub(super) const RESERVE: u64 = 64;

/// How long somebody who is out of memory waits for CPUs to forget what was freed. A CPU answers in microseconds, unless the
/// host has put it aside.
const PATIENCE_NS: u64 = 20_000_000;

/// Pages that are put aside, in all windows.
static ASIDE: AtomicU64 = AtomicU64::new(0);

/// All windows that are open.
static OPEN: [Once<&'static Window>; 3] = [const { Once::new() }; 3];

/// Makes usable again what was freed and may still be known to some CPU, waiting for it for a bounded time. For those who
/// would have to say that memory is out. Returns whether anything came back.
#[cold]
pub(super) fn settle() -> bool {
    let before = ASIDE.load(Ordering::Relaxed);
    let start = time::uptime_ns();
    while ASIDE.load(Ordering::Relaxed) > 0 {
        shootdown::acknowledge();
        OPEN.iter().filter_map(Once::get).for_each(|window| window.reclaim());
        // With interrupts off, the CPU that is waited for may be waiting for this one.
        if !interrupts::are_enabled() || time::since_ns(start) > PATIENCE_NS {
            break;
        }
        core::hint::spin_loop();
    }
    ASIDE.load(Ordering::Relaxed) < before
}

/// A window.
pub(super) struct Window {
    base: u64,
    state: IrqSpinLock<Option<State>>,
}

struct State {
    /// Which units are free.
    units: FrameAllocator<'static>,
    /// What was put aside, newest first.
    retired: Option<NonNull<Retired>>,
    /// Bytes that are mapped and in use.
    used: u64,
}

// SAFETY: `retired` points to memory that belongs to the window alone, on whichever CPU it is used.
unsafe impl Send for State {}

/// A piece of a window: `guard` unmapped bytes, then `pages` pages, then whatever fills the last unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Unmapped bytes at the beginning, whole pages.
    pub guard: u64,
    /// Pages that are mapped, at least one.
    pub pages: u64,
    /// Units in all.
    pub units: u64,
}

impl Shape {
    fn bytes(self) -> u64 {
        self.pages * FRAME_SIZE
    }
}

/// What lies at the beginning of each frame that was put aside: the next frame of the same piece.
#[repr(C)]
struct Link {
    next: Option<NonNull<Link>>,
}

/// What lies at the beginning of the first of them.
#[repr(C)]
struct Retired {
    link: Link,
    older: Option<NonNull<Retired>>,
    request: Request,
    stale: Stale,
    units: FrameRange,
    pages: u64,
}

const _: () = assert!(size_of::<Retired>() <= FRAME_SIZE as usize);

impl Window {
    /// A window from `base` on, closed as yet.
    pub(super) const fn new(base: u64) -> Self {
        Self { base, state: IrqSpinLock::new(Rank::Windows, None) }
    }

    /// Opens the window, `count` units large. False when there is no memory for its bitmap.
    pub(super) fn open(&'static self, count: u64) -> bool {
        let words = FrameAllocator::storage_words(count);
        let Some(storage) =
            machine::allocate_contiguous((words as u64 * 8).div_ceil(FRAME_SIZE), 1, machine::Zone::All)
        else {
            return false;
        };
        let storage = direct_map::pointer::<u64>(storage.address());
        // SAFETY: these frames are ours from now on, in the direct map, and hold at least `words` words.
        let storage = unsafe { core::slice::from_raw_parts_mut(storage, words) };
        let Ok(mut units) = FrameAllocator::new(storage, count) else { return false };
        units.add(FrameRange { start: Frame::from_number(0), count });
        *self.state.lock() = Some(State { units, retired: None, used: 0 });
        // There are as many places as windows.
        if let Some(place) = OPEN.iter().find(|place| place.get().is_none()) {
            place.call_once(|| self);
        }
        true
    }

    /// Bytes that are mapped and in use.
    pub(super) fn used(&self) -> u64 {
        self.state.lock().as_ref().map_or(0, |state| state.used)
    }

    /// A piece of this shape, its first unit a multiple of `align` units; its bytes are whatever they are.
    /// Returns the address of the first mapped byte; `None` when memory or addresses are out.
    pub(super) fn allocate(&self, shape: Shape, align: u64) -> Option<u64> {
        self.reclaim();
        if machine::figures().free / FRAME_SIZE < shape.pages.checked_add(RESERVE)? {
            return None;
        }
        let units = {
            let mut state = self.state.lock();
            let state = state.as_mut()?;
            let request = RunRequest { count: shape.units, align, below: None };
            let units = state.units.allocate_run(request)?;
            state.used += shape.bytes();
            units
        };
        let start = self.address(units) + shape.guard;
        match kernel_space::populate(start, shape.pages) {
            Ok(()) => Some(start),
            Err(mapped) => {
                // Another CPU took the memory. What is mapped by now was used by nobody, but any CPU may have
                // looked it up ahead of time, so it takes the same way back as what was used.
                self.retire(units, start, mapped);
                self.forget(shape);
                None
            }
        }
    }

    /// Takes back a piece.
    ///
    /// # Safety
    /// `start` came from [`Window::allocate`] of this window with the same shape, and nobody uses the piece
    /// any more.
    pub(super) unsafe fn free(&self, start: u64, shape: Shape) {
        let first = (start - shape.guard - self.base) / UNIT;
        let units = FrameRange { start: Frame::from_number(first), count: shape.units };
        self.retire(units, start, shape.pages);
        self.forget(shape);
        self.reclaim();
    }

    fn address(&self, units: FrameRange) -> u64 {
        self.base + units.start.number() * UNIT
    }

    fn forget(&self, shape: Shape) {
        if let Some(state) = self.state.lock().as_mut() {
            state.used -= shape.bytes();
        }
    }

    /// Unmaps `mapped` pages from `start` on and puts them aside with their addresses.
    fn retire(&self, units: FrameRange, start: u64, mapped: u64) {
        let mut list: Option<NonNull<Link>> = None;
        let unmapped = kernel_space::unmap(start, mapped, |mapping| {
            let pointer = direct_map::pointer::<Link>(mapping.physical.get());
            let Some(link) = NonNull::new(pointer) else { return };
            // SAFETY: the frame was this piece's, nobody uses the piece any more, and the direct map has it.
            unsafe { link.write(Link { next: list }) };
            list = Some(link);
        });
        let stale = match unmapped {
            Ok(stale) => stale,
            Err(error) => {
                log::error!("memory: {mapped} pages at {start:#x} are lost: {error}");
                return;
            }
        };
        let Some(first) = list else {
            // Nothing was mapped, so no CPU knows anything, and the addresses are free again.
            stale.flush(|_, _| ()).free(&mut Tables);
            if let Some(state) = self.state.lock().as_mut() {
                state.release(units);
            }
            return;
        };
        let request = shootdown::begin(&stale, shootdown::EVERY_CPU);
        let retired = first.cast::<Retired>();
        ASIDE.fetch_add(mapped, Ordering::Relaxed);
        let mut state = self.state.lock();
        let Some(state) = state.as_mut() else { return };
        // SAFETY: `first` is a frame of this piece in the direct map, aligned to 4 KiB and large enough
        // (asserted above); its link is read before it is overwritten by the same.
        unsafe {
            let link = first.read();
            retired.write(Retired { link, older: state.retired, request, stale, units, pages: mapped });
        }
        state.retired = Some(retired);
    }

    /// Makes usable again what no CPU can reach any more.
    fn reclaim(&self) {
        let mut state = self.state.lock();
        let Some(state) = state.as_mut() else { return };
        let mut waiting = None;
        let mut next = state.retired.take();
        while let Some(retired) = next {
            // SAFETY: everything in the list was written by `retire`, is in nobody else's hands, and is
            // moved out of memory once: below, when it leaves the list.
            let (request, older) = unsafe { ((*retired.as_ptr()).request, (*retired.as_ptr()).older) };
            next = older;
            if shootdown::is_over(request) {
                // SAFETY: as above; the frame is not freed before the value has been moved out.
                state.finish(unsafe { retired.read() }, retired.cast());
            } else {
                // SAFETY: as above; the list is ours while we hold the lock.
                unsafe { (*retired.as_ptr()).older = waiting };
                waiting = Some(retired);
            }
        }
        state.retired = waiting;
    }
}

impl State {
    /// Frees the tables, the frames (of which `first` is the first) and the addresses of a piece that no CPU
    /// can reach any more.
    fn finish(&mut self, retired: Retired, first: NonNull<Link>) {
        let Retired { link, stale, units, pages, .. } = retired;
        ASIDE.fetch_sub(pages, Ordering::Relaxed);
        // `reclaim` has seen that the request is over. Asked again, it might not look so: a CPU that rested then may be
        // on its way out, with nothing done yet but to acknowledge.
        stale.flush(|_, _| ()).free(&mut Tables);
        let (mut current, mut following) = (Some(first), link.next);
        machine::free_all(core::iter::from_fn(|| {
            let link = current?;
            current = following;
            // SAFETY: `following` is a frame of this piece, with a link that `retire` wrote, and is not freed
            // yet: only the next call hands it to `free_all`.
            following = following.and_then(|link| unsafe { link.read() }.next);
            Some(Frame::containing((link.addr().get() as u64).wrapping_sub(direct_map::address(0))))
        }));
        self.release(units);
    }

    fn release(&mut self, units: FrameRange) {
        let freed = self.units.free_run(units);
        debug_assert!(freed.is_ok(), "addresses were freed twice");
    }
}
