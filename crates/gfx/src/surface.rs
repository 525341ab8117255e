//! Pixels that own their memory.

use crate::{Canvas, Color, Rect, Size};
use alloc::collections::TryReserveError;
use alloc::vec;
use alloc::vec::Vec;

/// An off-screen picture of premultiplied ARGB pixels, row after row without gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surface {
    pixels: Vec<u32>,
    size: Size,
}

impl Surface {
    /// A transparent surface. A negative length counts as zero.
    pub fn new(size: Size) -> Surface {
        Surface::filled(size, Color::TRANSPARENT)
    }

    /// As [`Surface::new`], where memory may have run out.
    pub fn try_new(size: Size) -> Result<Surface, TryReserveError> {
        let size = Size::new(size.width.max(0), size.height.max(0));
        let count = size.width as usize * size.height as usize;
        let mut pixels = Vec::new();
        pixels.try_reserve_exact(count)?;
        pixels.resize(count, Color::TRANSPARENT.premultiplied());
        Ok(Surface { pixels, size })
    }

    /// A surface of one colour. A negative length counts as zero.
    pub fn filled(size: Size, color: Color) -> Surface {
        let size = Size::new(size.width.max(0), size.height.max(0));
        Surface { pixels: vec![color.premultiplied(); size.width as usize * size.height as usize], size }
    }

    /// Its lengths.
    pub fn size(&self) -> Size {
        self.size
    }

    /// All of it, as a rectangle at the origin.
    pub fn bounds(&self) -> Rect {
        Rect::new(0, 0, self.size.width, self.size.height)
    }

    /// The pixels, row after row.
    pub fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    /// The pixels, to be written without a canvas.
    pub fn pixels_mut(&mut self) -> &mut [u32] {
        &mut self.pixels
    }

    /// The pixels of row `y`; empty when there is no such row.
    pub fn row(&self, y: i32) -> &[u32] {
        let width = self.size.width as usize;
        usize::try_from(y).ok().and_then(|y| self.pixels.get(y * width..(y + 1) * width)).unwrap_or(&[])
    }

    /// Gives it new lengths. The pixels that fit stay where they were, new ones take `color`; memory is
    /// reused.
    pub fn resize(&mut self, size: Size, color: Color) {
        let mut resized = Surface::filled(size, color);
        resized.canvas().blit(self, self.bounds(), crate::Point::ZERO);
        *self = resized;
    }

    /// A canvas over all of it.
    pub fn canvas(&mut self) -> Canvas<'_> {
        Canvas::over(&mut self.pixels, self.size)
    }
}
