//! The `embedded-graphics` drawing API, for code written to it.

use super::Canvas;
use crate::{Color, Rect};
use core::convert::Infallible;
use embedded_graphics_core::Pixel;
use embedded_graphics_core::draw_target::DrawTarget;
use embedded_graphics_core::geometry::{self, Dimensions};
use embedded_graphics_core::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics_core::primitives::Rectangle;

impl From<Rgb888> for Color {
    fn from(color: Rgb888) -> Color {
        Color::rgb(color.r(), color.g(), color.b())
    }
}

fn rect_of(area: &Rectangle) -> Rect {
    let length = |length: u32| i32::try_from(length).unwrap_or(i32::MAX);
    Rect::new(area.top_left.x, area.top_left.y, length(area.size.width), length(area.size.height))
}

impl Dimensions for Canvas<'_> {
    fn bounding_box(&self) -> Rectangle {
        let clip = self.clip();
        let size = geometry::Size::new(clip.width.max(0) as u32, clip.height.max(0) as u32);
        Rectangle::new(geometry::Point::new(clip.x, clip.y), size)
    }
}

impl DrawTarget for Canvas<'_> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, color) in pixels {
            self.fill(Rect::new(at.x, at.y, 1, 1), color.into());
        }
        Ok(())
    }

    fn fill_contiguous<I: IntoIterator<Item = Rgb888>>(
        &mut self,
        area: &Rectangle,
        colors: I,
    ) -> Result<(), Infallible> {
        let rect = rect_of(area);
        let mut colors = colors.into_iter();
        let mut next = 0;
        // The iterator yields all of `area`, row after row: what the clip hides is skipped, not drawn.
        self.for_each_row(rect, |row, x, y| {
            let start = (y - rect.y) as usize * rect.width as usize + (x - rect.x) as usize;
            for (index, pixel) in row.iter_mut().enumerate() {
                let skip = start + index - next;
                let Some(color) = colors.nth(skip) else { return };
                next += skip + 1;
                *pixel = Color::from(color).0;
            }
        });
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, color: Rgb888) -> Result<(), Infallible> {
        self.fill(rect_of(area), color.into());
        Ok(())
    }

    fn clear(&mut self, color: Rgb888) -> Result<(), Infallible> {
        Canvas::clear(self, color.into());
        Ok(())
    }
}
