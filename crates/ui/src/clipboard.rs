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
    /// What pasting into a text gives: the text, or one path a line.
    pub fn into_text(self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text,
            Self::Files { paths, .. } => paths.join("\n"),
        }
    }
}
