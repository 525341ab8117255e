//! What programs switch on and off: modes, and the cursor's shape.

use bitflags::bitflags;

bitflags! {
    /// Modes that programs set with `CSI h` and `CSI ? h`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Modes: u16 {
        /// `?7`: text goes on in the next row.
        const AUTOWRAP = 1;
        /// `?25`: the cursor is shown.
        const CURSOR_VISIBLE = 1 << 1;
        /// `?1`: arrow keys send `ESC O A` instead of `ESC [ A`.
        const APPLICATION_CURSOR = 1 << 2;
        /// `ESC =`: the keypad sends sequences.
        const APPLICATION_KEYPAD = 1 << 3;
        /// `?2004`: pasted text is enclosed in `ESC [200~` and `ESC [201~`.
        const BRACKETED_PASTE = 1 << 4;
        /// `4`: characters push the rest of the row right.
        const INSERT = 1 << 5;
        /// `?6`: rows count from the top of the scrolling region.
        const ORIGIN = 1 << 6;
        /// `20`: a line feed also returns the carriage.
        const NEW_LINE = 1 << 7;
        /// `?1004`: gaining and losing the focus is reported.
        const FOCUS_REPORTS = 1 << 8;
        /// `?1049` and its elders: the alternate screen is shown.
        const ALTERNATE_SCREEN = 1 << 9;
    }
}

impl Default for Modes {
    fn default() -> Self {
        Modes::AUTOWRAP | Modes::CURSOR_VISIBLE
    }
}

/// How the cursor is to be drawn (DECSCUSR).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CursorShape {
    /// The whole cell.
    #[default]
    Block,
    /// A line below the character.
    Underline,
    /// A line left of the character.
    Bar,
}
