//! Resizing without losing text: wrapped rows are joined, then wrapped anew at the new width.
//!
//! The cursor keeps its place in the text. A program that repaints its line after a resize (the
//! shell does) can therefore compute where its line begins from the new width alone.

use alloc::vec::Vec;

use crate::buffer::{Buffer, Cursor};
use crate::cell::{Cell, Width};
use crate::line::Line;

impl Buffer {
    /// Changes the size to `columns` × `rows`, both at least 1. Rows that no longer fit on screen
    /// go to the scrollback; rows come back from it when there is room.
    pub(crate) fn reflow(&mut self, columns: usize, rows: usize) {
        let cursor_line = self.history.len() + self.cursor.row;
        self.scrolled = self.scrolled.saturating_sub(self.history.len() as u64);
        let mut old: Vec<Line> = self.history.drain(..).chain(self.lines.drain(..)).collect();
        while old.len() > cursor_line + 1 && old.last().is_some_and(Line::is_blank) {
            old.pop();
        }

        let mut wrapped = Wrapper::new(columns);
        let mut paragraph = Vec::new();
        let mut cursor_unit = None;
        let last = old.len() - 1;
        for (index, line) in old.iter().enumerate() {
            let ends = !line.is_wrapped() || index == last;
            let length = if ends { line.content_length() } else { line.cells().len() };
            if index == cursor_line {
                let before = self.cursor.column + usize::from(self.cursor.wrap_pending);
                cursor_unit = Some(paragraph.len() + units(line, before).count());
            }
            paragraph.extend(units(line, length));
            if ends {
                // The cursor may stand right of the text; blanks carry it.
                if let Some(unit) = cursor_unit
                    && unit > paragraph.len()
                {
                    paragraph.resize(unit, Cell::BLANK);
                }
                wrapped.paragraph(&paragraph, cursor_unit.take());
                paragraph.clear();
            }
        }
        let Wrapper { lines, cursor, .. } = wrapped;

        self.columns = columns;
        // The last rows are shown, but never at the price of the cursor.
        let top = lines.len().saturating_sub(rows).min(cursor.row);
        self.cursor = Cursor { row: cursor.row - top, ..cursor };
        for (index, mut line) in lines.into_iter().enumerate() {
            if index < top {
                self.push_history(line.trimmed());
            } else if self.lines.len() < rows {
                let wrapped = line.is_wrapped();
                line.set_columns(columns);
                line.set_wrapped(wrapped);
                self.lines.push(line);
            }
        }
        self.lines.resize_with(rows, || Line::blank(columns, Cell::BLANK));
        self.clamp();
    }
}

/// The first `length` cells of a line (blank beyond its stored end) without the spacers.
fn units(line: &Line, length: usize) -> impl Iterator<Item = Cell> {
    (0..length).map(|column| line.cell(column)).filter(|cell| cell.width != Width::Spacer)
}

/// Lays cells out in rows of a given width.
struct Wrapper {
    columns: usize,
    lines: Vec<Line>,
    cursor: Cursor,
}

impl Wrapper {
    fn new(columns: usize) -> Wrapper {
        Wrapper { columns, lines: Vec::new(), cursor: Cursor::default() }
    }

    /// Adds one paragraph; `cursor` is the index of the cell that the cursor stands on.
    fn paragraph(&mut self, units: &[Cell], cursor: Option<usize>) {
        let mut row: Vec<Cell> = Vec::new();
        for (index, unit) in units.iter().enumerate() {
            let unit = self.fitting(*unit);
            let width = if unit.width == Width::Wide { 2 } else { 1 };
            if row.len() + width > self.columns {
                row.resize(self.columns, spacer(unit));
                self.lines.push(Line::from_cells(core::mem::take(&mut row), true));
            }
            if cursor == Some(index) {
                self.set_cursor(row.len());
            }
            row.push(unit);
            if width == 2 {
                row.push(spacer(unit));
            }
        }
        if cursor == Some(units.len()) {
            self.set_cursor(row.len());
        }
        self.lines.push(Line::from_cells(row, false));
    }

    fn set_cursor(&mut self, column: usize) {
        self.cursor = Cursor {
            row: self.lines.len(),
            column: column.min(self.columns - 1),
            wrap_pending: column == self.columns,
        };
    }

    /// A wide character fits no one-column screen.
    fn fitting(&self, unit: Cell) -> Cell {
        if unit.width == Width::Wide && self.columns < 2 {
            Cell { character: char::REPLACEMENT_CHARACTER, width: Width::Narrow, ..unit }
        } else {
            unit
        }
    }
}

fn spacer(of: Cell) -> Cell {
    Cell { character: ' ', width: Width::Spacer, ..of }
}
