//! Golden images: what a test draws is compared, pixel by pixel, with a PNG that somebody looked at and
//! committed.
//!
//! The alpha is left out of files and comparisons: goldens show what is on a screen. Channels may differ by
//! one step in 255, which nobody sees: tables baked in floating point differ in their last bit from one math
//! library to the next.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// How far apart channels may be.
const TOLERANCE: u8 = 1;

/// Compares `pixels` (`0x__RRGGBB`, row after row, `width` × `height`) with `tests/golden/<name>.png` of the
/// crate under test.
///
/// With `UPDATE_GOLDEN=1` in the environment the file is written instead: look at it before you commit it.
///
/// # Panics
///
/// When the pictures differ or there is none: the test has failed. `<name>.actual.png` and `<name>.diff.png`
/// (what differs in red, the rest pale) then lie beside the golden one.
#[track_caller]
pub fn golden(name: &str, pixels: &[u32], width: i32, height: i32) {
    let size =
        [width, height].map(|length| usize::try_from(length).expect("a picture has no negative length"));
    let actual = Picture::from_pixels(pixels, size);
    let directory =
        PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("tests/golden");
    let path = |suffix: &str| directory.join(format!("{name}{suffix}.png"));
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        fs::create_dir_all(&directory).expect("the directory of golden images can be made");
        actual.write(&path(""));
        for stale in [path(".actual"), path(".diff")] {
            // It is there only after a failure.
            let _ = fs::remove_file(stale);
        }
        return;
    }
    let Some(expected) = Picture::read(&path("")) else {
        actual.write(&path(".actual"));
        panic!(
            "no golden image {}: look at the .actual.png beside it, then run with UPDATE_GOLDEN=1",
            path("").display()
        );
    };
    let same_size = expected.size == actual.size;
    if same_size && expected.bytes.iter().zip(&actual.bytes).all(|(a, b)| a.abs_diff(*b) <= TOLERANCE) {
        return;
    }
    actual.write(&path(".actual"));
    let differing = expected.difference(&actual).map(|(count, difference)| {
        difference.write(&path(".diff"));
        format!("{count} pixels differ")
    });
    let what = differing.unwrap_or_else(|| format!("{:?} pixels became {:?}", expected.size, actual.size));
    panic!("{name}: {what}; see {} and .diff.png, or run with UPDATE_GOLDEN=1", path(".actual").display());
}

/// RGB bytes and how many columns and rows they make.
#[derive(PartialEq, Eq)]
struct Picture {
    bytes: Vec<u8>,
    size: [usize; 2],
}

impl Picture {
    fn from_pixels(pixels: &[u32], size: [usize; 2]) -> Picture {
        assert_eq!(pixels.len(), size[0] * size[1], "the pixels are as many as the size says");
        let bytes = pixels.iter().flat_map(|pixel| [16, 8, 0].map(|shift| (pixel >> shift) as u8)).collect();
        Picture { bytes, size }
    }

    fn read(path: &Path) -> Option<Picture> {
        let file = File::open(path).ok()?;
        let mut reader =
            png::Decoder::new(BufReader::new(file)).read_info().expect("a golden image is a PNG");
        let (color, depth) = reader.output_color_type();
        assert!(
            color == png::ColorType::Rgb && depth == png::BitDepth::Eight,
            "a golden image has 8-bit RGB pixels"
        );
        let mut bytes = vec![0; reader.output_buffer_size().expect("a golden image fits into memory")];
        let info = reader.next_frame(&mut bytes).expect("a golden image is whole");
        Some(Picture { bytes, size: [info.width as usize, info.height as usize] })
    }

    fn write(&self, path: &Path) {
        // Flat pictures of text are smaller unfiltered, gradients filtered: goldens are committed, so take
        // the smaller.
        let smallest = [png::Filter::NoFilter, png::Filter::Adaptive].map(|filter| self.encoded(filter));
        let smallest = smallest.iter().min_by_key(|bytes| bytes.len()).expect("one of two");
        fs::write(path, smallest).expect("the image can be written");
    }

    fn encoded(&self, filter: png::Filter) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.size[0] as u32, self.size[1] as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(filter);
        let mut writer = encoder.write_header().expect("memory takes a header");
        writer.write_image_data(&self.bytes).expect("memory takes an image");
        writer.finish().expect("memory takes an end");
        bytes
    }

    /// How many pixels differ and a picture of them; `None` when the sizes do.
    fn difference(&self, other: &Picture) -> Option<(usize, Picture)> {
        if self.size != other.size {
            return None;
        }
        let mut count = 0;
        let pairs = self.bytes.as_chunks::<3>().0.iter().zip(other.bytes.as_chunks::<3>().0);
        let bytes = pairs.flat_map(|(expected, actual)| {
            if expected.iter().zip(actual).all(|(a, b)| a.abs_diff(*b) <= TOLERANCE) {
                return [0, 1, 2].map(|channel| 192 + actual[channel] / 4);
            }
            count += 1;
            [230, 0, 40]
        });
        let bytes = bytes.collect();
        Some((count, Picture { bytes, size: self.size }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_counts_the_pixels_one_can_see() {
        let picture = |pixels: &[u32]| Picture::from_pixels(pixels, [2, 1]);
        let (count, difference) =
            picture(&[0x102030, 0xff00ff]).difference(&picture(&[0x102031, 0xff00fd])).unwrap();
        assert_eq!(count, 1);
        assert_eq!(difference.bytes[3..], [230, 0, 40]);
        assert!(picture(&[0, 0]).difference(&Picture::from_pixels(&[0, 0], [1, 2])).is_none());
    }

    #[test]
    fn what_was_written_reads_back() {
        let path = std::env::temp_dir().join(format!("testkit-{}.png", std::process::id()));
        let picture = Picture::from_pixels(&[0xff12_3456, 0x0065_4321], [1, 2]);
        picture.write(&path);
        let read = Picture::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(read == picture);
        assert_eq!(read.bytes, [0x12, 0x34, 0x56, 0x65, 0x43, 0x21]);
    }
}
