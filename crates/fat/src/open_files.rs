//! The files that are open. FAT has no numbers for files, so a file is its path; renaming moves the paths along, and
//! what is open can't be removed.

use crate::names;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use vfs::{FileId, FsError};

/// A piece of a file that lies in one piece on the disk.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Where it begins in the file.
    pub file_offset: u64,
    /// Where it begins in the volume.
    pub disk_offset: u64,
    /// Its length in bytes.
    pub length: u64,
}

/// A file that is open, once or several times.
pub struct Node {
    /// Its path, in the disk's own spelling.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Where its contents lie; None after a change, until somebody reads. This spares reading a walk through the
    /// chain each time.
    pub extents: Option<Vec<Extent>>,
    /// Whether it was changed since it was last safe on the disk.
    pub changed: bool,
    ids: usize,
}

struct Id {
    node: u64,
    writable: bool,
}

/// The table of them.
#[derive(Default)]
pub struct OpenFiles {
    ids: BTreeMap<FileId, Id>,
    nodes: BTreeMap<u64, Node>,
    next: u64,
}

const NOT_OPEN: FsError = FsError::InvalidInput("the file is not open");

impl OpenFiles {
    /// Opens the file with the path `path`, which is `size` bytes long.
    pub fn open(&mut self, path: String, size: u64, writable: bool) -> FileId {
        self.next += 1;
        let id = FileId(self.next);
        let existing = self.nodes.iter_mut().find(|(_, node)| names::same(&node.path, &path));
        let node = match existing {
            Some((&number, node)) => {
                node.ids += 1;
                number
            }
            None => {
                self.nodes.insert(self.next, Node { path, size, extents: None, changed: false, ids: 1 });
                self.next
            }
        };
        self.ids.insert(id, Id { node, writable });
        id
    }

    /// Closes an id. True when its file was changed and is now to be made safe.
    pub fn close(&mut self, id: FileId) -> Result<bool, FsError> {
        let id = self.ids.remove(&id).ok_or(NOT_OPEN)?;
        let node = self.nodes.get_mut(&id.node).ok_or(NOT_OPEN)?;
        let changed = core::mem::take(&mut node.changed);
        node.ids -= 1;
        if node.ids == 0 {
            self.nodes.remove(&id.node);
        }
        Ok(changed)
    }

    /// The file behind an id.
    pub fn get(&mut self, id: FileId) -> Result<&mut Node, FsError> {
        let id = self.ids.get(&id).ok_or(NOT_OPEN)?;
        self.nodes.get_mut(&id.node).ok_or(NOT_OPEN)
    }

    /// The file behind an id that may be written through.
    pub fn get_writable(&mut self, id: FileId) -> Result<&mut Node, FsError> {
        match self.ids.get(&id) {
            Some(id) if !id.writable => Err(FsError::InvalidInput("the file is open for reading only")),
            _ => self.get(id),
        }
    }

    /// Whether the file is open.
    pub fn is_open(&self, path: &str) -> bool {
        self.nodes.values().any(|node| names::same(&node.path, path))
    }

    /// The file or directory `from` is now called `to`, both in the disk's own spelling.
    pub fn renamed(&mut self, from: &str, to: &str) {
        for node in self.nodes.values_mut() {
            if let Some(rest) = node.path.strip_prefix(from)
                && (rest.is_empty() || rest.starts_with('/'))
            {
                node.path = alloc::format!("{to}{rest}");
            }
        }
    }
}
