//! Finds text on the screen.
//!
//! No guessing at letters: the text is drawn by what drew it in the guest as well, `gfx` or the console's font, and
//! the screen is searched for the picture. Only its coverage is compared, so neither the colour of the text nor the one
//! behind it need be known.

use gfx::{Color, Font, Point, Size, Surface};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::qemu::image::{Area, Image, Rgb};

/// How far a sample may be from the blend of the two colours: rounding, and a slight gradient behind.
const TOLERANCE: i32 = 20;
/// How far text must stand out from what is behind it, over the three samples.
const CONTRAST: i32 = 90;

/// Where `text` in `font` is on the screen; the first place from the top, if there are several.
pub fn find_text(image: &Image, text: &str, font: Font) -> Option<Area> {
    Stencil::of(text, font)?.find(image)
}

/// As [`find_text`], for text of the boot console or the panic screen, in either of its weights.
pub fn find_console_text(image: &Image, text: &str) -> Option<Area> {
    [FontWeight::Regular, FontWeight::Bold]
        .into_iter()
        .find_map(|weight| Stencil::of_console(text, weight)?.find(image))
}

/// The coverage of a drawn text, 0 to 255 a pixel.
struct Stencil {
    width: usize,
    height: usize,
    /// Every pixel; those that decide most first.
    points: Vec<(usize, usize, i32)>,
    /// The pixel with the most ink, and one with none.
    ink: (usize, usize, i32),
    blank: (usize, usize),
}

impl Stencil {
    /// Draws `text` white on black. `None` when nothing of it is visible.
    fn of(text: &str, font: Font) -> Option<Self> {
        let size = Size::new(font.width(text), font.line_height());
        let mut surface = Surface::filled(size, Color::rgb(0, 0, 0));
        surface.canvas().text(Point::new(0, 0), text, font, Color::rgb(255, 255, 255));
        let coverage = surface.pixels().iter().map(|pixel| (pixel & 0xff) as i32).collect();
        Self::new(usize::try_from(size.width).ok()?, coverage)
    }

    /// Lines the console's letters up. `None` when nothing of it is visible.
    fn of_console(text: &str, weight: FontWeight) -> Option<Self> {
        let height = RasterHeight::Size16;
        let cell = get_raster_width(weight, height);
        let width = cell * text.chars().count();
        let mut coverage = vec![0; width * height.val()];
        for (index, character) in text.chars().enumerate() {
            let glyph = get_raster(character, weight, height)?;
            for (y, row) in glyph.rows().enumerate() {
                for (x, &alpha) in row.iter().enumerate() {
                    coverage[y * width + index * cell + x] = i32::from(alpha);
                }
            }
        }
        Self::new(width, coverage)
    }

    /// A stencil of rows of `width` pixels.
    fn new(width: usize, coverage: Vec<i32>) -> Option<Self> {
        if width == 0 {
            return None;
        }
        let height = coverage.len() / width;
        let place = |(index, coverage)| (index % width, index / width, coverage);
        let mut points: Vec<_> = coverage.into_iter().enumerate().map(place).collect();
        let ink = points.iter().copied().max_by_key(|point| point.2).filter(|point| point.2 > 100)?;
        let (x, y, _) = points.iter().copied().find(|point| point.2 == 0)?;
        // Strong ink first: few places of a screen have it where the text wants it.
        points.sort_by_key(|point| -point.2);
        Some(Self { width, height, points, ink, blank: (x, y) })
    }

    /// The first place from the top where it is.
    fn find(&self, image: &Image) -> Option<Area> {
        let (last_x, last_y) = (image.width.checked_sub(self.width)?, image.height.checked_sub(self.height)?);
        (0..=last_y)
            .flat_map(|y| (0..=last_x).map(move |x| (x, y)))
            .find(|&(x, y)| self.matches(image, x, y))
            .map(|(x, y)| Area::new(x, y, self.width, self.height))
    }

    fn matches(&self, image: &Image, x: usize, y: usize) -> bool {
        let behind = image.pixel(x + self.blank.0, y + self.blank.1).map(i32::from);
        let inked = image.pixel(x + self.ink.0, y + self.ink.1).map(i32::from);
        let contrast: i32 = behind.iter().zip(inked).map(|(a, b)| (a - b).abs()).sum();
        if contrast < CONTRAST {
            return false;
        }
        let full = blend(behind, inked, 255 * 255 / self.ink.2);
        self.points
            .iter()
            .all(|&(dx, dy, coverage)| close(image.pixel(x + dx, y + dy), blend(behind, full, coverage)))
    }
}

/// `weight` 255ths of the way from one colour to the other.
fn blend(from: [i32; 3], to: [i32; 3], weight: i32) -> [i32; 3] {
    std::array::from_fn(|i| from[i] + (to[i] - from[i]) * weight / 255)
}

fn close(pixel: Rgb, expected: [i32; 3]) -> bool {
    pixel.iter().zip(expected).all(|(&sample, wanted)| (i32::from(sample) - wanted).abs() <= TOLERANCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A screen with `text` at (`x`, `y`), as the guest would draw it.
    fn screen(text: &str, font: Font, x: i32, y: i32) -> Image {
        let (width, height) = (300, 80);
        let mut surface = Surface::filled(Size::new(width, height), Color::rgb(20, 30, 40));
        surface.canvas().text(Point::new(x, y), text, font, Color::rgb(220, 200, 255));
        let mut bytes = format!("P6\n{width} {height}\n255\n").into_bytes();
        bytes.extend(surface.pixels().iter().flat_map(|pixel| pixel.to_be_bytes()[1..].to_vec()));
        Image::from_ppm(&bytes).unwrap()
    }

    /// A screen with the console's letters at (`x`, `y`), blended as the kernel does.
    fn console_screen(text: &str, weight: FontWeight, x: usize, y: usize) -> Image {
        let (width, height) = (300, 40);
        let (under, over) = ([28, 26, 38], [255, 179, 191]);
        let mut pixels = vec![under; width * height];
        for (index, character) in text.chars().enumerate() {
            let glyph = get_raster(character, weight, RasterHeight::Size16).unwrap();
            for (row, column) in (0..glyph.height()).flat_map(|row| (0..glyph.width()).map(move |x| (row, x)))
            {
                let alpha = u32::from(glyph.pixel(column, row).unwrap());
                pixels[(y + row) * width + x + index * glyph.width() + column] =
                    std::array::from_fn(|i| (under[i] * (255 - alpha) + over[i] * alpha) / 255);
            }
        }
        let mut bytes = format!("P6\n{width} {height}\n255\n").into_bytes();
        bytes.extend(pixels.as_flattened().iter().map(|&sample| sample as u8));
        Image::from_ppm(&bytes).unwrap()
    }

    #[test]
    fn text_is_found_where_it_is() {
        let image = screen("cat hello.txt", Font::Mono, 31, 17);
        let whole = find_text(&image, "cat hello.txt", Font::Mono).unwrap();
        assert_eq!((whole.x, whole.y), (31, 17));
        let part = find_text(&image, "hello", Font::Mono).unwrap();
        assert_eq!((part.x, part.y), (31 + 4 * Font::Mono.advance('c') as usize, 17));
    }

    #[test]
    fn console_text_is_read_in_both_weights() {
        for weight in [FontWeight::Regular, FontWeight::Bold] {
            let image = console_screen("panic: null", weight, 40, 9);
            let found = find_console_text(&image, "null").map(|area| (area.x, area.y));
            assert_eq!(found, Some((40 + 7 * get_raster_width(weight, RasterHeight::Size16), 9)));
            assert_eq!(find_console_text(&image, "nu11"), None);
            assert_eq!(find_console_text(&image, "panic: null pointer"), None);
        }
    }

    #[test]
    fn other_text_is_not_found() {
        let image = screen("cat hello.txt", Font::Mono, 31, 17);
        for other in ["cat hallo.txt", "hel1o", "dog", "cat hello.txt."] {
            assert_eq!(find_text(&image, other, Font::Mono), None, "{other}");
        }
        assert_eq!(find_text(&image, "   ", Font::Mono), None);
        assert_eq!(find_text(&screen("", Font::Mono, 0, 0), "a", Font::Mono), None);
    }
}
