//! The boot console: log lines on the bare screen, until the desktop takes it over, and again for a panic.

use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::boot::video::VideoMemory;
use crate::lock::{IrqSpinLock, Once, Rank};

const HEIGHT: RasterHeight = RasterHeight::Size16;
const WEIGHT: FontWeight = FontWeight::Regular;
const LINE_HEIGHT: u32 = 18;
const MARGIN: u32 = 8;
const BACKGROUND: u32 = 0x10_1420;
const GLYPH_WIDTH: usize = get_raster_width(WEIGHT, HEIGHT);
/// Characters drawn at once. Their pixels lie on the stack of whoever logs, be it an interrupt handler or the
/// double fault's small stack, so there are not many.
const CHARACTERS: usize = 32;
const PIECE: usize = CHARACTERS * GLYPH_WIDTH;

static VIDEO: Once<VideoMemory> = Once::new();
/// The row of pixels at which the next line begins; under the lock because lines come from every CPU.
static CURSOR: IrqSpinLock<u32> = IrqSpinLock::new(Rank::Log, MARGIN);
/// The screen belongs to the desktop, or to a panic.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// The next line of the panic screen. Not under a lock: the CPU that held it may have been stopped.
static LAST_WORDS: AtomicU32 = AtomicU32::new(MARGIN);

/// Gives the console the screen, cleared.
pub fn initialise(video: VideoMemory) {
    VIDEO.call_once(|| video);
    clear(BACKGROUND);
}

/// The screen, if there is one, for the desktop. The console stops writing to it.
pub fn take() -> Option<VideoMemory> {
    let video = VIDEO.get().copied();
    TAKEN.store(true, Ordering::Release);
    video
}

/// Fills the screen.
fn clear(colour: u32) {
    if let Some(video) = VIDEO.get() {
        fill(video, 0..video.width(), 0..video.height(), colour);
    }
}

fn fill(video: &VideoMemory, columns: Range<u32>, rows: Range<u32>, colour: u32) {
    let piece = [colour; PIECE];
    for y in rows {
        for x in columns.clone().step_by(PIECE) {
            video.write_row(x, y, &piece[..PIECE.min((columns.end - x) as usize)]);
        }
    }
}

/// Takes the screen from whoever has it and fills it with `background`, for the last words.
pub(super) fn begin_last_words(background: u32) {
    TAKEN.store(true, Ordering::Release);
    clear(background);
}

/// Writes one line of the last words, in as many rows as it needs, without a lock. What finds no room at
/// the bottom is left out: the beginning says more.
pub(super) fn write_last_words(text: &[u8], colour: u32, background: u32) {
    let Some(video) = VIDEO.get() else { return };
    for part in text.chunks(columns(video)) {
        let top = LAST_WORDS.fetch_add(LINE_HEIGHT, Ordering::Relaxed);
        if top + LINE_HEIGHT <= video.height() {
            draw(video, top, part, colour, background);
        }
    }
}

/// Characters that fit a row.
fn columns(video: &VideoMemory) -> usize {
    ((video.width().saturating_sub(2 * MARGIN)) as usize / GLYPH_WIDTH).max(1)
}

/// Writes one line below the last, in `colour`; at the bottom, begins again at the top.
pub(super) fn write_line(text: &[u8], colour: u32) {
    let Some(video) = VIDEO.get() else { return };
    if TAKEN.load(Ordering::Acquire) {
        return;
    }
    let mut cursor = CURSOR.lock();
    for part in text.chunks(columns(video)) {
        // Scrolling would read the screen; beginning again at the top does not.
        if *cursor + LINE_HEIGHT > video.height() {
            *cursor = MARGIN;
        }
        draw(video, *cursor, part, colour, BACKGROUND);
        *cursor += LINE_HEIGHT;
    }
}

/// Draws one line across the whole width.
fn draw(video: &VideoMemory, top: u32, text: &[u8], colour: u32, background: u32) {
    let height = HEIGHT.val() as u32;
    fill(video, 0..MARGIN, top..top + height, background);
    let mut x = MARGIN;
    for part in text.chunks(CHARACTERS) {
        for line in 0..height {
            let mut row = [background; PIECE];
            for (cell, &byte) in row.chunks_exact_mut(GLYPH_WIDTH).zip(part) {
                let glyph =
                    get_raster(char::from(byte), WEIGHT, HEIGHT).or_else(|| get_raster('?', WEIGHT, HEIGHT));
                if let Some(coverage) = glyph.as_ref().and_then(|glyph| glyph.rows().nth(line as usize)) {
                    for (pixel, &alpha) in cell.iter_mut().zip(coverage.iter()) {
                        *pixel = blend(background, colour, alpha);
                    }
                }
            }
            video.write_row(x, top + line, &row[..part.len() * GLYPH_WIDTH]);
        }
        x += (part.len() * GLYPH_WIDTH) as u32;
    }
    fill(video, x..video.width(), top..top + height, background);
}

fn blend(under: u32, over: u32, alpha: u8) -> u32 {
    let alpha = u32::from(alpha);
    let mix = |shift: u32| {
        let (u, o) = (under >> shift & 0xff, over >> shift & 0xff);
        ((u * (255 - alpha) + o * alpha) / 255) << shift
    };
    mix(16) | mix(8) | mix(0)
}
