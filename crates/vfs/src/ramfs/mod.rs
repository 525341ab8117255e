//! The file system in memory, mounted at `/`. Nodes have numbers; directories map names to them (`directory.rs`). A
//! node goes when no name and no open file refers to it, so a removed file stays readable while it is open, as POSIX
//! has it.
//!
//! Memory may run out at any allocation. So every change first has all the memory it needs, which may fail, and is then
//! made, which can't: after an error all is as it was.

mod directory;
mod nodes;

use crate::{DirectoryEntry, FileId, FileKind, FileSystem, FsError, Metadata, OpenMode, Usage, path};
use alloc::vec::Vec;
use directory::{Directory, Entry};
use nodes::{Contents, Node, NodeId, Nodes, ROOT};

/// What a name costs besides its contents, roughly: a bound for directories full of empty files.
const NODE_COST: u64 = 256;

struct Open {
    file: FileId,
    node: NodeId,
    writable: bool,
}

/// A tree of files in memory.
pub struct RamFs {
    nodes: Nodes,
    /// By number: a file that is opened gets the highest so far.
    open: Vec<Open>,
    /// The number of the next file that is opened. None is given twice, so that a stale one is noticed.
    next_file: u64,
    capacity: u64,
    used: u64,
    clock: fn() -> u64,
}

impl RamFs {
    /// An empty tree that grows to at most `capacity` bytes. `clock` tells the seconds since 1970.
    ///
    /// # Errors
    /// [`FsError::NoSpace`] when there is no memory for the root.
    pub fn new(capacity: u64, clock: fn() -> u64) -> Result<Self, FsError> {
        let root = Node::new(Contents::Directory(Directory::new()), clock());
        Ok(Self { nodes: Nodes::new(root)?, open: Vec::new(), next_file: 0, capacity, used: 0, clock })
    }

    fn lookup(&self, path: &str) -> Result<NodeId, FsError> {
        let mut node = ROOT;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            node = self.directory(node)?.get(name).ok_or(FsError::NotFound)?;
        }
        Ok(node)
    }

    /// The directory that holds, or would hold, the last name of `path`, and that name.
    fn parent<'a>(&self, path: &'a str) -> Result<(NodeId, &'a str), FsError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.lookup(parent)?;
        self.directory(parent)?;
        Ok((parent, name))
    }

    fn directory(&self, node: NodeId) -> Result<&Directory, FsError> {
        match self.nodes.get(node).map(|node| &node.contents) {
            Some(Contents::Directory(entries)) => Ok(entries),
            Some(Contents::File(_)) => Err(FsError::NotADirectory),
            None => Err(FsError::NotFound),
        }
    }

    /// The entries of a directory, to have room made among them.
    fn entries(&mut self, directory: NodeId) -> Result<&mut Directory, FsError> {
        match self.nodes.get_mut(directory) {
            Some(Node { contents: Contents::Directory(entries), .. }) => Ok(entries),
            Some(_) => Err(FsError::NotADirectory),
            None => Err(FsError::NotFound),
        }
    }

    /// As [`RamFs::entries`], to be changed, which the directory notes.
    fn change_entries(&mut self, directory: NodeId) -> Result<&mut Directory, FsError> {
        let now = (self.clock)();
        if let Some(node) = self.nodes.get_mut(directory) {
            node.modified = now;
        }
        self.entries(directory)
    }

    fn charge(&mut self, bytes: u64) -> Result<(), FsError> {
        let used =
            self.used.checked_add(bytes).filter(|&used| used <= self.capacity).ok_or(FsError::NoSpace)?;
        self.used = used;
        Ok(())
    }

    fn create(&mut self, path: &str, contents: Contents) -> Result<NodeId, FsError> {
        let (parent, name) = self.parent(path)?;
        let new_name = path::copy(name)?;
        self.nodes.reserve()?;
        self.entries(parent)?.reserve()?;
        self.charge(NODE_COST + name.len() as u64)?;
        let node = self.nodes.insert(Node::new(contents, (self.clock)()));
        self.change_entries(parent)?.insert(Entry { name: new_name, node });
        Ok(node)
    }

    /// Takes the name `path` away from its node, and the node with it if nobody needs it.
    fn unlink(&mut self, path: &str) -> Result<(), FsError> {
        let (parent, name) = self.parent(path)?;
        let id = self.change_entries(parent)?.remove(name).ok_or(FsError::NotFound)?.node;
        self.used = self.used.saturating_sub(NODE_COST + name.len() as u64);
        if let Some(node) = self.nodes.get_mut(id) {
            node.linked = false;
        }
        self.release(id);
        Ok(())
    }

    fn release(&mut self, id: NodeId) {
        let Some(node) = self.nodes.get(id).filter(|node| !node.linked && node.open == 0) else { return };
        if let Contents::File(bytes) = &node.contents {
            self.used = self.used.saturating_sub(bytes.len() as u64);
        }
        self.nodes.remove(id);
    }

    fn describe(node: &Node) -> Metadata {
        let (kind, size) = match &node.contents {
            Contents::File(bytes) => (FileKind::File, bytes.len() as u64),
            Contents::Directory(_) => (FileKind::Directory, 0),
        };
        Metadata { kind, size, modified: node.modified }
    }

    /// Where an open file stands among the others.
    fn place(&self, file: FileId) -> Result<usize, FsError> {
        let found = self.open.binary_search_by_key(&file, |open| open.file);
        found.map_err(|_| FsError::InvalidInput("the file is not open"))
    }

    fn contents(&self, file: FileId) -> Result<&Vec<u8>, FsError> {
        let open = &self.open[self.place(file)?];
        match self.nodes.get(open.node).map(|node| &node.contents) {
            Some(Contents::File(bytes)) => Ok(bytes),
            _ => Err(FsError::IsADirectory),
        }
    }

    fn writable(&self, file: FileId) -> Result<NodeId, FsError> {
        let open = &self.open[self.place(file)?];
        if open.writable {
            Ok(open.node)
        } else {
            Err(FsError::InvalidInput("the file is open for reading only"))
        }
    }

    /// Sets the length of a file's contents, zeros in new places.
    fn resize(&mut self, id: NodeId, size: u64) -> Result<&mut Vec<u8>, FsError> {
        let old = match self.nodes.get(id).map(|node| &node.contents) {
            Some(Contents::File(bytes)) => bytes.len() as u64,
            _ => return Err(FsError::IsADirectory),
        };
        self.charge(size.saturating_sub(old))?;
        let now = (self.clock)();
        let Some(Node { contents: Contents::File(bytes), modified, .. }) = self.nodes.get_mut(id) else {
            return Err(FsError::IsADirectory);
        };
        let length = usize::try_from(size).map_err(|_| FsError::TooLarge)?;
        if size > old {
            // The promised room may exceed what the machine has left: that is an error, not the end.
            if bytes.try_reserve(length - bytes.len()).is_err() {
                self.used = self.used.saturating_sub(size - old);
                return Err(FsError::NoSpace);
            }
        } else {
            self.used = self.used.saturating_sub(old - size);
        }
        *modified = now;
        bytes.resize(length, 0);
        Ok(bytes)
    }
}

impl FileSystem for RamFs {
    fn kind(&self) -> &'static str {
        "tmpfs"
    }

    fn metadata(&mut self, path: &str) -> Result<Metadata, FsError> {
        let id = self.lookup(path)?;
        self.nodes.get(id).map(Self::describe).ok_or(FsError::NotFound)
    }

    fn list(&mut self, path: &str) -> Result<Vec<DirectoryEntry>, FsError> {
        let entries = self.directory(self.lookup(path)?)?.entries();
        let mut list = Vec::new();
        list.try_reserve_exact(entries.len()).map_err(|_| FsError::OutOfMemory)?;
        for entry in entries {
            let node = self.nodes.get(entry.node).ok_or(FsError::NotFound)?;
            list.push(DirectoryEntry { name: path::copy(&entry.name)?, metadata: Self::describe(node) });
        }
        Ok(list)
    }

    fn open(&mut self, path: &str, mode: OpenMode) -> Result<FileId, FsError> {
        self.open.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        let node = match self.lookup(path) {
            Ok(_) if mode == OpenMode::CreateNew => return Err(FsError::AlreadyExists),
            Ok(node) if self.directory(node).is_ok() => return Err(FsError::IsADirectory),
            Ok(node) => node,
            Err(FsError::NotFound) if mode.creates() => self.create(path, Contents::File(Vec::new()))?,
            Err(error) => return Err(error),
        };
        if mode == OpenMode::Replace {
            self.resize(node, 0)?;
        }
        if let Some(node) = self.nodes.get_mut(node) {
            node.open += 1;
        }
        let file = FileId(self.next_file);
        self.next_file += 1;
        self.open.push(Open { file, node, writable: mode.is_writable() });
        Ok(file)
    }

    fn close(&mut self, file: FileId) -> Result<(), FsError> {
        let place = self.place(file)?;
        let open = self.open.remove(place);
        if let Some(node) = self.nodes.get_mut(open.node) {
            node.open -= 1;
        }
        self.release(open.node);
        Ok(())
    }

    fn size(&mut self, file: FileId) -> Result<u64, FsError> {
        Ok(self.contents(file)?.len() as u64)
    }

    fn read(&mut self, file: FileId, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        let bytes = self.contents(file)?;
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }

    fn write(&mut self, file: FileId, offset: u64, data: &[u8]) -> Result<(), FsError> {
        let node = self.writable(file)?;
        if data.is_empty() {
            return Ok(());
        }
        let end = offset.checked_add(data.len() as u64).ok_or(FsError::TooLarge)?;
        let size = self.contents(file)?.len() as u64;
        let bytes = self.resize(node, size.max(end))?;
        // `resize` has proven that both ends fit in usize.
        bytes[offset as usize..end as usize].copy_from_slice(data);
        Ok(())
    }

    fn truncate(&mut self, file: FileId, size: u64) -> Result<(), FsError> {
        let node = self.writable(file)?;
        self.resize(node, size).map(|_| ())
    }

    fn create_directory(&mut self, path: &str) -> Result<(), FsError> {
        match self.lookup(path) {
            Ok(_) => Err(FsError::AlreadyExists),
            Err(FsError::NotFound) => self.create(path, Contents::Directory(Directory::new())).map(|_| ()),
            Err(error) => Err(error),
        }
    }

    fn remove(&mut self, path: &str) -> Result<(), FsError> {
        let id = self.lookup(path)?;
        if id == ROOT {
            return Err(FsError::Busy);
        }
        if self.directory(id).is_ok_and(|entries| !entries.is_empty()) {
            return Err(FsError::NotEmpty);
        }
        self.unlink(path)
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), FsError> {
        let id = self.lookup(from)?;
        if id == ROOT {
            return Err(FsError::Busy);
        }
        let is_directory = self.directory(id).is_ok();
        match self.lookup(to) {
            Ok(target) if target == id => return Ok(()),
            Ok(target) if is_directory || self.directory(target).is_ok() => {
                return Err(FsError::AlreadyExists);
            }
            Ok(_) => {}
            Err(FsError::NotFound) if is_directory && path::below(to, from).is_some() => {
                return Err(FsError::InvalidInput("a directory can't be moved into itself"));
            }
            // Proves that the new name can be made before the old one goes.
            Err(FsError::NotFound) => drop(self.parent(to)?),
            Err(error) => return Err(error),
        }
        let (old_parent, old_name) = self.parent(from)?;
        let (new_parent, new_name) = self.parent(to)?;
        let name = path::copy(new_name)?;
        self.entries(new_parent)?.reserve()?;
        self.charge((new_name.len() as u64).saturating_sub(old_name.len() as u64))?;
        self.used = self.used.saturating_sub((old_name.len() as u64).saturating_sub(new_name.len() as u64));
        if self.lookup(to).is_ok() {
            self.unlink(to)?;
        }
        self.change_entries(old_parent)?.remove(old_name);
        self.change_entries(new_parent)?.insert(Entry { name, node: id });
        Ok(())
    }

    fn sync(&mut self) -> Result<(), FsError> {
        Ok(())
    }

    fn usage(&mut self) -> Result<Usage, FsError> {
        Ok(Usage { total: self.capacity, free: self.capacity - self.used })
    }
}
