//! One row of cells, and the edits that stay inside it.
//!
//! The invariant kept here: a [`Width::Wide`] cell is always followed by its spacer. Every edit
//! first separates the wide characters that straddle its edges.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::cell::{Cell, Width};

/// A row of the screen, or of the scrollback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    cells: Vec<Cell>,
    wrapped: bool,
}

impl Line {
    pub(crate) fn blank(columns: usize, cell: Cell) -> Line {
        Line { cells: vec![cell; columns], wrapped: false }
    }

    pub(crate) fn from_cells(cells: Vec<Cell>, wrapped: bool) -> Line {
        Line { cells, wrapped }
    }

    /// The cell at `column`; blank beyond the stored end (scrollback lines are stored trimmed).
    pub fn cell(&self, column: usize) -> Cell {
        self.cells.get(column).copied().unwrap_or(Cell::BLANK)
    }

    /// Whether the text goes on in the next row because it did not fit.
    pub fn is_wrapped(&self) -> bool {
        self.wrapped
    }

    /// Whether nothing at all can be seen in this row.
    pub fn is_blank(&self) -> bool {
        self.content_length() == 0
    }

    /// The row's characters, without the blanks at its end.
    pub fn text(&self) -> String {
        let text: String = self.characters(0, self.cells.len()).collect();
        String::from(text.trim_end_matches(' '))
    }

    /// The characters of the columns `start..end`, spacers left out.
    pub(crate) fn characters(&self, start: usize, end: usize) -> impl Iterator<Item = char> {
        let end = end.min(self.cells.len());
        self.cells[start.min(end)..end]
            .iter()
            .filter(|cell| cell.width != Width::Spacer)
            .map(|cell| cell.character)
    }

    /// Columns up to and including the last that is not blank.
    pub(crate) fn content_length(&self) -> usize {
        self.cells.iter().rposition(|cell| *cell != Cell::BLANK).map_or(0, |last| last + 1)
    }

    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(crate) fn set_wrapped(&mut self, wrapped: bool) {
        self.wrapped = wrapped;
    }

    /// A copy for the scrollback, as short as its content allows.
    pub(crate) fn trimmed(&self) -> Line {
        let length = if self.wrapped { self.cells.len() } else { self.content_length() };
        Line::from_cells(self.cells[..length].to_vec(), self.wrapped)
    }

    pub(crate) fn reset(&mut self, columns: usize, cell: Cell) {
        self.cells.clear();
        self.cells.resize(columns, cell);
        self.wrapped = false;
    }

    /// Crops or extends without moving text.
    pub(crate) fn set_columns(&mut self, columns: usize) {
        self.separate(columns);
        self.cells.resize(columns, Cell::BLANK);
        self.wrapped = false;
    }

    /// Puts `cell`, with its spacer when it is wide. The caller has made sure that it fits.
    pub(crate) fn put(&mut self, column: usize, cell: Cell) {
        let cells = if cell.width == Width::Wide { 2 } else { 1 };
        let end = column + cells;
        if end > self.cells.len() {
            return;
        }
        self.separate(column);
        self.separate(end);
        self.cells[column] = cell;
        if cells == 2 {
            self.cells[column + 1] = Cell { character: ' ', width: Width::Spacer, ..cell };
        }
        if end == self.cells.len() {
            self.wrapped = false;
        }
    }

    /// Fills the columns `start..end`.
    pub(crate) fn fill(&mut self, start: usize, end: usize, cell: Cell) {
        let end = end.min(self.cells.len());
        if start >= end {
            return;
        }
        self.separate(start);
        self.separate(end);
        self.cells[start..end].fill(cell);
        if end == self.cells.len() {
            self.wrapped = false;
        }
    }

    /// Moves everything from `column` on `count` to the right; what leaves the row is lost.
    pub(crate) fn insert(&mut self, column: usize, count: usize, blank: Cell) {
        let columns = self.cells.len();
        if column >= columns {
            return;
        }
        let count = count.min(columns - column);
        self.separate(column);
        self.separate(columns - count);
        self.cells[column..].rotate_right(count);
        self.cells[column..column + count].fill(blank);
        self.wrapped = false;
    }

    /// Removes `count` cells at `column`; what is right of them moves left.
    pub(crate) fn delete(&mut self, column: usize, count: usize, blank: Cell) {
        let columns = self.cells.len();
        if column >= columns {
            return;
        }
        let count = count.min(columns - column);
        self.separate(column);
        self.separate(column + count);
        self.cells[column..].rotate_left(count);
        self.cells[columns - count..].fill(blank);
        self.wrapped = false;
    }

    /// Blanks both halves of a wide character that lies across the left edge of `column`.
    fn separate(&mut self, column: usize) {
        if column == 0 || column >= self.cells.len() {
            return;
        }
        if self.cells[column - 1].width == Width::Wide {
            for cell in &mut self.cells[column - 1..=column] {
                *cell = Cell { character: ' ', width: Width::Narrow, ..*cell };
            }
        }
    }
}
