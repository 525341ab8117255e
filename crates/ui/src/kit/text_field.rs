//! A field for one line of text.

use alloc::string::String;
use core::ops::Range;

use gfx::{Canvas, Font, Point, Rect, theme};

use super::card::focus_ring;
use super::clicks::Clicks;
use crate::{Button, Clipboard, Host, Key, KeyEvent, Modifiers, PointerEvent, PointerKind};

const PADDING: i32 = 8;
const FONT: Font = Font::Ui;
/// The most bytes a field holds: longer than any path or pattern that makes sense.
const LIMIT: usize = 4096;

/// What a key did to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldChange {
    /// The key is not the field's.
    Ignored,
    /// It was taken; the text is as it was.
    Taken,
    /// The text is another one.
    Edited,
}

/// A field for one line of text, with a cursor and a selection.
#[derive(Debug, Clone, Default)]
pub struct TextField {
    /// Its place; [`gfx::theme::CONTROL_HEIGHT`] is the usual height.
    pub area: Rect,
    text: String,
    /// Byte position where typing goes; the selection lies between it and the anchor.
    cursor: usize,
    anchor: usize,
    /// Pixels of the text left of what is shown.
    scrolled: i32,
    is_dragging: bool,
    clicks: Clicks,
}

impl TextField {
    /// A field with a text, all of it selected.
    pub fn new(text: &str) -> Self {
        let mut field = Self::default();
        field.set_text(text);
        field
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Replaces the text, and selects all of it.
    pub fn set_text(&mut self, text: &str) {
        self.text.clear();
        self.text.extend(text.chars().filter(|character| !character.is_control()));
        self.select(0..self.text.len());
    }

    /// Selects these bytes; the cursor stands at the end. Positions within a character count as its start.
    pub fn select(&mut self, range: Range<usize>) {
        self.anchor = self.text.floor_char_boundary(range.start);
        self.cursor = self.text.floor_char_boundary(range.end);
    }

    /// The selected bytes.
    pub fn selection(&self) -> Range<usize> {
        self.cursor.min(self.anchor)..self.cursor.max(self.anchor)
    }

    /// Takes a key. Enter, Escape, Tab and the arrows up and down are not its own.
    pub fn key(&mut self, event: &KeyEvent, host: &mut dyn Host) -> FieldChange {
        if !event.is_down() {
            return FieldChange::Ignored;
        }
        let shift = event.modifiers.contains(Modifiers::SHIFT);
        let ctrl = event.modifiers.contains(Modifiers::CTRL);
        if event.modifiers.intersects(Modifiers::ALT | Modifiers::META) {
            return FieldChange::Ignored;
        }
        match event.key {
            Key::Left if ctrl => self.go(self.word_before(), shift),
            Key::Right if ctrl => self.go(self.word_after(), shift),
            Key::Left if !shift && !self.selection().is_empty() => self.go(self.selection().start, false),
            Key::Right if !shift && !self.selection().is_empty() => self.go(self.selection().end, false),
            Key::Left => self.go(self.before(), shift),
            Key::Right => self.go(self.after(), shift),
            Key::Home => self.go(0, shift),
            Key::End => self.go(self.text.len(), shift),
            Key::A if ctrl => self.select(0..self.text.len()),
            Key::C if ctrl => self.copy(host),
            Key::X if ctrl => {
                self.copy(host);
                return self.replace("");
            }
            Key::V if ctrl => return self.replace(&host.clipboard().into_text()),
            Key::Backspace | Key::Delete if self.selection().is_empty() => {
                self.anchor = match (event.key, ctrl) {
                    (Key::Backspace, true) => self.word_before(),
                    (Key::Backspace, false) => self.before(),
                    (_, true) => self.word_after(),
                    (_, false) => self.after(),
                };
                return self.replace("");
            }
            Key::Backspace | Key::Delete => return self.replace(""),
            _ => {
                let Some(character) = event.text.filter(|_| !ctrl) else { return FieldChange::Ignored };
                return self.replace(character.encode_utf8(&mut [0; 4]));
            }
        }
        FieldChange::Taken
    }

    fn copy(&self, host: &mut dyn Host) {
        let selected = &self.text[self.selection()];
        if !selected.is_empty() {
            host.set_clipboard(Clipboard::Text(selected.into()));
        }
    }

    /// Puts `text` in place of the selection, without control characters and no longer than fits.
    fn replace(&mut self, text: &str) -> FieldChange {
        let selection = self.selection();
        let mut room = LIMIT.saturating_sub(self.text.len() - selection.len());
        let fitting: String = text
            .chars()
            .filter(|character| !character.is_control())
            .take_while(|character| {
                let fits = character.len_utf8() <= room;
                room = room.saturating_sub(character.len_utf8());
                fits
            })
            .collect();
        if selection.is_empty() && fitting.is_empty() {
            return FieldChange::Taken;
        }
        self.text.replace_range(selection.clone(), &fitting);
        self.go(selection.start + fitting.len(), false);
        FieldChange::Edited
    }

    fn go(&mut self, to: usize, selecting: bool) {
        self.cursor = to;
        if !selecting {
            self.anchor = to;
        }
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..].chars().next().map_or(self.cursor, |next| self.cursor + next.len_utf8())
    }

    /// The start of the word before the cursor.
    fn word_before(&self) -> usize {
        let before = &self.text[..self.cursor];
        let trimmed = before.trim_end_matches(|c: char| !c.is_alphanumeric());
        trimmed.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| trimmed.ceil_char_boundary(at + 1))
    }

    /// The end of the word after the cursor.
    fn word_after(&self) -> usize {
        let rest = &self.text[self.cursor..];
        let skipped = rest.len() - rest.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
        let word = rest[skipped..].find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len() - skipped);
        self.cursor + skipped + word
    }

    /// The byte position nearest to a column of pixels.
    fn position_at(&self, x: i32) -> usize {
        let x = (x - self.area.x - PADDING + self.scrolled).max(0);
        let start = FONT.fit(&self.text, x);
        let Some(next) = self.text[start..].chars().next() else { return start };
        let end = start + next.len_utf8();
        let middle = (FONT.width(&self.text[..start]) + FONT.width(&self.text[..end])) / 2;
        if x > middle { end } else { start }
    }

    /// Takes a pointer event; says whether it looks different now. A double click selects a word, a
    /// triple click all.
    pub fn pointer(&mut self, event: &PointerEvent, now_ms: u64) -> bool {
        match event.kind {
            PointerKind::Pressed(Button::Primary) if self.area.contains(event.position) => {
                let shift = event.modifiers.contains(Modifiers::SHIFT);
                self.go(self.position_at(event.position.x), shift);
                match self.clicks.press(event.position, now_ms) {
                    1 => self.is_dragging = true,
                    2 => {
                        let end = self.word_after();
                        self.cursor = end;
                        self.anchor = self.word_before();
                    }
                    _ => self.select(0..self.text.len()),
                }
                true
            }
            PointerKind::Moved if self.is_dragging => {
                self.go(self.position_at(event.position.x), true);
                true
            }
            PointerKind::Released(Button::Primary) => {
                self.is_dragging = false;
                false
            }
            _ => false,
        }
    }

    /// Draws it; `hint` stands in an empty one.
    pub fn draw(&mut self, canvas: &mut Canvas<'_>, is_focused: bool, hint: &str) {
        canvas.rounded_rect(self.area, theme::CONTROL_RADIUS, theme::SURFACE_RAISED);
        let inner = self.area.inset_by(PADDING, 3, PADDING, 3);
        let cursor = FONT.width(&self.text[..self.cursor]);
        // The cursor stays in sight, and no more is scrolled than the text is long.
        let longest = (FONT.width(&self.text) + 1 - inner.width).max(0);
        self.scrolled = self.scrolled.min(cursor).max(cursor + 1 - inner.width).clamp(0, longest);
        let y = self.area.y + (self.area.height - FONT.line_height()) / 2;
        {
            let mut canvas = canvas.clipped(inner.inset_by(-1, 0, -1, 0));
            let selection = self.selection();
            if self.text.is_empty() {
                canvas.text(Point::new(inner.x, y), hint, FONT, theme::TEXT_DISABLED);
            } else if !selection.is_empty() {
                let left = FONT.width(&self.text[..selection.start]);
                let right = FONT.width(&self.text[..selection.end]);
                let x = inner.x - self.scrolled + left;
                let color = if is_focused { theme::SELECTION } else { theme::SURFACE_PRESSED };
                canvas.fill(Rect::new(x, y, right - left, FONT.line_height()), color);
            }
            canvas.text(Point::new(inner.x - self.scrolled, y), &self.text, FONT, theme::TEXT);
            if is_focused {
                let x = inner.x - self.scrolled + cursor;
                canvas.fill(Rect::new(x, y + 1, 1, FONT.line_height() - 2), theme::TEXT);
            }
        }
        if is_focused {
            focus_ring(canvas, self.area, theme::CONTROL_RADIUS);
        } else {
            canvas.stroke_rounded_rect(self.area, theme::CONTROL_RADIUS, 1, theme::BORDER);
        }
    }
}
