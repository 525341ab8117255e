//! The machine's frames: the allocator of `crates/frames` over the loader's memory map.

use frames::{FRAME_SIZE, Frame, FrameAllocator, FrameRange, Region, RunRequest};

use super::direct_map;
use crate::boot::info::{MemoryMap, RegionKind};
use crate::lock::{IrqSpinLock, Rank};

/// Memory below this stays untouched: firmware and the loader keep things there that no map mentions, and
/// processors start in it.
pub const LOW_MEMORY: u64 = 1 << 20;

struct Frames {
    allocator: FrameAllocator<'static>,
    /// What the allocator's own bitmap takes.
    bitmap: FrameRange,
}

static FRAMES: IrqSpinLock<Option<Frames>> = IrqSpinLock::new(Rank::Frames, None);

/// Bytes, of one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub usable: u64,
    pub free: u64,
}

/// Builds the bitmap in the largest usable region. False when no region can hold it.
pub(super) fn init(map: &MemoryMap) -> bool {
    let below = Region { start: 0, length: LOW_MEMORY, usable: false };
    let regions = map
        .regions()
        .iter()
        .map(|region| Region {
            start: region.start,
            length: region.length,
            usable: region.kind == RegionKind::Usable,
        })
        .chain(core::iter::once(below));
    let words = FrameAllocator::storage_words(FrameAllocator::frame_count_for(regions.clone()));
    let bitmap_frames = (words as u64 * 8).div_ceil(FRAME_SIZE);
    let largest = map
        .regions()
        .iter()
        .filter(|region| region.kind == RegionKind::Usable && region.end() > LOW_MEMORY)
        .map(|region| {
            let start = region.start.max(LOW_MEMORY);
            FrameRange::inside(start, region.end() - start)
        })
        .max_by_key(|range| range.count);
    let Some(range) = largest.filter(|range| range.count > bitmap_frames) else { return false };
    let bitmap = FrameRange { start: range.start, count: bitmap_frames };
    // SAFETY: 1. usable memory is in the direct map, writable, and nobody's until this function gives it
    // out; 2. the bitmap is reserved below, so it never is; 3. the length is what `bitmap` holds; 4. any
    // bits are valid words.
    let storage =
        unsafe { core::slice::from_raw_parts_mut(direct_map::pointer::<u64>(bitmap.address()), words) };
    let Ok(mut allocator) = FrameAllocator::from_map(storage, regions) else { return false };
    allocator.reserve(bitmap);
    *FRAMES.lock() = Some(Frames { allocator, bitmap });
    true
}

/// A frame, its bytes whatever they are; `None` when none is left.
pub fn allocate() -> Option<Frame> {
    FRAMES.lock().as_mut()?.allocator.allocate()
}

/// Frames for all of `batch`, in its order, under one lock; returns how many there were.
pub(super) fn allocate_batch(batch: &mut [Frame]) -> usize {
    let mut frames = FRAMES.lock();
    let Some(frames) = frames.as_mut() else { return 0 };
    for (count, slot) in batch.iter_mut().enumerate() {
        match frames.allocator.allocate() {
            Some(frame) => *slot = frame,
            None => return count,
        }
    }
    batch.len()
}

/// `count` frames in a row, the first a multiple of `align` frames.
pub fn allocate_contiguous(count: u64, align: u64) -> Option<FrameRange> {
    FRAMES.lock().as_mut()?.allocator.allocate_run(RunRequest { count, align, below: None })
}

/// Takes a frame back. A double free changes nothing and is logged: it is a bug, but no reason to stop.
pub fn free(frame: Frame) {
    let result = FRAMES.lock().as_mut().map(|frames| frames.allocator.free(frame));
    report(result);
}

/// Takes many frames back under one lock.
pub(super) fn free_all(list: impl Iterator<Item = Frame>) {
    let mut failure = None;
    if let Some(frames) = FRAMES.lock().as_mut() {
        for frame in list {
            if let Err(error) = frames.allocator.free(frame) {
                failure = Some(Err(error));
            }
        }
    }
    report(failure);
}

pub(super) fn figures() -> Figures {
    FRAMES.lock().as_ref().map_or_else(Figures::default, |frames| {
        let statistics = frames.allocator.statistics();
        Figures {
            usable: (statistics.managed + frames.bitmap.count) * FRAME_SIZE,
            free: statistics.free * FRAME_SIZE,
        }
    })
}

/// Not under the lock: the log may want memory.
fn report(result: Option<Result<(), frames::FreeError>>) {
    if let Some(Err(error)) = result {
        log::error!("frames: not freed: {error}");
        debug_assert!(false, "a frame was freed wrongly");
    }
}
