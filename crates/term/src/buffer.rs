//! A screen's rows with its scrollback: the moves that concern whole rows.
//!
//! A terminal has two of these: the primary one, whose rows go to the scrollback when they leave
//! at the top, and the alternate one, which keeps nothing (`history_limit` 0).

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ops::Range;

use crate::cell::{Cell, Style};
use crate::charset::Charsets;
use crate::line::Line;

/// Where the next character goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Row, from 0 at the top of the screen.
    pub row: usize,
    /// Column, from 0; always inside the screen.
    pub column: usize,
    /// The last column was just written: the next character goes to the next row. (The "last
    /// column flag" of the VT100: the cursor stays visible in the last column meanwhile.)
    pub(crate) wrap_pending: bool,
}

/// What DECSC (`ESC 7`) stores (VT510 reference, "Save Cursor").
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SavedCursor {
    pub(crate) cursor: Cursor,
    pub(crate) style: Style,
    pub(crate) charsets: Charsets,
    pub(crate) origin: bool,
}

#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) columns: usize,
    /// The rows on screen; never empty, each `columns` wide.
    pub(crate) lines: Vec<Line>,
    /// What scrolled off at the top, oldest first, trimmed.
    pub(crate) history: VecDeque<Line>,
    history_limit: usize,
    /// Rows that ever went to the scrollback: gives each row a number that scrolling keeps.
    pub(crate) scrolled: u64,
    pub(crate) cursor: Cursor,
    pub(crate) saved: SavedCursor,
}

impl Buffer {
    pub(crate) fn new(columns: usize, rows: usize, history_limit: usize) -> Buffer {
        Buffer {
            columns,
            lines: (0..rows).map(|_| Line::blank(columns, Cell::BLANK)).collect(),
            history: VecDeque::new(),
            history_limit,
            scrolled: 0,
            cursor: Cursor::default(),
            saved: SavedCursor::default(),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The row the cursor is in.
    pub(crate) fn line(&mut self) -> &mut Line {
        &mut self.lines[self.cursor.row]
    }

    /// Moves the rows of `region` up by `count`; blank rows enter below. Rows that leave the top
    /// of the screen go to the scrollback; tells how many.
    pub(crate) fn scroll_up(&mut self, region: Range<usize>, count: usize, blank: Cell) -> usize {
        let count = count.min(region.len());
        let mut kept = 0;
        if region.start == 0 && self.history_limit > 0 {
            for row in 0..count {
                let line = self.lines[row].trimmed();
                self.push_history(line);
            }
            kept = count;
        }
        let end = region.end;
        self.lines[region].rotate_left(count);
        for line in &mut self.lines[end - count..end] {
            line.reset(self.columns, blank);
        }
        kept
    }

    /// Moves the rows of `region` down by `count`; blank rows enter above.
    pub(crate) fn scroll_down(&mut self, region: Range<usize>, count: usize, blank: Cell) {
        let count = count.min(region.len());
        let start = region.start;
        self.lines[region].rotate_right(count);
        for line in &mut self.lines[start..start + count] {
            line.reset(self.columns, blank);
        }
    }

    pub(crate) fn push_history(&mut self, line: Line) {
        if self.history_limit == 0 {
            return;
        }
        if self.history.len() == self.history_limit {
            self.history.pop_front();
        }
        self.history.push_back(line);
        self.scrolled += 1;
    }

    /// Crops or extends the grid, text staying where it is: right for full-screen programs, which
    /// repaint themselves.
    pub(crate) fn crop(&mut self, columns: usize, rows: usize) {
        self.columns = columns;
        // Rows are taken from above when the cursor would otherwise be cut off.
        let above = (self.cursor.row + 1).saturating_sub(rows);
        self.lines.drain(..above);
        self.cursor.row -= above;
        self.lines.resize_with(rows, || Line::blank(columns, Cell::BLANK));
        for line in &mut self.lines {
            line.set_columns(columns);
        }
        self.clamp();
    }

    /// Brings both cursors back inside the grid.
    pub(crate) fn clamp(&mut self) {
        let (rows, columns) = (self.rows(), self.columns);
        for cursor in [&mut self.cursor, &mut self.saved.cursor] {
            if cursor.column >= columns {
                cursor.column = columns - 1;
            }
            cursor.row = cursor.row.min(rows - 1);
            cursor.wrap_pending &= cursor.column == columns - 1;
        }
    }
}
