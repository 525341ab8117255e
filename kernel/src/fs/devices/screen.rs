//! `/dev/fb0`: the screen's pixels, row by row without gaps, four bytes each: blue, green, red, and one that is not looked
//! at. What is written appears at once, until the desktop draws over it.
//!
//! Video memory is only ever written (`boot::video` says why), so it can't be read here either.

use vfs::FsError;

use super::Device;
use crate::boot::video::VideoMemory;
use crate::console::screen;

const PIXEL: usize = 4;
/// Pixels that are turned into numbers at a time.
const CHUNK: usize = 256;

/// The screen.
pub struct Screen(VideoMemory);

impl Screen {
    /// The screen, if there is one.
    pub fn find() -> Option<Self> {
        screen::video().map(Self)
    }

    fn size(&self) -> u64 {
        u64::from(self.0.width()) * u64::from(self.0.height()) * PIXEL as u64
    }
}

impl Device for Screen {
    fn has_positions(&self) -> bool {
        true
    }

    fn read(&self, _offset: u64, _buffer: &mut [u8]) -> Result<usize, FsError> {
        Err(FsError::InvalidInput("the screen can be written, but not read"))
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<usize, FsError> {
        if !offset.is_multiple_of(PIXEL as u64) || !data.len().is_multiple_of(PIXEL) {
            return Err(FsError::InvalidInput("pixels have four bytes, and are written whole"));
        }
        let room = self.size().saturating_sub(offset);
        if room == 0 && !data.is_empty() {
            return Err(FsError::NoSpace);
        }
        let data = &data[..data.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        let width = u64::from(self.0.width());
        let mut rest = data;
        let mut at = offset / PIXEL as u64;
        while !rest.is_empty() {
            let (x, y) = (at % width, at / width);
            let count = (rest.len() / PIXEL).min(CHUNK).min((width - x) as usize);
            let (now, later) = rest.split_at(count * PIXEL);
            let mut pixels = [0; CHUNK];
            for (pixel, bytes) in pixels.iter_mut().zip(now.chunks_exact(PIXEL)) {
                *pixel = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]);
            }
            self.0.write_row(x as u32, y as u32, &pixels[..count]);
            rest = later;
            at += count as u64;
        }
        Ok(data.len())
    }
}
