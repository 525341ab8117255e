//! The text being edited, and its cursor.

use alloc::string::String;
use alloc::vec::Vec;

use unicode_width::UnicodeWidthChar;

/// A longer line is nobody's intention.
const LENGTH_LIMIT: usize = 4096;

/// Characters, each of which takes one or two cells, and a cursor between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    characters: Vec<char>,
    cursor: usize,
}

impl Line {
    /// `text` with the cursor at its end.
    pub(super) fn from_text(text: &str) -> Line {
        let mut line = Line::default();
        for character in text.chars() {
            line.insert(character);
        }
        line
    }

    pub(super) fn text(&self) -> String {
        self.characters.iter().collect()
    }

    pub(super) fn characters(&self) -> &[char] {
        &self.characters
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn before_cursor(&self) -> &[char] {
        &self.characters[..self.cursor]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    /// Inserts a character. One without a cell of its own (a combining mark) is refused: the
    /// terminal would not show it, and the cursor would go astray.
    pub(super) fn insert(&mut self, character: char) {
        let has_cells = character.width().is_some_and(|width| width > 0);
        if has_cells && self.characters.len() < LENGTH_LIMIT {
            self.characters.insert(self.cursor, character);
            self.cursor += 1;
        }
    }

    /// What a line end in pasted text becomes, so that its lines stay separate commands.
    pub(super) fn insert_separator(&mut self) {
        let needed = self.before_cursor().iter().rfind(|character| **character != ' ');
        if needed.is_some_and(|last| *last != ';') {
            self.insert(';');
            self.insert(' ');
        }
    }

    pub(super) fn delete_backward(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            self.characters.remove(self.cursor);
        }
    }

    pub(super) fn delete_forward(&mut self) {
        if self.cursor < self.characters.len() {
            self.characters.remove(self.cursor);
        }
    }

    pub(super) fn left(&mut self) {
        self.cursor = self.cursor.saturating_sub(1);
    }

    pub(super) fn right(&mut self) {
        self.cursor = (self.cursor + 1).min(self.characters.len());
    }

    pub(super) fn home(&mut self) {
        self.cursor = 0;
    }

    pub(super) fn end(&mut self) {
        self.cursor = self.characters.len();
    }

    pub(super) fn word_left(&mut self) {
        self.cursor = self.word_start(char::is_alphanumeric);
    }

    pub(super) fn word_right(&mut self) {
        self.cursor = self.word_end();
    }

    pub(super) fn cut_to_end(&mut self) -> Vec<char> {
        self.characters.split_off(self.cursor)
    }

    pub(super) fn cut_to_start(&mut self) -> Vec<char> {
        let cursor = core::mem::take(&mut self.cursor);
        self.characters.drain(..cursor).collect()
    }

    /// Cuts back to the last blank, as Ctrl+W does.
    pub(super) fn cut_word(&mut self) -> Vec<char> {
        let start = self.word_start(|character| !character.is_whitespace());
        let end = core::mem::replace(&mut self.cursor, start);
        self.characters.drain(start..end).collect()
    }

    pub(super) fn cut_word_forward(&mut self) -> Vec<char> {
        let end = self.word_end();
        self.characters.drain(self.cursor..end).collect()
    }

    /// Replaces everything from `start` to the cursor.
    pub(super) fn replace_before_cursor(&mut self, start: usize, text: &str) {
        let start = start.min(self.cursor);
        self.characters.drain(start..self.cursor);
        self.cursor = start;
        text.chars().for_each(|character| self.insert(character));
    }

    fn word_start(&self, is_word: impl Fn(char) -> bool) -> usize {
        let mut start = self.cursor;
        while start > 0 && !is_word(self.characters[start - 1]) {
            start -= 1;
        }
        while start > 0 && is_word(self.characters[start - 1]) {
            start -= 1;
        }
        start
    }

    fn word_end(&self) -> usize {
        let mut end = self.cursor;
        let length = self.characters.len();
        while end < length && !self.characters[end].is_alphanumeric() {
            end += 1;
        }
        while end < length && self.characters[end].is_alphanumeric() {
            end += 1;
        }
        end
    }
}
