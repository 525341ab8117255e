//! The model: inodes in a map, directories as maps in them, and what every operation must say and do.

use super::{Answer, Fs, Operation, PAGE};
use std::collections::{BTreeMap, BTreeSet};
use vfs::FsError;
use vfs::inode::{FileSystem, InodeId, InodeKind, Replace, list_all};
use vfs::tmpfs::{PAGE_SIZE, Page};

#[derive(Debug, Clone)]
enum Body {
    /// The pages that were written, and the size.
    File(BTreeMap<u64, Vec<u8>>, u64),
    Directory(BTreeMap<String, u64>),
    Link(String),
    Special(InodeKind),
}

#[derive(Debug, Clone)]
struct Node {
    body: Body,
    mode: u16,
}

/// The model.
#[derive(Debug, Clone)]
pub struct Model {
    nodes: BTreeMap<u64, Node>,
    /// What is held, as the file system and as the model call it. The first is the root.
    pub held: Vec<(InodeId, u64)>,
    next: u64,
    pages: usize,
    inodes: usize,
}

const ROOT: u64 = 1;

impl Model {
    /// An empty file system with these limits, which `root` is the root of.
    pub fn new(root: InodeId, pages: usize, inodes: usize) -> Self {
        let node = Node { body: Body::Directory(BTreeMap::new()), mode: 0o755 };
        Self { nodes: BTreeMap::from([(ROOT, node)]), held: vec![(root, ROOT)], next: 2, pages, inodes }
    }

    fn names(&self, number: u64) -> usize {
        let directories = self.nodes.values().filter_map(|node| match &node.body {
            Body::Directory(entries) => Some(entries),
            _ => None,
        });
        directories.flat_map(BTreeMap::values).filter(|&&other| other == number).count()
    }

    fn links(&self, number: u64) -> usize {
        match &self.nodes[&number].body {
            Body::Directory(_) if number != ROOT && self.names(number) == 0 => 0,
            Body::Directory(entries) => {
                2 + entries.values().filter(|child| self.is_directory(**child)).count()
            }
            _ => self.names(number),
        }
    }

    fn is_directory(&self, number: u64) -> bool {
        matches!(self.nodes[&number].body, Body::Directory(_))
    }

    fn pages_of(node: &Node) -> usize {
        match &node.body {
            Body::File(pages, _) => pages.len(),
            Body::Link(target) => usize::from(target.len() >= 128),
            _ => 0,
        }
    }

    fn free_pages(&self) -> usize {
        self.pages - self.nodes.values().map(Self::pages_of).sum::<usize>()
    }

    fn free_inodes(&self) -> usize {
        self.inodes - self.nodes.keys().map(|&number| self.names(number).max(1)).sum::<usize>()
    }

    fn directory(&self, number: u64) -> Result<&BTreeMap<String, u64>, FsError> {
        match &self.nodes[&number].body {
            Body::Directory(entries) => Ok(entries),
            _ => Err(FsError::NotADirectory),
        }
    }

    fn enter(&mut self, directory: u64, name: &str, number: u64) {
        if let Body::Directory(entries) = &mut self.nodes.get_mut(&directory).unwrap().body {
            entries.insert(name.into(), number);
        }
    }

    fn take_out(&mut self, directory: u64, name: &str) {
        if let Body::Directory(entries) = &mut self.nodes.get_mut(&directory).unwrap().body {
            entries.remove(name);
        }
    }

    /// Whether a new name may be entered.
    fn can_enter(&self, directory: u64, name: &str) -> Result<(), FsError> {
        check_name(name)?;
        if self.directory(directory)?.contains_key(name) {
            return Err(FsError::AlreadyExists);
        }
        if self.links(directory) == 0 {
            return Err(FsError::NotFound);
        }
        if self.free_inodes() == 0 { Err(FsError::NoSpace) } else { Ok(()) }
    }

    fn make(&mut self, directory: u64, name: &str, body: Body) -> Result<Answer, FsError> {
        self.can_enter(directory, name)?;
        let node = Node { body, mode: 0o640 };
        if Self::pages_of(&node) > self.free_pages() {
            return Err(FsError::NoSpace);
        }
        let number = self.next;
        self.next += 1;
        self.nodes.insert(number, node);
        self.enter(directory, name, number);
        Ok(Answer::Inode(number))
    }

    /// What is below a directory, itself included.
    fn below(&self, directory: u64) -> BTreeSet<u64> {
        let mut found = BTreeSet::from([directory]);
        if let Ok(entries) = self.directory(directory) {
            entries.values().for_each(|&child| found.extend(self.below(child)));
        }
        found
    }

    /// Drops what has neither name nor user.
    fn sweep(&mut self) {
        let used: BTreeSet<u64> = self.held.iter().map(|held| held.1).collect();
        let gone: Vec<u64> = self
            .nodes
            .keys()
            .copied()
            .filter(|number| self.links(*number) == 0 && !used.contains(number))
            .collect();
        gone.iter().for_each(|number| drop(self.nodes.remove(number)));
    }

    /// Does it, and says what the file system must say.
    pub fn apply(&mut self, operation: &Operation) -> Result<Answer, FsError> {
        let at = |place: &usize| self.held[*place].1;
        match operation {
            Operation::Lookup(directory, name) => {
                let number = self.directory(at(directory))?.get(name).ok_or(FsError::NotFound)?;
                Ok(Answer::Inode(*number))
            }
            Operation::Parent(directory) => {
                let number = at(directory);
                self.directory(number)?;
                let mut parents = self.nodes.iter().filter(|(_, node)| match &node.body {
                    Body::Directory(entries) => entries.values().any(|&child| child == number),
                    _ => false,
                });
                match parents.next() {
                    Some((&parent, _)) => Ok(Answer::Inode(parent)),
                    None if number == ROOT => Ok(Answer::Inode(ROOT)),
                    None => Err(FsError::NotFound),
                }
            }
            // The list of what is held is the caller's.
            Operation::Forget(_) => Ok(Answer::Done),
            Operation::Create(directory, name, kind) => {
                let body = match kind {
                    InodeKind::File => Body::File(BTreeMap::new(), 0),
                    InodeKind::Directory => Body::Directory(BTreeMap::new()),
                    InodeKind::SymbolicLink => return Err(FsError::InvalidInput("")),
                    kind => Body::Special(*kind),
                };
                self.make(at(directory), name, body)
            }
            Operation::CreateLink(directory, name, target) => {
                self.make(at(directory), name, Body::Link(target.clone()))
            }
            Operation::Link(inode, directory, name) => {
                let (number, directory) = (at(inode), at(directory));
                if self.is_directory(number) {
                    return Err(FsError::NotPermitted);
                }
                if self.links(number) == 0 {
                    return Err(FsError::NotFound);
                }
                self.can_enter(directory, name)?;
                self.enter(directory, name, number);
                Ok(Answer::Done)
            }
            Operation::Unlink(directory, name) => {
                let directory = at(directory);
                let number = *self.directory(directory)?.get(name).ok_or(FsError::NotFound)?;
                if self.is_directory(number) {
                    return Err(FsError::IsADirectory);
                }
                self.take_out(directory, name);
                Ok(Answer::Done)
            }
            Operation::RemoveDirectory(directory, name) => {
                let directory = at(directory);
                let number = *self.directory(directory)?.get(name).ok_or(FsError::NotFound)?;
                if !self.directory(number)?.is_empty() {
                    return Err(FsError::NotEmpty);
                }
                self.take_out(directory, name);
                Ok(Answer::Done)
            }
            Operation::Rename(from, name, to, new_name, replace) => {
                let (from, to) = (at(from), at(to));
                check_name(new_name)?;
                let number = *self.directory(from)?.get(name).ok_or(FsError::NotFound)?;
                let target = self.directory(to)?.get(new_name).copied();
                if self.links(to) == 0 {
                    return Err(FsError::NotFound);
                }
                if self.is_directory(number) && self.below(number).contains(&to) {
                    return Err(FsError::InvalidInput(""));
                }
                match target.map(|target| (target, self.is_directory(target))) {
                    Some(_) if *replace == Replace::Never => return Err(FsError::AlreadyExists),
                    Some((target, _)) if target == number => return Ok(Answer::Done),
                    Some((_, true)) if !self.is_directory(number) => return Err(FsError::IsADirectory),
                    Some((_, false)) if self.is_directory(number) => return Err(FsError::NotADirectory),
                    Some((target, true)) if !self.directory(target)?.is_empty() => {
                        return Err(FsError::NotEmpty);
                    }
                    _ => {}
                }
                self.take_out(from, name);
                self.enter(to, new_name, number);
                Ok(Answer::Done)
            }
            Operation::Read(inode, offset, length) => match &self.nodes[&at(inode)].body {
                Body::File(pages, size) => {
                    let end = (*size).min(offset + *length as u64);
                    Ok(Answer::Bytes((*offset..end).map(|at| byte(pages, at)).collect()))
                }
                body => Err(no_contents(body)),
            },
            Operation::Write(inode, offset, data) => {
                let mut free = self.free_pages();
                let number = at(inode);
                match &mut self.nodes.get_mut(&number).unwrap().body {
                    Body::File(pages, size) => {
                        let mut written = 0;
                        for (at, &value) in (*offset..).zip(data) {
                            let is_hole = pages.get(&(at / PAGE)).is_none();
                            if is_hole && free == 0 {
                                break;
                            }
                            free -= usize::from(is_hole);
                            let page = pages.entry(at / PAGE).or_insert_with(|| vec![0; PAGE_SIZE]);
                            page[(at % PAGE) as usize] = value;
                            written += 1;
                        }
                        if written == 0 && !data.is_empty() {
                            return Err(FsError::NoSpace);
                        }
                        if written > 0 {
                            *size = (*size).max(offset + written as u64);
                        }
                        Ok(Answer::Count(written))
                    }
                    body => Err(no_contents(body)),
                }
            }
            Operation::Resize(inode, new_size) => {
                let number = at(inode);
                match &mut self.nodes.get_mut(&number).unwrap().body {
                    Body::File(pages, size) => {
                        *size = *new_size;
                        pages.retain(|page, _| page * PAGE < *new_size);
                        if let Some(page) = pages.get_mut(&(new_size / PAGE)) {
                            page[(new_size % PAGE) as usize..].fill(0);
                        }
                        Ok(Answer::Done)
                    }
                    body => Err(no_contents(body)),
                }
            }
            Operation::Change(inode, mode) => {
                let number = at(inode);
                self.nodes.get_mut(&number).unwrap().mode = *mode;
                Ok(Answer::Done)
            }
            Operation::ReadLink(inode) => match &self.nodes[&at(inode)].body {
                Body::Link(target) => Ok(Answer::Bytes(target.clone().into_bytes())),
                _ => Err(FsError::InvalidInput("")),
            },
        }
    }

    /// Notes what an operation that succeeded in both did to the list of what is held.
    pub fn settle(&mut self, operation: &Operation, real: &Answer, modelled: &Answer) {
        if let (Answer::Inode(real), Answer::Inode(modelled)) = (real, modelled) {
            self.held.push((InodeId(*real), *modelled));
        }
        if let Operation::Forget(place) = operation {
            self.held.remove(*place);
        }
        self.sweep();
    }

    /// Panics unless the file system is what the model says.
    pub fn compare(&self, fs: &mut Fs) {
        let room = fs.room().unwrap();
        assert_eq!(room.free_blocks, self.free_pages() as u64, "free pages");
        assert_eq!(room.free_inodes, self.free_inodes() as u64, "free inodes");
        let mut ids: BTreeMap<u64, InodeId> = BTreeMap::new();
        let mut to_visit = self.held.clone();
        while let Some((id, number)) = to_visit.pop() {
            if let Some(known) = ids.insert(number, id) {
                assert_eq!(known, id, "one inode has one number");
                continue;
            }
            let node = &self.nodes[&number];
            let attributes = fs.attributes(id).unwrap();
            assert_eq!(attributes.links as usize, self.links(number), "links of {node:?}");
            assert_eq!(attributes.mode, node.mode);
            assert_eq!(attributes.blocks, 8 * Self::pages_of(node) as u64);
            match &node.body {
                Body::File(pages, size) => {
                    assert_eq!((attributes.kind, attributes.size), (InodeKind::File, *size));
                    for (&page, bytes) in pages {
                        let mut found = vec![0; PAGE_SIZE];
                        fs.page(id, page).expect("this page was written").read(0, &mut found);
                        assert!(found == *bytes, "page {page}");
                    }
                }
                Body::Directory(entries) => {
                    assert_eq!(attributes.kind, InodeKind::Directory);
                    let listed = list_all(fs, id).unwrap();
                    assert_eq!(listed.len(), entries.len());
                    for (name, id, kind) in listed {
                        let child = entries[&name];
                        assert_eq!(kind, fs.attributes(id).unwrap().kind);
                        to_visit.push((id, child));
                    }
                }
                Body::Link(target) => {
                    assert_eq!(attributes.kind, InodeKind::SymbolicLink);
                    assert_eq!(fs.read_link(id).as_ref(), Ok(target));
                    assert_eq!(attributes.size, target.len() as u64);
                }
                Body::Special(kind) => assert_eq!(attributes.kind, *kind),
            }
        }
        assert_eq!(ids.len(), self.nodes.len());
        assert_eq!(ids.values().collect::<BTreeSet<_>>().len(), ids.len(), "no two inodes share a number");
    }
}

fn byte(pages: &BTreeMap<u64, Vec<u8>>, at: u64) -> u8 {
    pages.get(&(at / PAGE)).map_or(0, |page| page[(at % PAGE) as usize])
}

fn no_contents(body: &Body) -> FsError {
    if matches!(body, Body::Directory(_)) { FsError::IsADirectory } else { FsError::InvalidInput("") }
}

fn check_name(name: &str) -> Result<(), FsError> {
    match name {
        "" | "." | ".." | "a/b" => Err(FsError::InvalidName("")),
        name if name.len() > 255 => Err(FsError::NameTooLong),
        _ => Ok(()),
    }
}
