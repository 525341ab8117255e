//! What the loader knows about the screen.

use crate::ADDRESS_LIMIT;

/// Place of one colour in a pixel: `size` bits from bit `shift` up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Lowest bit.
    pub shift: u8,
    /// Number of bits.
    pub size: u8,
}

/// A linear framebuffer of direct-colour pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framebuffer {
    /// Physical address of the first pixel.
    pub base: u64,
    /// Pixels in a row.
    pub width: u64,
    /// Rows.
    pub height: u64,
    /// Bytes from one row to the next.
    pub pitch: u64,
    /// Bits in a pixel, with its unused ones.
    pub bits_per_pixel: u16,
    /// Place of red.
    pub red: Channel,
    /// Place of green.
    pub green: Channel,
    /// Place of blue.
    pub blue: Channel,
}

impl Framebuffer {
    /// A framebuffer of 32-bit pixels with blue lowest, as every PC has them.
    pub const fn xrgb(base: u64, width: u64, height: u64, pitch: u64) -> Self {
        Self {
            base,
            width,
            height,
            pitch,
            bits_per_pixel: 32,
            red: Channel { shift: 16, size: 8 },
            green: Channel { shift: 8, size: 8 },
            blue: Channel { shift: 0, size: 8 },
        }
    }

    /// Bytes from the first pixel to the end of the last row; `None` if they would end beyond
    /// [`ADDRESS_LIMIT`].
    pub fn size(&self) -> Option<u64> {
        let size = self.pitch.checked_mul(self.height)?;
        self.base.checked_add(size).filter(|end| *end <= ADDRESS_LIMIT)?;
        Some(size)
    }

    /// Whether the numbers fit each other and a kernel that writes 32-bit pixels can use them.
    pub fn is_usable(&self) -> bool {
        self.bits_per_pixel == 32
            && (1..=16_384).contains(&self.width)
            && (1..=16_384).contains(&self.height)
            && self.pitch >= self.width * 4
            && self.pitch <= 1 << 20
            && self.base != 0
            && self.size().is_some()
    }
}
