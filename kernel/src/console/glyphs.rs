//! The console's letters: drawn straight into video memory, without an atlas, a heap or a lock.

use core::ops::Range;

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::boot::video::VideoMemory;

/// Characters drawn at once. Their pixels lie on the stack of whoever logs, be it an interrupt handler or the
/// double fault's small stack, so there are not many.
const CHARACTERS: usize = 32;
const PIECE: usize = CHARACTERS * TITLE.width();

/// A weight and a size of the font.
#[derive(Clone, Copy, Debug)]
pub(super) struct Face {
    weight: FontWeight,
    height: RasterHeight,
}

/// What is written in.
pub(super) const REGULAR: Face = Face { weight: FontWeight::Regular, height: RasterHeight::Size16 };
/// What stands out.
pub(super) const BOLD: Face = Face { weight: FontWeight::Bold, height: RasterHeight::Size16 };
/// For one line on top.
pub(super) const TITLE: Face = Face { weight: FontWeight::Bold, height: RasterHeight::Size24 };

impl Face {
    /// Pixels from one character to the next.
    pub const fn width(self) -> usize {
        get_raster_width(self.weight, self.height)
    }

    /// Pixels from a character's top to its bottom.
    pub const fn height(self) -> u32 {
        self.height.val() as u32
    }
}

/// Fills a part of the screen.
pub(super) fn fill(video: &VideoMemory, columns: Range<u32>, rows: Range<u32>, colour: u32) {
    let piece = [colour; PIECE];
    for y in rows {
        for x in columns.clone().step_by(PIECE) {
            video.write_row(x, y, &piece[..PIECE.min((columns.end - x) as usize)]);
        }
    }
}

/// Draws ASCII text with its upper left corner at (`x`, `y`); returns the column behind it. What lies outside the
/// screen is left out.
pub(super) fn draw(
    video: &VideoMemory,
    (mut x, y): (u32, u32),
    text: &[u8],
    face: Face,
    colour: u32,
    background: u32,
) -> u32 {
    for part in text.chunks(CHARACTERS) {
        for line in 0..face.height() {
            let mut row = [background; PIECE];
            for (cell, &byte) in row.chunks_exact_mut(face.width()).zip(part) {
                let glyph = get_raster(char::from(byte), face.weight, face.height)
                    .or_else(|| get_raster('?', face.weight, face.height));
                if let Some(coverage) = glyph.as_ref().and_then(|glyph| glyph.rows().nth(line as usize)) {
                    for (pixel, &alpha) in cell.iter_mut().zip(coverage) {
                        *pixel = blend(background, colour, alpha);
                    }
                }
            }
            video.write_row(x, y + line, &row[..part.len() * face.width()]);
        }
        x += (part.len() * face.width()) as u32;
    }
    x
}

fn blend(under: u32, over: u32, alpha: u8) -> u32 {
    let alpha = u32::from(alpha);
    let mix = |shift: u32| {
        let (u, o) = (under >> shift & 0xff, over >> shift & 0xff);
        ((u * (255 - alpha) + o * alpha) / 255) << shift
    };
    mix(16) | mix(8) | mix(0)
}
