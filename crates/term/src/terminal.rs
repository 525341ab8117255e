//! The terminal as its users see it: bytes in, a screen of cells and replies out.

use alloc::string::String;
use alloc::vec::Vec;

use crate::buffer::Cursor;
use crate::line::Line;
use crate::modes::{CursorShape, Modes};
use crate::screen::Screen;
use crate::selection::Selection;

/// Rows of scrollback kept when nothing else is asked for.
pub const DEFAULT_SCROLLBACK: usize = 2000;
/// Largest grid in either direction; a larger request is cut down to it.
pub const MAX_CELLS_PER_SIDE: usize = 1000;

/// A terminal emulator's state: what a VT220 with xterm's colours would show.
///
/// Feed it what programs write ([`Terminal::feed`]), send on what it answers
/// ([`Terminal::take_replies`]), and draw the rows it says have changed
/// ([`Terminal::is_row_damaged`], then [`Terminal::clear_damage`]).
pub struct Terminal {
    parser: vte::Parser,
    screen: Screen,
    /// The beginning of a character whose end has not come yet, at most three bytes.
    held: Vec<u8>,
}

impl Terminal {
    /// A blank terminal with [`DEFAULT_SCROLLBACK`]. Sizes are clamped to 1..=[`MAX_CELLS_PER_SIDE`].
    pub fn new(columns: usize, rows: usize) -> Terminal {
        Terminal::with_scrollback(columns, rows, DEFAULT_SCROLLBACK)
    }

    /// A blank terminal that keeps `scrollback` rows that left at the top.
    pub fn with_scrollback(columns: usize, rows: usize, scrollback: usize) -> Terminal {
        let screen = Screen::new(clamp(columns), clamp(rows), scrollback);
        Terminal { parser: vte::Parser::new(), screen, held: Vec::new() }
    }

    /// Takes output of a program. Any bytes are allowed, cut anywhere; what is not understood is
    /// ignored.
    pub fn feed(&mut self, bytes: &[u8]) {
        let before = self.cursor();
        self.parse(bytes);
        let after = self.cursor();
        if before != after {
            for cursor in [before, after].into_iter().flatten() {
                self.screen.damage.mark(cursor.row..cursor.row + 1);
            }
        }
    }

    /// Gives the parser whole characters only. One that is cut it puts together itself, but then loses the letter
    /// behind it if another cut follows, and prints control characters of two bytes instead of obeying them.
    fn parse(&mut self, mut bytes: &[u8]) {
        while let (false, Some((&byte, rest))) = (self.held.is_empty(), bytes.split_first()) {
            bytes = rest;
            self.held.push(byte);
            let cut = cut_character(&self.held);
            let whole = self.held.len() - cut;
            self.parser.advance(&mut self.screen, &self.held[..whole]);
            self.held.drain(..whole);
        }
        let (whole, cut) = bytes.split_at(bytes.len() - cut_character(bytes));
        self.parser.advance(&mut self.screen, whole);
        self.held.extend_from_slice(cut);
    }

    /// Changes the size; text is wrapped anew, nothing visible is lost. Marks every row damaged.
    pub fn resize(&mut self, columns: usize, rows: usize) {
        let (columns, rows) = (clamp(columns), clamp(rows));
        if (columns, rows) != (self.columns(), self.rows()) {
            self.screen.resize(columns, rows);
        }
    }

    /// Width in cells.
    pub fn columns(&self) -> usize {
        self.screen.columns()
    }

    /// Height in cells.
    pub fn rows(&self) -> usize {
        self.screen.rows()
    }

    /// The line displayed in `row`, scrollback included when the view is scrolled back.
    ///
    /// Rows beyond the last show the last.
    pub fn line(&self, row: usize) -> &Line {
        let buffer = &self.screen.buffer;
        let row = row.min(self.rows() - 1);
        match row.checked_sub(self.screen.view) {
            Some(row) => &buffer.lines[row],
            None => &buffer.history[buffer.history.len() - self.screen.view + row],
        }
    }

    /// Where the cursor is displayed; `None` when hidden or scrolled out of view.
    pub fn cursor(&self) -> Option<Cursor> {
        let cursor = self.screen.buffer.cursor;
        let row = cursor.row + self.screen.view;
        (self.screen.modes.contains(Modes::CURSOR_VISIBLE) && row < self.rows())
            .then_some(Cursor { row, ..cursor })
    }

    /// How the cursor is to be drawn.
    pub fn cursor_shape(&self) -> CursorShape {
        self.screen.cursor_shape
    }

    /// The modes that decide what keys and pastes send.
    pub fn modes(&self) -> Modes {
        self.screen.modes
    }

    /// The title that a program set last; empty if none did.
    pub fn title(&self) -> &str {
        &self.screen.title
    }

    /// Bytes to send to the program: answers to its questions.
    pub fn take_replies(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.screen.replies)
    }

    /// Whether the bell rang since the last call.
    pub fn take_bell(&mut self) -> bool {
        core::mem::take(&mut self.screen.bell)
    }

    /// Whether the displayed row looks different from when damage was last cleared.
    pub fn is_row_damaged(&self, row: usize) -> bool {
        self.screen.damage.contains(row)
    }

    /// Whether any row has to be drawn again.
    pub fn is_damaged(&self) -> bool {
        self.screen.damage.any()
    }

    /// Declares all rows drawn.
    pub fn clear_damage(&mut self) {
        self.screen.damage.clear();
    }

    /// Rows kept above the screen.
    pub fn history_length(&self) -> usize {
        self.screen.buffer.history.len()
    }

    /// Rows by which the view is scrolled back; 0 shows the screen itself.
    pub fn view(&self) -> usize {
        self.screen.view
    }

    /// Scrolls the view back by `rows` (negative: towards the screen), within the scrollback.
    pub fn scroll_view(&mut self, rows: isize) {
        let view = self.screen.view.saturating_add_signed(rows).min(self.history_length());
        if view != self.screen.view {
            self.screen.view = view;
            self.screen.damage.mark_all();
        }
    }

    /// Shows the screen itself.
    pub fn scroll_to_bottom(&mut self) {
        self.scroll_view(isize::MIN);
    }

    /// The number of the line displayed in `row`; the number stays with the line while it scrolls
    /// (until a resize).
    pub fn line_number(&self, row: usize) -> u64 {
        self.screen.buffer.scrolled + row as u64 - self.screen.view as u64
    }

    /// The selected text; rows that were wrapped are joined, blanks at line ends left out.
    pub fn selected_text(&self, selection: &Selection) -> String {
        let buffer = &self.screen.buffer;
        let oldest = buffer.scrolled - buffer.history.len() as u64;
        let mut text = String::new();
        let lines = buffer.history.iter().chain(buffer.lines.iter());
        for (line, number) in lines.zip(oldest..) {
            if let Some(columns) = selection.columns_in(number, self.columns()) {
                let to_end = columns.end == self.columns();
                let part: String = line.characters(columns.start, columns.end).collect();
                if to_end && !line.is_wrapped() {
                    text.push_str(part.trim_end_matches(' '));
                } else {
                    text.push_str(&part);
                }
                if !line.is_wrapped() && selection.end().line > number {
                    text.push('\n');
                }
            }
        }
        text
    }

    /// The displayed rows as text, one line each, blanks at the ends left out: for tests and for
    /// screen readers.
    pub fn screen_text(&self) -> String {
        let mut text = String::new();
        for row in 0..self.rows() {
            text.push_str(&self.line(row).text());
            text.push('\n');
        }
        String::from(text.trim_end_matches('\n'))
    }
}

/// How many bytes at the end of `bytes` begin a UTF-8 character and do not end it.
fn cut_character(bytes: &[u8]) -> usize {
    let is_cut = |tail: &&[u8]| matches!(core::str::from_utf8(tail), Err(error) if error.valid_up_to() == 0 && error.error_len().is_none());
    (1..=bytes.len().min(3)).map(|length| &bytes[bytes.len() - length..]).find(is_cut).map_or(0, <[u8]>::len)
}

fn clamp(cells: usize) -> usize {
    cells.clamp(1, MAX_CELLS_PER_SIDE)
}
