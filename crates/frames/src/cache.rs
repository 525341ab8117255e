//! One CPU's few free frames: so that most single frames come and go without the allocator's lock.
//!
//! The fields are atomics only so that other CPUs may read the count; relaxed loads and stores are plain ones.
//! Who changes a cache makes sure that nobody else does: the kernel turns interrupts off and uses only
//! its own CPU's.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::{Frame, FrameAllocator, FreeError};

/// Frames that a cache holds at most: 128 KiB.
const CAPACITY: usize = 32;
/// Frames that move to or from the allocator at a time.
const BATCH: usize = CAPACITY / 2;

/// A stack of free frames. To the allocator they are given out.
#[derive(Debug)]
pub struct FrameCache {
    frames: [AtomicU64; CAPACITY],
    count: AtomicUsize,
}

impl FrameCache {
    /// An empty cache.
    #[must_use]
    pub const fn new() -> Self {
        Self { frames: [const { AtomicU64::new(0) }; CAPACITY], count: AtomicUsize::new(0) }
    }

    /// Takes the frame that was put last; `None` when there is none.
    #[inline]
    pub fn take(&self) -> Option<Frame> {
        let last = self.count.load(Relaxed).checked_sub(1)?;
        let frame = self.frames.get(last)?.load(Relaxed);
        self.count.store(last, Relaxed);
        Some(Frame::from_number(frame))
    }

    /// Puts a free frame on top; false when there is no room.
    #[inline]
    #[must_use]
    pub fn put(&self, frame: Frame) -> bool {
        let count = self.count.load(Relaxed);
        let Some(slot) = self.frames.get(count) else { return false };
        slot.store(frame.number(), Relaxed);
        self.count.store(count + 1, Relaxed);
        true
    }

    /// Fetches a batch, if there are so many.
    pub fn refill(&self, allocator: &mut FrameAllocator<'_>) {
        let mut count = self.count.load(Relaxed);
        allocator.allocate_each(BATCH.min(CAPACITY - count), |frame| {
            if let Some(slot) = self.frames.get(count) {
                slot.store(frame.number(), Relaxed);
                count += 1;
            }
        });
        self.count.store(count, Relaxed);
    }

    /// Returns a batch.
    ///
    /// # Errors
    /// The last [`FreeError`], if the allocator did not want one back; that frame is lost.
    pub fn spill(&self, allocator: &mut FrameAllocator<'_>) -> Result<(), FreeError> {
        allocator.free_each(core::iter::from_fn(|| self.take()).take(BATCH))
    }

    /// Frames in the cache.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count.load(Relaxed)
    }
}

impl Default for FrameCache {
    fn default() -> Self {
        Self::new()
    }
}
