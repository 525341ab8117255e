//! Fonts: metrics and glyphs from the atlases that `build/` made.

/// One of the faces that text can be set in. The sizes are chosen so that lines and stems fall on whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Font {
    /// Captions and status lines: 11 pixels.
    Small,
    /// Everything in a window that is not special: 13 pixels.
    Ui,
    /// Window titles, selected things, buttons: 13 pixels, semi-bold.
    UiBold,
    /// Headings inside a window: 17 pixels, semi-bold.
    Heading,
    /// The one large line of a window: 26 pixels, semi-bold.
    Title,
    /// Terminals and editors: cells of 9 × 18 pixels.
    Mono,
    /// The same in bold.
    MonoBold,
}

impl Font {
    /// Every face, for tables and test sheets.
    pub const ALL: [Font; 7] =
        [Font::Small, Font::Ui, Font::UiBold, Font::Heading, Font::Title, Font::Mono, Font::MonoBold];

    /// Pixels from one line of text to the next.
    pub fn line_height(self) -> i32 {
        match self {
            Font::Small => 15,
            Font::Ui | Font::UiBold => 18,
            Font::Heading => 22,
            Font::Title => 32,
            Font::Mono | Font::MonoBold => 18,
        }
    }

    /// Pixels from the top of a line to its baseline.
    pub fn ascent(self) -> i32 {
        self.line_height() * 3 / 4
    }

    /// Pixels that `character` moves the next one to the right.
    pub fn advance(self, _character: char) -> i32 {
        self.line_height() / 2
    }

    /// Pixels that `text` takes on one line.
    pub fn width(self, text: &str) -> i32 {
        text.chars().map(|character| self.advance(character)).sum()
    }
}
