//! The entries of one directory: names in order, with the node that each stands for.
//!
//! A sorted vector, because growing it can fail without a panic, which no map of stable Rust's can. Finding a name
//! takes a binary search; a new or removed name moves those behind it, 32 bytes each.

use super::nodes::NodeId;
use crate::FsError;
use alloc::string::String;
use alloc::vec::Vec;

/// A name in a directory.
pub struct Entry {
    /// The name, without slashes.
    pub name: String,
    /// What it stands for.
    pub node: NodeId,
}

/// What a directory holds.
pub struct Directory {
    /// By name, byte for byte; no name twice.
    entries: Vec<Entry>,
}

impl Directory {
    /// Without entries, which takes no memory.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// All entries, by name.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The node that `name` stands for.
    pub fn get(&self, name: &str) -> Option<NodeId> {
        self.find(name).ok().map(|place| self.entries[place].node)
    }

    /// Makes room for one more entry, so that the next [`Directory::insert`] needs no memory.
    ///
    /// # Errors
    /// [`FsError::NoSpace`].
    pub fn reserve(&mut self) -> Result<(), FsError> {
        self.entries.try_reserve(1).map_err(|_| FsError::NoSpace)
    }

    /// Adds an entry, for which [`Directory::reserve`] made room; replaces one of the same name.
    pub fn insert(&mut self, entry: Entry) {
        match self.find(&entry.name) {
            Ok(place) => self.entries[place] = entry,
            Err(place) => self.entries.insert(place, entry),
        }
    }

    /// Takes the entry `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Entry> {
        self.find(name).ok().map(|place| self.entries.remove(place))
    }

    /// Where `name` is, or else where it would be.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.name.as_str().cmp(name))
    }
}
