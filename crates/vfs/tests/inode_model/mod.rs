//! A file system as plain maps, and a random user who compares it with the one in memory. Operations are values, so that
//! a test can try one again and again while memory runs out. Beside it the pages that the host has.

use super::model::Decide;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use vfs::FsError;
use vfs::inode::{
    AttributeChange, DeviceNumber, FileSystem, InodeId, InodeKind, NewInode, Replace, Time, list_all,
};
use vfs::tmpfs::{PAGE_SIZE, Page, Pages, TmpFs};

/// A page on the heap.
#[derive(Clone)]
pub struct HeapPage(Arc<Mutex<[u8; PAGE_SIZE]>>);

impl Page for HeapPage {
    fn read(&self, offset: usize, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0.lock().unwrap()[offset..offset + buffer.len()]);
    }

    fn write(&self, offset: usize, data: &[u8]) {
        self.0.lock().unwrap()[offset..offset + data.len()].copy_from_slice(data);
    }
}

/// Pages of the heap, unless the function says that there is none.
pub struct HeapPages(pub fn() -> bool);

impl Pages for HeapPages {
    type Page = HeapPage;

    fn allocate(&self) -> Option<HeapPage> {
        (self.0)().then(|| HeapPage(Arc::new(Mutex::new([0; PAGE_SIZE]))))
    }
}

/// What the tests look at.
pub type Fs = TmpFs<HeapPages>;

/// A clock that stands.
pub fn noon() -> Time {
    Time { seconds: 1_700_000_000, nanoseconds: 123_456_789 }
}

/// Something that is done to a file system. Inodes are places in the list of those that are held.
#[derive(Debug, Clone)]
pub enum Operation {
    Lookup(usize, String),
    Parent(usize),
    Forget(usize),
    Create(usize, String, InodeKind),
    CreateLink(usize, String, String),
    Link(usize, usize, String),
    Unlink(usize, String),
    RemoveDirectory(usize, String),
    Rename(usize, String, usize, String, Replace),
    Read(usize, u64, usize),
    Write(usize, u64, Vec<u8>),
    Resize(usize, u64),
    Change(usize, u16),
    ReadLink(usize),
}

/// What an operation said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Done,
    /// One more inode is held: the number in the model, or that in the file system.
    Inode(u64),
    Bytes(Vec<u8>),
    Count(usize),
}

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
const PAGE: u64 = PAGE_SIZE as u64;

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

/// Does it to a file system.
pub fn perform(fs: &mut Fs, held: &[(InodeId, u64)], operation: &Operation) -> Result<Answer, FsError> {
    let at = |place: &usize| held[*place].0;
    let inode = |id: InodeId| Answer::Inode(id.0);
    let done = |()| Answer::Done;
    let new = |name, kind| NewInode { name, kind, mode: 0o640, user: 1, group: 2 };
    match operation {
        Operation::Lookup(directory, name) => fs.lookup(at(directory), name).map(inode),
        Operation::Parent(directory) => fs.parent(at(directory)).map(inode),
        Operation::Forget(place) => {
            fs.forget(at(place));
            Ok(Answer::Done)
        }
        Operation::Create(directory, name, kind) => fs.create(at(directory), &new(name, *kind)).map(inode),
        Operation::CreateLink(directory, name, target) => {
            fs.create_link(at(directory), &new(name, InodeKind::SymbolicLink), target).map(inode)
        }
        Operation::Link(file, directory, name) => fs.link(at(file), at(directory), name).map(done),
        Operation::Unlink(directory, name) => fs.unlink(at(directory), name).map(done),
        Operation::RemoveDirectory(directory, name) => fs.remove_directory(at(directory), name).map(done),
        Operation::Rename(from, name, to, new_name, replace) => {
            fs.rename(at(from), name, at(to), new_name, *replace).map(done)
        }
        Operation::Read(file, offset, length) => {
            let mut buffer = vec![0xaa; *length];
            let count = fs.read(at(file), *offset, &mut buffer)?;
            buffer.truncate(count);
            Ok(Answer::Bytes(buffer))
        }
        Operation::Write(file, offset, data) => fs.write(at(file), *offset, data).map(Answer::Count),
        Operation::Resize(file, size) => fs.resize(at(file), *size).map(done),
        Operation::Change(inode, mode) => fs
            .set_attributes(at(inode), &AttributeChange { mode: Some(*mode), ..Default::default() })
            .map(done),
        Operation::ReadLink(inode) => fs.read_link(at(inode)).map(|text| Answer::Bytes(text.into_bytes())),
    }
}

/// Whether two answers are the same, but for the texts in errors and the numbers of inodes.
pub fn agree(real: &Result<Answer, FsError>, modelled: &Result<Answer, FsError>) -> bool {
    match (real, modelled) {
        (Ok(Answer::Inode(_)), Ok(Answer::Inode(_))) => true,
        (Ok(real), Ok(modelled)) => real == modelled,
        (Err(real), Err(modelled)) => core::mem::discriminant(real) == core::mem::discriminant(modelled),
        _ => false,
    }
}

/// Any operation on what is held.
pub fn any_operation(model: &Model, decide: &mut impl Decide) -> Operation {
    let place = decide.below(model.held.len());
    let other = decide.below(model.held.len());
    let name = any_name(decide);
    match decide.below(24) {
        0 | 1 => Operation::Lookup(place, name),
        2 => Operation::Parent(place),
        3..=5 if place > 0 && model.held.len() > 6 => Operation::Forget(place),
        3..=6 => Operation::Create(place, name, InodeKind::File),
        7 | 8 => Operation::Create(place, name, InodeKind::Directory),
        9 => {
            let device = DeviceNumber { major: 5, minor: 1 };
            let kinds = [
                InodeKind::Fifo,
                InodeKind::Socket,
                InodeKind::CharacterDevice(device),
                InodeKind::BlockDevice(device),
                InodeKind::SymbolicLink,
            ];
            Operation::Create(place, name, kinds[decide.below(kinds.len())])
        }
        10 => {
            let length = [1, 30, 127, 128, 4000][decide.below(5)];
            Operation::CreateLink(place, name, "x".repeat(length))
        }
        11 | 12 => Operation::Link(place, other, name),
        13 | 14 => Operation::Unlink(place, name),
        15 => Operation::RemoveDirectory(place, name),
        16..=18 => {
            let replace = if decide.below(6) == 0 { Replace::Never } else { Replace::Allowed };
            let new_name = any_name(decide);
            Operation::Rename(place, name, other, new_name, replace)
        }
        19 => Operation::Read(place, any_offset(decide), decide.below(9000)),
        20 | 21 => {
            let offset = any_offset(decide);
            let length = if decide.below(3) == 0 { decide.below(14_000) } else { decide.below(100) };
            Operation::Write(place, offset, decide.bytes(length))
        }
        22 => Operation::Resize(place, any_offset(decide)),
        _ if decide.below(2) == 0 => Operation::ReadLink(place),
        _ => Operation::Change(place, decide.below(0o10000) as u16),
    }
}

fn any_offset(decide: &mut impl Decide) -> u64 {
    match decide.below(10) {
        0 => (1 << 40) + decide.below(3) as u64 * (PAGE / 2),
        1 => 128 * PAGE * (1 + decide.below(4) as u64) - decide.below(2) as u64,
        _ => decide.below(20_000) as u64,
    }
}

fn any_name(decide: &mut impl Decide) -> String {
    match decide.below(40) {
        0 => ["", ".", "..", "a/b"][decide.below(4)].into(),
        1 => "n".repeat(255 + decide.below(2)),
        _ => ["a", "b", "c", "Ärger", "a long name with spaces"][decide.below(5)].into(),
    }
}

/// Does `steps` random things to both, and compares after each.
pub fn run(fs: &mut Fs, model: &mut Model, steps: usize, decide: &mut impl Decide) {
    for step in 0..steps {
        let operation = any_operation(model, decide);
        let real = perform(fs, &model.held, &operation);
        let modelled = model.apply(&operation);
        assert!(agree(&real, &modelled), "{operation:.60?} at {step}: {real:.60?}, not {modelled:.60?}");
        if let (Ok(real), Ok(modelled)) = (&real, &modelled) {
            model.settle(&operation, real, modelled);
        }
        model.compare(fs);
    }
}
