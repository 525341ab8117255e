//! One colour.

use crate::pixel;

/// A colour of 8-bit channels, `0xAARRGGBB`; the channels are *not* multiplied by the alpha (0 is
/// transparent, 255 opaque).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Color(pub u32);

impl Color {
    /// Opaque black.
    pub const BLACK: Color = Color::rgb(0, 0, 0);
    /// Opaque white.
    pub const WHITE: Color = Color::rgb(255, 255, 255);
    /// Nothing to see.
    pub const TRANSPARENT: Color = Color(0);

    /// An opaque colour.
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Color {
        Color::rgba(red, green, blue, 255)
    }

    /// A colour with an alpha.
    pub const fn rgba(red: u8, green: u8, blue: u8, alpha: u8) -> Color {
        Color((alpha as u32) << 24 | (red as u32) << 16 | (green as u32) << 8 | blue as u32)
    }

    /// The opaque colour written `0xRRGGBB`, as designers write it. Higher bits are ignored.
    pub const fn hex(rgb: u32) -> Color {
        Color(0xff00_0000 | rgb)
    }

    /// The red channel.
    pub const fn red(self) -> u8 {
        (self.0 >> 16) as u8
    }

    /// The green channel.
    pub const fn green(self) -> u8 {
        (self.0 >> 8) as u8
    }

    /// The blue channel.
    pub const fn blue(self) -> u8 {
        self.0 as u8
    }

    /// The alpha: 0 is transparent, 255 opaque.
    pub const fn alpha(self) -> u8 {
        (self.0 >> 24) as u8
    }

    /// Whether nothing shows through.
    pub const fn is_opaque(self) -> bool {
        self.alpha() == 255
    }

    /// The same colour with another alpha.
    pub const fn with_alpha(self, alpha: u8) -> Color {
        Color(self.0 & 0x00ff_ffff | (alpha as u32) << 24)
    }

    /// The way from this colour to `other`: `weight` 0 is this one, 255 the other. All four channels go.
    pub const fn mix(self, other: Color, weight: u8) -> Color {
        Color(pixel::mix(self.0, other.0, weight as u32))
    }

    /// A lighter one: `weight`/255 of the way to white, the alpha kept.
    pub const fn lighter(self, weight: u8) -> Color {
        self.mix(Color::WHITE.with_alpha(self.alpha()), weight)
    }

    /// A darker one: `weight`/255 of the way to black, the alpha kept.
    pub const fn darker(self, weight: u8) -> Color {
        self.mix(Color::BLACK.with_alpha(self.alpha()), weight)
    }

    /// The pixel it makes on its own: premultiplied ARGB.
    pub const fn premultiplied(self) -> u32 {
        if self.is_opaque() {
            return self.0;
        }
        pixel::scale(self.0 | 0xff00_0000, self.alpha() as u32)
    }
}
