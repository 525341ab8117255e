//! Ctrl+R: searching the history backwards while typing.

use alloc::format;
use alloc::string::{String, ToString};

use super::keys::Key;
use super::line::Line;
use super::render::Prompt;

/// A search in progress.
pub(super) struct Search {
    wanted: String,
    /// The entry found; the history's length at first.
    position: usize,
}

/// What a key means for the search.
pub(super) enum Step {
    Continue,
    /// Back to the line as it was.
    Abandon,
    /// The search ends with this line, if anything was found.
    Accept(Option<String>),
}

impl Search {
    pub(super) fn new(history_length: usize) -> Search {
        Search { wanted: String::new(), position: history_length }
    }

    pub(super) fn key(&mut self, key: Key, history: &[String]) -> Step {
        match key {
            Key::Character(character) => {
                self.wanted.push(character);
                self.find(history, self.position.saturating_add(1));
            }
            Key::Backspace => {
                self.wanted.pop();
                self.find(history, history.len());
            }
            Key::Control('r') => self.find(history, self.position),
            Key::Escape | Key::Control('c' | 'g') => return Step::Abandon,
            _ => return Step::Accept(self.found(history).map(ToString::to_string)),
        }
        Step::Continue
    }

    /// Goes to the last entry before `end` that has the wanted text; stays if there is none.
    fn find(&mut self, history: &[String], end: usize) {
        let end = end.min(history.len());
        if let Some(position) = history[..end].iter().rposition(|entry| entry.contains(&self.wanted)) {
            self.position = position;
        }
    }

    fn found<'a>(&self, history: &'a [String]) -> Option<&'a str> {
        history.get(self.position).map(String::as_str).filter(|entry| entry.contains(&self.wanted))
    }

    /// What the screen shows meanwhile.
    pub(super) fn view(&self, history: &[String]) -> (Prompt, Line) {
        let found = self.found(history);
        let missing = if found.is_none() && !self.wanted.is_empty() { "nothing has " } else { "" };
        let prompt = Prompt::plain(format!("(search: {missing}{}) ", self.wanted));
        (prompt, Line::from_text(found.unwrap_or("")))
    }
}
