//! Copying pictures: surfaces, icons, symbols, pointers and shadows.

use super::{Canvas, FAR, cover, near, near_point};
use crate::icon::{Icon, IconSize, PointerShape, Symbol};
use crate::{Color, Point, Rect, ShadowLevel, Size, Surface, pixel, theme};

impl Canvas<'_> {
    /// Copies `src` of `surface` to `at`, its pixels as they are.
    pub fn blit(&mut self, surface: &Surface, src: Rect, at: Point) {
        self.transfer(surface, src, at, |row, source| row.copy_from_slice(source));
    }

    /// Lays `src` of `surface` over what is at `at`, by the alpha of each of its premultiplied pixels.
    pub fn blend_surface(&mut self, surface: &Surface, src: Rect, at: Point) {
        self.transfer(surface, src, at, blend_pixels);
    }

    /// The same, `opacity`/255 as strong.
    pub fn blend_surface_faded(&mut self, surface: &Surface, src: Rect, at: Point, opacity: u8) {
        self.transfer(surface, src, at, |row, source| {
            for (under, &source) in row.iter_mut().zip(source) {
                *under = pixel::over(*under, pixel::scale(source, opacity.into()));
            }
        });
    }

    /// Draws `icon` in its own colours, its top left at `at`.
    pub fn icon(&mut self, icon: Icon, size: IconSize, at: Point) {
        let (side, pixels) = (size.pixels(), icon.image(size));
        self.for_each_row(Rect::new(at.x, at.y, side, side), |row, x, y| {
            let start = ((y - at.y) * side + x - at.x) as usize;
            blend_pixels(row, &pixels[start..start + row.len()]);
        });
    }

    /// Draws `symbol` in `color`, its top left at `at`. Symbols are 16 pixels square.
    pub fn symbol(&mut self, symbol: Symbol, at: Point, color: Color) {
        let (side, source, coverage) = (Symbol::SIDE, color.premultiplied(), symbol.coverage());
        self.for_each_row(Rect::new(at.x, at.y, side, side), |row, x, y| {
            let start = ((y - at.y) * side + x - at.x) as usize;
            cover(row, &coverage[start..start + row.len()], source);
        });
    }

    /// Draws the pointer `shape` so that it points at `at`.
    pub fn pointer(&mut self, shape: PointerShape, at: Point) {
        let (bounds, pixels) = (shape.bounds(at), shape.image());
        self.for_each_row(bounds, |row, x, y| {
            let start = ((y - bounds.y) * bounds.width + x - bounds.x) as usize;
            blend_pixels(row, &pixels[start..start + row.len()]);
        });
    }

    /// Draws a round window button of `color` with its middle between the pixels left above and right below
    /// `center`, and a darker `symbol` on it.
    pub fn window_button(&mut self, center: Point, color: Color, symbol: Option<Symbol>) {
        let half = theme::WINDOW_BUTTON / 2;
        let disc =
            Rect::at(center.offset(-half, -half), Size::new(theme::WINDOW_BUTTON, theme::WINDOW_BUTTON));
        self.capsule(disc, color);
        if let Some(symbol) = symbol {
            self.symbol(symbol, center.offset(-Symbol::SIDE / 2, -Symbol::SIDE / 2), color.darker(150));
        }
    }

    /// Draws the soft shadow of a thing of the shape of `rect`, with corners of the radius that suits
    /// `level`. What the thing covers is left alone, so it may be translucent; it is to be drawn after its
    /// shadow.
    pub fn shadow(&mut self, rect: Rect, level: ShadowLevel) {
        level.draw(self, near(rect));
    }

    /// Hands `put` the rows of `src` in `surface` and of this canvas that meet, both of one length.
    #[inline(always)]
    fn transfer(&mut self, surface: &Surface, src: Rect, at: Point, put: impl Fn(&mut [u32], &[u32])) {
        let from = src.intersect(surface.bounds());
        let to = near_point(at, FAR) + (from.origin() - near_point(src.origin(), FAR));
        self.for_each_row(Rect::at(to, from.size()), |row, x, y| {
            let start = (x - to.x + from.x) as usize;
            put(row, &surface.row(y - to.y + from.y)[start..start + row.len()]);
        });
    }
}

/// Lays premultiplied pixels over as many others. Opaque and empty ones, the most, are moved or skipped.
#[inline(always)]
fn blend_pixels(row: &mut [u32], source: &[u32]) {
    for (under, &source) in row.iter_mut().zip(source) {
        match source >> 24 {
            0 => {}
            255 => *under = source,
            _ => *under = pixel::over(*under, source),
        }
    }
}
