//! All files and directories of a tree, by number.

use super::directory::Directory;
use crate::FsError;
use alloc::vec::Vec;

/// The number of a node. It is used again when the node is gone; by then nothing refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeId(usize);

/// The directory in which every path begins.
pub const ROOT: NodeId = NodeId(0);

/// What a node holds.
pub enum Contents {
    File(Vec<u8>),
    Directory(Directory),
}

/// A file or a directory.
pub struct Node {
    pub contents: Contents,
    /// Seconds since 1970.
    pub modified: u64,
    /// Whether a directory names it.
    pub linked: bool,
    /// How many ids are open on it.
    pub open: usize,
}

impl Node {
    /// A node that is about to get a name, made or changed at `modified`.
    pub const fn new(contents: Contents, modified: u64) -> Self {
        Self { contents, modified, linked: true, open: 0 }
    }
}

enum Slot {
    Used(Node),
    /// With the free slot to be used after this one.
    Free(Option<NodeId>),
}

/// The table of nodes. A free slot says which is the next, so that removing a node takes no memory. The table stays as
/// large as it was when there were most nodes.
pub struct Nodes {
    slots: Vec<Slot>,
    free: Option<NodeId>,
}

impl Nodes {
    /// A table with `root` alone, as [`ROOT`].
    ///
    /// # Errors
    /// [`FsError::NoSpace`] when there is no memory for it.
    pub fn new(root: Node) -> Result<Self, FsError> {
        let mut nodes = Self { slots: Vec::new(), free: None };
        nodes.reserve()?;
        nodes.insert(root);
        Ok(nodes)
    }

    /// The node `id`.
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        match self.slots.get(id.0) {
            Some(Slot::Used(node)) => Some(node),
            _ => None,
        }
    }

    /// The node `id`, to be changed.
    pub fn get_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        match self.slots.get_mut(id.0) {
            Some(Slot::Used(node)) => Some(node),
            _ => None,
        }
    }

    /// Makes room for one more node, so that the next [`Nodes::insert`] needs no memory.
    ///
    /// # Errors
    /// [`FsError::NoSpace`].
    pub fn reserve(&mut self) -> Result<(), FsError> {
        match self.free {
            Some(_) => Ok(()),
            None => self.slots.try_reserve(1).map_err(|_| FsError::NoSpace),
        }
    }

    /// Gives a node a number. [`Nodes::reserve`] made room for it.
    pub fn insert(&mut self, node: Node) -> NodeId {
        let free = self.free.and_then(|id| Some((id, self.slots.get_mut(id.0)?)));
        if let Some((id, slot)) = free
            && let Slot::Free(next) = *slot
        {
            self.free = next;
            *slot = Slot::Used(node);
            return id;
        }
        self.slots.push(Slot::Used(node));
        NodeId(self.slots.len() - 1)
    }

    /// Drops the node `id` with what it holds.
    pub fn remove(&mut self, id: NodeId) {
        if let Some(slot @ Slot::Used(_)) = self.slots.get_mut(id.0) {
            *slot = Slot::Free(self.free.replace(id));
        }
    }
}
