//! Gradients: vertical ones for bars and buttons, diagonal ones for wallpapers, both dithered so that a slow one shows no bands.

use super::Canvas;
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
            for pixels in row.chunks_mut(4) {
                pixels.copy_from_slice(&tile[..pixels.len()]);
            }
        });
    }

    /// Stores a gradient in `rect` that runs from its top-left corner through `stops`, evenly spaced, to its bottom-right one.
    ///
    /// Lines of equal colour join points whose shares of the width and of the height have the same sum. No stop draws
    /// nothing; one fills.
    pub fn diagonal_gradient(&mut self, rect: Rect, stops: &[Color]) {
        let (Some(&first), Some(sections)) = (stops.first(), stops.len().checked_sub(1)) else { return };
        if sections == 0 || rect.is_empty() {
            return self.fill(rect, first);
        }
        let (width, height) = (i64::from(rect.width), i64::from(rect.height));
        // The position along the diagonal in 1/65536 of a section.
        let whole = (sections as i64) << 16;
        let section_of = |position: i64| ((position >> 16) as usize).min(sections - 1);
        self.for_each_row(rect, |row, x, y| {
            let (column, line) = (i64::from(x - rect.x), i64::from(y - rect.y));
            let start = whole * (2 * line + 1) / (4 * height) + whole * (2 * column + 1) / (4 * width);
            let step = whole / (2 * width);
            let thresholds = &BAYER[(y & 3) as usize];
            let mut done = 0;
            while done < row.len() {
                // One stretch of the row in one section at a time: within it a pixel costs four additions.
                let position = start + step * done as i64;
                let section = section_of(position);
                let (from, to) = (channels(stops[section]), channels(stops[section + 1]));
                let left_in_section = (((section as i64 + 1) << 16) - position + step - 1) / step.max(1);
                let last_section = section == sections - 1;
                let count = if last_section {
                    row.len() - done
                } else {
                    (left_in_section.max(1) as usize).min(row.len() - done)
                };
                let mut at = between(from, to, position - ((section as i64) << 16), 1 << 16)
                    .map(|channel| channel as i32);
                let mut slope = [0i32; 4];
                for (slope, (from, to)) in slope.iter_mut().zip(from.into_iter().zip(to)) {
                    *slope = (((i64::from(to) - i64::from(from)) * step) >> 16) as i32;
                }
                for (column, pixel) in row[done..done + count].iter_mut().enumerate() {
                    let threshold = thresholds[(x as usize).wrapping_add(done + column) & 3];
                    *pixel = dithered(at.map(|channel| channel.clamp(0, 255 << 16) as u32), threshold);
                    for (at, slope) in at.iter_mut().zip(slope) {
                        *at += slope;
                    }
                }
                done += count;
            }
        });
    }
}
