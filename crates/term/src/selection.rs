//! A stretch of text marked with the pointer.

use core::ops::Range;

/// A cell, by line number (see [`crate::Terminal::line_number`]) and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Number of the line.
    pub line: u64,
    /// Column, from 0.
    pub column: usize,
}

/// From where the button went down to where the pointer is: both cells included, line by line as
/// text flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    anchor: Position,
    head: Position,
}

impl Selection {
    /// Starts (and for now ends) at `position`.
    pub fn new(position: Position) -> Selection {
        Selection { anchor: position, head: position }
    }

    /// Moves the end that follows the pointer.
    pub fn extend_to(&mut self, position: Position) {
        self.head = position;
    }

    /// The first selected cell.
    pub fn start(&self) -> Position {
        self.anchor.min(self.head)
    }

    /// The last selected cell.
    pub fn end(&self) -> Position {
        self.anchor.max(self.head)
    }

    /// The selected columns of a line that is `columns` wide; `None` when it has none.
    pub fn columns_in(&self, line: u64, columns: usize) -> Option<Range<usize>> {
        let (start, end) = (self.start(), self.end());
        if line < start.line || line > end.line {
            return None;
        }
        let first = if line == start.line { start.column } else { 0 };
        let last = if line == end.line { (end.column + 1).min(columns) } else { columns };
        (first < last).then_some(first..last)
    }
}
