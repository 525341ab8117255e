//! A picture of the guest's screen, and the questions that tests ask of it.

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::error::{Context, Result, fail};

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// A rectangle of pixels: left, top, width, height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

impl Area {
    /// The area at (`x`, `y`) of `width` by `height` pixels.
    pub const fn new(x: usize, y: usize, width: usize, height: usize) -> Self {
        Self { x, y, width, height }
    }
}

/// A screen's pixels, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub width: usize,
    pub height: usize,
    pixels: Vec<Rgb>,
}

impl Image {
    /// Reads the binary PPM that QEMU's `screendump` writes (netpbm's format P6, 8 bits a sample).
    pub fn from_ppm(bytes: &[u8]) -> Result<Self> {
        let mut rest = bytes;
        if field(&mut rest) != Some("P6") {
            fail!("this is no binary PPM");
        }
        let mut number = || field(&mut rest).and_then(|text| text.parse::<usize>().ok());
        let (Some(width), Some(height), Some(255)) = (number(), number(), number()) else {
            fail!("this PPM's header is damaged");
        };
        let pixels: Vec<Rgb> = rest.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
        if width.checked_mul(height) != Some(pixels.len()) {
            fail!("this PPM has {} pixels instead of {width}x{height}", pixels.len());
        }
        Ok(Self { width, height, pixels })
    }

    /// Writes the picture as PNG.
    pub fn save_png(&self, path: &Path) -> Result {
        let what = format!("write {}", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).context(&what)?;
        }
        let file = std::fs::File::create(path).context(&what)?;
        let (Ok(width), Ok(height)) = (u32::try_from(self.width), u32::try_from(self.height)) else {
            fail!("{what}: the picture is too large");
        };
        let mut output = BufWriter::new(file);
        let mut encoder = png::Encoder::new(&mut output, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder.write_header().context(&what)?;
        writer.write_image_data(self.pixels.as_flattened()).context(&what)?;
        writer.finish().context(&what)?;
        output.flush().context(&what)
    }

    /// The pixel at (`x`, `y`); black outside.
    pub fn pixel(&self, x: usize, y: usize) -> Rgb {
        if x < self.width && y < self.height { self.pixels[y * self.width + x] } else { [0; 3] }
    }

    /// The mean colour of the pixels in `area`.
    pub fn mean(&self, area: Area) -> Rgb {
        let mut sum = [0u64; 3];
        let mut count = 0;
        for (x, y) in positions(area) {
            for (total, sample) in sum.iter_mut().zip(self.pixel(x, y)) {
                *total += u64::from(sample);
            }
            count += 1;
        }
        sum.map(|total| u8::try_from(total / count.max(1)).unwrap_or(u8::MAX))
    }

    /// Whether every pixel of `area` in `self` equals the one of `other` as far from `at`: a thing
    /// that moved from `at` to `area` without a change.
    pub fn shows_part_of(&self, area: Area, other: &Image, at: (usize, usize)) -> bool {
        positions(area).all(|(x, y)| self.pixel(x, y) == other.pixel(x - area.x + at.0, y - area.y + at.1))
    }

    /// The smallest area with every pixel in which the pictures differ; `None` when they are equal.
    pub fn difference(&self, other: &Image) -> Option<Area> {
        let whole = Area::new(0, 0, self.width.max(other.width), self.height.max(other.height));
        self.difference_within(other, whole)
    }

    /// As [`Self::difference`], of the pixels in `area`.
    pub fn difference_within(&self, other: &Image, area: Area) -> Option<Area> {
        let mut bounds: Option<(usize, usize, usize, usize)> = None;
        for (x, y) in positions(area).filter(|&(x, y)| self.pixel(x, y) != other.pixel(x, y)) {
            let (left, top, right, bottom) = bounds.unwrap_or((x, y, x, y));
            bounds = Some((left.min(x), top.min(y), right.max(x), bottom.max(y)));
        }
        bounds.map(|(left, top, right, bottom)| Area::new(left, top, right - left + 1, bottom - top + 1))
    }

    /// The number of different colours in `area`, counted up to `limit`.
    pub fn colours(&self, area: Area, limit: usize) -> usize {
        let mut seen = std::collections::HashSet::new();
        for (x, y) in positions(area) {
            seen.insert(self.pixel(x, y));
            if seen.len() >= limit {
                break;
            }
        }
        seen.len()
    }
}

/// Every pixel of `area`, row by row.
fn positions(area: Area) -> impl Iterator<Item = (usize, usize)> {
    (area.y..area.y + area.height).flat_map(move |y| (area.x..area.x + area.width).map(move |x| (x, y)))
}

/// Takes one word of the header and the single white space after it.
fn field<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let end = rest.iter().position(u8::is_ascii_whitespace)?;
    let word = std::str::from_utf8(&rest[..end]).ok()?;
    *rest = &rest[end + 1..];
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture whose pixel at (x, y) is [x, y, 0], with some set to white.
    fn picture(width: usize, height: usize, white: &[(usize, usize)]) -> Image {
        let mut bytes = format!("P6\n{width} {height}\n255\n").into_bytes();
        for (x, y) in positions(Area::new(0, 0, width, height)) {
            let coordinates = [x as u8, y as u8, 0];
            bytes.extend(if white.contains(&(x, y)) { [255; 3] } else { coordinates });
        }
        Image::from_ppm(&bytes).unwrap()
    }

    #[test]
    fn ppm_keeps_every_pixel_in_place() {
        let image = picture(5, 3, &[(4, 2)]);
        assert_eq!((image.width, image.height), (5, 3));
        assert_eq!(image.pixel(3, 1), [3, 1, 0]);
        assert_eq!(image.pixel(4, 2), [255; 3]);
        assert_eq!(image.pixel(5, 0), [0; 3]);
    }

    #[test]
    fn damaged_ppm_is_refused() {
        for bytes in
            ["", "P6", "P5\n1 1\n255\nabc", "P6\n1 1\n65535\nabcdef", "P6\n2 2\n255\nabc", "P6\n-1 1\n255\n"]
        {
            assert!(Image::from_ppm(bytes.as_bytes()).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn the_difference_is_the_smallest_area_around_it() {
        let plain = picture(20, 10, &[]);
        assert_eq!(plain.difference(&plain), None);
        let spots = picture(20, 10, &[(3, 2), (7, 8)]);
        assert_eq!(plain.difference(&spots), Some(Area::new(3, 2, 5, 7)));
        assert_eq!(plain.difference_within(&spots, Area::new(0, 0, 5, 5)), Some(Area::new(3, 2, 1, 1)));
        assert_eq!(plain.difference_within(&spots, Area::new(8, 0, 5, 5)), None);
        assert_eq!(plain.difference(&picture(21, 10, &[])), Some(Area::new(20, 0, 1, 10)));
    }

    #[test]
    fn a_moved_thing_is_recognised() {
        let before = picture(20, 20, &[(5, 5), (6, 6)]);
        let mut after = picture(20, 20, &[]);
        for (x, y) in positions(Area::new(4, 4, 4, 4)) {
            after.pixels[(y + 7) * 20 + x + 3] = before.pixel(x, y);
        }
        assert!(after.shows_part_of(Area::new(7, 11, 4, 4), &before, (4, 4)));
        assert!(!after.shows_part_of(Area::new(7, 11, 4, 5), &before, (4, 4)));
    }

    #[test]
    fn the_mean_is_of_the_area_only() {
        let image = picture(10, 10, &[(9, 9)]);
        assert_eq!(image.mean(Area::new(2, 4, 3, 1)), [3, 4, 0]);
        assert_eq!(image.mean(Area::new(9, 9, 1, 1)), [255; 3]);
        assert_eq!(image.colours(Area::new(0, 0, 3, 3), 100), 9);
        assert_eq!(image.colours(Area::new(0, 0, 3, 3), 4), 4);
    }

    #[test]
    fn png_is_what_a_viewer_reads() {
        let path = std::env::temp_dir().join(format!("quicklime-png-{}.png", std::process::id()));
        let image = picture(7, 4, &[(1, 1)]);
        image.save_png(&path).unwrap();
        let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, image.pixels.as_flattened());
        std::fs::remove_file(path).unwrap();
    }
}
