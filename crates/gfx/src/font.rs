//! Fonts: metrics and glyphs from the atlases that `build/` made.
//!
//! The pen moves in 1/64 pixel, so that letters keep the distances their designer gave them; a glyph is drawn
//! from the one of its pictures whose pen is nearest. The faces for terminals have whole-pixel cells instead.

use crate::baked::{FACES, Face};

/// One of the faces that text can be set in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Font {
    /// Captions and status lines: Inter, 11 pixels.
    Small,
    /// Everything in a window that is not special: Inter, 13 pixels.
    Ui,
    /// Window titles, selected things, buttons: Inter semi-bold, 13 pixels.
    UiBold,
    /// Headings inside a window: Inter semi-bold, 17 pixels.
    Heading,
    /// The one large line of a window: Inter semi-bold, 26 pixels.
    Title,
    /// Terminals and editors: JetBrains Mono in cells of 9 × 18 pixels.
    Mono,
    /// The same in bold.
    MonoBold,
}

/// The first character that an atlas has an entry for.
const FIRST: u32 = 0x20;

impl Font {
    /// Every face, for tables and test sheets.
    pub const ALL: [Font; 7] =
        [Font::Small, Font::Ui, Font::UiBold, Font::Heading, Font::Title, Font::Mono, Font::MonoBold];

    /// Pixels from one line of text to the next.
    pub fn line_height(self) -> i32 {
        self.face().line_height
    }

    /// Pixels from the top of a line to its baseline.
    pub fn ascent(self) -> i32 {
        self.face().ascent
    }

    /// Pixels that `character` takes on a line of its own, rounded. In [`Font::Mono`] and [`Font::MonoBold`]
    /// all take the same; in the others advances are fractions of pixels, so ask [`Font::width`] where
    /// something in a text lies.
    pub fn advance(self, character: char) -> i32 {
        rounded(self.exact_advance(character))
    }

    /// Pixels that `text` takes on one line: where whatever follows it starts.
    pub fn width(self, text: &str) -> i32 {
        rounded(text.chars().map(|character| self.exact_advance(character)).sum())
    }

    /// The byte position in `text` of the longest start of it that is at most `width` pixels wide: where to
    /// cut what is too long.
    pub fn fit(self, text: &str, width: i32) -> usize {
        let mut pen = 0;
        let too_wide = text.char_indices().find(|&(_, character)| {
            pen += self.exact_advance(character);
            rounded(pen) > width
        });
        too_wide.map_or(text.len(), |(position, _)| position)
    }

    /// Whether `character` has a glyph of its own, rather than the box for those that have none.
    pub fn has(self, character: char) -> bool {
        self.record_of(character) != 0
    }

    /// How far `character` moves the pen, in 1/64 pixel.
    fn exact_advance(self, character: char) -> i32 {
        self.glyph(character, 0).advance
    }

    fn face(self) -> &'static Face {
        &FACES[self as usize]
    }

    fn record_of(self, character: char) -> usize {
        let (face, code) = (self.face(), u32::from(character));
        let latin = code.checked_sub(FIRST).and_then(|index| face.latin.get(index as usize));
        let record = latin.copied().or_else(|| {
            let code = u16::try_from(code).ok()?;
            let index = face.others.binary_search_by_key(&code, |&(character, _)| character).ok()?;
            Some(face.others[index].1)
        });
        usize::from(record.unwrap_or(0))
    }

    /// The glyph of `character` whose position is nearest to a pen at `pen`, in 1/64 pixel (not negative).
    #[inline]
    pub(crate) fn glyph(self, character: char, pen: i32) -> Glyph {
        let (face, mut record) = (self.face(), self.record_of(character));
        let positions = if record != 0 && u32::from(character) < 0x100 { face.positions } else { 1 };
        let position = (pen as u32 * positions + 32) >> 6;
        record += (position % positions) as usize;
        let bytes = face.records[8 * record..].first_chunk().copied().unwrap_or_default();
        let bits = u64::from_le_bytes(bytes);
        let field = |shift: u32, width: u32| (bits >> shift) as i32 & ((1 << width) - 1);
        let (offset, columns, rows) = (field(0, 20) as usize, field(32, 6), field(38, 6));
        Glyph {
            advance: field(20, 12),
            columns,
            rows,
            left: field(44, 6) - 32 + (position / positions) as i32,
            top: field(50, 6),
            coverage: &face.coverage[offset..offset + (columns * rows) as usize],
        }
    }
}

/// 1/64 pixels to the nearest whole one.
fn rounded(length: i32) -> i32 {
    (length + 32) >> 6
}

/// One picture of one character.
#[derive(Clone, Copy)]
pub(crate) struct Glyph {
    /// How far it moves the pen, in 1/64 pixel.
    pub advance: i32,
    pub columns: i32,
    pub rows: i32,
    /// Columns from the start of the text to its first column.
    pub left: i32,
    /// Rows from the top of the line to its first row.
    pub top: i32,
    /// How much of each pixel it covers, row after row.
    pub coverage: &'static [u8],
}
