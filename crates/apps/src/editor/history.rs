//! What undo and redo need: edits, gathered into groups that a person takes for one change.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

/// What all groups together may hold, in bytes of text; the oldest go first.
const LIMIT: usize = 32 << 20;

/// At `at`, `removed` was replaced by `inserted`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Byte offset.
    pub at: usize,
    /// What was there.
    pub removed: String,
    /// What is there instead.
    pub inserted: String,
}

/// Where the cursor is, and where the selection began; equal without a selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Where the selection began.
    pub anchor: usize,
    /// Where typing goes.
    pub cursor: usize,
}

/// What kind of change an edit is: like ones that follow each other directly are one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A character was typed.
    Typing,
    /// A character was erased.
    Erasing,
    /// Anything else: always a change of its own.
    Other,
}

/// What is undone at once.
#[derive(Clone, Debug)]
pub struct Group {
    /// What was done.
    pub edit: Edit,
    /// The selection before.
    pub before: Selection,
    /// The selection after.
    pub after: Selection,
    kind: Kind,
}

impl Group {
    fn bytes(&self) -> usize {
        self.edit.removed.len() + self.edit.inserted.len()
    }
}

/// All that can be undone and redone.
#[derive(Clone, Debug, Default)]
pub struct History {
    undo: VecDeque<Group>,
    redo: Vec<Group>,
    /// How many groups were to undo when the text was saved; None when no undoing leads there any more.
    saved: Option<usize>,
    /// Nothing joins the newest group any more.
    is_closed: bool,
}

impl History {
    /// The history of a text as it was read from a file.
    pub fn new() -> History {
        History { saved: Some(0), ..History::default() }
    }

    /// Takes an edit that was made.
    pub fn push(&mut self, edit: Edit, kind: Kind, before: Selection, after: Selection) {
        if self.saved.is_some_and(|saved| saved > self.undo.len()) {
            self.saved = None;
        }
        self.redo.clear();
        let may_join = !self.is_closed && self.saved != Some(self.undo.len());
        let edit = match self.undo.back_mut() {
            Some(newest) if may_join && newest.kind == kind => match join(&mut newest.edit, edit, kind) {
                None => {
                    newest.after = after;
                    return;
                }
                Some(edit) => edit,
            },
            _ => edit,
        };
        self.undo.push_back(Group { edit, before, after, kind });
        self.is_closed = false;
        let mut bytes: usize = self.undo.iter().map(Group::bytes).sum();
        while bytes > LIMIT && self.undo.len() > 1 {
            bytes -= self.undo.pop_front().map_or(0, |group| group.bytes());
            self.saved = self.saved.and_then(|saved| saved.checked_sub(1));
        }
    }

    /// What is typed next is another change, for the cursor was moved.
    pub fn close_group(&mut self) {
        self.is_closed = true;
    }

    /// The newest change, to be taken back; it is the first to redo from now on.
    pub fn undo(&mut self) -> Option<&Group> {
        self.is_closed = true;
        let group = self.undo.pop_back()?;
        self.redo.push(group);
        self.redo.last()
    }

    /// The change taken back last, to be made again.
    pub fn redo(&mut self) -> Option<&Group> {
        self.is_closed = true;
        let group = self.redo.pop()?;
        self.undo.push_back(group);
        self.undo.back()
    }

    /// Whether there is something to take back.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether there is something to make again.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// The text is in a file as it is now.
    pub fn mark_saved(&mut self) {
        self.saved = Some(self.undo.len());
        self.is_closed = true;
    }

    /// No state of the text is in a file.
    pub fn mark_unsaved(&mut self) {
        self.saved = None;
    }

    /// Whether the text is another one than what was saved.
    pub fn is_changed(&self) -> bool {
        self.saved != Some(self.undo.len())
    }
}

/// Makes `next` a part of `last`, if a person takes the two for one change; gives it back if not. A new word begins a
/// new change, and so does a new line.
fn join(last: &mut Edit, next: Edit, kind: Kind) -> Option<Edit> {
    let has_line =
        [&last.inserted, &last.removed, &next.inserted, &next.removed].iter().any(|text| text.contains('\n'));
    if has_line {
        return Some(next);
    }
    match kind {
        Kind::Typing => {
            let ends = last.inserted.chars().next_back();
            let begins = next.inserted.chars().next();
            let is_new_word =
                ends.is_some_and(char::is_whitespace) && begins.is_some_and(|c| !c.is_whitespace());
            if next.removed.is_empty() && next.at == last.at + last.inserted.len() && !is_new_word {
                last.inserted.push_str(&next.inserted);
                return None;
            }
        }
        Kind::Erasing if last.inserted.is_empty() => {
            if next.at + next.removed.len() == last.at {
                // Backwards.
                last.removed.insert_str(0, &next.removed);
                last.at = next.at;
                return None;
            }
            if next.at == last.at {
                // Forwards.
                last.removed.push_str(&next.removed);
                return None;
            }
        }
        Kind::Erasing | Kind::Other => {}
    }
    Some(next)
}
