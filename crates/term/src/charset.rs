//! The two character sets a VT100 program may switch between: ASCII, and the line-drawing set
//! that `ESC ( 0` selects (VT100 user guide, table 3-9).

/// A designated set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Charset {
    #[default]
    Ascii,
    LineDrawing,
}

/// G0 and G1, and which of them is in use (SI, SO).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Charsets {
    pub(crate) designated: [Charset; 2],
    pub(crate) active: usize,
}

impl Charsets {
    pub(crate) fn map(&self, character: char) -> char {
        match self.designated[self.active & 1] {
            Charset::Ascii => character,
            Charset::LineDrawing => line_drawing(character),
        }
    }
}

fn line_drawing(character: char) -> char {
    const FROM_BACKQUOTE: [char; 31] = [
        '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼', '⎽',
        '├', '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
    ];
    (character as usize)
        .checked_sub('`' as usize)
        .and_then(|index| FROM_BACKQUOTE.get(index).copied())
        .unwrap_or(character)
}
