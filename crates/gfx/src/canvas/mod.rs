//! Drawing into pixels: the view, its clip and its origin, and the four things everything else is made of
//! (fill, blend, coverage spans, copies).
//!
//! Every call clips, so nothing drawn outside a canvas is an error, or a write. Coordinates are local: (0, 0)
//! is the canvas's origin, which [`Canvas::translated`] and [`Canvas::inside`] move. No coordinate makes a
//! call overflow; shapes that reach further than 2²⁸ pixels from the origin are cut there.

mod curve;
mod gradient;
mod image;
mod line;
mod round;
mod target;
mod text;

pub use round::Corners;
pub(crate) use round::corner_coverage;

use crate::pixel;
use crate::{Color, Point, Rect, Size};

/// How far from the origin shapes may reach, in pixels: sums and differences of a few such numbers fit into
/// 32 bits, products of two into 64.
const FAR: i32 = 1 << 28;

/// The part of `rect` that is not too far away to compute with.
fn near(rect: Rect) -> Rect {
    rect.intersect(Rect::from_edges(-FAR, -FAR, FAR, FAR))
}

/// `point`, or the nearest one that is at most `most` pixels from the origin.
fn near_point(point: Point, most: i32) -> Point {
    Point::new(point.x.clamp(-most, most), point.y.clamp(-most, most))
}

/// A view of 32-bit pixels to draw into.
#[derive(Debug)]
pub struct Canvas<'a> {
    pixels: &'a mut [u32],
    /// Pixels from one row to the next.
    stride: usize,
    /// What may be written, in the memory's own coordinates; always inside the memory.
    clip: Rect,
    /// Where the local (0, 0) is in the memory's own coordinates.
    origin: Point,
}

impl<'a> Canvas<'a> {
    /// A canvas over `height` rows of `width` pixels; a row starts `stride` pixels after the one above.
    ///
    /// `None` when a length is negative, a row is longer than `stride`, or `pixels` is too short for the last
    /// row.
    pub fn new(pixels: &'a mut [u32], width: i32, height: i32, stride: usize) -> Option<Canvas<'a>> {
        let (columns, rows) = (usize::try_from(width).ok()?, usize::try_from(height).ok()?);
        let needed = match rows.checked_sub(1) {
            Some(above) => above.checked_mul(stride)?.checked_add(columns)?,
            None => 0,
        };
        if columns > stride || needed > pixels.len() {
            return None;
        }
        Some(Canvas { pixels, stride, clip: Rect::new(0, 0, width, height), origin: Point::ZERO })
    }

    /// A canvas over a surface's pixels, whose number the surface vouches for.
    pub(crate) fn over(pixels: &'a mut [u32], size: Size) -> Canvas<'a> {
        Canvas { pixels, stride: size.width as usize, clip: Rect::at(Point::ZERO, size), origin: Point::ZERO }
    }

    /// What may be drawn, in local coordinates. Code that draws much may skip what lies outside.
    pub fn clip(&self) -> Rect {
        self.clip.translate(self.origin.x.saturating_neg(), self.origin.y.saturating_neg())
    }

    /// The same canvas, with only `rect` to draw into. The origin stays.
    pub fn clipped(&mut self, rect: Rect) -> Canvas<'_> {
        let clip = self.clip.intersect(self.to_memory(rect));
        Canvas { pixels: self.pixels, stride: self.stride, clip, origin: self.origin }
    }

    /// The same canvas, with its origin at `origin`. The clip stays.
    pub fn translated(&mut self, origin: Point) -> Canvas<'_> {
        Canvas { pixels: self.pixels, stride: self.stride, clip: self.clip, origin: self.origin + origin }
    }

    /// A canvas for what belongs into `rect`: its origin is the top left of `rect`, and nothing leaves it.
    pub fn inside(&mut self, rect: Rect) -> Canvas<'_> {
        let clip = self.clip.intersect(self.to_memory(rect));
        Canvas { pixels: self.pixels, stride: self.stride, clip, origin: self.origin + rect.origin() }
    }

    /// Stores `color` in all of the clip.
    pub fn clear(&mut self, color: Color) {
        self.fill(self.clip(), color);
    }

    /// Stores `color` in all of `rect`, whatever was there: a translucent colour makes translucent pixels.
    pub fn fill(&mut self, rect: Rect, color: Color) {
        let pixel = color.premultiplied();
        self.for_each_row(rect, |row, _, _| fill_row(row, pixel));
    }

    /// Lays `color` over `rect`, what was there showing through by its alpha.
    pub fn blend(&mut self, rect: Rect, color: Color) {
        match color.alpha() {
            0 => {}
            255 => self.fill(rect, color),
            _ => {
                let source = color.premultiplied();
                self.for_each_row(rect, |row, _, _| blend_row(row, source));
            }
        }
    }

    /// Lays `color` over the pixel at `point`.
    pub fn blend_pixel(&mut self, point: Point, color: Color) {
        self.blend(Rect::new(point.x, point.y, 1, 1), color);
    }

    /// The pixel at `point`, premultiplied; `None` outside the clip. Slow on video memory: for tests and
    /// tools.
    pub fn pixel(&self, point: Point) -> Option<u32> {
        let at = self.origin + point;
        let index = self.clip.contains(at).then(|| at.y as usize * self.stride + at.x as usize)?;
        self.pixels.get(index).copied()
    }

    /// A one-pixel-wide frame on the inner side of the edges of `rect`.
    pub fn stroke_rect(&mut self, rect: Rect, color: Color) {
        for side in rect.subtract(rect.inset(1)) {
            self.blend(side, color);
        }
    }

    fn to_memory(&self, rect: Rect) -> Rect {
        rect.translate(self.origin.x, self.origin.y)
    }

    /// Calls `draw` with the pixels of each row of `rect` that may be written, the local column of the first
    /// and the local row.
    #[inline(always)]
    fn for_each_row(&mut self, rect: Rect, mut draw: impl FnMut(&mut [u32], i32, i32)) {
        let visible = self.clip.intersect(self.to_memory(rect));
        if visible.is_empty() {
            return;
        }
        let (left, width) = (visible.x as usize, visible.width as usize);
        let start = visible.y as usize * self.stride;
        let rows = self.pixels[start..].chunks_mut(self.stride).take(visible.height as usize);
        let local = visible.origin() - self.origin;
        for (y, row) in (local.y..).zip(rows) {
            draw(&mut row[left..left + width], local.x, y);
        }
    }

    /// The pixels of row `y` from column `x` on, at most `length` of them, and how many of the first were
    /// clipped away.
    #[inline(always)]
    fn row_mut(&mut self, x: i32, y: i32, length: i32) -> (&mut [u32], usize) {
        let at = Rect::new(x, y, length, 1).translate(self.origin.x, self.origin.y);
        let visible = self.clip.intersect(at);
        if visible.is_empty() {
            return (&mut [], 0);
        }
        let start = visible.y as usize * self.stride + visible.x as usize;
        (&mut self.pixels[start..start + visible.width as usize], (visible.x - at.x) as usize)
    }

    /// Lays `color` over the pixels of row `y` from column `x` on, as much as each byte of `coverage` says
    /// (255: all of it).
    #[inline]
    fn cover_row(&mut self, x: i32, y: i32, coverage: &[u8], color: Color) {
        let source = color.premultiplied();
        let (row, skipped) = self.row_mut(x, y, coverage.len() as i32);
        cover(row, &coverage[skipped..], source);
    }

    /// Lays black over the pixels of row `y` from column `x` on, of the alphas given.
    #[inline]
    pub(crate) fn darken_row<'b>(&mut self, x: i32, y: i32, alphas: impl ExactSizeIterator<Item = &'b u8>) {
        let (row, skipped) = self.row_mut(x, y, alphas.len() as i32);
        for (under, &alpha) in row.iter_mut().zip(alphas.skip(skipped)) {
            *under = pixel::over(*under, u32::from(alpha) << 24);
        }
    }
}

/// Stores one pixel in all of a row, two at a time: without SSE, the compiler would store 32-bit numbers one by
/// one, which takes twice the instructions.
#[inline]
fn fill_row(row: &mut [u32], pixel: u32) {
    let (before, pairs, after) = bytemuck::pod_align_to_mut::<u32, u64>(row);
    before.fill(pixel);
    pairs.fill(u64::from(pixel) << 32 | u64::from(pixel));
    after.fill(pixel);
}

/// Lays one premultiplied pixel over each of a row.
#[inline(always)]
fn blend_row(row: &mut [u32], source: u32) {
    let rest = 255 - (source >> 24);
    for under in row {
        *under = source + pixel::scale(*under, rest);
    }
}

/// Lays a premultiplied pixel over each of a row, weighted by its coverage. Most bytes of a glyph are 0 or
/// 255: those multiply nothing when the colour is opaque.
#[inline(always)]
fn cover(row: &mut [u32], coverage: &[u8], source: u32) {
    if source >> 24 == 255 {
        for (under, &weight) in row.iter_mut().zip(coverage) {
            match weight {
                0 => {}
                255 => *under = source,
                _ => *under = pixel::mix(*under, source, weight as u32),
            }
        }
    } else {
        for (under, &weight) in row.iter_mut().zip(coverage) {
            if weight != 0 {
                *under = pixel::over(*under, pixel::scale(source, weight as u32));
            }
        }
    }
}
