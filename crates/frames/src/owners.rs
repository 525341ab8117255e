//! How many owners each frame has: what tells a double free, and what lets address spaces share a frame
//! until one of them writes to it.
//!
//! One counter per frame, 0 while the frame is free. Counters are atomic, so sharing takes no lock; and giving
//! a frame out is a plain store, for a free frame is in nobody else's hands.

use core::sync::atomic::{AtomicU16, Ordering};

use crate::{Frame, FrameRange};

/// The counters, in storage that the caller gives.
#[derive(Clone, Copy, Debug)]
pub struct Owners<'a> {
    counts: &'a [AtomicU16],
}

/// The frame has no owner: it is free already, or never was anybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOwned(pub Frame);

impl core::fmt::Display for NotOwned {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "frame {:#x} is free already, or never was anybody's", self.0.address())
    }
}

/// What became of a frame that an owner let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a frame without owners is lost unless it goes back to the allocator"]
pub enum Release {
    /// That was the last owner.
    Last,
    /// It has this many owners still.
    Shared(u16),
}

impl<'a> Owners<'a> {
    /// Counters for the frames `0 .. counts.len()`, all of them 0.
    #[must_use]
    pub fn new(counts: &'a [AtomicU16]) -> Self {
        Self { counts }
    }

    /// Notes that a free frame has its first owner.
    #[inline]
    pub fn give(self, frame: Frame) {
        if let Some(count) = self.count(frame) {
            count.store(1, Ordering::Relaxed);
        }
    }

    /// Notes the first owner of each frame of a run.
    pub fn give_run(self, range: FrameRange) {
        range.iter().for_each(|frame| self.give(frame));
    }

    /// Adds an owner; returns how many there are. `None` when nobody owns the frame, or when there can't be more.
    #[must_use = "without it the frame is not shared"]
    pub fn share(self, frame: Frame) -> Option<u16> {
        let more = |count: u16| if count == 0 { None } else { count.checked_add(1) };
        let before = self.count(frame)?.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(before + 1)
    }

    /// Takes an owner away. What the owners before did to the frame happens before the last one's release.
    ///
    /// # Errors
    /// [`NotOwned`]; nothing has changed then.
    #[inline]
    pub fn release(self, frame: Frame) -> Result<Release, NotOwned> {
        let count = self.count(frame).ok_or(NotOwned(frame))?;
        // The common case in one step.
        if count.compare_exchange(1, 0, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            return Ok(Release::Last);
        }
        let before = count
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |count| count.checked_sub(1))
            .map_err(|_| NotOwned(frame))?;
        Ok(if before == 1 { Release::Last } else { Release::Shared(before - 1) })
    }

    /// Whether more than one owner has the frame: who wants to write to it must copy it first. Others may let go at any
    /// time, so "shared" may be old news; "not shared" stays true as long as the asker, its only owner, shares it with nobody.
    #[must_use]
    #[inline]
    pub fn is_shared(self, frame: Frame) -> bool {
        // Acquire: what former owners did to the frame is over.
        self.count(frame).is_some_and(|count| count.load(Ordering::Acquire) > 1)
    }

    /// How many owners the frame has.
    #[must_use]
    pub fn of(self, frame: Frame) -> u16 {
        self.count(frame).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    #[inline]
    fn count(self, frame: Frame) -> Option<&'a AtomicU16> {
        self.counts.get(usize::try_from(frame.number()).ok()?)
    }
}
