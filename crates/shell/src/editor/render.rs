//! Putting prompt and line on a terminal that wraps, and keeping them there.
//!
//! The renderer knows in which row of its text the terminal's cursor stands. To change the text
//! it returns to the first row, writes all anew, erases what follows and moves the cursor to its
//! place. Appending at the end, which is most of typing, sends the character alone.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use unicode_width::UnicodeWidthChar;

use super::line::Line;
use crate::console::{Console, Foreground};

/// The text before the line, with its colours and without.
pub(crate) struct Prompt {
    styled: String,
    plain: String,
}

impl Prompt {
    /// `quicklime:DIRECTORY$ `.
    pub(crate) fn for_directory(directory: &str) -> Prompt {
        let directory = directory.replace(char::is_control, "?");
        Prompt {
            styled: format!("\x1b[1;32mquicklime\x1b[m:\x1b[1;34m{directory}\x1b[m$ "),
            plain: format!("quicklime:{directory}$ "),
        }
    }

    /// A prompt without colours.
    pub(super) fn plain(text: String) -> Prompt {
        Prompt { styled: text.clone(), plain: text }
    }
}

/// A cell, counted from the prompt's first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    row: usize,
    column: usize,
}

pub(super) struct Renderer<'a> {
    prompt: &'a Prompt,
    columns: usize,
    /// Where the terminal's cursor stands.
    cursor: Place,
    /// What is on the screen now; `None` when all must be drawn.
    shown: Option<Shown>,
}

struct Shown {
    prompt: String,
    characters: Vec<char>,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(prompt: &'a Prompt, columns: usize) -> Renderer<'a> {
        Renderer { prompt, columns, cursor: Place::default(), shown: None }
    }

    /// Makes the screen show `line` behind the prompt.
    pub(super) fn draw(&mut self, console: &mut Foreground, line: &Line) {
        self.draw_with_prompt(console, self.prompt, line);
    }

    /// The same behind another prompt (the history search has its own).
    pub(super) fn draw_with_prompt(&mut self, console: &mut Foreground, prompt: &Prompt, line: &Line) {
        let cursor = place(prompt, &line.characters()[..line.cursor()], self.columns);
        let output = match self.appended(prompt, line) {
            Some(character) if cursor.column > 0 => String::from(character),
            _ => self.redrawing(prompt, line, cursor),
        };
        console.write_raw(&output);
        self.cursor = cursor;
        self.shown = Some(Shown { prompt: prompt.plain.clone(), characters: line.characters().to_vec() });
    }

    /// The one character by which the line grew at its end, if that is all that happened.
    fn appended(&self, prompt: &Prompt, line: &Line) -> Option<char> {
        let shown = self.shown.as_ref()?;
        let (last, before) = line.characters().split_last()?;
        let at_end = line.cursor() == line.characters().len();
        let shown_end = place(prompt, &shown.characters, self.columns);
        (at_end && shown.prompt == prompt.plain && shown.characters == before && self.cursor == shown_end)
            .then_some(*last)
    }

    fn redrawing(&self, prompt: &Prompt, line: &Line, cursor: Place) -> String {
        let mut output = self.start_sequence();
        output.push_str(&prompt.styled);
        output.extend(line.characters());
        let end = place(prompt, line.characters(), self.columns);
        if end.column == 0 && end.row > 0 {
            // The last row is full. A terminal would leave its cursor there; a blank in the next
            // row makes it go on.
            output.push_str(" \r");
        }
        output.push_str("\x1b[J");
        if end.row > cursor.row {
            output.push_str(&format!("\x1b[{}A", end.row - cursor.row));
        }
        if end != cursor {
            output.push('\r');
            if cursor.column > 0 {
                output.push_str(&format!("\x1b[{}C", cursor.column));
            }
        }
        output
    }

    /// Back to the prompt's first cell.
    fn start_sequence(&self) -> String {
        let row = self.cursor.row;
        if row > 0 { format!("\r\x1b[{row}A") } else { String::from("\r") }
    }

    /// The window may have another width. A terminal wraps anew and keeps its cursor at the same
    /// character, so the text's place follows from the new width.
    pub(super) fn resized(&mut self, console: &mut Foreground, line: &Line) {
        let columns = console.columns();
        if columns == self.columns {
            return;
        }
        self.columns = columns;
        if let Some(shown) = self.shown.take() {
            let before = &line.characters()[..line.cursor()];
            self.cursor = place(&Prompt::plain(shown.prompt), before, columns);
        }
        self.draw(console, line);
    }

    /// Ctrl+L: the line moves to the top of an empty screen.
    pub(super) fn clear_screen(&mut self, console: &mut Foreground) {
        console.write_raw("\x1b[H\x1b[2J");
        self.begin_anew();
    }

    /// Shows text below the line, and the line again below that.
    pub(super) fn print_below(&mut self, console: &mut Foreground, line: &Line, text: &str) {
        self.draw(console, line);
        self.go_to_end(console, line);
        console.write("\n");
        console.write(text);
        self.begin_anew();
    }

    /// The cursor stands where the prompt shall be.
    fn begin_anew(&mut self) {
        self.cursor = Place::default();
        self.shown = None;
    }

    /// Leaves the line as it is, with a mark behind it if the cursor is there, and goes to the row
    /// after it.
    pub(super) fn finish(&mut self, console: &mut Foreground, line: &Line, mark: &str) {
        self.draw(console, line);
        self.go_to_end(console, line);
        let end = place(self.prompt, line.characters(), self.columns);
        // The blank row below a full one is the next row already.
        let new_row = if end.column == 0 && end.row > 0 && mark.is_empty() { "\r" } else { "\r\n" };
        console.write_raw(mark);
        console.write_raw(new_row);
    }

    fn go_to_end(&mut self, console: &mut Foreground, line: &Line) {
        let end = place(self.prompt, line.characters(), self.columns);
        let row = self.cursor.row;
        if end.row > row {
            console.write_raw(&format!("\x1b[{}B", end.row - row));
        }
    }
}

/// Where the cursor stands after the prompt and `characters`: never behind the last column, but
/// at the start of the next row.
fn place(prompt: &Prompt, characters: &[char], columns: usize) -> Place {
    let mut place = Place::default();
    let widths = prompt.plain.chars().chain(characters.iter().copied());
    for character in widths {
        let width = character.width().unwrap_or(0).min(columns);
        if place.column + width > columns {
            place = Place { row: place.row + 1, column: 0 };
        }
        place.column += width;
    }
    if place.column >= columns {
        place = Place { row: place.row + 1, column: 0 };
    }
    place
}
