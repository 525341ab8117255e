//! One character cell: a character, its style, and its place in a wide character.

use bitflags::bitflags;

/// A colour as the program asked for it; the palette is the renderer's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// The terminal's own foreground or background.
    #[default]
    Default,
    /// An entry of xterm's 256: 0–7 ANSI, 8–15 bright, 16–231 a 6×6×6 cube, 232–255 greys.
    Indexed(u8),
    /// A true colour: red, green, blue.
    Rgb(u8, u8, u8),
}

impl Color {
    /// This colour as 0xRRGGBB, given the sixteen ANSI colours and what [`Color::Default`] stands for.
    pub fn resolve(self, ansi: &[u32; 16], default: u32) -> u32 {
        match self {
            Color::Default => default,
            Color::Indexed(index @ 0..=15) => ansi[usize::from(index)],
            Color::Indexed(index @ 16..=231) => {
                let cube = u32::from(index - 16);
                let level = |step: u32| if step == 0 { 0 } else { 55 + 40 * step };
                level(cube / 36) << 16 | level(cube / 6 % 6) << 8 | level(cube % 6)
            }
            Color::Indexed(index) => (8 + 10 * u32::from(index - 232)) * 0x01_01_01,
            Color::Rgb(red, green, blue) => u32::from(red) << 16 | u32::from(green) << 8 | u32::from(blue),
        }
    }
}

bitflags! {
    /// What SGR switches on and off (ECMA-48, 8.3.117).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Attributes: u8 {
        /// SGR 1.
        const BOLD = 1;
        /// SGR 2.
        const FAINT = 1 << 1;
        /// SGR 3.
        const ITALIC = 1 << 2;
        /// SGR 4.
        const UNDERLINE = 1 << 3;
        /// SGR 7: foreground and background change places.
        const INVERSE = 1 << 4;
        /// SGR 8.
        const HIDDEN = 1 << 5;
        /// SGR 9.
        const STRIKE = 1 << 6;
    }
}

/// How a cell is painted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Colour of the character.
    pub foreground: Color,
    /// Colour behind it.
    pub background: Color,
    /// Bold, inverse and the rest.
    pub attributes: Attributes,
}

/// A cell's part in a character that may be two cells wide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// An ordinary character.
    #[default]
    Narrow,
    /// The left half of a wide character; a [`Width::Spacer`] follows.
    Wide,
    /// No character of its own: the right half of a wide one, or the last column, left empty
    /// because a wide one did not fit into it.
    Spacer,
}

/// One cell of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The character; a space when blank.
    pub character: char,
    /// How it is painted.
    pub style: Style,
    /// Its part in a wide character.
    pub width: Width,
}

impl Cell {
    /// A space in the default colours.
    pub const BLANK: Cell = Cell {
        character: ' ',
        style: Style {
            foreground: Color::Default,
            background: Color::Default,
            attributes: Attributes::empty(),
        },
        width: Width::Narrow,
    };

    /// What an erase leaves: a space on the current background (xterm's "background colour erase").
    pub(crate) fn erased(style: Style) -> Cell {
        Cell { style: Style { background: style.background, ..Style::default() }, ..Cell::BLANK }
    }
}

impl Default for Cell {
    fn default() -> Self {
        Cell::BLANK
    }
}
