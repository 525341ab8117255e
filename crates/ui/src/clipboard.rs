//! What copying and cutting keep until it is pasted.

use alloc::{string::String, vec::Vec};

/// The clipboard's contents. There is one clipboard for the whole desktop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Clipboard {
    /// Nothing was copied yet.
    #[default]
    Empty,
    /// Text.
    Text(String),
    /// Files and directories, by absolute path.
    Files {
        /// Which.
        paths: Vec<String>,
        /// Whether pasting moves them, rather than making copies.
        is_cut: bool,
    },
}

impl Clipboard {
    /// Another one with the same contents; None when there is not enough memory. Text may be large.
    pub fn try_clone(&self) -> Option<Self> {
        Some(match self {
            Self::Text(text) => {
                let mut copy = String::new();
                copy.try_reserve_exact(text.len()).ok()?;
                copy.push_str(text);
                Self::Text(copy)
            }
            small => small.clone(),
        })
    }

    /// What pasting into a text gives: the text, or one path a line.
    pub fn into_text(self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text,
            Self::Files { paths, .. } => paths.join("\n"),
        }
    }
}
