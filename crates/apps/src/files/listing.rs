//! What a folder holds, in order, and which of it is selected. Pure: entries in, positions out.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use ui::DirectoryEntry;

/// What entries are sorted by; folders come first in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Name,
    Size,
    Modified,
}

/// How a movement of the cursor changes the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Select {
    /// Only what it comes to.
    Only,
    /// Everything from the anchor to it.
    Extend,
    /// Nothing changes.
    Keep,
}

/// Typed letters belong together within this time.
const TYPE_AHEAD_MS: u64 = 1000;

/// An entry with what sorting needs.
#[derive(Clone, Debug)]
struct Item {
    entry: DirectoryEntry,
    lower: String,
    is_selected: bool,
}

/// The entries of a folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    items: Vec<Item>,
    /// The entry that the keys move.
    cursor: usize,
    /// Where a selection with Shift began.
    anchor: usize,
    typed: String,
    typed_ms: u64,
}

impl Listing {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn entry(&self, index: usize) -> Option<&DirectoryEntry> {
        self.items.get(index).map(|item| &item.entry)
    }

    pub(super) fn is_selected(&self, index: usize) -> bool {
        self.items.get(index).is_some_and(|item| item.is_selected)
    }

    /// The entry that the keys move; None in an empty folder.
    pub(super) fn cursor(&self) -> Option<usize> {
        (!self.items.is_empty()).then_some(self.cursor)
    }

    /// The selected entries, in order.
    pub(super) fn selected(&self) -> impl Iterator<Item = &DirectoryEntry> {
        self.items.iter().filter(|item| item.is_selected).map(|item| &item.entry)
    }

    /// Takes what the folder holds now. Selection and cursor stay with the names that are still there.
    pub(super) fn set(&mut self, entries: Vec<DirectoryEntry>, key: Key, descending: bool) {
        let mut before: Vec<String> = self.selected().map(|entry| entry.name.clone()).collect();
        before.sort_unstable();
        let at_cursor = self.entry(self.cursor).map(|entry| entry.name.clone());
        self.items = entries
            .into_iter()
            .map(|entry| Item {
                lower: entry.name.to_lowercase(),
                is_selected: before.binary_search(&entry.name).is_ok(),
                entry,
            })
            .collect();
        self.sort_items(key, descending);
        let found = at_cursor.and_then(|name| self.index_of(&name));
        self.cursor = found.unwrap_or(self.cursor).min(self.items.len().saturating_sub(1));
        self.anchor = self.cursor;
    }

    /// Sorts anew; selection and cursor stay with their entries.
    pub(super) fn sort(&mut self, key: Key, descending: bool) {
        let at_cursor = self.entry(self.cursor).map(|entry| entry.name.clone());
        self.sort_items(key, descending);
        self.cursor = at_cursor.and_then(|name| self.index_of(&name)).unwrap_or(0);
        self.anchor = self.cursor;
    }

    fn sort_items(&mut self, key: Key, descending: bool) {
        self.items.sort_by(|a, b| {
            let by_name = || a.lower.cmp(&b.lower).then_with(|| a.entry.name.cmp(&b.entry.name));
            let order = match key {
                Key::Name => Ordering::Equal,
                Key::Size => a.entry.length.cmp(&b.entry.length),
                Key::Modified => a.entry.modified.cmp(&b.entry.modified),
            };
            let order = order.then_with(by_name);
            let order = if descending { order.reverse() } else { order };
            b.entry.is_directory.cmp(&a.entry.is_directory).then(order)
        });
    }

    pub(super) fn index_of(&self, name: &str) -> Option<usize> {
        self.items.iter().position(|item| item.entry.name == name)
    }

    pub(super) fn select_none(&mut self) {
        self.items.iter_mut().for_each(|item| item.is_selected = false);
    }

    pub(super) fn select_all(&mut self) {
        self.items.iter_mut().for_each(|item| item.is_selected = true);
    }

    /// Selects these names and nothing else; the cursor goes to the first of them.
    pub(super) fn select_names(&mut self, names: &[String]) {
        for item in &mut self.items {
            item.is_selected = names.contains(&item.entry.name);
        }
        if let Some(first) = self.items.iter().position(|item| item.is_selected) {
            (self.cursor, self.anchor) = (first, first);
        }
    }

    /// Turns the selection of one entry round.
    pub(super) fn toggle(&mut self, index: usize) {
        if let Some(item) = self.items.get_mut(index) {
            item.is_selected = !item.is_selected;
            (self.cursor, self.anchor) = (index, index);
        }
    }

    /// Moves the cursor to an entry, or the last one.
    pub(super) fn go(&mut self, index: usize, select: Select) {
        let Some(last) = self.items.len().checked_sub(1) else { return };
        self.cursor = index.min(last);
        match select {
            Select::Keep => {}
            Select::Only => {
                self.select_none();
                self.items[self.cursor].is_selected = true;
                self.anchor = self.cursor;
            }
            Select::Extend => {
                self.anchor = self.anchor.min(last);
                let range = self.anchor.min(self.cursor)..=self.anchor.max(self.cursor);
                for (index, item) in self.items.iter_mut().enumerate() {
                    item.is_selected = range.contains(&index);
                }
            }
        }
    }

    /// Moves the cursor by so many entries.
    pub(super) fn step(&mut self, rows: i64, select: Select) {
        // The first key in a fresh folder selects the first entry, rather than the second.
        let is_fresh =
            select == Select::Only && !self.is_selected(self.cursor) && self.selected().next().is_none();
        let rows = if is_fresh && rows.abs() == 1 { 0 } else { rows };
        let target = (self.cursor as i64).saturating_add(rows).max(0) as usize;
        self.go(target, select);
    }

    /// Goes to the next entry that begins with what was typed lately. Says whether there is one.
    pub(super) fn type_ahead(&mut self, character: char, now_ms: u64) -> bool {
        if now_ms.saturating_sub(self.typed_ms) > TYPE_AHEAD_MS {
            self.typed.clear();
        }
        self.typed_ms = now_ms;
        let letter: String = character.to_lowercase().collect();
        // The same letter again goes on to the next one that begins with it.
        let is_again = self.typed == letter;
        if !is_again {
            self.typed.push_str(&letter);
        }
        let count = self.items.len();
        let start = self.cursor + usize::from(is_again || self.typed == letter);
        let mut order = (0..count).map(|step| (start + step) % count.max(1));
        let found = order.find(|index| self.items[*index].lower.starts_with(&self.typed));
        if let Some(index) = found {
            self.go(index, Select::Only);
        }
        found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(names: &[(&str, bool, u64)]) -> Listing {
        let entry = |(name, is_directory, length): &(&str, bool, u64)| DirectoryEntry {
            name: String::from(*name),
            is_directory: *is_directory,
            length: *length,
            modified: None,
        };
        let mut listing = Listing::default();
        listing.set(names.iter().map(entry).collect(), Key::Name, false);
        listing
    }

    fn names(listing: &Listing) -> Vec<&str> {
        (0..listing.len()).filter_map(|index| listing.entry(index)).map(|entry| entry.name.as_str()).collect()
    }

    fn selected(listing: &Listing) -> Vec<&str> {
        listing.selected().map(|entry| entry.name.as_str()).collect()
    }

    #[test]
    fn folders_come_first_in_any_order() {
        let mut listing = listing(&[("b", false, 3), ("Z", true, 0), ("a", false, 9), ("C", false, 1)]);
        assert_eq!(names(&listing), ["Z", "a", "b", "C"]);
        listing.sort(Key::Size, true);
        assert_eq!(names(&listing), ["Z", "a", "b", "C"]);
        listing.sort(Key::Size, false);
        assert_eq!(names(&listing), ["Z", "C", "b", "a"]);
    }

    #[test]
    fn selection_and_cursor_stay_with_names() {
        let mut listing = listing(&[("a", false, 1), ("b", false, 2), ("c", false, 3)]);
        listing.go(1, Select::Only);
        listing.sort(Key::Size, true);
        assert_eq!((selected(&listing), listing.cursor()), (["b"].to_vec(), Some(1)));
        let entries = ["c", "b", "aa"].map(|name| DirectoryEntry {
            name: name.into(),
            is_directory: false,
            length: 0,
            modified: None,
        });
        listing.set(entries.to_vec(), Key::Name, false);
        assert_eq!((selected(&listing), listing.cursor()), (["b"].to_vec(), Some(1)));
    }

    #[test]
    fn shift_extends_from_the_anchor_and_back() {
        let mut listing = listing(&[("a", false, 1), ("b", false, 2), ("c", false, 3), ("d", false, 3)]);
        listing.step(1, Select::Only);
        assert_eq!(selected(&listing), ["a"], "the first key selects the first");
        listing.step(1, Select::Only);
        listing.step(2, Select::Extend);
        assert_eq!(selected(&listing), ["b", "c", "d"]);
        listing.step(-3, Select::Extend);
        assert_eq!(selected(&listing), ["a", "b"]);
        listing.toggle(3);
        assert_eq!(selected(&listing), ["a", "b", "d"]);
    }

    #[test]
    fn typing_goes_to_what_begins_so() {
        let mut listing = listing(&[("alpha", false, 1), ("beta", false, 2), ("bravo", false, 3)]);
        assert!(listing.type_ahead('b', 0) && listing.cursor() == Some(1));
        assert!(listing.type_ahead('R', 100) && listing.cursor() == Some(2), "br");
        assert!(listing.type_ahead('a', 5000) && listing.cursor() == Some(0), "a new word");
        assert!(!listing.type_ahead('x', 5100));
        let again = |listing: &mut Listing| listing.type_ahead('b', 9000) && listing.type_ahead('b', 9001);
        assert!(again(&mut listing) && listing.cursor() == Some(2), "the same letter goes on");
    }
}
