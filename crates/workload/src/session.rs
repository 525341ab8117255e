//! The sequence of operations.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{Operation, Random};

/// Files at a time.
const MOST_FILES: usize = 20;
/// Directories at a time.
const MOST_DIRECTORIES: usize = 6;
/// A path has at most so many names.
const DEEPEST: usize = 4;
/// No file becomes larger.
const LARGEST: u64 = 48 << 10;

/// Names as FAT holds them in its short form, as it holds them in several entries, and beyond ASCII. They are told
/// apart by a number at their start, so that none differs from another only in case.
const ENDINGS: [&str; 6] = [
    ".TXT",
    "",
    " notes.txt",
    " - a name that takes several entries of a directory to hold it, as people give them.text",
    " Ärger mit Übermut.txt",
    " 日本語のファイル",
];

#[derive(Clone, Copy, Debug)]
enum Node {
    Directory,
    File { tag: u32, size: u64 },
}

/// A user's session: an iterator over what is done, each step of which succeeds on a file system that works and that
/// has 4 MiB of room. Ends with [`Operation::SyncAll`].
#[derive(Clone, Debug)]
pub struct Session {
    random: Random,
    left: u64,
    nodes: BTreeMap<String, Node>,
    names: u32,
    tags: u32,
    generations: u32,
}

impl Session {
    /// So many `operations` from `seed`, on an empty tree.
    #[must_use]
    pub const fn new(seed: u64, operations: u64) -> Self {
        Self {
            random: Random::new(seed),
            left: operations,
            nodes: BTreeMap::new(),
            names: 0,
            tags: 0,
            generations: 0,
        }
    }

    fn choose(&mut self) -> Option<Operation> {
        match self.random.below(100) {
            0..14 => self.create(),
            14..40 => self.write(),
            40..47 => self.truncate(),
            47..52 => self.read(),
            52..66 => self.rename(),
            66..72 => self.remove(),
            72..78 => self.make_directory(),
            78..81 => self.remove_directory(),
            81..92 => self.any_file().map(|(path, ..)| Operation::SyncFile { path }),
            _ => Some(Operation::SyncAll),
        }
    }

    fn create(&mut self) -> Option<Operation> {
        if self.files().count() >= MOST_FILES {
            return None;
        }
        let path = self.new_path("")?;
        self.tags += 1;
        let tag = self.tags;
        self.nodes.insert(path.clone(), Node::File { tag, size: 0 });
        Some(Operation::Create { path, tag })
    }

    fn write(&mut self) -> Option<Operation> {
        let (path, tag, size) = self.any_file()?;
        let length = match self.random.below(10) {
            0 => 1 + self.random.below(20),
            1..8 => 1 + self.random.below(6_000),
            _ => 1 + self.random.below(30_000),
        };
        let offset = match self.random.below(8) {
            // Over what is there; behind a gap; at the end.
            0..3 => self.random.below(size + 1),
            3 => size + self.random.below(3_000),
            _ => size,
        };
        let length = length.min(LARGEST.saturating_sub(offset));
        if length == 0 {
            return None;
        }
        self.generations += 1;
        self.nodes.insert(path.clone(), Node::File { tag, size: size.max(offset + length) });
        Some(Operation::Write { path, tag, generation: self.generations, offset, length })
    }

    fn truncate(&mut self) -> Option<Operation> {
        let (path, tag, size) = self.any_file()?;
        let size = match self.random.below(6) {
            0 => 0,
            1 => (size + self.random.below(5_000)).min(LARGEST),
            _ => self.random.below(size + 1),
        };
        self.nodes.insert(path.clone(), Node::File { tag, size });
        Some(Operation::Truncate { path, size })
    }

    fn read(&mut self) -> Option<Operation> {
        self.any_file().map(|(path, tag, _)| Operation::Read { path, tag })
    }

    fn rename(&mut self) -> Option<Operation> {
        let movable: Vec<&String> = self.nodes.keys().collect();
        let from = (*pick(&mut self.random, &movable)?).clone();
        let is_directory = matches!(self.nodes[&from], Node::Directory);
        let to = if !is_directory && self.random.one_in(3) {
            let (to, ..) = self.any_file()?;
            if to == from {
                return None;
            }
            to
        } else {
            self.new_path(if is_directory { &from } else { "" })?
        };
        // Deeper names than are made, but not too long ones: what is in a directory goes with it.
        let below = format!("{from}/");
        let deepest = self.nodes.keys().filter(|path| path.starts_with(&below)).map(|path| depth(path)).max();
        if depth(&to) + deepest.unwrap_or(depth(&from)) - depth(&from) > DEEPEST + 1 {
            return None;
        }
        rename(&mut self.nodes, &from, &to);
        Some(Operation::Rename { from, to })
    }

    fn remove(&mut self) -> Option<Operation> {
        let (path, ..) = self.any_file()?;
        self.nodes.remove(&path);
        Some(Operation::Remove { path })
    }

    fn make_directory(&mut self) -> Option<Operation> {
        if self.directories().count() >= MOST_DIRECTORIES {
            return None;
        }
        let path = self.new_path("")?;
        self.nodes.insert(path.clone(), Node::Directory);
        Some(Operation::MakeDirectory { path })
    }

    fn remove_directory(&mut self) -> Option<Operation> {
        let is_empty = |path: &&String| !self.nodes.keys().any(|other| is_below(other, path));
        let empty: Vec<String> = self.directories().filter(is_empty).cloned().collect();
        let path = pick(&mut self.random, &empty)?.clone();
        self.nodes.remove(&path);
        Some(Operation::RemoveDirectory { path })
    }

    /// A path that nothing has, in a directory that is there and is neither `but` nor below it.
    fn new_path(&mut self, but: &str) -> Option<String> {
        let mut parents: Vec<String> = self
            .directories()
            .filter(|path| depth(path) < DEEPEST && (but.is_empty() || *path != but && !is_below(path, but)))
            .cloned()
            .collect();
        parents.push(String::new());
        let parent = pick(&mut self.random, &parents)?;
        self.names += 1;
        let ending = ENDINGS[self.random.below(ENDINGS.len() as u64) as usize];
        let name = format!("{}{ending}", self.names);
        Some(if parent.is_empty() { name } else { format!("{parent}/{name}") })
    }

    fn any_file(&mut self) -> Option<(String, u32, u64)> {
        let count = self.files().count();
        let index = self.random.below(count.max(1) as u64) as usize;
        self.files().nth(index).map(|(path, tag, size)| (path.clone(), tag, size))
    }

    fn files(&self) -> impl Iterator<Item = (&String, u32, u64)> {
        self.nodes.iter().filter_map(|(path, node)| match *node {
            Node::File { tag, size } => Some((path, tag, size)),
            Node::Directory => None,
        })
    }

    fn directories(&self) -> impl Iterator<Item = &String> {
        self.nodes.iter().filter(|(_, node)| matches!(node, Node::Directory)).map(|(path, _)| path)
    }
}

impl Iterator for Session {
    type Item = Operation;

    fn next(&mut self) -> Option<Operation> {
        self.left = self.left.checked_sub(1)?;
        if self.left == 0 {
            return Some(Operation::SyncAll);
        }
        loop {
            if let Some(operation) = self.choose() {
                return Some(operation);
            }
        }
    }
}

/// Moves `from`, and what is below it, to `to`.
pub fn rename<T>(nodes: &mut BTreeMap<String, T>, from: &str, to: &str) {
    let moved: Vec<String> =
        nodes.keys().filter(|path| *path == from || is_below(path, from)).cloned().collect();
    for path in moved {
        if let Some(node) = nodes.remove(&path) {
            nodes.insert(format!("{to}{}", &path[from.len()..]), node);
        }
    }
}

fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

fn depth(path: &str) -> usize {
    path.split('/').count()
}

fn pick<'a, T>(random: &mut Random, from: &'a [T]) -> Option<&'a T> {
    let index = random.below(from.len().max(1) as u64) as usize;
    from.get(index)
}
