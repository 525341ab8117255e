//! The mounted volume: what it consists of, and what several operations need.

use crate::bitmap::Bitmap;
use crate::chain::Chain;
use crate::directory::slot::{self, SLOTS};
use crate::directory::{Area, Index, Set};
use crate::fs_info;
use crate::geometry::{Geometry, Root};
use crate::holds::Holds;
use crate::names;
use crate::node::{Node, Nodes, ROOT};
use crate::stamp::Stamp;
use crate::store::Store;
use alloc::vec::Vec;
use blockcache::BlockDevice;
use vfs::FsError;
use vfs::inode::Time;

/// What the indexes of all directories may take together, in bytes.
const MAX_INDEXES: usize = 4 << 20;
/// What changes that are not committed may take, in bytes: beyond this, operations that add to it fail.
const MAX_CHANGES: usize = 16 << 20;

/// The answer to what would not be safe now, but is after a commit: the name that it would enter was removed before and
/// lies on the disk still; or the name on the disk of what it would rename can't be kept there meanwhile. As with room
/// that was freed and can't be used yet, who gets it is to commit if there are changes, and to try once more.
pub const COMMIT_FIRST: FsError = FsError::NoSpace;

/// A FAT volume, mounted.
pub struct Fat<D: BlockDevice> {
    pub(crate) store: Store<D>,
    pub(crate) geometry: Geometry,
    pub(crate) clock: fn() -> Time,
    pub(crate) nodes: Nodes,
    /// Once room was needed.
    pub(crate) bitmap: Option<Bitmap>,
    /// What the FSInfo sector says of free clusters, kept true; counts only without a bitmap.
    pub(crate) free_hint: Option<u32>,
    /// Where the FSInfo sector lies, if it is one, and where it says that the next free cluster may be.
    pub(crate) fs_info: Option<u64>,
    pub(crate) next_hint: Option<u32>,
    /// Clusters that files were cut off. They can't be used before a commit.
    pub(crate) cut: Vec<(u32, u32)>,
    pub(crate) holds: Holds,
    /// A commit was begun and did not succeed: the disk may have any part of it.
    pub(crate) is_uncertain: bool,
    /// Sectors with the beginnings of names that end in the next sector: those must be on the disk first.
    pub(crate) leads: Vec<u64>,
    /// The volume is marked dirty on the disk.
    pub(crate) is_marked: bool,
    /// Nothing may be changed.
    pub(crate) is_read_only: bool,
    /// What was found to be broken since mounting.
    pub(crate) damage: Option<&'static str>,
    /// What all indexes take.
    pub(crate) index_bytes: usize,
}

impl<D: BlockDevice> Fat<D> {
    pub(crate) fn new(mut store: Store<D>, geometry: Geometry, clock: fn() -> Time) -> Result<Self, FsError> {
        let info = fs_info::read(&mut store, &geometry)?;
        let first = match geometry.root {
            Root::Cluster(first) => first,
            Root::Fixed { .. } => 0,
        };
        Ok(Self {
            store,
            geometry,
            clock,
            nodes: Nodes::new(Node::root(first))?,
            bitmap: None,
            free_hint: info.and_then(|info| info.free).filter(|&free| free <= geometry.cluster_count),
            fs_info: info.map(|info| info.sector),
            next_hint: info.and_then(|info| info.next),
            cut: Vec::new(),
            holds: Holds::default(),
            is_uncertain: false,
            leads: Vec::new(),
            is_marked: false,
            is_read_only: false,
            damage: None,
            index_bytes: 0,
        })
    }

    /// The layout of the volume.
    pub const fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// How many bytes of memory the changes take that are not committed yet: a reason to commit when there are many.
    pub fn changed_bytes(&self) -> usize {
        self.store.overlay.len() * (size_of::<crate::store::Sector>() + 16) + self.cut.len() * 8
    }

    /// What was found to be broken while the volume was in use.
    pub const fn damage(&self) -> Option<&'static str> {
        self.damage
    }

    /// Notes what an operation found to be broken, and lets nothing be changed from then on.
    pub(crate) fn note<T>(&mut self, result: Result<T, FsError>) -> Result<T, FsError> {
        if let Err(FsError::Damaged(what)) = result {
            self.damage.get_or_insert(what);
        }
        result
    }

    /// The first question of every change.
    pub(crate) fn require_writable(&self) -> Result<(), FsError> {
        if self.is_read_only || self.damage.is_some() { Err(FsError::ReadOnly) } else { Ok(()) }
    }

    /// The first question of every change that adds to what is not committed.
    pub(crate) fn require_memory(&self) -> Result<(), FsError> {
        if self.changed_bytes() > MAX_CHANGES { Err(FsError::OutOfMemory) } else { Ok(()) }
    }

    pub(crate) fn now(&self) -> Stamp {
        Stamp::from_time((self.clock)())
    }

    /// How many clusters are free but for a commit.
    pub(crate) fn pending_clusters(&self) -> u64 {
        let buried = self.nodes.iter().filter(|(_, node)| node.is_nameless() && node.users == 0);
        buried.map(|(_, node)| u64::from(node.clusters())).sum::<u64>()
            + self.cut.iter().map(|&(_, length)| u64::from(length)).sum::<u64>()
    }

    /// The directory with this number, in use.
    pub(crate) fn directory(&self, inode: vfs::inode::InodeId) -> Result<u64, FsError> {
        let id = self.nodes.used(inode)?;
        if self.nodes.get(id)?.is_directory() { Ok(id) } else { Err(FsError::NotADirectory) }
    }

    /// The same, to enter or remove a name.
    pub(crate) fn directory_to_change(&self, inode: vfs::inode::InodeId) -> Result<u64, FsError> {
        self.require_writable()?;
        let id = self.directory(inode)?;
        if self.nodes.get(id)?.is_nameless() { Err(FsError::NotFound) } else { Ok(id) }
    }

    /// Makes an inode's clusters known.
    pub(crate) fn need_chain(&mut self, id: u64) -> Result<(), FsError> {
        let node = self.nodes.get(id)?;
        if node.chain.is_some() || (id == ROOT && node.first == 0) {
            return Ok(());
        }
        let (first, is_directory, size) = (node.first, node.is_directory(), node.size);
        let longest = if is_directory { Area::longest(&self.geometry) } else { self.geometry.cluster_count };
        if is_directory && first == 0 {
            return Err(FsError::Damaged("a directory has no contents"));
        }
        if self.geometry.clusters_for(size.into()) > u64::from(self.geometry.cluster_count) {
            return Err(FsError::Damaged("a file is larger than the volume"));
        }
        let chain = Chain::load(&mut self.store, &self.geometry, first, longest)?;
        if self.geometry.clusters_for(size.into()) > u64::from(chain.len()) {
            return Err(FsError::Damaged("a file's chain is shorter than its size"));
        }
        let node = self.nodes.get_mut(id)?;
        node.linked = chain.len();
        node.chain = Some(chain);
        Ok(())
    }

    /// Makes the names in a directory known.
    pub(crate) fn need_index(&mut self, id: u64) -> Result<(), FsError> {
        self.need_chain(id)?;
        if self.nodes.get(id)?.index.is_some() {
            return Ok(());
        }
        if self.index_bytes > MAX_INDEXES {
            self.nodes.drop_indexes(id);
            self.index_bytes = 0;
        }
        let area = area(&self.geometry, self.nodes.get(id)?);
        let holds = &self.holds;
        let index = Index::load(&mut self.store, &area, |sector| holds.mask(sector))?;
        self.index_bytes += index.size();
        self.nodes.get_mut(id)?.index = Some(index);
        Ok(())
    }

    /// The index of a directory, after [`Fat::need_index`].
    pub(crate) fn index(&mut self, id: u64) -> Result<&mut Index, FsError> {
        let missing = FsError::InvalidInput("the directory was not read");
        self.nodes.get_mut(id)?.index.as_mut().ok_or(missing)
    }

    /// Makes known which clusters are free.
    pub(crate) fn need_bitmap(&mut self) -> Result<&mut Bitmap, FsError> {
        if self.bitmap.is_none() {
            self.bitmap = Some(Bitmap::load(&mut self.store, &self.geometry, self.next_hint)?);
        }
        self.bitmap.as_mut().ok_or(FsError::OutOfMemory)
    }

    /// Looks a name up in a directory.
    pub(crate) fn find(&mut self, directory: u64, name: &str) -> Result<Option<Set>, FsError> {
        if self.nodes.get(directory)?.is_nameless() {
            return Ok(None);
        }
        self.need_index(directory)?;
        let Self { nodes, store, geometry, .. } = self;
        let node = nodes.get(directory)?;
        let Some(index) = &node.index else { return Ok(None) };
        let area = area(geometry, node);
        let mut buffer = names::buffer()?;
        for slot in index.find(names::hash(name)) {
            let set = Set::read(store, &area, slot)?;
            if slot::is_entry(&set.entry) && set.is_named(name, &mut buffer) {
                return Ok(Some(set));
            }
        }
        Ok(None)
    }

    /// The inode of a name that was found in `directory`. Nobody is counted for it.
    pub(crate) fn enter(&mut self, directory: u64, set: &Set) -> Result<u64, FsError> {
        let sector = area(&self.geometry, self.nodes.get(directory)?).sector(set.slot / SLOTS)?;
        self.nodes.enter(directory, set, sector, self.geometry.is_wide())
    }

    /// What is known of an inode is written into its entry, as a change not yet committed.
    pub(crate) fn describe(&mut self, id: u64) -> Result<(), FsError> {
        let node = self.nodes.get(id)?;
        if let Some(place) = node.place {
            let sector = self.store.change(place.sector)?;
            node.describe(slot::in_sector_mut(sector, place.slot), self.geometry.is_wide());
        }
        Ok(())
    }

    /// Makes sure that a directory's own entry can be changed without fail.
    pub(crate) fn prepare_touch(&mut self, directory: u64) -> Result<(), FsError> {
        match self.nodes.get(directory)?.place {
            Some(place) => self.store.change(place.sector).map(drop),
            None => Ok(()),
        }
    }

    /// Notes that a directory's contents were changed. Can't fail after [`Fat::prepare_touch`].
    pub(crate) fn touch_directory(&mut self, directory: u64) -> Result<(), FsError> {
        let now = self.now();
        if directory != ROOT {
            self.nodes.get_mut(directory)?.modified = now;
        }
        self.describe(directory)
    }

    /// The cluster by which a directory's children know it.
    pub(crate) fn cluster_as_parent(&self, directory: u64) -> Result<u32, FsError> {
        if directory == ROOT { Ok(0) } else { Ok(self.nodes.get(directory)?.first) }
    }
}

/// Where a directory lies whose chain is known.
pub fn area<'a>(geometry: &'a Geometry, node: &'a Node) -> Area<'a> {
    match &node.chain {
        Some(chain) => Area::new(geometry, chain),
        None => Area::fixed(geometry),
    }
}
