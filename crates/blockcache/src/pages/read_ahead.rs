//! How far ahead of a reader the disk is asked.
//!
//! A reader that goes forward gets a window, which doubles each time it comes to the window's middle: by then the next
//! one is asked for, so that a steady reader never waits. One that jumps gets what it asks for, and no more.

use core::ops::Range;

/// The largest window in pages: 512 KiB. Larger ones made nothing faster, and all of it is in vain when the reader stops.
pub const READ_AHEAD_MAX: u64 = 128;
/// The first window: 32 KiB.
const FIRST: u64 = 8;

/// What is known about one reader, that is about one open file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadAhead {
    /// The page after the last one read.
    next: u64,
    /// Pages in the last window; 0 while nothing was asked for in advance.
    window: u64,
    /// The page after the last one asked for in advance.
    end: u64,
}

impl ReadAhead {
    /// A reader of which nothing is known.
    #[must_use]
    pub const fn new() -> Self {
        Self { next: 0, window: 0, end: 0 }
    }

    /// The reader wants `count` pages from `first` on. Returns the pages that should be on their way to memory, if any
    /// are to be asked for now; those that are there already are not asked for again.
    pub fn advance(&mut self, first: u64, count: u64) -> Option<Range<u64>> {
        let behind = first.saturating_add(count);
        // Small reads come to the same page several times.
        let goes_forward = first == self.next || first.saturating_add(1) == self.next;
        self.next = behind;
        if !goes_forward {
            self.window = 0;
            self.end = 0;
            return None;
        }
        if self.window == 0 || self.end < behind {
            let start = if self.window == 0 { first } else { first.max(self.end) };
            self.window = (2 * self.window).max(FIRST).max(count).min(READ_AHEAD_MAX.max(count));
            self.end = behind.max(start.saturating_add(self.window));
            return Some(start..self.end);
        }
        if self.end - behind > self.window / 2 {
            return None;
        }
        let start = self.end;
        self.window = (2 * self.window).min(READ_AHEAD_MAX);
        self.end = start.saturating_add(self.window);
        Some(start..self.end)
    }
}
