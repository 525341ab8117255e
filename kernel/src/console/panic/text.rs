//! Text of bounded length that needs no heap.

use core::fmt::{self, Write};

/// Up to `N` characters of ASCII; what else is written becomes a question mark, and what is too much is left out.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    used: usize,
}

impl<const N: usize> Text<N> {
    /// No text.
    pub const fn new() -> Self {
        Self { bytes: [0; N], used: 0 }
    }

    /// What `arguments` say.
    pub fn of(arguments: fmt::Arguments<'_>) -> Self {
        let mut text = Self::new();
        // Writing to a `Text` never fails; a value that can't be written leaves what came before.
        let _ = text.write_fmt(arguments);
        text
    }

    /// The characters.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or("")
    }
}

impl<const N: usize> Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let byte = match character {
                ' '..='~' => character as u8,
                '\n' | '\t' => b' ',
                _ => b'?',
            };
            if let Some(slot) = self.bytes.get_mut(self.used) {
                *slot = byte;
                self.used += 1;
            }
        }
        Ok(())
    }
}

/// Splits text into lines of at most `columns` characters, at blanks where there are any.
pub fn wrapped(text: &[u8], columns: usize) -> impl Iterator<Item = &[u8]> {
    let columns = columns.max(1);
    let mut rest = text;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if rest.len() <= columns {
            return Some(core::mem::take(&mut rest));
        }
        // A blank right behind the line ends it as well.
        let blank = rest[..=columns].iter().rposition(|&byte| byte == b' ').filter(|&at| at > 0);
        let (line, behind) = rest.split_at(blank.unwrap_or(columns));
        rest = behind.strip_prefix(b" ").unwrap_or(behind);
        Some(line)
    })
}

/// The two ends of `text` that, with two dots between, take `columns` characters; the second is empty when all fits.
/// A function's name is told by its crate and by its last words.
pub fn without_middle(text: &[u8], columns: usize) -> (&[u8], &[u8]) {
    if text.len() <= columns || columns < 3 {
        return (&text[..text.len().min(columns)], &[]);
    }
    let head = (columns - 2) / 3;
    let tail = columns - 2 - head;
    (&text[..head], &text[text.len() - tail..])
}
