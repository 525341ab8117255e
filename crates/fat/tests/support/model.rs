//! A tree of files as maps, and a random user who does to it and to a real volume the same.

use super::Random;
use super::system::{System, Tree};
use std::collections::BTreeMap;
use vfs::FsError;
use vfs::inode::{FileSystem, InodeId, InodeKind};

/// A file's or directory's number in the model.
pub type Id = usize;

/// What the model has under a number.
#[derive(Clone, PartialEq, Debug)]
pub enum Thing {
    /// By the name in upper case: the name, and what it stands for.
    Directory(BTreeMap<String, (String, Id)>),
    File(Vec<u8>),
}

/// The model. Number 0 is the root. Nothing is ever taken out of `things`: a file without a name is merely not found.
#[derive(Clone, PartialEq, Debug)]
pub struct Model {
    pub things: Vec<Thing>,
    /// Bytes of contents that changed under each number.
    pub versions: Vec<u32>,
}

impl Default for Model {
    fn default() -> Self {
        Self { things: vec![Thing::Directory(BTreeMap::new())], versions: vec![0] }
    }
}

impl Model {
    pub fn find(&self, path: &str) -> Result<Id, FsError> {
        let mut id = 0;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            match &self.things[id] {
                Thing::File(_) => return Err(FsError::NotADirectory),
                Thing::Directory(names) => id = names.get(&name.to_uppercase()).ok_or(FsError::NotFound)?.1,
            }
        }
        Ok(id)
    }

    pub fn names(&mut self, id: Id) -> &mut BTreeMap<String, (String, Id)> {
        match &mut self.things[id] {
            Thing::Directory(names) => names,
            Thing::File(_) => panic!("{id} is a file"),
        }
    }

    pub fn is_directory(&self, id: Id) -> bool {
        matches!(self.things[id], Thing::Directory(_))
    }

    fn is_empty(&self, id: Id) -> bool {
        matches!(&self.things[id], Thing::Directory(names) if names.is_empty())
    }

    pub fn bytes(&mut self, id: Id) -> &mut Vec<u8> {
        match &mut self.things[id] {
            Thing::File(bytes) => bytes,
            Thing::Directory(_) => panic!("{id} is a directory"),
        }
    }

    fn parent<'a>(&self, path: &'a str) -> Result<(Id, &'a str), FsError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let id = self.find(parent)?;
        if self.is_directory(id) { Ok((id, name)) } else { Err(FsError::NotADirectory) }
    }

    fn add(&mut self, thing: Thing) -> Id {
        self.things.push(thing);
        self.versions.push(0);
        self.things.len() - 1
    }

    /// Every path with its number.
    pub fn paths(&self) -> BTreeMap<String, Id> {
        let mut paths = BTreeMap::new();
        let mut folders = vec![(String::new(), 0)];
        while let Some((folder, id)) = folders.pop() {
            let Thing::Directory(names) = &self.things[id] else { continue };
            for (name, id) in names.values() {
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                paths.insert(path.clone(), *id);
                folders.push((path, *id));
            }
        }
        paths
    }

    pub fn tree(&self) -> Tree {
        let contents = |id: Id| match &self.things[id] {
            Thing::File(bytes) => Some(bytes.clone()),
            Thing::Directory(_) => None,
        };
        self.paths().into_iter().map(|(path, id)| (path, contents(id))).collect()
    }

    pub fn create(&mut self, path: &str, thing: Thing) -> Result<Id, FsError> {
        let (parent, name) = self.parent(path)?;
        if self.names(parent).contains_key(&name.to_uppercase()) {
            return Err(FsError::AlreadyExists);
        }
        let id = self.add(thing);
        self.names(parent).insert(name.to_uppercase(), (name.to_string(), id));
        Ok(id)
    }

    pub fn remove(&mut self, path: &str, is_directory: bool) -> Result<(), FsError> {
        let (parent, name) = self.parent(path)?;
        let id = self.find(path)?;
        match (self.is_directory(id), is_directory) {
            (true, false) => return Err(FsError::IsADirectory),
            (false, true) => return Err(FsError::NotADirectory),
            (true, true) if !self.is_empty(id) => return Err(FsError::NotEmpty),
            _ => {}
        }
        self.names(parent).remove(&name.to_uppercase());
        Ok(())
    }

    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), FsError> {
        let (old, old_name) = self.parent(from)?;
        let (new, new_name) = self.parent(to)?;
        let id = self.find(from)?;
        let below = |path: &str| {
            let (path, from) = (path.to_uppercase(), from.to_uppercase());
            path.strip_prefix(&from).is_some_and(|rest| rest.starts_with('/'))
        };
        if self.is_directory(id) && below(to) {
            return Err(FsError::InvalidInput("a directory can't be moved into itself"));
        }
        if let Ok(target) = self.find(to)
            && target != id
        {
            match (self.is_directory(id), self.is_directory(target)) {
                (true, false) => return Err(FsError::NotADirectory),
                (false, true) => return Err(FsError::IsADirectory),
                (true, true) if !self.is_empty(target) => return Err(FsError::NotEmpty),
                _ => {}
            }
        }
        self.names(old).remove(&old_name.to_uppercase());
        self.names(new).insert(new_name.to_uppercase(), (new_name.to_string(), id));
        Ok(())
    }
}

/// The contents of file number `id` at `offset`: four bytes that say whose they are, and four that say which.
pub fn byte(id: Id, version: u32, offset: usize) -> u8 {
    match offset % 8 {
        at @ 0..4 => tag(id)[at],
        at => version.to_le_bytes()[at - 4] ^ (offset / 8) as u8,
    }
}

/// Never zero.
pub fn tag(id: Id) -> [u8; 4] {
    let digit = |place: u32| (id >> (4 * place)) as u8 % 16 + 0x40 + 16 * place as u8;
    [digit(0), digit(1), digit(2), digit(3)]
}

/// A file that stays in use.
struct Held {
    inode: InodeId,
    id: Id,
}

/// Who does the same to both.
pub struct User<'a> {
    pub system: &'a mut System,
    pub model: Model,
    pub random: Random,
    pub names: &'a [&'a str],
    /// Largest number of bytes written at once.
    pub largest: usize,
    held: Vec<Held>,
    /// What was renamed last, which is likely to be renamed again.
    renamed: Option<String>,
}

impl<'a> User<'a> {
    pub fn new(
        system: &'a mut System,
        model: Model,
        seed: u64,
        names: &'a [&'a str],
        largest: usize,
    ) -> Self {
        let random = Random(0x9e37_79b9_7f4a_7c15 ^ seed);
        Self { system, model, random, names, largest, held: Vec::new(), renamed: None }
    }

    fn path(&mut self) -> String {
        let depth = [1, 1, 2, 2, 2, 3][self.random.below(6)];
        let parts: Vec<&str> = (0..depth).map(|_| self.names[self.random.below(self.names.len())]).collect();
        parts.join("/")
    }

    /// Whether both agree. When there is no room the volume alone decides.
    fn agree<T, U>(&self, what: &str, real: &Result<T, FsError>, model: &Result<U, FsError>) {
        match (real, model) {
            (Ok(_), Ok(_)) => {}
            (Err(real), Err(model)) => assert_eq!(real, model, "{what}"),
            (Ok(_), Err(error)) => panic!("{what} did not fail with {error:?}"),
            (Err(error), Ok(_)) => panic!("{what} failed: {error:?}"),
        }
    }

    /// Something on a path to change: a file that is held, or one by path.
    fn write_somewhere(&mut self, inode: InodeId, id: Id) {
        let size = self.model.bytes(id).len();
        match self.random.below(6) {
            0 => {
                let size = self.random.below(size + self.largest);
                match self.system.resize(inode, size as u64) {
                    Ok(()) => self.model.bytes(id).resize(size, 0),
                    Err(error) => assert_eq!(error, FsError::NoSpace),
                }
                self.model.versions[id] += 1;
            }
            1 => {
                self.system.fs.resize(inode, 0).unwrap();
                self.model.bytes(id).clear();
                self.model.versions[id] += 1;
            }
            _ => {
                let beyond = if self.random.once_in(8) { self.largest / 2 + 1 } else { 1 };
                let offset = self.random.below(size + beyond);
                let length = if self.random.once_in(3) { self.largest } else { 600 };
                let length = 1 + self.random.below(length);
                self.model.versions[id] += 1;
                let version = self.model.versions[id];
                let data: Vec<u8> = (offset..offset + length).map(|at| byte(id, version, at)).collect();
                match self.system.write(inode, offset as u64, &data) {
                    Ok(()) => {
                        let bytes = self.model.bytes(id);
                        bytes.resize(size.max(offset + length), 0);
                        bytes[offset..offset + length].copy_from_slice(&data);
                    }
                    Err(error) => assert_eq!(error, FsError::NoSpace),
                }
            }
        }
        let size = self.model.bytes(id).len() as u64;
        assert_eq!(self.system.size(inode), size);
    }

    /// One random operation.
    pub fn step(&mut self) {
        let (mut path, other) = (self.path(), self.path());
        let mut kind = self.random.below(16);
        if let Some(renamed) = self.renamed.take()
            && self.random.once_in(2)
        {
            (path, kind) = (renamed, 4);
        }
        match kind {
            0 | 1 => {
                let real = self.system.create_directory(&path);
                if real != Err(FsError::NoSpace) {
                    let model = self.model.create(&path, Thing::Directory(BTreeMap::new()));
                    self.agree(&format!("mkdir {path}"), &real, &model);
                }
            }
            2 | 3 => {
                let is_directory = self.model.find(&path).is_ok_and(|id| self.model.is_directory(id))
                    ^ self.random.once_in(8);
                let model = self.model.remove(&path, is_directory);
                let real = self.system.remove(&path, is_directory);
                self.agree(&format!("rm {path}"), &real, &model);
            }
            4..=6 => {
                let real = self.system.rename(&path, &other);
                if real != Err(FsError::NoSpace) {
                    let model = self.model.rename(&path, &other);
                    // Of two reasons why not, either may be told.
                    assert_eq!(real.is_ok(), model.is_ok(), "mv {path} {other}: {real:?}, {model:?}");
                    self.respell(&other);
                    self.renamed = real.is_ok().then_some(other);
                }
            }
            7 if !self.held.is_empty() => {
                let held = self.held.swap_remove(self.random.below(self.held.len()));
                self.system.forget(held.inode);
            }
            8 | 9 if !self.held.is_empty() => {
                let held = &self.held[self.random.below(self.held.len())];
                let (inode, id) = (held.inode, held.id);
                self.write_somewhere(inode, id);
            }
            10 => {
                let model = self.model.find(&path).and_then(|id| match &self.model.things[id] {
                    Thing::File(bytes) => Ok(bytes),
                    Thing::Directory(_) => Err(FsError::IsADirectory),
                });
                let real = self.system.find(&path).and_then(|inode| {
                    let result = if self.system.fs.attributes(inode)?.kind == InodeKind::Directory {
                        Err(FsError::IsADirectory)
                    } else {
                        self.system.read(inode)
                    };
                    self.system.forget(inode);
                    result
                });
                self.agree(&format!("cat {path}"), &real, &model);
                if let (Ok(real), Ok(model)) = (real, model) {
                    assert!(real == *model, "the contents of {path}");
                }
            }
            _ => {
                let inode = match self.system.find(&path) {
                    Ok(inode) => inode,
                    Err(_) => {
                        let real = self.system.create(&path, InodeKind::File);
                        if real == Err(FsError::NoSpace) {
                            return;
                        }
                        let model = self.model.create(&path, Thing::File(Vec::new()));
                        self.agree(&format!("create {path}"), &real, &model);
                        match real {
                            Ok(inode) => inode,
                            Err(_) => return,
                        }
                    }
                };
                let id = self.model.find(&path).unwrap();
                if self.model.is_directory(id) {
                    self.system.forget(inode);
                    return;
                }
                self.write_somewhere(inode, id);
                if self.random.once_in(3) && self.held.len() < 4 {
                    self.held.push(Held { inode, id });
                } else {
                    self.system.forget(inode);
                }
            }
        }
    }

    /// The model learns how the last part of a path is spelled on the volume: of names that differ in case only, one
    /// that is replaced may keep its spelling.
    fn respell(&mut self, path: &str) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Ok(id) = self.model.find(folder) else { return };
        if !self.model.is_directory(id) {
            return;
        }
        let spelling = self.system.names(folder);
        if let Some(entry) = self.model.names(id).get_mut(&name.to_uppercase()) {
            let found = spelling.iter().find(|found| found.to_uppercase() == name.to_uppercase());
            entry.0 = found.expect("a renamed file is not there").clone();
        }
    }

    /// Lets go of all files.
    pub fn let_go(&mut self) {
        for held in self.held.drain(..) {
            self.system.forget(held.inode);
        }
    }
}
