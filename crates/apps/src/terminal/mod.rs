//! The Terminal: crate `term`'s grid in a window, with the shell at the other end of the host's
//! terminal line. This file is the input side; `paint.rs` puts cells on the canvas.

mod paint;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use gfx::{Canvas, Damage, Font, Point, Size};
use term::keys;
use term::{Modes, Position, Selection};
use ui::{
    App, Button, Clipboard, Event, Host, Key, KeyEvent, Modifiers, PointerEvent, PointerKind, Response,
    TitleBar,
};

use paint::Painter;

/// The grid at first: what programs of the last fifty years expect.
const INITIAL_COLUMNS: i32 = 80;
const INITIAL_ROWS: i32 = 24;
const MINIMUM_COLUMNS: i32 = 24;
const MINIMUM_ROWS: i32 = 4;
/// Rows that one notch of the wheel scrolls.
const WHEEL_ROWS: i32 = 3;
/// Bytes taken from the shell before the screen is drawn: a flood must not freeze the window.
const BYTES_PER_EVENT: usize = 64 * 1024;
/// Typed bytes that wait for a shell that does not read.
const OUTGOING_LIMIT: usize = 64 * 1024;
/// Two presses within this time are a double click.
const DOUBLE_CLICK_MS: u64 = 400;
/// How soon to go on when a flood was cut or the shell did not take all.
const RETRY_MS: u64 = 10;

/// A terminal window.
pub struct Terminal {
    term: term::Terminal,
    painter: Painter,
    focused: bool,
    selection: Option<Selection>,
    /// Where the primary button went down, while it is down.
    anchor: Option<Position>,
    /// When and where the button went down last, for double clicks.
    last_press: Option<(u64, Position)>,
    outgoing: VecDeque<u8>,
    /// The shell has more to say than was read.
    more_to_read: bool,
    title: String,
}

impl Terminal {
    /// A terminal that awaits its first resize.
    pub fn new() -> Terminal {
        Terminal {
            term: term::Terminal::new(INITIAL_COLUMNS as usize, INITIAL_ROWS as usize),
            painter: Painter::new(),
            focused: true,
            selection: None,
            anchor: None,
            last_press: None,
            outgoing: VecDeque::new(),
            more_to_read: false,
            title: String::from("Terminal"),
        }
    }

    /// The displayed text, for tests and screen readers.
    pub fn text(&self) -> String {
        self.term.screen_text()
    }

    fn resize(&mut self, size: Size, host: &mut dyn Host) {
        let (columns, rows) = Painter::grid(size);
        self.term.resize(columns, rows);
        self.selection = None;
        self.painter.resize(size);
        if let Some(pty) = host.terminal() {
            pty.resize(clamp_u16(self.term.columns()), clamp_u16(self.term.rows()));
        }
    }

    /// Takes what the shell has printed; `false` when it has ended and all is read.
    fn receive(&mut self, host: &mut dyn Host) -> bool {
        let Some(pty) = host.terminal() else { return true };
        let mut buffer = [0; 2048];
        let mut taken = 0;
        self.more_to_read = true;
        while taken < BYTES_PER_EVENT {
            let count = pty.read(&mut buffer).min(buffer.len());
            if count == 0 {
                self.more_to_read = false;
                break;
            }
            taken += count;
            self.term.feed(&buffer[..count]);
        }
        // Nobody hears it yet.
        self.term.take_bell();
        let replies = self.term.take_replies();
        let is_closed = pty.is_closed();
        self.send(&replies, host);
        let title = self.term.title();
        if title.is_empty() {
            self.title.clear();
            self.title.push_str("Terminal");
        } else if title != self.title {
            self.title = String::from(title);
        }
        !is_closed || self.more_to_read
    }

    /// Sends bytes to the shell, as much as it takes; the rest waits.
    fn send(&mut self, bytes: &[u8], host: &mut dyn Host) {
        let room = OUTGOING_LIMIT - self.outgoing.len().min(OUTGOING_LIMIT);
        self.outgoing.extend(bytes.iter().take(room));
        let Some(pty) = host.terminal() else {
            self.outgoing.clear();
            return;
        };
        while !self.outgoing.is_empty() {
            let (front, _) = self.outgoing.as_slices();
            let taken = pty.write(front).min(front.len());
            if taken == 0 {
                break;
            }
            self.outgoing.drain(..taken);
        }
    }

    fn key(&mut self, event: &KeyEvent, host: &mut dyn Host) {
        if !event.is_down() || self.shortcut(event, host) {
            return;
        }
        let bytes = keys::encode(event, self.term.modes());
        if !bytes.is_empty() {
            self.select(None);
            self.term.scroll_to_bottom();
            self.send(&bytes, host);
        }
    }

    /// The terminal's own keys; says whether it was one.
    fn shortcut(&mut self, event: &KeyEvent, host: &mut dyn Host) -> bool {
        let held = event.modifiers & (Modifiers::SHIFT | Modifiers::CTRL | Modifiers::ALT | Modifiers::META);
        let page = self.term.rows().saturating_sub(1).max(1) as isize;
        match (event.key, held) {
            (Key::PageUp, Modifiers::SHIFT) => self.term.scroll_view(page),
            (Key::PageDown, Modifiers::SHIFT) => self.term.scroll_view(-page),
            (Key::Home, Modifiers::SHIFT) => self.term.scroll_view(isize::MAX),
            (Key::End, Modifiers::SHIFT) => self.term.scroll_to_bottom(),
            (Key::C, held) if held == Modifiers::CTRL | Modifiers::SHIFT => self.copy(host),
            (Key::V, held) if held == Modifiers::CTRL | Modifiers::SHIFT => self.paste(host),
            (Key::Insert, Modifiers::SHIFT) => self.paste(host),
            _ => return false,
        }
        true
    }

    fn copy(&mut self, host: &mut dyn Host) {
        if let Some(selection) = &self.selection {
            host.set_clipboard(Clipboard::Text(self.term.selected_text(selection)));
        }
    }

    fn paste(&mut self, host: &mut dyn Host) {
        let text = host.clipboard().into_text();
        let bytes = keys::encode_paste(&text, self.term.modes());
        if !text.is_empty() {
            self.term.scroll_to_bottom();
            self.send(&bytes, host);
        }
    }

    fn pointer(&mut self, event: &PointerEvent, host: &mut dyn Host) {
        match event.kind {
            PointerKind::Wheel(notches) => self.wheel(notches, host),
            PointerKind::Pressed(Button::Primary) => {
                self.press(event.position, host.now_ms());
            }
            PointerKind::Moved => self.drag(event.position),
            PointerKind::Released(Button::Primary) => self.anchor = None,
            // X's custom: the middle button pastes what is selected.
            PointerKind::Pressed(Button::Middle) => {
                self.copy(host);
                self.paste(host);
            }
            _ => {}
        }
    }

    /// Scrolls back, or in a full-screen program, which has no scrollback, presses arrow keys.
    fn wheel(&mut self, notches: i32, host: &mut dyn Host) {
        let rows = notches.saturating_mul(WHEEL_ROWS);
        if self.term.modes().contains(Modes::ALTERNATE_SCREEN) {
            let key = if rows > 0 { b"\x1b[A" } else { b"\x1b[B" };
            let count = rows.unsigned_abs().min(30) as usize;
            let bytes: Vec<u8> = key.iter().copied().cycle().take(count * key.len()).collect();
            self.send(&bytes, host);
        } else {
            self.term.scroll_view(rows as isize);
        }
    }

    fn position(&self, point: Point) -> Position {
        let (row, column) = Painter::cell_at(point, self.term.columns(), self.term.rows());
        Position { line: self.term.line_number(row), column }
    }

    /// Begins a drag; the second of two quick presses selects the word.
    fn press(&mut self, point: Point, now_ms: u64) {
        let position = self.position(point);
        let is_second = self
            .last_press
            .is_some_and(|(then, at)| at == position && now_ms.saturating_sub(then) < DOUBLE_CLICK_MS);
        self.last_press = (!is_second).then_some((now_ms, position));
        self.anchor = (!is_second).then_some(position);
        self.select(if is_second { self.word_at(point) } else { None });
    }

    /// The word at a point, if there is one: cells without a blank between them in one row.
    fn word_at(&self, point: Point) -> Option<Selection> {
        let (row, column) = Painter::cell_at(point, self.term.columns(), self.term.rows());
        let line = self.term.line(row);
        let is_word = |column: &usize| {
            let cell = line.cell(*column);
            cell.character != ' ' || cell.width == term::Width::Spacer
        };
        let first = (0..=column).rev().take_while(is_word).last()?;
        let last = (column..self.term.columns()).take_while(is_word).last()?;
        let line = self.term.line_number(row);
        let mut selection = Selection::new(Position { line, column: first });
        selection.extend_to(Position { line, column: last });
        Some(selection)
    }

    /// A press alone selects nothing: the drag has to reach another cell.
    fn drag(&mut self, point: Point) {
        let Some(anchor) = self.anchor else { return };
        let position = self.position(point);
        let mut selection = Selection::new(anchor);
        selection.extend_to(position);
        if self.selection.is_some() || position != anchor {
            self.select(Some(selection));
        }
    }

    fn select(&mut self, selection: Option<Selection>) {
        if self.selection != selection {
            self.selection = selection;
            self.painter.look_at_all();
        }
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Terminal::new()
    }
}

impl App for Terminal {
    fn title(&self) -> &str {
        &self.title
    }

    fn initial_size(&self) -> Size {
        Painter::size_of(INITIAL_COLUMNS, INITIAL_ROWS)
    }

    fn minimum_size(&self) -> Size {
        Painter::size_of(MINIMUM_COLUMNS, MINIMUM_ROWS)
    }

    fn title_bar(&self) -> TitleBar {
        TitleBar::Dark
    }

    fn event(&mut self, event: Event, host: &mut dyn Host) -> Response {
        match event {
            Event::Resize(size) => self.resize(size, host),
            Event::Focus(focused) => {
                self.focused = focused;
                if self.term.modes().contains(Modes::FOCUS_REPORTS) {
                    self.send(if focused { b"\x1b[I" } else { b"\x1b[O" }, host);
                }
            }
            Event::Key(key) => self.key(&key, host),
            Event::Pointer(pointer) => self.pointer(&pointer, host),
            Event::Data | Event::Tick { .. } => {
                self.send(&[], host);
                if !self.receive(host) {
                    return Response::Close;
                }
            }
            Event::Close => return Response::Close,
        }
        Response::redraw_if(self.painter.must_draw(&self.term, self.focused))
    }

    fn draw(&mut self, canvas: &mut Canvas<'_>, damage: &mut Damage) {
        self.painter.draw(canvas, damage, &mut self.term, self.selection.as_ref(), self.focused);
    }

    fn tick_interval_ms(&self) -> Option<u64> {
        (self.more_to_read || !self.outgoing.is_empty()).then_some(RETRY_MS)
    }
}

fn clamp_u16(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// The cell that all text here is set in.
fn cell_size() -> Size {
    Size::new(Font::Mono.advance('M').max(1), Font::Mono.line_height().max(1))
}
