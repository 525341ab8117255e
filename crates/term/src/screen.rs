//! The state that control sequences change, and the operations they are made of. `dispatch.rs`
//! says which sequence is which operation.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::buffer::{Buffer, SavedCursor};
use crate::cell::{Cell, Style, Width};
use crate::charset::Charsets;
use crate::damage::RowDamage;
use crate::modes::{CursorShape, Modes};

/// Bytes that a program can make us send are bounded: it may never read them.
const REPLY_LIMIT: usize = 4096;
/// Longest title kept, in characters.
const TITLE_LIMIT: usize = 128;

#[derive(Debug)]
pub(crate) struct Screen {
    pub(crate) buffer: Buffer,
    /// The buffer that is not shown: the alternate one, or the primary one beneath it.
    pub(crate) hidden: Buffer,
    pub(crate) style: Style,
    pub(crate) charsets: Charsets,
    pub(crate) modes: Modes,
    pub(crate) cursor_shape: CursorShape,
    /// Rows that scroll; the whole screen unless DECSTBM said otherwise.
    pub(crate) region: Range<usize>,
    tab_stops: Vec<bool>,
    pub(crate) title: String,
    pub(crate) replies: Vec<u8>,
    pub(crate) bell: bool,
    pub(crate) damage: RowDamage,
    /// Rows by which the view is scrolled back.
    pub(crate) view: usize,
    last_printed: Option<char>,
}

impl Screen {
    pub(crate) fn new(columns: usize, rows: usize, history_limit: usize) -> Screen {
        Screen {
            buffer: Buffer::new(columns, rows, history_limit),
            hidden: Buffer::new(columns, rows, 0),
            style: Style::default(),
            charsets: Charsets::default(),
            modes: Modes::default(),
            cursor_shape: CursorShape::default(),
            region: 0..rows,
            tab_stops: default_tab_stops(columns),
            title: String::new(),
            replies: Vec::new(),
            bell: false,
            damage: RowDamage::new(rows),
            view: 0,
            last_printed: None,
        }
    }

    pub(crate) fn columns(&self) -> usize {
        self.buffer.columns
    }

    pub(crate) fn rows(&self) -> usize {
        self.buffer.rows()
    }

    pub(crate) fn blank(&self) -> Cell {
        Cell::erased(self.style)
    }

    pub(crate) fn resize(&mut self, columns: usize, rows: usize) {
        if self.modes.contains(Modes::ALTERNATE_SCREEN) {
            self.buffer.crop(columns, rows);
            self.hidden.reflow(columns, rows);
        } else {
            self.buffer.reflow(columns, rows);
            self.hidden.crop(columns, rows);
        }
        self.region = 0..rows;
        self.tab_stops = default_tab_stops(columns);
        self.view = self.view.min(self.buffer.history.len());
        self.damage = RowDamage::new(rows);
    }

    /// Marks screen rows as changed, wherever the view shows them.
    pub(crate) fn mark(&mut self, rows: Range<usize>) {
        self.damage.mark(rows.start + self.view..rows.end + self.view);
    }

    fn mark_cursor_row(&mut self) {
        let row = self.buffer.cursor.row;
        self.mark(row..row + 1);
    }

    // --- Printing ---

    pub(crate) fn print_character(&mut self, character: char) {
        let character = self.charsets.map(character);
        // Combining marks have no cell of their own and are left out: better a bare letter than
        // a grid that no longer lines up.
        let width = match UnicodeWidthChar::width(character) {
            None | Some(0) => return,
            Some(1) => 1,
            Some(_) => 2,
        };
        let columns = self.columns();
        let (character, width) =
            if width > columns { (char::REPLACEMENT_CHARACTER, 1) } else { (character, width) };
        self.last_printed = Some(character);
        if self.modes.contains(Modes::AUTOWRAP) {
            if self.buffer.cursor.wrap_pending {
                self.wrap();
            } else if self.buffer.cursor.column + width > columns {
                let spacer = Cell { width: Width::Spacer, ..self.blank() };
                let column = self.buffer.cursor.column;
                self.buffer.line().put(column, spacer);
                self.wrap();
            }
        }
        let blank = self.blank();
        let cell = Cell {
            character,
            style: self.style,
            width: if width == 2 { Width::Wide } else { Width::Narrow },
        };
        let column = self.buffer.cursor.column.min(columns - width);
        if self.modes.contains(Modes::INSERT) {
            self.buffer.line().insert(column, width, blank);
        }
        self.buffer.line().put(column, cell);
        self.mark_cursor_row();
        let cursor = &mut self.buffer.cursor;
        cursor.wrap_pending = column + width >= columns;
        cursor.column = (column + width).min(columns - 1);
    }

    fn wrap(&mut self) {
        self.buffer.line().set_wrapped(true);
        self.buffer.cursor.column = 0;
        self.line_feed();
    }

    /// REP: the last character again, bounded by what a screen can hold.
    pub(crate) fn repeat(&mut self, count: usize) {
        if let Some(character) = self.last_printed {
            for _ in 0..count.min(self.columns() * self.rows()) {
                self.print_character(character);
            }
        }
    }

    // --- Moving the cursor ---

    /// IND: one row down; at the bottom of the region, everything moves up.
    pub(crate) fn line_feed(&mut self) {
        self.buffer.cursor.wrap_pending = false;
        let row = self.buffer.cursor.row;
        if row + 1 == self.region.end {
            self.scroll_up(self.region.clone(), 1);
        } else if row + 1 < self.rows() {
            self.buffer.cursor.row += 1;
        }
    }

    /// RI: one row up; at the top of the region, everything moves down.
    pub(crate) fn reverse_line_feed(&mut self) {
        self.buffer.cursor.wrap_pending = false;
        let row = self.buffer.cursor.row;
        if row == self.region.start {
            self.scroll_down(self.region.clone(), 1);
        } else {
            self.buffer.cursor.row = row.saturating_sub(1);
        }
    }

    pub(crate) fn carriage_return(&mut self) {
        self.set_column(0);
    }

    pub(crate) fn set_column(&mut self, column: usize) {
        let last = self.columns() - 1;
        let cursor = &mut self.buffer.cursor;
        cursor.column = column.min(last);
        cursor.wrap_pending = false;
    }

    pub(crate) fn move_column(&mut self, by: isize) {
        let column = self.buffer.cursor.column.saturating_add_signed(by);
        self.set_column(column);
    }

    /// CUU and CUD stop at the scrolling region's edge when they start inside it.
    pub(crate) fn move_row(&mut self, by: isize) {
        let row = self.buffer.cursor.row;
        let target = row.saturating_add_signed(by);
        let bounded = if self.region.contains(&row) {
            target.clamp(self.region.start, self.region.end - 1)
        } else {
            target.min(self.rows() - 1)
        };
        self.buffer.cursor.row = bounded;
        self.buffer.cursor.wrap_pending = false;
    }

    /// CUP, from 0; in origin mode inside the scrolling region.
    pub(crate) fn move_to(&mut self, row: usize, column: usize) {
        let bounds = if self.modes.contains(Modes::ORIGIN) { self.region.clone() } else { 0..self.rows() };
        self.buffer.cursor.row = row.saturating_add(bounds.start).min(bounds.end - 1);
        self.set_column(column);
    }

    pub(crate) fn save_cursor(&mut self) {
        self.buffer.saved = SavedCursor {
            cursor: self.buffer.cursor,
            style: self.style,
            charsets: self.charsets,
            origin: self.modes.contains(Modes::ORIGIN),
        };
    }

    pub(crate) fn restore_cursor(&mut self) {
        let saved = self.buffer.saved;
        self.buffer.cursor = saved.cursor;
        self.style = saved.style;
        self.charsets = saved.charsets;
        self.modes.set(Modes::ORIGIN, saved.origin);
        self.buffer.clamp();
    }

    // --- Tabs ---

    pub(crate) fn tab_forward(&mut self, count: usize) {
        for _ in 0..count.min(self.columns()) {
            let from = self.buffer.cursor.column + 1;
            let next = self
                .tab_stops
                .iter()
                .skip(from)
                .position(|stop| *stop)
                .map_or(self.columns() - 1, |offset| from + offset);
            self.set_column(next);
        }
    }

    pub(crate) fn tab_backward(&mut self, count: usize) {
        for _ in 0..count.min(self.columns()) {
            let column = self.buffer.cursor.column;
            let previous = self.tab_stops[..column].iter().rposition(|stop| *stop).unwrap_or(0);
            self.set_column(previous);
        }
    }

    pub(crate) fn set_tab_stop(&mut self, set: bool) {
        let column = self.buffer.cursor.column;
        self.tab_stops[column] = set;
    }

    pub(crate) fn clear_tab_stops(&mut self) {
        self.tab_stops.fill(false);
    }

    // --- Whole rows ---

    pub(crate) fn scroll_up(&mut self, region: Range<usize>, count: usize) {
        let blank = self.blank();
        let kept = self.buffer.scroll_up(region.clone(), count, blank);
        if self.view > 0 && kept > 0 {
            // The reader keeps looking at the same text while new text arrives below.
            self.view = (self.view + kept).min(self.buffer.history.len());
            self.damage.mark_all();
        } else {
            self.mark(region);
        }
    }

    pub(crate) fn scroll_down(&mut self, region: Range<usize>, count: usize) {
        let blank = self.blank();
        self.buffer.scroll_down(region.clone(), count, blank);
        self.mark(region);
    }

    /// IL and DL work from the cursor's row to the end of the region, if the cursor is inside.
    pub(crate) fn insert_lines(&mut self, count: usize) {
        let row = self.buffer.cursor.row;
        if self.region.contains(&row) {
            self.scroll_down(row..self.region.end, count);
            self.carriage_return();
        }
    }

    pub(crate) fn delete_lines(&mut self, count: usize) {
        let row = self.buffer.cursor.row;
        if self.region.contains(&row) {
            let blank = self.blank();
            let region = row..self.region.end;
            // Deleted rows are gone: unlike scrolled ones they do not reach the scrollback.
            let count = count.min(region.len());
            self.buffer.lines[region.clone()].rotate_left(count);
            let columns = self.columns();
            for line in &mut self.buffer.lines[region.end - count..region.end] {
                line.reset(columns, blank);
            }
            self.mark(region);
            self.carriage_return();
        }
    }

    /// DECSTBM, rows from 0, `end` exclusive. A region of fewer than two rows is ignored.
    pub(crate) fn set_region(&mut self, start: usize, end: usize) {
        let end = end.min(self.rows());
        if start + 1 < end {
            self.region = start..end;
            self.move_to(0, 0);
        }
    }

    // --- Inside a row ---

    pub(crate) fn insert_cells(&mut self, count: usize) {
        let (column, blank) = (self.buffer.cursor.column, self.blank());
        self.buffer.line().insert(column, count, blank);
        self.buffer.cursor.wrap_pending = false;
        self.mark_cursor_row();
    }

    pub(crate) fn delete_cells(&mut self, count: usize) {
        let (column, blank) = (self.buffer.cursor.column, self.blank());
        self.buffer.line().delete(column, count, blank);
        self.buffer.cursor.wrap_pending = false;
        self.mark_cursor_row();
    }

    pub(crate) fn erase_cells(&mut self, columns: Range<usize>) {
        let blank = self.blank();
        self.buffer.line().fill(columns.start, columns.end, blank);
        self.buffer.cursor.wrap_pending = false;
        self.mark_cursor_row();
    }

    pub(crate) fn erase_rows(&mut self, rows: Range<usize>) {
        let (columns, blank) = (self.columns(), self.blank());
        for line in &mut self.buffer.lines[rows.clone()] {
            line.reset(columns, blank);
        }
        self.mark(rows);
    }

    /// `CSI 3 J`: forgets the scrollback.
    pub(crate) fn erase_history(&mut self) {
        self.buffer.history.clear();
        if self.view > 0 {
            self.view = 0;
            self.damage.mark_all();
        }
    }

    // --- The terminal as a whole ---

    pub(crate) fn show_alternate(&mut self, show: bool) {
        if self.modes.contains(Modes::ALTERNATE_SCREEN) == show {
            return;
        }
        self.modes.set(Modes::ALTERNATE_SCREEN, show);
        core::mem::swap(&mut self.buffer, &mut self.hidden);
        if show {
            self.buffer.cursor = self.hidden.cursor;
            self.erase_rows(0..self.rows());
        }
        self.region = 0..self.rows();
        self.view = 0;
        self.damage.mark_all();
    }

    /// DECSTR: modes and style as at the start, the text stays.
    pub(crate) fn soft_reset(&mut self) {
        self.style = Style::default();
        self.charsets = Charsets::default();
        let alternate = self.modes & Modes::ALTERNATE_SCREEN;
        self.modes = Modes::default() | alternate;
        self.cursor_shape = CursorShape::default();
        self.region = 0..self.rows();
        self.buffer.saved = SavedCursor::default();
        self.buffer.cursor.wrap_pending = false;
    }

    /// RIS.
    pub(crate) fn reset(&mut self) {
        self.show_alternate(false);
        self.soft_reset();
        self.erase_rows(0..self.rows());
        self.erase_history();
        self.move_to(0, 0);
        self.tab_stops = default_tab_stops(self.columns());
        self.title.clear();
    }

    /// DECALN: fills the screen with `E`, for adjusting tubes and testing emulators.
    pub(crate) fn alignment_pattern(&mut self) {
        let columns = self.columns();
        let cell = Cell { character: 'E', ..Cell::BLANK };
        for line in &mut self.buffer.lines {
            line.reset(columns, cell);
        }
        self.region = 0..self.rows();
        self.move_to(0, 0);
        self.mark(0..self.rows());
    }

    pub(crate) fn set_title(&mut self, title: &str) {
        self.title = title.chars().filter(|character| !character.is_control()).take(TITLE_LIMIT).collect();
    }

    pub(crate) fn reply(&mut self, bytes: &[u8]) {
        if self.replies.len() + bytes.len() <= REPLY_LIMIT {
            self.replies.extend_from_slice(bytes);
        }
    }
}

fn default_tab_stops(columns: usize) -> Vec<bool> {
    (0..columns).map(|column| column % 8 == 0).collect()
}
