//! The machine's frames: the allocator of `crates/frames` over the loader's memory map.
//!
//! Single frames come from a small cache of the running CPU, used with interrupts off; the caches exchange
//! batches with the bitmap under its lock. Every frame has a counter of owners, which finds double frees
//! and will let address spaces share frames.

use core::sync::atomic::{AtomicPtr, AtomicU16, AtomicUsize, Ordering};

use frames::{
    FRAME_SIZE, Frame, FrameAllocator, FrameCache, FrameRange, NotOwned, Owners, Region, Release, RunRequest,
    Statistics,
};

use super::direct_map;
use super::heap::fault;
use crate::arch::{cpu, interrupts, percpu};
use crate::boot::info::{MemoryMap, MemoryRegion, RegionKind};
use crate::lock::{IrqSpinLock, Once, Rank};

/// Memory below this stays untouched: firmware and the loader keep things there that no map mentions, and
/// processors start in it.
pub const LOW_MEMORY: u64 = 1 << 20;

struct Frames {
    allocator: FrameAllocator<'static>,
    /// What the bitmap and the counters of owners take.
    bookkeeping: FrameRange,
}

static FRAMES: IrqSpinLock<Option<Frames>> = IrqSpinLock::new(Rank::Frames, None);

/// Where the counters of owners begin, and how many there are; written once, by [`init`].
static OWNERS: AtomicPtr<AtomicU16> = AtomicPtr::new(core::ptr::dangling_mut());
static OWNER_COUNT: AtomicUsize = AtomicUsize::new(0);

/// A cache on cache lines of its own.
#[repr(align(128))]
struct OfCpu(FrameCache);

static CACHES: [OfCpu; cpu::MAX_CPUS] = [const { OfCpu(FrameCache::new()) }; cpu::MAX_CPUS];

#[inline]
fn owners() -> Owners<'static> {
    let (first, count) = (OWNERS.load(Ordering::Relaxed), OWNER_COUNT.load(Ordering::Acquire));
    // SAFETY: none, or what `init` reserved for good and filled with zeros: the pointer is written before the count.
    // (Were it loaded before `init` and the count after, that would be another CPU's doing: none runs yet.)
    Owners::new(unsafe { core::slice::from_raw_parts(first, count) })
}

/// The running CPU's cache. Interrupts are off while it is used.
#[inline]
fn cache() -> &'static FrameCache {
    &CACHES[cpu::id() % cpu::MAX_CPUS].0
}

/// Which memory a run may lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Anywhere.
    All,
    /// Below 4 GiB: for devices with 32 address bits.
    Below4GiB,
}

/// Bytes, of one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub usable: u64,
    pub free: u64,
}

/// Builds bitmap and counters in the largest usable region. False when no region can hold them.
pub(super) fn init(map: &MemoryMap) -> bool {
    let below = Region { start: 0, length: LOW_MEMORY, usable: false };
    let regions_with = |usable: fn(RegionKind) -> bool| {
        map.regions()
            .iter()
            .map(move |region| Region {
                start: region.start,
                length: region.length,
                usable: usable(region.kind),
            })
            .chain(core::iter::once(below))
    };
    // The loader's memory comes later.
    let count = FrameAllocator::frame_count_for(regions_with(|kind| {
        matches!(kind, RegionKind::Usable | RegionKind::BootloaderReclaimable)
    }));
    let words = FrameAllocator::storage_words(count);
    let owners_at = words * size_of::<u64>();
    let bytes = owners_at as u64 + count * size_of::<AtomicU16>() as u64;
    let largest = map
        .regions()
        .iter()
        .filter(|region| region.kind == RegionKind::Usable && region.end() > LOW_MEMORY)
        .map(|region| {
            let start = region.start.max(LOW_MEMORY);
            FrameRange::inside(start, region.end() - start)
        })
        .max_by_key(|range| range.count);
    let bookkeeping_frames = bytes.div_ceil(FRAME_SIZE);
    let Some(range) = largest.filter(|range| range.count > bookkeeping_frames) else { return false };
    let bookkeeping = FrameRange { start: range.start, count: bookkeeping_frames };
    let start = direct_map::pointer::<u8>(bookkeeping.address());
    // SAFETY: 1. usable memory is in the direct map, writable, and nobody's until this function gives it
    // out; 2. this part is reserved below, so it never is; 3. `bookkeeping` holds the words and, behind them,
    // the counters, both aligned because its start is; 4. any bits are valid words, and zeros are counters.
    let storage = unsafe {
        let owners = start.add(owners_at).cast::<AtomicU16>();
        owners.write_bytes(0, count as usize);
        OWNERS.store(owners, Ordering::Relaxed);
        core::slice::from_raw_parts_mut(start.cast::<u64>(), words)
    };
    let regions = regions_with(|kind| kind == RegionKind::Usable);
    let Ok(mut allocator) = FrameAllocator::from_map(storage, count, regions) else { return false };
    allocator.reserve(bookkeeping);
    OWNER_COUNT.store(count as usize, Ordering::Release);
    *FRAMES.lock() = Some(Frames { allocator, bookkeeping });
    true
}

/// Begins to give out `regions` but for the frames of `keep`; returns the bytes gained. Whoever calls this knows that
/// nobody uses them any more.
pub(super) fn add(regions: impl Iterator<Item = MemoryRegion>, keep: &[FrameRange]) -> u64 {
    let mut frames = FRAMES.lock();
    let Some(frames) = frames.as_mut() else { return 0 };
    let mut added = 0;
    for region in regions {
        let start = region.start.max(LOW_MEMORY);
        let range = FrameRange::inside(start, region.end().saturating_sub(start));
        added += frames.allocator.add(range);
    }
    for range in keep {
        added = added.saturating_sub(frames.allocator.reserve(*range));
    }
    added * FRAME_SIZE
}

/// A frame with one owner, its bytes whatever they are; `None` when none is left.
#[inline(always)]
pub fn allocate() -> Option<Frame> {
    if fault::strikes(fault::Kind::Frames) {
        return None;
    }
    let were_enabled = interrupts::disable();
    let cache = cache();
    let frame = cache.take().or_else(|| fetch(cache));
    interrupts::restore(were_enabled);
    let frame = frame.or_else(|| scrape_together(were_enabled))?;
    owners().give(frame);
    Some(frame)
}

/// What gives memory back that it can do without: so many frames are wanted; returns how many came.
pub type Reclaimer = fn(usize) -> usize;

static RECLAIMER: Once<Reclaimer> = Once::new();

/// Frames that are asked for at a time when none is left.
const RECLAIMED_AT_ONCE: usize = 64;

/// Says who is asked when no frame is left: the page cache, which is above. It is called where a thread may take any spin
/// lock, and must not sleep.
pub fn set_reclaimer(reclaimer: Reclaimer) {
    RECLAIMER.call_once(|| reclaimer);
}

/// None is left: some may be had from those who can do without. Under a spin lock nobody can be asked.
#[cold]
fn scrape_together(were_enabled: bool) -> Option<Frame> {
    let reclaimer = RECLAIMER.get().filter(|_| were_enabled && percpu::preemptible())?;
    if reclaimer(RECLAIMED_AT_ONCE) == 0 {
        return None;
    }
    let were_enabled = interrupts::disable();
    let cache = cache();
    let frame = cache.take().or_else(|| fetch(cache));
    interrupts::restore(were_enabled);
    frame
}

#[cold]
fn fetch(cache: &FrameCache) -> Option<Frame> {
    cache.refill(&mut FRAMES.lock().as_mut()?.allocator);
    cache.take()
}

/// Frames for all of `batch`, in its order, under one lock; returns how many there were.
pub(super) fn allocate_batch(batch: &mut [Frame]) -> usize {
    if fault::strikes(fault::Kind::Frames) {
        return 0;
    }
    let mut frames = FRAMES.lock();
    let (Some(frames), owners, count) = (frames.as_mut(), owners(), batch.len()) else { return 0 };
    let mut slots = batch.iter_mut();
    frames.allocator.allocate_each(count, |frame| {
        owners.give(frame);
        if let Some(slot) = slots.next() {
            *slot = frame;
        }
    })
}

/// `count` frames in a row in `zone`, the first a multiple of `align` frames, each with one owner.
pub fn allocate_contiguous(count: u64, align: u64, zone: Zone) -> Option<FrameRange> {
    if fault::strikes(fault::Kind::Frames) {
        return None;
    }
    let below = (zone == Zone::Below4GiB).then_some(Frame::FOUR_GIB);
    let run = FRAMES.lock().as_mut()?.allocator.allocate_run(RunRequest { count, align, below })?;
    owners().give_run(run);
    Some(run)
}

/// Lets a run from [`allocate_contiguous`] go. Its frames that are shared stay their other owners'.
pub fn free_contiguous(run: FrameRange) {
    let owners = owners();
    // Frames one after the other that have no owner any more go back as one.
    let mut free = FrameRange { start: run.start, count: 0 };
    for frame in run.iter() {
        match owners.release(frame) {
            Ok(Release::Last) if free.end() == frame => free.count += 1,
            Ok(Release::Last) => {
                free_run(free);
                free = FrameRange { start: frame, count: 1 };
            }
            Ok(Release::Shared(_)) => {}
            Err(NotOwned(frame)) => report_not_owned(frame),
        }
    }
    free_run(free);
}

/// Takes back frames without owners.
fn free_run(run: FrameRange) {
    let result = FRAMES.lock().as_mut().map_or(Ok(()), |frames| frames.allocator.free_run(run));
    if let Err(error) = result {
        report(&error);
    }
}

/// Adds an owner to a frame that has one; false when that can't be.
pub fn share(frame: Frame) -> bool {
    owners().share(frame).is_some()
}

/// Whether more than one owner has the frame.
pub fn is_shared(frame: Frame) -> bool {
    owners().is_shared(frame)
}

/// Lets a frame go; with its last owner it becomes free. A double free changes nothing and is logged: it is a bug,
/// but no reason to stop.
#[inline(always)]
pub fn free(frame: Frame) {
    match owners().release(frame) {
        Ok(Release::Last) => {}
        Ok(Release::Shared(_)) => return,
        Err(NotOwned(frame)) => return report_not_owned(frame),
    }
    let were_enabled = interrupts::disable();
    let cache = cache();
    if !cache.put(frame) {
        put_back(cache, frame);
    }
    interrupts::restore(were_enabled);
}

#[cold]
fn put_back(cache: &FrameCache, frame: Frame) {
    let result = FRAMES.lock().as_mut().map_or(Ok(()), |frames| {
        cache.spill(&mut frames.allocator)?;
        if cache.put(frame) { Ok(()) } else { frames.allocator.free(frame) }
    });
    if let Err(error) = result {
        report(&error);
    }
}

#[cold]
fn report_not_owned(frame: Frame) {
    report(&NotOwned(frame));
}

/// Lets many frames go under one lock.
pub(super) fn free_all(list: impl Iterator<Item = Frame>) {
    let mut not_owned: Option<NotOwned> = None;
    let mut not_freed = None;
    if let Some(frames) = FRAMES.lock().as_mut() {
        let owners = owners();
        let without_owner = list.filter(|&frame| match owners.release(frame) {
            Ok(release) => release == Release::Last,
            Err(error) => {
                not_owned = Some(error);
                false
            }
        });
        not_freed = frames.allocator.free_each(without_owner).err();
    }
    if let Some(error) = not_owned {
        report(&error);
    }
    if let Some(error) = not_freed {
        report(&error);
    }
}

pub(super) fn figures() -> Figures {
    let cached: usize = CACHES.iter().take(cpu::count()).map(|cache| cache.0.count()).sum();
    FRAMES.lock().as_ref().map_or_else(Figures::default, |frames| {
        let statistics = frames.allocator.statistics();
        Figures {
            usable: (statistics.managed() + frames.bookkeeping.count) * FRAME_SIZE,
            // Other CPUs may have moved some meanwhile.
            free: (statistics.free() + cached as u64).min(statistics.managed()) * FRAME_SIZE,
        }
    })
}

/// What [`statistics`] tells, in frames, of one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameStatistics {
    /// By zone. What CPUs' caches hold counts as given out.
    pub zones: Statistics,
    /// Of these, free in the caches of CPUs.
    pub cached: u64,
    /// The order (2^n frames) of the largest aligned block that is free in each of [`Zone::ALL`](frames::Zone::ALL); `None`
    /// when nothing is.
    pub largest_orders: [Option<u32>; 2],
}

/// The figures of this moment.
pub fn statistics() -> FrameStatistics {
    let cached: usize = CACHES.iter().take(cpu::count()).map(|cache| cache.0.count()).sum();
    FRAMES.lock().as_ref().map_or_else(FrameStatistics::default, |machine| FrameStatistics {
        zones: machine.allocator.statistics(),
        cached: cached as u64,
        largest_orders: ::frames::Zone::ALL.map(|zone| machine.allocator.largest_order(zone)),
    })
}

/// Not under the lock: the log may want memory.
#[cold]
fn report(error: &dyn core::fmt::Display) {
    log::error!("frames: not freed: {error}");
    debug_assert!(false, "a frame was freed wrongly");
}
