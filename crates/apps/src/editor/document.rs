//! A text with a cursor, a selection and a memory of changes: everything that editing means, without a window.

use alloc::collections::TryReserveError;
use alloc::string::String;
use core::ops::Range;

use super::history::{Edit, History, Kind, Selection};
use super::text::{Pattern, Text};

/// Where the cursor shall go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// To the character before.
    Left,
    /// To the character after.
    Right,
    /// To the start of the word before.
    WordLeft,
    /// To the end of the word after.
    WordRight,
    /// To the first character of the line that is no blank; from there, to the line's start.
    LineStart,
    /// To the line's end.
    LineEnd,
    /// To the start of all.
    Start,
    /// To the end of all.
    End,
}

/// What of the text an erasing key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The character before the cursor.
    Back,
    /// The character after it.
    Forward,
    /// The word before it.
    WordBack,
    /// The word after it.
    WordForward,
}

/// A text being edited. Every edit either succeeds or, without memory, changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Document {
    text: Text,
    history: History,
    selection: Selection,
}

impl Document {
    /// An empty document, unchanged.
    pub fn new() -> Document {
        Document { history: History::new(), ..Document::default() }
    }

    /// A document with this text, unchanged.
    pub fn with_text(text: Text) -> Document {
        Document { text, ..Document::new() }
    }

    /// The text.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Where typing goes.
    pub fn cursor(&self) -> usize {
        self.selection.cursor
    }

    /// The selected bytes; empty at the cursor without a selection.
    pub fn selected(&self) -> Range<usize> {
        let Selection { anchor, cursor } = self.selection;
        anchor.min(cursor)..anchor.max(cursor)
    }

    /// What is selected.
    pub fn selected_text(&self) -> Result<String, TryReserveError> {
        self.text.slice(self.selected())
    }

    /// Whether it is another text than what was saved last.
    pub fn is_changed(&self) -> bool {
        self.history.is_changed()
    }

    /// The text is in a file as it is now.
    pub fn mark_saved(&mut self) {
        self.history.mark_saved();
    }

    /// The text is in no file.
    pub fn mark_unsaved(&mut self) {
        self.history.mark_unsaved();
    }

    /// Whether there is something to undo, and to redo.
    pub fn can_undo_redo(&self) -> (bool, bool) {
        (self.history.can_undo(), self.history.can_redo())
    }

    /// Puts the cursor at an offset; the selection follows, or ends.
    pub fn go(&mut self, offset: usize, is_selecting: bool) {
        self.history.close_group();
        self.selection.cursor = self.text.floor(offset);
        if !is_selecting {
            self.selection.anchor = self.selection.cursor;
        }
    }

    /// Selects these bytes; the cursor stands at their end.
    pub fn select(&mut self, range: Range<usize>) {
        self.go(range.start, false);
        self.go(range.end, true);
    }

    /// Moves the cursor.
    pub fn move_to(&mut self, motion: Motion, is_selecting: bool) {
        let selected = self.selected();
        let target = match motion {
            Motion::Left if !is_selecting && !selected.is_empty() => selected.start,
            Motion::Right if !is_selecting && !selected.is_empty() => selected.end,
            Motion::Left => self.before(),
            Motion::Right => self.after(),
            Motion::WordLeft => self.word_before(self.cursor()),
            Motion::WordRight => self.word_after(self.cursor()),
            Motion::LineStart => self.line_start(),
            Motion::LineEnd => self.text.line_end(self.text.line_of(self.cursor())),
            Motion::Start => 0,
            Motion::End => self.text.len(),
        };
        self.go(target, is_selecting);
    }

    fn before(&self) -> usize {
        self.cursor() - self.text.char_before(self.cursor()).map_or(0, char::len_utf8)
    }

    fn after(&self) -> usize {
        self.cursor() + self.text.char_at(self.cursor()).map_or(0, char::len_utf8)
    }

    fn word_before(&self, mut at: usize) -> usize {
        let mut in_word = false;
        while let Some(character) = self.text.char_before(at) {
            if in_word && !is_word(character) {
                break;
            }
            in_word |= is_word(character);
            at -= character.len_utf8();
        }
        at
    }

    fn word_after(&self, mut at: usize) -> usize {
        let mut in_word = false;
        while let Some(character) = self.text.char_at(at) {
            if in_word && !is_word(character) {
                break;
            }
            in_word |= is_word(character);
            at += character.len_utf8();
        }
        at
    }

    fn line_start(&self) -> usize {
        let line = self.text.line(self.text.line_of(self.cursor()));
        let mut first = line.start;
        while first < line.end && self.text.char_at(first).is_some_and(|c| c == ' ' || c == '\t') {
            first += 1;
        }
        if first == self.cursor() { line.start } else { first }
    }

    /// The word at an offset: letters and digits, or else one character. Within one line.
    pub fn word_at(&self, offset: usize) -> Range<usize> {
        let (mut start, mut end) = (offset, offset);
        while let Some(character) = self.text.char_before(start).filter(|c| is_word(*c)) {
            start -= character.len_utf8();
        }
        while let Some(character) = self.text.char_at(end).filter(|c| is_word(*c)) {
            end += character.len_utf8();
        }
        if start == end {
            end += self.text.char_at(end).filter(|c| *c != '\n').map_or(0, char::len_utf8);
        }
        start..end
    }

    /// Selects a line with its line end.
    pub fn select_line(&mut self, line: usize) {
        self.select(self.text.line_start(line)..self.text.line_start(line + 1));
    }

    /// Puts a typed character in place of the selection.
    pub fn type_char(&mut self, character: char) -> Result<(), TryReserveError> {
        self.replace(self.selected(), character.encode_utf8(&mut [0; 4]), Kind::Typing)
    }

    /// Begins a new line, as far in as this one.
    pub fn type_line_end(&mut self) -> Result<(), TryReserveError> {
        let selected = self.selected();
        let line = self.text.line_start(self.text.line_of(selected.start));
        let mut inserted = String::from("\n");
        for part in self.text.parts(line..selected.start) {
            let blanks = part.len() - part.trim_start_matches([' ', '\t']).len();
            inserted.push_str(&part[..blanks]);
            if blanks < part.len() {
                break;
            }
        }
        self.replace(selected, &inserted, Kind::Typing)
    }

    /// Puts `text` in place of the selection, as one change.
    pub fn insert(&mut self, text: &str) -> Result<(), TryReserveError> {
        self.replace(self.selected(), text, Kind::Other)
    }

    /// Erases the selection; without one, what `reach` says.
    pub fn erase(&mut self, reach: Reach) -> Result<(), TryReserveError> {
        let selected = self.selected();
        if !selected.is_empty() {
            return self.replace(selected, "", Kind::Other);
        }
        let cursor = self.cursor();
        let (range, kind) = match reach {
            Reach::Back => (self.before()..cursor, Kind::Erasing),
            Reach::Forward => (cursor..self.after(), Kind::Erasing),
            Reach::WordBack => (self.word_before(cursor)..cursor, Kind::Other),
            Reach::WordForward => (cursor..self.word_after(cursor), Kind::Other),
        };
        self.replace(range, "", kind)
    }

    /// Puts `inserted` in place of `range`; the cursor stands after it.
    fn replace(&mut self, range: Range<usize>, inserted: &str, kind: Kind) -> Result<(), TryReserveError> {
        if range.is_empty() && inserted.is_empty() {
            return Ok(());
        }
        let mut kept = String::new();
        kept.try_reserve(inserted.len())?;
        kept.push_str(inserted);
        let edit = Edit { at: range.start, removed: self.text.slice(range.clone())?, inserted: kept };
        swap(&mut self.text, range.clone(), inserted)?;
        let before = self.selection;
        let cursor = range.start + inserted.len();
        self.selection = Selection { anchor: cursor, cursor };
        self.history.push(edit, kind, before, self.selection);
        Ok(())
    }

    /// Takes back the newest change; says whether there was one.
    pub fn undo(&mut self) -> Result<bool, TryReserveError> {
        let Some(group) = self.history.undo() else { return Ok(false) };
        let Edit { at, removed, inserted } = &group.edit;
        let before = group.before;
        if let Err(error) = swap(&mut self.text, *at..at + inserted.len(), removed) {
            self.history.redo();
            return Err(error);
        }
        self.selection = before;
        Ok(true)
    }

    /// Makes the change again that was taken back last; says whether there was one.
    pub fn redo(&mut self) -> Result<bool, TryReserveError> {
        let Some(group) = self.history.redo() else { return Ok(false) };
        let Edit { at, removed, inserted } = &group.edit;
        let after = group.after;
        if let Err(error) = swap(&mut self.text, *at..at + removed.len(), inserted) {
            self.history.undo();
            return Err(error);
        }
        self.selection = after;
        Ok(true)
    }

    /// Selects the next place of `pattern` (or the previous one), round the end of the text; says whether there is
    /// one, and whether it was beyond the end.
    pub fn find(&mut self, pattern: &Pattern, is_forwards: bool) -> Option<Found> {
        let selected = self.selected();
        let (direct, around) = if is_forwards {
            (self.text.find(pattern, selected.end), self.text.find(pattern, 0))
        } else {
            (self.text.find_back(pattern, selected.start), self.text.find_back(pattern, self.text.len()))
        };
        let found = if direct.is_some() { Found::Direct } else { Found::Around };
        self.select(direct.or(around)?);
        Some(found)
    }

    /// Selects the first place of `pattern` from the selection's start on: for a pattern that is being typed.
    pub fn find_from_here(&mut self, pattern: &Pattern) -> bool {
        let start = self.selected().start;
        let place = self.text.find(pattern, start).or_else(|| self.text.find(pattern, 0));
        if let Some(place) = place.clone() {
            self.select(place);
        }
        place.is_some()
    }

    /// Puts `inserted` in place of the selection if that is a place of `pattern`; says whether it did.
    pub fn replace_found(&mut self, pattern: &Pattern, inserted: &str) -> Result<bool, TryReserveError> {
        let selected = self.selected();
        if self.text.find(pattern, selected.start).is_none_or(|place| place != selected) {
            return Ok(false);
        }
        self.replace(selected, inserted, Kind::Other)?;
        Ok(true)
    }

    /// Puts `inserted` in every place of `pattern`, as one change; gives their number.
    pub fn replace_all(&mut self, pattern: &Pattern, inserted: &str) -> Result<usize, TryReserveError> {
        let Some(first) = self.text.find(pattern, 0) else { return Ok(0) };
        let mut result = String::new();
        let (mut end, mut count) = (first.start, 0);
        let mut next = Some(first.clone());
        while let Some(place) = next {
            result.try_reserve(place.start - end + inserted.len())?;
            self.text.parts(end..place.start).for_each(|part| result.push_str(part));
            result.push_str(inserted);
            end = place.end;
            count += 1;
            next = self.text.find(pattern, end);
        }
        self.replace(first.start..end, &result, Kind::Other)?;
        Ok(count)
    }
}

/// Puts `inserted` in place of `range`. The insertion comes first: it may fail, removing can't.
fn swap(text: &mut Text, range: Range<usize>, inserted: &str) -> Result<(), TryReserveError> {
    text.insert(range.end, inserted)?;
    text.remove(range);
    Ok(())
}

/// Where a place was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// On the way to the text's end (or start).
    Direct,
    /// Beyond it: the search began anew from the other end.
    Around,
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
