//! The screen: a back buffer in memory, and the copying of what has changed to video memory, which is
//! only ever written.

use alloc::collections::TryReserveError;
use core::sync::atomic::{AtomicU64, Ordering};

use gfx::{Canvas, Damage, Rect, Size, Surface};

use crate::boot::video::VideoMemory;

static FRAMES: AtomicU64 = AtomicU64::new(0);
static PIXELS: AtomicU64 = AtomicU64::new(0);

/// What has been shown so far.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Frames.
    pub frames: u64,
    /// Pixels written to video memory.
    pub pixels: u64,
}

/// Counts of what has been shown since boot.
pub fn shown() -> Shown {
    Shown { frames: FRAMES.load(Ordering::Relaxed), pixels: PIXELS.load(Ordering::Relaxed) }
}

/// The screen.
pub struct Screen {
    video: VideoMemory,
    back: Surface,
}

impl Screen {
    /// Makes a back buffer of the screen's size.
    pub fn new(video: VideoMemory) -> Result<Self, TryReserveError> {
        let length = |pixels: u32| i32::try_from(pixels).unwrap_or(i32::MAX);
        let back = Surface::try_new(Size::new(length(video.width()), length(video.height())))?;
        Ok(Self { video, back })
    }

    /// Its size in pixels.
    pub fn size(&self) -> Size {
        self.back.size()
    }

    /// The back buffer.
    pub fn canvas(&mut self) -> Canvas<'_> {
        self.back.canvas()
    }

    /// Shows what was drawn in `damage`.
    pub fn present(&self, damage: &Damage) {
        FRAMES.fetch_add(1, Ordering::Relaxed);
        PIXELS.fetch_add(damage.pixel_count(), Ordering::Relaxed);
        for rect in damage.rects() {
            self.present_rect(rect.intersect(self.back.bounds()));
        }
    }

    fn present_rect(&self, rect: Rect) {
        // Inside the back buffer, so neither side is negative.
        let (left, right) = (rect.x.max(0) as usize, rect.right().max(0) as usize);
        for y in rect.y..rect.bottom() {
            if let Some(pixels) = self.back.row(y).get(left..right) {
                self.video.write_row(left as u32, y as u32, pixels);
            }
        }
    }
}
