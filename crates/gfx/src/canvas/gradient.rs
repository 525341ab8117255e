//! Gradients: vertical ones for bars and buttons, diagonal ones for wallpapers, both dithered so that a slow
//! one shows no bands.

use super::{Canvas, near};
use crate::{Color, Rect};

/// Ordered dither after Bayer, 4 × 4: thresholds of 0..16 that differ as much as can be between neighbours.
const BAYER: [[u32; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];

/// Channels in 16.16 fixed point, for interpolation finer than a pixel's eight bits.
type Channels = [u32; 4];

fn channels(color: Color) -> Channels {
    let pixel = color.premultiplied();
    [24, 16, 8, 0].map(|shift| (pixel >> shift & 255) << 16)
}

/// The colour `position`/`length` of the way from `from` to `to`.
fn between(from: Channels, to: Channels, position: i64, length: i64) -> Channels {
    let mut at = [0; 4];
    for (at, (from, to)) in at.iter_mut().zip(from.into_iter().zip(to)) {
        *at = (from as i64 + (to as i64 - from as i64) * position / length.max(1)) as u32;
    }
    at
}

/// The pixel nearest to `at`, pushed up or down by the threshold of its place.
#[inline(always)]
fn dithered(at: Channels, threshold: u32) -> u32 {
    let push = threshold << 12 | 1 << 11;
    let [alpha, red, green, blue] = at.map(|channel| (channel + push) >> 16);
    alpha << 24 | red << 16 | green << 8 | blue
}

impl Canvas<'_> {
    /// Stores a gradient in `rect`, from `top` at its first row to `bottom` at its last.
    pub fn gradient(&mut self, rect: Rect, top: Color, bottom: Color) {
        let rect = near(rect);
        let (from, to) = (channels(top), channels(bottom));
        let last = i64::from(rect.height) - 1;
        self.for_each_row(rect, |row, x, y| {
            let at = between(from, to, i64::from(y - rect.y), last);
            // A row repeats every four pixels.
            let mut tile = [0; 4];
            for (column, pixel) in tile.iter_mut().enumerate() {
                let threshold = BAYER[(y & 3) as usize][(x as usize).wrapping_add(column) & 3];
                *pixel = dithered(at, threshold);
            }
            // Chunks of a known length are two moves each, not calls of `memcpy`.
            let (chunks, rest) = row.as_chunks_mut();
            chunks.fill(tile);
            rest.copy_from_slice(&tile[..rest.len()]);
        });
    }

    /// Stores a gradient in `rect` that runs from its top-left corner through `stops`, evenly spaced, to its
    /// bottom-right one.
    ///
    /// Lines of equal colour join points whose shares of the width and of the height have the same sum. No
    /// stop draws nothing; one fills.
    pub fn diagonal_gradient(&mut self, rect: Rect, stops: &[Color]) {
        let (Some(&first), Some(sections)) = (stops.first(), stops.len().checked_sub(1)) else { return };
        let rect = near(rect);
        if sections == 0 || rect.is_empty() {
            return self.fill(rect, first);
        }
        let (width, height) = (i64::from(rect.width), i64::from(rect.height));
        // Positions along the diagonal in 1/2^32 of a section; each side of the rectangle makes half the way.
        let whole = (sections as i64) << SECTION_BITS;
        let step = whole / (2 * width);
        self.for_each_row(rect, |row, x, y| {
            let row_start = whole / (4 * height) * (2 * i64::from(y - rect.y) + 1) + step / 2;
            let thresholds = &BAYER[(y & 3) as usize];
            let (mut column, end) = (i64::from(x - rect.x), i64::from(x - rect.x) + row.len() as i64);
            let mut pixels = row.iter_mut();
            while column < end {
                // The stretch of the row that lies in one section. Within it a pixel costs an addition for
                // each channel.
                let section = ((row_start + step * column) >> SECTION_BITS).clamp(0, sections as i64 - 1);
                let first_of =
                    |section: i64| ((section << SECTION_BITS) - row_start + step - 1).div_euclid(step);
                let last_section = section == sections as i64 - 1;
                let stop = if last_section { end } else { first_of(section + 1).clamp(column + 1, end) };
                let stretch = Stretch::new(
                    &stops[section as usize..],
                    first_of(section),
                    row_start - (section << SECTION_BITS),
                    step,
                );
                let mut at = stretch.at(column);
                // The range first: a zip takes from its first part before it finds the second at its end.
                for (column, pixel) in (column..stop).zip(pixels.by_ref()) {
                    let threshold = thresholds[(i64::from(rect.x) + column) as usize & 3];
                    *pixel = dithered(at.map(|channel| channel.clamp(0, 255 << 16) as u32), threshold);
                    for (at, slope) in at.iter_mut().zip(stretch.slope) {
                        *at += slope;
                    }
                }
                column = stop;
            }
        });
    }
}

/// One section of a diagonal gradient in one row. It depends on the row alone, not on what of it is drawn, so
/// that a part drawn anew fits what is there.
struct Stretch {
    /// The column where it starts.
    first: i64,
    /// The colour there, in 16.16 fixed point.
    start: [i32; 4],
    /// What each column adds.
    slope: [i32; 4],
}

/// Bits of a position that tell where in a section it is.
const SECTION_BITS: u32 = 32;

impl Stretch {
    /// The stretch between the first two of `stops`, whose position is `offset` in column 0 and grows by
    /// `step` a column.
    fn new(stops: &[Color], first: i64, offset: i64, step: i64) -> Stretch {
        let (from, to) = (channels(stops[0]), channels(stops[1]));
        let (mut start, mut slope) = ([0; 4], [0; 4]);
        for channel in 0..4 {
            let way = i64::from(to[channel]) - i64::from(from[channel]);
            let share = (offset + step * first) >> (SECTION_BITS - 16);
            start[channel] = (i64::from(from[channel]) + ((way * share) >> 16)) as i32;
            slope[channel] = ((way * (step >> 8)) >> (SECTION_BITS - 8)) as i32;
        }
        Stretch { first, start, slope }
    }

    fn at(&self, column: i64) -> [i32; 4] {
        let mut at = self.start;
        for (at, slope) in at.iter_mut().zip(self.slope) {
            *at += slope * (column - self.first) as i32;
        }
        at
    }
}
