//! The inodes that are known: those in use, those above them, and those with changes that are not committed.
//!
//! An inode's number is where its entry lies, so that listing a directory can tell it without looking the entry up. It
//! keeps the number when its entry moves; what is then entered at the old place gets another.

use crate::chain::Chain;
use crate::directory::slot::{self, DIRECTORY, SLOTS, Slot};
use crate::directory::{Index, Set};
use crate::stamp::Stamp;
use core::hash::{BuildHasherDefault, Hasher};
use hashbrown::HashMap;
use vfs::FsError;
use vfs::inode::InodeId;

/// The root's number. All others are 16 or more, since the first sector holds no entries.
pub const ROOT: u64 = 1;
/// What distinguishes numbers that would be the same.
const AGAIN: u64 = 1 << 48;

/// Where an entry lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The short entry's slot in the directory.
    pub slot: u32,
    /// The sector of the short entry.
    pub sector: u64,
}

impl Place {
    /// The short entry's number on the volume.
    pub const fn key(&self) -> u64 {
        self.sector * SLOTS as u64 + (self.slot % SLOTS) as u64
    }
}

/// What is known of an inode.
pub struct Node {
    /// How often it was given out.
    pub users: u64,
    /// Known inodes whose parent it is.
    pub children: u32,
    /// The directory that it lies in; 0 without a name. The root's is the root.
    pub parent: u64,
    /// Where its entry lies; `None` for the root and without a name.
    pub place: Option<Place>,
    /// FAT's attributes.
    pub attributes: u8,
    /// Bytes; 0 for directories.
    pub size: u32,
    /// The first cluster as the entry says; 0 for none, and for the root where that is not in clusters.
    pub first: u32,
    /// When the contents were changed.
    pub modified: Stamp,
    /// The day of the last reading.
    pub accessed: Stamp,
    /// The clusters, once they are known. Always known where they differ from what the table on the disk says.
    pub chain: Option<Chain>,
    /// How many clusters from the first on the table on the disk links.
    pub linked: u32,
    /// The last of these is not marked as the last on the disk: the file was cut there.
    pub dangling: bool,
    /// Of a directory, once it was searched.
    pub index: Option<Index>,
}

impl Node {
    /// From its entry.
    pub fn new(entry: &Slot, parent: u64, place: Place, is_wide: bool) -> Self {
        let is_directory = entry[slot::ATTRIBUTES] & DIRECTORY != 0;
        Self {
            users: 0,
            children: 0,
            parent,
            place: Some(place),
            attributes: entry[slot::ATTRIBUTES],
            size: if is_directory { 0 } else { slot::size(entry) },
            first: slot::cluster(entry, is_wide),
            modified: slot::modified(entry),
            accessed: slot::accessed(entry),
            chain: None,
            linked: 0,
            dangling: false,
            index: None,
        }
    }

    /// The root, which begins at `first`.
    pub fn root(first: u32) -> Self {
        Self {
            users: 0,
            children: 0,
            parent: ROOT,
            place: None,
            attributes: DIRECTORY,
            size: 0,
            first,
            modified: Stamp::default(),
            accessed: Stamp::default(),
            chain: None,
            linked: 0,
            dangling: false,
            index: None,
        }
    }

    /// Whether it is a directory.
    pub const fn is_directory(&self) -> bool {
        self.attributes & DIRECTORY != 0
    }

    /// Whether it was removed.
    pub const fn is_nameless(&self) -> bool {
        self.parent == 0
    }

    /// How many clusters it has, as far as that is known.
    pub fn clusters(&self) -> u32 {
        self.chain.as_ref().map_or(0, Chain::len)
    }

    /// Whether the table on the disk has to be changed for it.
    pub fn is_unlinked(&self) -> bool {
        !self.is_nameless() && (self.dangling || self.linked < self.clusters())
    }

    /// Whether it has neither name nor user, so that its clusters become free with the next commit.
    pub const fn is_buried(&self) -> bool {
        self.is_nameless() && self.users == 0
    }

    /// Whether it can't be forgotten.
    fn is_needed(&self) -> bool {
        self.users > 0
            || self.children > 0
            || self.is_nameless()
            || self.is_unlinked()
            || self.index.is_some()
    }

    /// Writes what is known into the entry.
    pub fn describe(&self, entry: &mut Slot, is_wide: bool) {
        entry[slot::ATTRIBUTES] = self.attributes;
        slot::set_cluster(entry, self.first, is_wide);
        slot::set_size(entry, self.size);
        slot::set_modified(entry, self.modified);
        slot::set_accessed(entry, self.accessed);
    }
}

/// Spreads numbers that lie close to each other.
#[derive(Default)]
pub struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}

type Map<V> = HashMap<u64, V, BuildHasherDefault<Spread>>;

/// All inodes that are known.
pub struct Nodes {
    nodes: Map<Node>,
    /// From an entry's number on the volume to its inode's.
    places: Map<u64>,
}

impl Nodes {
    /// The root alone.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn new(root: Node) -> Result<Self, FsError> {
        let mut nodes = Self { nodes: Map::default(), places: Map::default() };
        nodes.reserve()?;
        nodes.nodes.insert(ROOT, root);
        Ok(nodes)
    }

    /// The inode that somebody uses.
    ///
    /// # Errors
    /// [`FsError::InvalidInput`] if nobody does.
    pub fn used(&self, inode: InodeId) -> Result<u64, FsError> {
        match self.nodes.get(&inode.0) {
            Some(node) if node.users > 0 || inode.0 == ROOT => Ok(inode.0),
            _ => Err(FsError::InvalidInput("there is no such inode in use")),
        }
    }

    /// An inode that is known.
    ///
    /// # Errors
    /// [`FsError::InvalidInput`] if it is not, which is a mistake of the caller's.
    pub fn get(&self, id: u64) -> Result<&Node, FsError> {
        self.nodes.get(&id).ok_or(FsError::InvalidInput("there is no such inode"))
    }

    /// The same, to be changed.
    ///
    /// # Errors
    /// As [`Nodes::get`].
    pub fn get_mut(&mut self, id: u64) -> Result<&mut Node, FsError> {
        self.nodes.get_mut(&id).ok_or(FsError::InvalidInput("there is no such inode"))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Node)> {
        self.nodes.iter().map(|(&id, node)| (id, node))
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u64, &mut Node)> {
        self.nodes.iter_mut().map(|(&id, node)| (id, node))
    }

    /// The number that the inode with the entry at `key` has or would get.
    pub fn number(&self, key: u64) -> u64 {
        if let Some(&id) = self.places.get(&key) {
            return id;
        }
        let mut id = key;
        while self.nodes.contains_key(&id) {
            id += AGAIN;
        }
        id
    }

    /// Makes sure that one more can be entered, or one moved, without fail.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn reserve(&mut self) -> Result<(), FsError> {
        self.nodes.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        self.places.try_reserve(1).map_err(|_| FsError::OutOfMemory)
    }

    /// Enters one, after [`Nodes::reserve`].
    pub fn insert(&mut self, place: Place, node: Node) -> u64 {
        let id = self.number(place.key());
        if let Some(parent) = self.nodes.get_mut(&node.parent) {
            parent.children += 1;
        }
        self.places.insert(place.key(), id);
        self.nodes.insert(id, node);
        id
    }

    /// The inode of a name that was found in `directory`; read from its entry if it is not known.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn enter(&mut self, directory: u64, set: &Set, sector: u64, is_wide: bool) -> Result<u64, FsError> {
        let place = Place { slot: set.slot, sector };
        if let Some(&id) = self.places.get(&place.key()) {
            return Ok(id);
        }
        self.reserve()?;
        Ok(self.insert(place, Node::new(&set.entry, directory, place, is_wide)))
    }

    /// Gives an inode another name, or with `None` no name any more. After [`Nodes::reserve`].
    pub fn rename(&mut self, id: u64, to: Option<(u64, Place)>) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let (old_parent, old_place) = (node.parent, node.place);
        node.parent = to.map_or(0, |(parent, _)| parent);
        node.place = to.map(|(_, place)| place);
        if let Some(place) = old_place
            && self.places.get(&place.key()) == Some(&id)
        {
            self.places.remove(&place.key());
        }
        if let Some((parent, place)) = to {
            self.places.insert(place.key(), id);
            if let Some(parent) = self.nodes.get_mut(&parent) {
                parent.children += 1;
            }
        }
        self.orphan(old_parent);
    }

    /// One known child less.
    fn orphan(&mut self, parent: u64) {
        if let Some(node) = self.nodes.get_mut(&parent) {
            node.children = node.children.saturating_sub(1);
            self.release(parent);
        }
    }

    /// Forgets an inode that nobody needs any more, and then those above it. Without a name it is kept: the next commit
    /// frees its clusters. A directory whose names are known is kept too, for the next one who looks.
    pub fn release(&mut self, id: u64) {
        let mut id = id;
        while let Some(node) = self.nodes.get(&id) {
            if id == ROOT || node.is_needed() {
                break;
            }
            let (parent, place) = (node.parent, node.place);
            self.nodes.remove(&id);
            if let Some(place) = place {
                self.places.remove(&place.key());
            }
            if let Some(parent) = self.nodes.get_mut(&parent) {
                parent.children = parent.children.saturating_sub(1);
            }
            id = parent;
        }
    }

    /// The clusters of inodes without name and user: the first of each run, and how many.
    pub fn buried_runs(&self) -> impl Iterator<Item = (u32, u32)> {
        let buried = self.nodes.values().filter(|node| node.is_buried());
        let chains = buried.filter_map(|node| node.chain.as_ref());
        chains.flat_map(|chain| chain.runs().iter().map(|run| (run.disk, run.length)))
    }

    /// Forgets the inodes without name and user, whose clusters are free now.
    pub fn bury(&mut self) {
        self.nodes.retain(|_, node| !node.is_buried());
    }

    /// Forgets the inodes that were kept only because their changes were not committed.
    pub fn release_unused(&mut self) {
        loop {
            let mut found = [ROOT; 64];
            let mut count = 0;
            let unused = self.nodes.iter().filter(|(id, node)| **id != ROOT && !node.is_needed());
            for (target, (&id, _)) in found.iter_mut().zip(unused) {
                *target = id;
                count += 1;
            }
            found[..count].iter().for_each(|&id| self.release(id));
            if count == 0 {
                break;
            }
        }
    }

    /// Drops what is known of the names in directories, but for `except`.
    pub fn drop_indexes(&mut self, except: u64) {
        loop {
            // Many at a time, since those that go may not be released while all are walked through.
            let mut found = [ROOT; 64];
            let mut count = 0;
            for (target, (&id, node)) in found
                .iter_mut()
                .zip(self.nodes.iter_mut().filter(|(id, node)| **id != except && node.index.is_some()))
            {
                node.index = None;
                *target = id;
                count += 1;
            }
            found[..count].iter().for_each(|&id| self.release(id));
            if count == 0 {
                break;
            }
        }
    }
}
