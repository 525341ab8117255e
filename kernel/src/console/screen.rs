//! The boot console: log lines on the bare screen, until the desktop takes it over, or a panic.

use core::sync::atomic::{AtomicBool, Ordering};

use super::glyphs::{self, REGULAR};
use crate::boot::video::VideoMemory;
use crate::lock::{IrqSpinLock, Once, Rank};

const LINE_HEIGHT: u32 = 18;
const MARGIN: u32 = 8;
const BACKGROUND: u32 = 0x10_1420;

static VIDEO: Once<VideoMemory> = Once::new();
/// The row of pixels at which the next line begins; under the lock because lines come from every CPU.
static CURSOR: IrqSpinLock<u32> = IrqSpinLock::new(Rank::Log, MARGIN);
/// The screen belongs to the desktop, or to a panic.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Gives the console the screen, cleared.
pub fn initialise(video: VideoMemory) {
    VIDEO.call_once(|| video);
    glyphs::fill(&video, 0..video.width(), 0..video.height(), BACKGROUND);
}

/// The screen, if there is one, for the desktop or the last words. The console stops writing to it.
pub fn take() -> Option<VideoMemory> {
    let video = VIDEO.get().copied();
    TAKEN.store(true, Ordering::Release);
    video
}

/// The screen, if there is one, for who writes to it beside its owner.
pub fn video() -> Option<VideoMemory> {
    VIDEO.get().copied()
}

/// Writes one line below the last, in `colour`; at the bottom, begins again at the top.
pub(super) fn write_line(text: &[u8], colour: u32) {
    let Some(video) = VIDEO.get() else { return };
    if TAKEN.load(Ordering::Acquire) {
        return;
    }
    let columns = ((video.width().saturating_sub(2 * MARGIN)) as usize / REGULAR.width()).max(1);
    let mut cursor = CURSOR.lock();
    for part in text.chunks(columns) {
        // Scrolling would read the screen; beginning again at the top does not.
        if *cursor + LINE_HEIGHT > video.height() {
            *cursor = MARGIN;
        }
        let rows = *cursor..*cursor + REGULAR.height();
        glyphs::fill(video, 0..MARGIN, rows.clone(), BACKGROUND);
        let end = glyphs::draw(video, (MARGIN, *cursor), part, REGULAR, colour, BACKGROUND);
        glyphs::fill(video, end..video.width(), rows, BACKGROUND);
        *cursor += LINE_HEIGHT;
    }
}
