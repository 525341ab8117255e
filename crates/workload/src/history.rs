//! Follows a session and knows, for each promise, what must be on the disk from then on and until the next one.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use crate::expectation::{Expectation, Object, State};
use crate::{Operation, contents, session};

/// All promises of a session up to now.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What is where: indices of `objects`.
    tree: BTreeMap<String, usize>,
    /// All that is there or was since it was last promised that it is gone.
    objects: Vec<Object>,
    /// When a path was last seen to be free, by the number of operations done. One that is not here: at the start.
    vacant: BTreeMap<String, u64>,
    operations: u64,
    sealed: Vec<Expectation>,
}

impl History {
    /// Follows `operations` to their end.
    #[must_use]
    pub fn of(operations: impl IntoIterator<Item = Operation>) -> Self {
        let mut history = Self::default();
        for operation in operations {
            history.apply(&operation);
        }
        history
    }

    /// How many promises were given.
    #[must_use]
    pub fn promises(&self) -> usize {
        self.sealed.len()
    }

    /// What must be there after `promises` were given and before one more is.
    #[must_use]
    pub fn after(&self, promises: usize) -> Expectation {
        self.sealed.get(promises).cloned().unwrap_or_else(|| self.expectation())
    }

    /// What is there now, as it would be read.
    pub fn tree(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        self.tree.iter().map(|(path, &object)| {
            let contents = self.objects[object].now().contents.as_deref().map(Vec::as_slice);
            (path.as_str(), contents)
        })
    }

    /// Takes note of an operation that succeeded.
    pub fn apply(&mut self, operation: &Operation) {
        if operation.is_promise() {
            // Whether it comes about is open until it returns.
            self.sealed.push(self.expectation());
        }
        self.operations += 1;
        match operation {
            Operation::Create { path, .. } => self.enter(path, Some(Arc::default())),
            Operation::MakeDirectory { path } => self.enter(path, None),
            Operation::Write { path, tag, generation, offset, length } => {
                let (start, end) = (*offset as usize, (*offset + *length) as usize);
                self.change(path, |bytes| {
                    bytes.resize(bytes.len().max(end), 0);
                    contents::fill(*tag, *generation, *offset, &mut bytes[start..end]);
                });
            }
            Operation::Truncate { path, size } => self.change(path, |bytes| bytes.resize(*size as usize, 0)),
            Operation::Read { .. } => {}
            Operation::Rename { from, to } => {
                self.leave(to);
                session::rename(&mut self.tree, from, to);
                self.note_paths();
            }
            Operation::Remove { path } | Operation::RemoveDirectory { path } => self.leave(path),
            Operation::SyncFile { path } => self.promise_file(path),
            Operation::SyncAll => self.promise_all(),
        }
        let free: Vec<&String> = self.vacant.keys().filter(|path| !self.tree.contains_key(*path)).collect();
        for path in free.into_iter().cloned().collect::<Vec<_>>() {
            self.vacant.insert(path, self.operations);
        }
    }

    fn enter(&mut self, path: &str, contents: Option<Arc<Vec<u8>>>) {
        let state = State { path: Some(path.into()), contents };
        self.tree.insert(path.into(), self.objects.len());
        self.objects.push(Object { states: vec![state], promised: None });
        self.vacant.entry(path.into()).or_insert(self.operations - 1);
    }

    fn change(&mut self, path: &str, with: impl FnOnce(&mut Vec<u8>)) {
        let Some(object) = self.tree.get(path).map(|&index| &mut self.objects[index]) else { return };
        let mut state = object.now().clone();
        let mut bytes = state.contents.as_deref().cloned().unwrap_or_default();
        with(&mut bytes);
        state.contents = Some(Arc::new(bytes));
        object.states.push(state);
    }

    fn leave(&mut self, path: &str) {
        let Some(object) = self.tree.remove(path).map(|index| &mut self.objects[index]) else { return };
        let contents = object.now().contents.clone();
        object.states.push(State { path: None, contents });
    }

    /// After a move: every object has the path that it is found by.
    fn note_paths(&mut self) {
        for (path, &index) in &self.tree {
            let object = &mut self.objects[index];
            if object.now().path.as_ref() != Some(path) {
                let contents = object.now().contents.clone();
                object.states.push(State { path: Some(path.clone()), contents });
                self.vacant.entry(path.clone()).or_insert(self.operations - 1);
            }
        }
    }

    fn promise_file(&mut self, path: &str) {
        let ancestors = path.match_indices('/').map(|(end, _)| &path[..end]);
        for path in ancestors.chain([path]) {
            if let Some(&index) = self.tree.get(path) {
                self.objects[index].promise(self.operations);
            }
        }
    }

    fn promise_all(&mut self) {
        self.objects.iter_mut().for_each(|object| object.promise(self.operations));
        // What is gone stays gone.
        let mut kept = Vec::new();
        for index in self.tree.values_mut() {
            kept.push(self.objects[*index].clone());
            *index = kept.len() - 1;
        }
        self.objects = kept;
        self.vacant = self.tree.keys().map(|path| (path.clone(), 0)).collect();
    }

    fn expectation(&self) -> Expectation {
        let stays = |object: &Object| {
            let path = object.states[0].path.clone()?;
            let vacant = self.vacant.get(&path).copied().unwrap_or(self.operations);
            (vacant < object.promised?).then_some(path)
        };
        let occupied = self.objects.iter().filter_map(stays).collect();
        Expectation { objects: self.objects.clone(), occupied }
    }
}
