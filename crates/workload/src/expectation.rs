//! What a disk may hold that was cut off between two promises.
//!
//! Since the last promise of an object (a file or directory) several things were done to it, and any of them may have
//! reached the disk or not. So it has a set of states: names and contents. What is found must be one of them, byte by
//! byte; and what was promised and not removed since must be found.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::contents::{LINE, Line};

/// A tree as it was found: directories have no contents.
pub type Tree = BTreeMap<String, Option<Vec<u8>>>;

#[derive(Clone, Debug)]
pub(crate) struct State {
    /// None once it is removed.
    pub path: Option<String>,
    /// None for a directory.
    pub contents: Option<Arc<Vec<u8>>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// From the last promise on, or from its beginning. Never empty.
    pub states: Vec<State>,
    /// When its first state was promised, by the number of operations.
    pub promised: Option<u64>,
}

impl Object {
    pub fn now(&self) -> &State {
        &self.states[self.states.len() - 1]
    }

    pub fn promise(&mut self, operations: u64) {
        self.states.drain(..self.states.len() - 1);
        self.promised = Some(operations);
    }

    fn had(&self, path: &str) -> bool {
        self.states.iter().any(|state| state.path.as_deref() == Some(path))
    }

    fn may_be(&self, found: Option<&[u8]>) -> bool {
        let versions = || self.states.iter().filter_map(|state| state.contents.as_deref());
        let Some(found) = found else { return versions().next().is_none() };
        if versions().any(|version| version == found) {
            return true;
        }
        let Some(longest) = versions().map(Vec::len).max() else { return false };
        let shortest = match self.promised {
            Some(_) => versions().map(Vec::len).min().unwrap_or(0),
            None => 0,
        };
        // Bytes that were never promised may not have come: then what is there must be empty, and not another's.
        let is_right = |(at, &byte): (usize, &u8)| {
            byte == 0 && at >= shortest || versions().any(|version| version.get(at) == Some(&byte))
        };
        (shortest..=longest).contains(&found.len()) && found.iter().enumerate().all(is_right)
    }
}

/// What is wrong with a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This was promised to be there, and is not, or has other contents than were promised.
    Lost(String),
    /// This file has a line that was never written to it.
    Foreign(String, Line),
    /// A file has contents that it never had, though of no other file's.
    Wrong(String),
    /// Nothing ever had this name, or not of this kind.
    Unexpected(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(path) => write!(out, "{path:?} was promised, and is not there as promised"),
            Self::Foreign(path, line) => write!(out, "{path:?} has data of another: {line:?}"),
            Self::Wrong(path) => write!(out, "{path:?} has contents that it never had"),
            Self::Unexpected(path) => write!(out, "{path:?} is there, and never was"),
        }
    }
}

/// The states that everything may be in.
#[derive(Clone, Debug)]
pub struct Expectation {
    pub(crate) objects: Vec<Object>,
    /// Paths that something was at all the time since it was promised: there is no moment at which they are free.
    pub(crate) occupied: BTreeSet<String>,
}

impl Expectation {
    /// All that is wrong with what was found.
    #[must_use]
    pub fn faults(&self, found: &Tree) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (path, contents) in found {
            let mut owners = self.objects.iter().filter(|object| object.had(path)).peekable();
            if owners.peek().is_none() {
                faults.push(Fault::Unexpected(path.clone()));
            } else if !owners.any(|object| object.may_be(contents.as_deref())) {
                faults.push(self.describe(path, contents.as_deref()));
            }
        }
        let missing = self.occupied.iter().filter(|path| !found.contains_key(*path));
        faults.extend(missing.map(|path| Fault::Lost(path.clone())));
        for object in self.objects.iter().filter(|object| object.promised.is_some()) {
            if object.now().path.is_none() {
                continue;
            }
            let paths = || object.states.iter().filter_map(|state| state.path.as_deref());
            let is_there =
                |path: &str| found.get(path).is_some_and(|contents| object.may_be(contents.as_deref()));
            if !paths().any(is_there) {
                faults.push(Fault::Lost(paths().next().unwrap_or_default().to_string()));
            }
        }
        faults
    }

    /// Contents that none of those who had this path can have.
    fn describe(&self, path: &str, contents: Option<&[u8]>) -> Fault {
        let Some(contents) = contents else { return Fault::Unexpected(path.to_string()) };
        let owners = || self.objects.iter().filter(|object| object.had(path));
        let versions =
            || owners().flat_map(|object| &object.states).filter_map(|state| state.contents.as_deref());
        let is_own = |at: usize, bytes: &[u8]| {
            let theirs = |version: &Vec<u8>| version.get(at..at + LINE).map(Line::read);
            let tags = versions().filter_map(theirs).flatten().map(|line| line.tag);
            Line::read(bytes)
                .is_none_or(|line| line.offset as usize == at && tags.into_iter().any(|tag| tag == line.tag))
        };
        let lines = contents.chunks_exact(LINE).zip((0..).step_by(LINE));
        match lines.filter(|&(bytes, at)| !is_own(at, bytes)).find_map(|(bytes, _)| Line::read(bytes)) {
            Some(line) => Fault::Foreign(path.to_string(), line),
            None => Fault::Wrong(path.to_string()),
        }
    }
}
