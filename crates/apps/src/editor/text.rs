//! The text being edited: a list of pieces of a few KiB, so that an edit anywhere in a file of many MiB moves little
//! memory. Positions are byte offsets, always between characters; lines end with `\n`.
//!
//! Pure: no files, no window. `tests/editor_text.rs` compares it with a plain `String`.

use alloc::collections::TryReserveError;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// What a fresh piece holds, in bytes, and the most that one may grow to.
const PIECE: usize = 4096;
const MOST: usize = 2 * PIECE;

/// A part of the text.
#[derive(Clone, Debug, Default)]
struct Piece {
    text: String,
    /// How many `\n` are in it.
    breaks: usize,
}

impl Piece {
    fn new(source: &str) -> Result<Piece, TryReserveError> {
        let mut text = String::new();
        // A piece that is typed into grows at once to what it may hold.
        text.try_reserve(source.len().max(64))?;
        text.push_str(source);
        Ok(Piece { breaks: breaks(source), text })
    }
}

fn breaks(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// A text.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// None is empty.
    pieces: Vec<Piece>,
    length: usize,
    breaks: usize,
}

impl Text {
    /// An empty text.
    pub fn new() -> Text {
        Text::default()
    }

    /// Bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Lines: one more than line ends, so that an empty text has one.
    pub fn lines(&self) -> usize {
        self.breaks + 1
    }

    /// The piece that holds the byte at `offset`, or whose end it is, and the offset within it.
    fn locate(&self, offset: usize) -> (usize, usize) {
        let mut start = 0;
        for (index, piece) in self.pieces.iter().enumerate() {
            if offset < start + piece.text.len() || index + 1 == self.pieces.len() {
                return (index, (offset - start).min(piece.text.len()));
            }
            start += piece.text.len();
        }
        (0, 0)
    }

    /// Puts `source` in at `offset`. Without memory nothing is changed.
    ///
    /// # Errors
    /// No memory.
    pub fn insert(&mut self, offset: usize, source: &str) -> Result<(), TryReserveError> {
        if source.is_empty() {
            return Ok(());
        }
        let offset = self.floor(offset);
        let (index, within) = self.locate(offset);
        let added = breaks(source);
        match self.pieces.get_mut(index) {
            Some(piece) if piece.text.len() + source.len() <= MOST => {
                piece.text.try_reserve(source.len())?;
                piece.text.insert_str(within, source);
                piece.breaks += added;
            }
            Some(piece) => {
                let tail = Piece::new(&piece.text[within..])?;
                let mut fresh = split(source)?;
                self.pieces.try_reserve(fresh.len() + 1)?;
                let piece = &mut self.pieces[index];
                piece.text.truncate(within);
                piece.breaks -= tail.breaks;
                if !tail.text.is_empty() {
                    fresh.try_reserve(1)?;
                    fresh.push(tail);
                }
                let keep = usize::from(!self.pieces[index].text.is_empty());
                self.pieces.splice(index + keep..index + 1, fresh);
            }
            None => self.pieces = split(source)?,
        }
        self.length += source.len();
        self.breaks += added;
        Ok(())
    }

    /// Takes out the bytes in `range`.
    pub fn remove(&mut self, range: Range<usize>) {
        let (start, end) = (self.floor(range.start), self.floor(range.end));
        if start >= end {
            return;
        }
        let (first, from) = self.locate(start);
        let mut left = end - start;
        let mut index = first;
        let mut from = from;
        while left > 0 {
            let Some(piece) = self.pieces.get_mut(index) else { break };
            let count = left.min(piece.text.len() - from);
            let gone = breaks(&piece.text[from..from + count]);
            piece.text.drain(from..from + count);
            piece.breaks -= gone;
            self.breaks -= gone;
            left -= count;
            from = 0;
            index += 1;
        }
        self.length -= end - start;
        // What became small joins what stands before it, and nothing empty stays.
        let touched = first.saturating_sub(1)..(index + 1).min(self.pieces.len());
        let mut at = touched.start;
        for _ in touched {
            let Some(piece) = self.pieces.get(at) else { break };
            if piece.text.is_empty() {
                self.pieces.remove(at);
            } else if at > 0 && piece.text.len() + self.pieces[at - 1].text.len() <= PIECE / 2 {
                let piece = self.pieces.remove(at);
                // At most half a piece: as fallible as typing a letter is not.
                self.pieces[at - 1].text.push_str(&piece.text);
                self.pieces[at - 1].breaks += piece.breaks;
            } else {
                at += 1;
            }
        }
    }

    /// The parts that make up `range`, one after another.
    pub fn parts(&self, range: Range<usize>) -> impl Iterator<Item = &str> {
        let (start, end) = (self.floor(range.start), self.floor(range.end));
        let (first, from) = self.locate(start);
        let mut left = end.saturating_sub(start);
        let mut from = from;
        self.pieces.iter().skip(first).map_while(move |piece| {
            let count = left.min(piece.text.len() - from);
            let part = (left > 0).then(|| &piece.text[from..from + count]);
            left -= count;
            from = 0;
            part
        })
    }

    /// The bytes in `range`, as one string.
    ///
    /// # Errors
    /// No memory.
    pub fn slice(&self, range: Range<usize>) -> Result<String, TryReserveError> {
        let mut whole = String::new();
        whole.try_reserve(range.end.min(self.length).saturating_sub(range.start))?;
        self.parts(range).for_each(|part| whole.push_str(part));
        Ok(whole)
    }

    /// The character that begins at `offset`.
    pub fn char_at(&self, offset: usize) -> Option<char> {
        if offset >= self.length {
            return None;
        }
        let (index, within) = self.locate(offset);
        self.pieces.get(index)?.text.get(within..)?.chars().next()
    }

    /// The character that ends at `offset`.
    pub fn char_before(&self, offset: usize) -> Option<char> {
        let last = self.floor(offset.checked_sub(1)?);
        self.char_at(last)
    }

    /// `offset`, or the start of the character it lies within; at most the length.
    pub fn floor(&self, offset: usize) -> usize {
        if offset >= self.length {
            return self.length;
        }
        let (index, within) = self.locate(offset);
        self.pieces
            .get(index)
            .map_or(offset, |piece| offset - (within - piece.text.floor_char_boundary(within)))
    }

    /// The line that `offset` lies in, from 0.
    pub fn line_of(&self, offset: usize) -> usize {
        let offset = offset.min(self.length);
        let mut start = 0;
        let mut lines = 0;
        for piece in &self.pieces {
            if offset <= start + piece.text.len() {
                let within = piece.text.floor_char_boundary(offset - start);
                return lines + breaks(&piece.text[..within]);
            }
            start += piece.text.len();
            lines += piece.breaks;
        }
        lines
    }

    /// Where a line starts; the length for one beyond the last.
    pub fn line_start(&self, line: usize) -> usize {
        if line == 0 {
            return 0;
        }
        let mut start = 0;
        let mut before = 0;
        for piece in &self.pieces {
            if before + piece.breaks >= line {
                let mut ends = piece.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
                let at = ends.nth(line - before - 1).map_or(piece.text.len(), |(at, _)| at + 1);
                return start + at;
            }
            before += piece.breaks;
            start += piece.text.len();
        }
        self.length
    }

    /// Where a line ends: before its line end.
    pub fn line_end(&self, line: usize) -> usize {
        if line >= self.breaks { self.length } else { self.line_start(line + 1) - 1 }
    }

    /// A line's bytes, without its line end.
    pub fn line(&self, line: usize) -> Range<usize> {
        self.line_start(line)..self.line_end(line)
    }

    /// The first place at or after `from` where `pattern` is.
    pub fn find(&self, pattern: &Pattern, from: usize) -> Option<Range<usize>> {
        let (first, within) = self.locate(from.min(self.length));
        let mut start = from.min(self.length) - within;
        let mut within = within;
        for (index, piece) in self.pieces.iter().enumerate().skip(first) {
            for at in within..piece.text.len() {
                if self.matches(pattern, index, at) {
                    return Some(start + at..start + at + pattern.bytes.len());
                }
            }
            start += piece.text.len();
            within = 0;
        }
        None
    }

    /// The last place before `before` where `pattern` begins.
    pub fn find_back(&self, pattern: &Pattern, before: usize) -> Option<Range<usize>> {
        let (last, within) = self.locate(before.min(self.length));
        let mut start = before.min(self.length) - within;
        let mut within = within;
        for index in (0..=last).rev() {
            let found = (0..within).rev().find(|at| self.matches(pattern, index, *at));
            if let Some(at) = found {
                return Some(start + at..start + at + pattern.bytes.len());
            }
            within = self.pieces.get(index.checked_sub(1)?)?.text.len();
            start -= within;
        }
        None
    }

    /// Whether `pattern` stands at this place of this piece and those after it.
    fn matches(&self, pattern: &Pattern, piece: usize, at: usize) -> bool {
        let Some((first, _)) = pattern.bytes.split_first() else { return false };
        let same = |a: &u8, b: &u8| if pattern.any_case { a.eq_ignore_ascii_case(b) } else { a == b };
        let bytes = self.pieces[piece].text.as_bytes();
        if !bytes.get(at).is_some_and(|byte| same(byte, first)) {
            return false;
        }
        let rest = self.pieces[piece + 1..].iter().flat_map(|piece| piece.text.as_bytes());
        let mut there = bytes[at..].iter().chain(rest);
        pattern.bytes.iter().all(|byte| there.next().is_some_and(|other| same(other, byte)))
    }
}

/// Pieces that hold `source`.
fn split(source: &str) -> Result<Vec<Piece>, TryReserveError> {
    let mut pieces = Vec::new();
    // One more, for what is left of a piece that is split to make room.
    pieces.try_reserve(source.len() / (PIECE / 2) + 2)?;
    let mut rest = source;
    while !rest.is_empty() {
        let (head, tail) = rest.split_at(rest.floor_char_boundary(PIECE));
        pieces.push(Piece::new(head)?);
        rest = tail;
    }
    Ok(pieces)
}

/// What is searched for. A pattern without capital letters finds letters (A to Z) of either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    bytes: Vec<u8>,
    any_case: bool,
}

impl Pattern {
    /// A pattern of this text; None when that is empty.
    pub fn new(text: &str) -> Option<Pattern> {
        let any_case = !text.chars().any(char::is_uppercase);
        (!text.is_empty()).then(|| Pattern { bytes: text.as_bytes().into(), any_case })
    }

    /// The places in `line` where it is, one after another, none overlapping.
    pub fn places(&self, line: &str) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        let mut at = 0;
        let bytes = line.as_bytes();
        while let Some(window) = bytes.get(at..at + self.bytes.len()) {
            let same =
                if self.any_case { window.eq_ignore_ascii_case(&self.bytes) } else { window == self.bytes };
            if same {
                places.push(at..at + self.bytes.len());
                at += self.bytes.len();
            } else {
                at += 1;
            }
        }
        places
    }
}
