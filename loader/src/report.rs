//! Words for people: on the serial port always, on the screen when the boot fails.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bootload::framebuffer::Framebuffer;
use bootload::handover::REACHABLE;
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::machine::{cpu, screen, serial};

/// The screen to write on, once there is one: base, width, height, pitch. Base 0 is none: then
/// the machine is still in VGA text mode, or shows nothing at all.
static SCREEN: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];

const HEIGHT: RasterHeight = RasterHeight::Size16;
const WEIGHT: FontWeight = FontWeight::Regular;
const MARGIN: u64 = 16;

/// Says where the screen is. One beyond the loader's reach stays dark.
pub fn use_screen(screen: &Framebuffer) {
    if screen.size().is_some_and(|size| screen.base + size <= REACHABLE) {
        let values = [screen.base, screen.width, screen.height, screen.pitch];
        SCREEN.iter().zip(values).for_each(|(slot, value)| slot.store(value, Relaxed));
    }
}

/// Writes to the serial port.
pub fn log(message: fmt::Arguments) {
    // A port does not fail: `Serial` never returns an error.
    let _ = write!(serial::Serial, "loader: {message}");
}

/// Says why the boot ends here, and halts.
pub fn give_up(reason: fmt::Arguments) -> ! {
    log(format_args!("cannot start Quicklime: {reason}\n"));
    // Neither does a screen.
    let _ = write!(Text::new(), "Quicklime cannot start: {reason}");
    cpu::halt()
}

/// A cursor on whatever screen there is.
struct Text {
    column: u64,
    line: u64,
}

impl Text {
    fn new() -> Self {
        Self { column: 0, line: 0 }
    }

    /// The glyph of `character` at the cursor, on a framebuffer.
    fn draw(&self, character: char, [base, width, height, pitch]: [u64; 4]) {
        let Some(glyph) = get_raster(character, WEIGHT, HEIGHT) else { return };
        let left = MARGIN + self.column * get_raster_width(WEIGHT, HEIGHT) as u64;
        let top = MARGIN + self.line * HEIGHT.val() as u64;
        if left + glyph.width() as u64 > width || top + glyph.height() as u64 > height {
            return;
        }
        for (y, row) in glyph.rows().enumerate() {
            for (x, intensity) in row.iter().enumerate() {
                let offset = (top + y as u64) * pitch + (left + x as u64) * 4;
                screen::write_pixel(base, offset, u32::from(*intensity) * 0x01_0101);
            }
        }
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let screen = SCREEN.each_ref().map(|slot| slot.load(Relaxed));
        let columns = match screen {
            [0, ..] => screen::TEXT_COLUMNS,
            [_, width, ..] => (width - 2 * MARGIN) / get_raster_width(WEIGHT, HEIGHT) as u64,
        };
        for character in text.chars() {
            if character == '\n' || self.column == columns {
                (self.column, self.line) = (0, self.line + 1);
            }
            if character == '\n' {
                continue;
            }
            match screen {
                [0, ..] => screen::write_text(self.column, self.line, character),
                _ => self.draw(character, screen),
            }
            self.column += 1;
        }
        Ok(())
    }
}
