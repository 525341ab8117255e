//! Video memory: rows of pixels written, never read (reading it is a hundred times slower, and it may be
//! write-only for all we know).
//!
//! Several CPUs may write at once: the boot console, the desktop, a panic. That tears the picture at worst,
//! since every access is a raw volatile store of plain numbers.

use super::info::FramebufferInfo;

/// The screen. Pixels go in as 0x00RRGGBB and are turned into the device's format on the way.
#[derive(Clone, Copy)]
pub struct VideoMemory {
    info: FramebufferInfo,
    /// Whether the device's pixels are ours already.
    native: bool,
}

impl VideoMemory {
    /// Takes the loader's framebuffer into use.
    ///
    /// # Safety
    /// `info.bytes()` bytes at `info.virtual_address` are mapped writable video memory, and stay so.
    pub unsafe fn new(info: FramebufferInfo) -> Self {
        let at = |channel: super::info::Channel, shift| channel.shift == shift && channel.size == 8;
        let native = info.bits_per_pixel == 32
            && info.pitch.is_multiple_of(4)
            && info.virtual_address.is_multiple_of(4)
            && at(info.red, 16)
            && at(info.green, 8)
            && at(info.blue, 0);
        Self { info, native }
    }

    /// Pixels per row.
    pub fn width(&self) -> u32 {
        self.info.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.info.height
    }

    /// Writes `pixels` into row `y` from column `x`; what lies outside the screen is left out.
    pub fn write_row(&self, x: u32, y: u32, pixels: &[u32]) {
        if y >= self.info.height || x >= self.info.width {
            return;
        }
        let count = pixels.len().min((self.info.width - x) as usize);
        let pixels = &pixels[..count];
        let bytes_per_pixel = u64::from(self.info.bits_per_pixel / 8);
        let offset = u64::from(y) * u64::from(self.info.pitch) + u64::from(x) * bytes_per_pixel;
        let start = self.info.virtual_address + offset;
        if self.native {
            // SAFETY: 1. `x + count` ≤ width and `y` < height, and BootInfo promises that a row's pixels
            // fit the pitch, so the bytes lie inside the framebuffer, which `new` was promised is mapped;
            // 2. the slice gives `count` pixels to read.
            unsafe { crate::arch::copy::to_device(start as *mut u32, pixels.as_ptr(), count) };
            return;
        }
        for (i, &pixel) in pixels.iter().enumerate() {
            let encoded = self.encode(pixel).to_le_bytes();
            let at = start + i as u64 * bytes_per_pixel;
            for (j, &byte) in encoded.iter().take(bytes_per_pixel as usize).enumerate() {
                // SAFETY: as above, byte by byte.
                unsafe { ((at + j as u64) as *mut u8).write_volatile(byte) };
            }
        }
    }

    /// A pixel in the device's format.
    fn encode(&self, pixel: u32) -> u32 {
        [(self.info.red, pixel >> 16), (self.info.green, pixel >> 8), (self.info.blue, pixel)]
            .into_iter()
            .fold(0, |all, (channel, value)| {
                // BootInfo promises size ≤ 8 and shift + size ≤ 32.
                all | (value & 0xff) >> (8 - channel.size) << channel.shift.min(31)
            })
    }
}
