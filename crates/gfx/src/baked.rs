//! The tables that `build/` drew, and the types they are read through.

/// One face's atlas; `build/faces.rs` tells the format.
pub(crate) struct Face {
    pub line_height: i32,
    pub ascent: i32,
    /// In how many positions within a pixel the characters below U+0100 are drawn.
    pub positions: u32,
    /// The record of each character from U+0020 on; 0 is the box for what has no glyph.
    pub latin: &'static [u16],
    /// The other characters, rising, each with its record.
    pub others: &'static [(u16, u16)],
    pub records: &'static [u8],
    pub coverage: &'static [u8],
}

/// One shadow's corner; `build/shadows.rs` draws it.
pub(crate) struct Shadow {
    /// How many pixels beyond the thing's edge the shadow ends, before it is moved down.
    pub reach: i32,
    /// The radius of the thing's corners.
    pub radius: i32,
    /// How far down the shadow is moved.
    pub drop: i32,
    /// Alphas of the top-left corner, a square that starts `reach` pixels outside the thing.
    pub corner: &'static [u8],
}

/// Little-endian words, read by the compiler.
const fn words<const COUNT: usize>(bytes: &[u8]) -> [u32; COUNT] {
    let mut words = [0; COUNT];
    let mut index = 0;
    while index < COUNT {
        let at = 4 * index;
        words[index] = u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        index += 1;
    }
    words
}

include!(concat!(env!("OUT_DIR"), "/baked.rs"));
