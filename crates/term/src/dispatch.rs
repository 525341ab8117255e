//! Which control sequence is which operation: the parser's calls, sorted.
//!
//! Sources: ECMA-48 for the plain ones, DEC's VT510 reference for the private ones, and "XTerm
//! Control Sequences" for what xterm added. Unknown sequences are ignored, as every terminal does.

use alloc::format;

use vte::{Params, Perform};

use crate::charset::Charset;
use crate::modes::{CursorShape, Modes};
use crate::screen::Screen;
use crate::sgr;

/// "A VT220 with ANSI colour" (`CSI c`): what programs want to hear before they use colours.
const PRIMARY_ATTRIBUTES: &[u8] = b"\x1b[?62;22c";
/// Terminal type 1 (VT220), firmware 1, no options (`CSI > c`).
const SECONDARY_ATTRIBUTES: &[u8] = b"\x1b[>1;1;0c";

impl Perform for Screen {
    fn print(&mut self, character: char) {
        self.print_character(character);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            0x07 => self.bell = true,
            0x08 => self.move_column(-1),
            b'\t' => self.tab_forward(1),
            b'\n' | 0x0b | 0x0c => {
                self.line_feed();
                if self.modes.contains(Modes::NEW_LINE) {
                    self.carriage_return();
                }
            }
            b'\r' => self.carriage_return(),
            0x0e => self.charsets.active = 1,
            0x0f => self.charsets.active = 0,
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _ignore: bool, action: char) {
        let arguments = Arguments(params);
        match intermediates {
            [] => self.csi(&arguments, action),
            b"?" => match action {
                'h' => self.private_modes(params, true),
                'l' => self.private_modes(params, false),
                // DECSED and DECSEL: nothing is ever protected, so they erase as ED and EL do.
                'J' | 'K' => self.csi(&arguments, action),
                _ => {}
            },
            b">" if action == 'c' => self.reply(SECONDARY_ATTRIBUTES),
            b"!" if action == 'p' => self.soft_reset(),
            b" " if action == 'q' => {
                self.cursor_shape = match arguments.raw(0) {
                    3 | 4 => CursorShape::Underline,
                    5 | 6 => CursorShape::Bar,
                    _ => CursorShape::Block,
                };
            }
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _ignore: bool, byte: u8) {
        match (intermediates, byte) {
            ([], b'7') => self.save_cursor(),
            ([], b'8') => self.restore_cursor(),
            ([], b'D') => self.line_feed(),
            ([], b'E') => {
                self.line_feed();
                self.carriage_return();
            }
            ([], b'H') => self.set_tab_stop(true),
            ([], b'M') => self.reverse_line_feed(),
            ([], b'Z') => self.reply(PRIMARY_ATTRIBUTES),
            ([], b'c') => self.reset(),
            ([], b'=') => self.modes |= Modes::APPLICATION_KEYPAD,
            ([], b'>') => self.modes -= Modes::APPLICATION_KEYPAD,
            (b"#", b'8') => self.alignment_pattern(),
            ([designator @ (b'(' | b')')], _) => {
                let set = if byte == b'0' { Charset::LineDrawing } else { Charset::Ascii };
                self.charsets.designated[usize::from(*designator == b')')] = set;
            }
            _ => {}
        }
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _bell_terminated: bool) {
        if let [b"0" | b"2", title @ ..] = params
            && let Some(first) = title.first()
        {
            // The parser splits at every `;`, and a title may contain some.
            let mut text = alloc::string::String::from_utf8_lossy(first).into_owned();
            for part in &title[1..] {
                text.push(';');
                text.push_str(&alloc::string::String::from_utf8_lossy(part));
            }
            self.set_title(&text);
        }
    }
}

impl Screen {
    fn csi(&mut self, arguments: &Arguments<'_>, action: char) {
        let count = arguments.count(0);
        let signed = isize::try_from(count).unwrap_or(isize::MAX);
        let cursor = self.buffer.cursor;
        match action {
            '@' => self.insert_cells(count),
            'A' => self.move_row(-signed),
            'B' | 'e' => self.move_row(signed),
            'C' | 'a' => self.move_column(signed),
            'D' => self.move_column(-signed),
            'E' => {
                self.move_row(signed);
                self.carriage_return();
            }
            'F' => {
                self.move_row(-signed);
                self.carriage_return();
            }
            'G' | '`' => self.set_column(count - 1),
            'H' | 'f' => self.move_to(count - 1, arguments.count(1) - 1),
            'I' => self.tab_forward(count),
            'J' => self.erase_display(arguments.raw(0)),
            'K' => match arguments.raw(0) {
                0 => self.erase_cells(cursor.column..self.columns()),
                1 => self.erase_cells(0..cursor.column + 1),
                2 => self.erase_cells(0..self.columns()),
                _ => {}
            },
            'L' => self.insert_lines(count),
            'M' => self.delete_lines(count),
            'P' => self.delete_cells(count),
            'S' => self.scroll_up(self.region.clone(), count),
            'T' => self.scroll_down(self.region.clone(), count),
            'X' => self.erase_cells(cursor.column..cursor.column.saturating_add(count)),
            'Z' => self.tab_backward(count),
            'b' => self.repeat(count),
            'c' => self.reply(PRIMARY_ATTRIBUTES),
            'd' => {
                self.move_to(count - 1, cursor.column);
            }
            'g' => match arguments.raw(0) {
                0 => self.set_tab_stop(false),
                3 => self.clear_tab_stops(),
                _ => {}
            },
            'h' => self.ansi_modes(arguments.0, true),
            'l' => self.ansi_modes(arguments.0, false),
            'm' => sgr::apply(&mut self.style, arguments.0),
            'n' => self.report_status(arguments.raw(0)),
            'r' => {
                let end = match arguments.raw(1) {
                    0 => self.rows(),
                    end => usize::from(end),
                };
                self.set_region(count - 1, end);
            }
            's' => self.save_cursor(),
            'u' => self.restore_cursor(),
            't' if arguments.raw(0) == 18 => {
                let size = format!("\x1b[8;{};{}t", self.rows(), self.columns());
                self.reply(size.as_bytes());
            }
            _ => {}
        }
    }

    fn erase_display(&mut self, part: u16) {
        let cursor = self.buffer.cursor;
        match part {
            0 => {
                self.erase_cells(cursor.column..self.columns());
                self.erase_rows(cursor.row + 1..self.rows());
            }
            1 => {
                self.erase_rows(0..cursor.row);
                self.erase_cells(0..cursor.column + 1);
            }
            2 => self.erase_rows(0..self.rows()),
            3 => self.erase_history(),
            _ => {}
        }
    }

    fn report_status(&mut self, what: u16) {
        match what {
            5 => self.reply(b"\x1b[0n"),
            6 => {
                let cursor = self.buffer.cursor;
                let top = if self.modes.contains(Modes::ORIGIN) { self.region.start } else { 0 };
                let row = cursor.row.saturating_sub(top) + 1;
                let report = format!("\x1b[{};{}R", row, cursor.column + 1);
                self.reply(report.as_bytes());
            }
            _ => {}
        }
    }

    fn ansi_modes(&mut self, params: &Params, set: bool) {
        for param in params {
            match param {
                [4] => self.modes.set(Modes::INSERT, set),
                [20] => self.modes.set(Modes::NEW_LINE, set),
                _ => {}
            }
        }
    }

    fn private_modes(&mut self, params: &Params, set: bool) {
        for param in params {
            match param {
                [1] => self.modes.set(Modes::APPLICATION_CURSOR, set),
                [6] => {
                    self.modes.set(Modes::ORIGIN, set);
                    self.move_to(0, 0);
                }
                [7] => self.modes.set(Modes::AUTOWRAP, set),
                [25] => self.modes.set(Modes::CURSOR_VISIBLE, set),
                [47 | 1047] => self.show_alternate(set),
                [1048] if set => self.save_cursor(),
                [1048] => self.restore_cursor(),
                [1049] if set => {
                    self.save_cursor();
                    self.show_alternate(true);
                }
                [1049] => {
                    self.show_alternate(false);
                    self.restore_cursor();
                }
                [1004] => self.modes.set(Modes::FOCUS_REPORTS, set),
                [2004] => self.modes.set(Modes::BRACKETED_PASTE, set),
                _ => {}
            }
        }
    }
}

/// Numeric arguments of a control sequence, with the defaults of ECMA-48.
struct Arguments<'a>(&'a Params);

impl Arguments<'_> {
    /// The argument as sent; 0 when left out.
    fn raw(&self, index: usize) -> u16 {
        self.0.iter().nth(index).and_then(|param| param.first().copied()).unwrap_or(0)
    }

    /// An argument that counts from 1: left out and 0 both mean 1.
    fn count(&self, index: usize) -> usize {
        usize::from(self.raw(index)).max(1)
    }
}
