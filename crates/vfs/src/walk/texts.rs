//! What is still to be walked: the rest of a path, on top of it the rest of the link that stood in it, and so on.

use crate::FsError;
use alloc::string::String;
use alloc::vec::Vec;

struct Text {
    text: String,
    /// Where the next part begins.
    at: usize,
}

/// A part of a path between slashes.
pub struct Part<'a> {
    /// Never empty.
    pub name: &'a str,
    /// Whether no other part comes behind it, in any of the texts.
    pub is_last: bool,
    /// Whether slashes come behind it.
    pub slashes: bool,
}

/// A stack of texts.
pub struct Texts {
    /// None but the top one is used up.
    stack: Vec<Text>,
}

impl Texts {
    pub const fn new() -> Self {
        Self { stack: Vec::new() }
    }

    /// Walks this text first.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn push(&mut self, text: String) -> Result<(), FsError> {
        let at = text.len() - text.trim_start_matches('/').len();
        self.drop_used();
        self.stack.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        self.stack.push(Text { text, at });
        Ok(())
    }

    /// The next part of the top text that has one.
    pub fn next(&mut self) -> Option<Part<'_>> {
        self.drop_used();
        let is_only = self.stack.len() == 1;
        let top = self.stack.last_mut()?;
        let start = top.at;
        let rest = &top.text[start..];
        let end = start + rest.find('/').unwrap_or(rest.len());
        let behind = top.text[end..].trim_start_matches('/');
        top.at = top.text.len() - behind.len();
        Some(Part {
            name: &top.text[start..end],
            is_last: is_only && behind.is_empty(),
            slashes: top.at > end,
        })
    }

    fn drop_used(&mut self) {
        while self.stack.last().is_some_and(|top| top.at == top.text.len()) {
            self.stack.pop();
        }
    }
}
