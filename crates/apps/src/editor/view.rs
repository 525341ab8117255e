//! Which part of the text shows, and where: lines into rows of cells, with or without breaking long ones.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::text::Text;

/// Cells from one tab stop to the next.
const TAB: usize = 4;

/// A row on the screen: a line of the text, and which of the rows that it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The line, from 0.
    pub line: usize,
    /// Its row, from 0.
    pub part: usize,
}

/// What part of a text a window shows.
#[derive(Clone, Debug)]
pub struct View {
    /// The first row that shows.
    pub top: Row,
    /// Columns left of what shows; 0 while lines are broken.
    pub left: usize,
    /// Cells that fit beside each other.
    pub columns: usize,
    /// Rows that fit below each other.
    pub rows: usize,
    /// Whether lines that are too long go on in the next row.
    pub wraps: bool,
    /// The column that the cursor keeps to while it goes up and down.
    goal: Option<usize>,
}

impl View {
    /// A view of nothing yet.
    pub fn new() -> View {
        View { top: Row::default(), left: 0, columns: 1, rows: 1, wraps: true, goal: None }
    }

    /// A line's bytes that each of its rows shows, counted from the line's start.
    pub fn parts_of(&self, line: &str) -> Vec<Range<usize>> {
        if self.wraps { wrap(line, self.columns) } else { alloc::vec![0..line.len()] }
    }

    /// The row and column where an offset shows.
    pub fn place(&self, text: &Text, offset: usize) -> (Row, usize) {
        let line = text.line_of(offset);
        let start = text.line_start(line);
        let content = line_text(text, line);
        let within = (offset - start).min(content.len());
        let parts = self.parts_of(&content);
        // At a break the cursor stands at the start of the next row.
        let part = parts.iter().rposition(|part| part.start <= within).unwrap_or(0);
        let column = columns(&content[parts[part].start..within], 0);
        (Row { line, part }, column)
    }

    /// The offset nearest to a column of a row.
    pub fn offset(&self, text: &Text, row: Row, column: usize) -> usize {
        let content = line_text(text, row.line);
        let parts = self.parts_of(&content);
        let last = parts.len() - 1;
        let part = parts[row.part.min(last)].clone();
        let mut at = 0;
        for (index, character) in content[part.clone()].char_indices() {
            let width = cells(character, at);
            if at + width > column {
                // The nearer side of a wide tab.
                let nearer = usize::from(column - at > width / 2 && width > 1) * character.len_utf8();
                return text.line_start(row.line) + part.start + index + nearer;
            }
            at += width;
        }
        // The end of a row that goes on is the start of the next: stay in this one.
        let is_broken = row.part < last;
        let end = if is_broken { content.floor_char_boundary(part.end.saturating_sub(1)) } else { part.end };
        text.line_start(row.line) + end.max(part.start)
    }

    /// The row that is `rows` further down (or up, when negative), within the text.
    pub fn step(&self, text: &Text, row: Row, rows: isize) -> Row {
        let mut row = row;
        for _ in 0..rows.unsigned_abs().min(isize::MAX as usize) {
            let next = if rows < 0 { self.above(text, row) } else { self.below(text, row) };
            let Some(next) = next else { break };
            row = next;
        }
        row
    }

    fn above(&self, text: &Text, row: Row) -> Option<Row> {
        if row.part > 0 {
            return Some(Row { part: row.part - 1, ..row });
        }
        let line = row.line.checked_sub(1)?;
        Some(Row { line, part: self.parts(text, line) - 1 })
    }

    fn below(&self, text: &Text, row: Row) -> Option<Row> {
        if row.part + 1 < self.parts(text, row.line) {
            return Some(Row { part: row.part + 1, ..row });
        }
        (row.line + 1 < text.lines()).then_some(Row { line: row.line + 1, part: 0 })
    }

    /// How many rows a line takes.
    fn parts(&self, text: &Text, line: usize) -> usize {
        if self.wraps { self.parts_of(&line_text(text, line)).len() } else { 1 }
    }

    /// The offset `rows` below (above) one, in the same column as far as lines reach.
    pub fn vertical(&mut self, text: &Text, offset: usize, rows: isize) -> usize {
        let (row, column) = self.place(text, offset);
        let goal = *self.goal.get_or_insert(column);
        let target = self.step(text, row, rows);
        if target == row {
            // Up from the first row goes to its start, down from the last one to its end.
            return if rows < 0 { 0 } else { text.len() };
        }
        self.offset(text, target, goal)
    }

    /// The cursor moved sideways: its column is the one to keep to from now on.
    pub fn forget_goal(&mut self) {
        self.goal = None;
    }

    /// Scrolls so far that an offset shows.
    pub fn reveal(&mut self, text: &Text, offset: usize) {
        let (row, column) = self.place(text, offset);
        if row < self.top {
            self.top = row;
        } else {
            let highest = self.step(text, row, -(self.rows.max(1) as isize - 1));
            self.top = self.top.max(highest);
        }
        if self.wraps {
            self.left = 0;
        } else if column < self.left {
            self.left = column.saturating_sub(self.columns / 4);
        } else if column >= self.left + self.columns {
            self.left = column + 1 + self.columns / 4 - self.columns.min(column + 1);
        }
    }

    /// Puts an offset into the middle, unless it shows already.
    pub fn reveal_in_middle(&mut self, text: &Text, offset: usize) {
        let (row, _) = self.place(text, offset);
        let bottom = self.step(text, self.top, self.rows.max(1) as isize - 1);
        if row < self.top || row > bottom {
            self.top = self.step(text, row, -(self.rows as isize / 2));
        }
        self.reveal(text, offset);
    }

    /// Scrolls by so many rows; the last line stays in sight.
    pub fn scroll(&mut self, text: &Text, rows: isize) {
        self.top = self.step(text, self.top, rows);
    }

    /// Whether all rows fit, so that there is nothing to scroll.
    pub fn shows_all(&self, text: &Text) -> bool {
        // No more lines are looked at than fit.
        text.lines() <= self.rows
            && (0..text.lines()).map(|line| self.parts(text, line)).sum::<usize>() <= self.rows
    }

    /// After the text or the window changed: the first row is one of the text.
    pub fn settle(&mut self, text: &Text) {
        if self.shows_all(text) {
            self.top = Row::default();
        }
        self.top.line = self.top.line.min(text.lines() - 1);
        self.top.part = self.top.part.min(self.parts(text, self.top.line) - 1);
    }
}

/// A line's text. Without memory it is shown as empty.
pub fn line_text(text: &Text, line: usize) -> String {
    text.slice(text.line(line)).unwrap_or_default()
}

/// How many cells a character takes at a column.
pub fn cells(character: char, column: usize) -> usize {
    if character == '\t' { TAB - column % TAB } else { 1 }
}

/// How many cells a text takes that begins at a column.
pub fn columns(text: &str, start: usize) -> usize {
    text.chars().fold(start, |column, character| column + cells(character, column)) - start
}

/// Breaks a line into rows of at most `width` cells, after blanks where there are some.
fn wrap(line: &str, width: usize) -> Vec<Range<usize>> {
    let width = width.max(1);
    let mut rows = Vec::new();
    let (mut start, mut column) = (0, 0);
    // Where the row may be broken: after a blank.
    let mut blank = None;
    let mut at = 0;
    while let Some(character) = line[at..].chars().next() {
        let taken = cells(character, column);
        if column + taken > width && at > start {
            let end = blank.unwrap_or(at);
            rows.push(start..end);
            (start, at, column, blank) = (end, end, 0, None);
            continue;
        }
        column += taken;
        at += character.len_utf8();
        if character == ' ' || character == '\t' {
            blank = Some(at);
        }
    }
    rows.push(start..line.len());
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content: &str) -> Text {
        let mut text = Text::new();
        text.insert(0, content).unwrap();
        text
    }

    #[test]
    fn rows_hold_the_whole_line_and_fit() {
        let line = "The quick\tbrown fox jumps over averyveryverylongwordindeed, and so on. ";
        for width in 1..60 {
            let rows = wrap(line, width);
            assert_eq!(rows.iter().map(|row| &line[row.clone()]).collect::<String>(), line);
            for row in &rows {
                assert!(
                    columns(&line[row.clone()], 0) <= width || line[row.clone()].chars().count() == 1,
                    "{width}"
                );
            }
        }
        assert_eq!(wrap("one two three", 8), [0..8, 8..13], "broken after a blank");
    }

    #[test]
    fn every_offset_is_found_where_it_is_placed() {
        let text = text(
            "fn main() {\n\tprintln!(\"grüße, world\");\n}\n\nand a line that is rather long, for this window\n",
        );
        for (wraps, width) in [(true, 10), (true, 17), (false, 10)] {
            let view = View { columns: width, rows: 4, wraps, ..View::new() };
            for offset in 0..=text.len() {
                if text.floor(offset) == offset {
                    let (row, column) = view.place(&text, offset);
                    assert_eq!(view.offset(&text, row, column), offset, "{offset} {wraps} {width}");
                }
            }
        }
    }

    #[test]
    fn the_cursor_is_always_in_sight() {
        let text = text(&"some words in a line\n".repeat(50));
        for wraps in [true, false] {
            let mut view = View { columns: 8, rows: 5, wraps, ..View::new() };
            for offset in [0, 700, 20, 1049, 1050, 3, 400] {
                view.reveal(&text, offset);
                let (row, column) = view.place(&text, offset);
                let bottom = view.step(&text, view.top, 4);
                assert!(view.top <= row && row <= bottom, "{offset}");
                assert!((view.left..view.left + 8).contains(&column) || wraps, "{offset}");
            }
        }
    }

    #[test]
    fn going_down_and_up_keeps_the_column_through_short_lines() {
        let text = text("a long line\nb\nanother long line");
        let mut view = View { columns: 80, rows: 5, ..View::new() };
        let down = view.vertical(&text, 8, 1);
        assert_eq!(down, 13, "the end of the short line");
        assert_eq!(view.vertical(&text, down, 1), 14 + 8);
        assert_eq!(view.vertical(&text, 3, -1), 0, "up from the first line");
    }
}
