//! Attributes. FAT keeps one permission, "may be written", and no owners: everything belongs to number 0.

use crate::directory::slot::READ_ONLY;
use crate::geometry::Root;
use crate::node::{Node, ROOT};
use crate::stamp::Stamp;
use crate::volume::Fat;
use blockcache::{BlockDevice, SECTOR_SIZE};
use vfs::FsError;
use vfs::inode::{AttributeChange, Attributes, InodeId, InodeKind, Room};

const DIRECTORY_MODE: u16 = 0o755;
const FILE_MODE: u16 = 0o644;
/// The permissions to write.
const WRITE: u16 = 0o222;
/// The owner's permission to write: this one decides.
const OWNER_WRITE: u16 = 0o200;

fn mode(node: &Node) -> u16 {
    match (node.is_directory(), node.attributes & READ_ONLY != 0) {
        // On a directory the attribute means something else to other systems: that it looks special.
        (true, _) => DIRECTORY_MODE,
        (false, true) => FILE_MODE & !WRITE,
        (false, false) => FILE_MODE,
    }
}

impl<D: BlockDevice> Fat<D> {
    pub(crate) fn attributes_of(&mut self, inode: InodeId) -> Result<Attributes, FsError> {
        let id = self.nodes.used(inode)?;
        let mut links = 1;
        if self.nodes.get(id)?.is_directory() {
            // Its own two names, and the `..` of each directory in it.
            links = 2;
            if !self.nodes.get(id)?.is_nameless() {
                self.need_index(id)?;
                links += self.index(id)?.directories;
            }
        }
        let node = self.nodes.get(id)?;
        if id != ROOT && node.is_nameless() {
            links = 0;
        }
        let cluster_size = u64::from(self.geometry.cluster_size());
        let room = match (node.is_directory(), self.geometry.root) {
            (true, Root::Fixed { sectors, .. }) if id == ROOT => u64::from(sectors) * SECTOR_SIZE as u64,
            (true, _) => u64::from(node.clusters()) * cluster_size,
            (false, _) => self.geometry.clusters_for(node.size.into()) * cluster_size,
        };
        let modified = node.modified.to_time();
        Ok(Attributes {
            kind: if node.is_directory() { InodeKind::Directory } else { InodeKind::File },
            mode: mode(node),
            user: 0,
            group: 0,
            links,
            size: if node.is_directory() { room } else { node.size.into() },
            blocks: room / SECTOR_SIZE as u64,
            accessed: node.accessed.to_time(),
            modified,
            // FAT does not tell it apart.
            changed: modified,
        })
    }

    pub(crate) fn change_attributes(
        &mut self,
        inode: InodeId,
        change: &AttributeChange,
    ) -> Result<(), FsError> {
        let id = self.nodes.used(inode)?;
        self.require_writable()?;
        if change.user.is_some_and(|user| user != 0) || change.group.is_some_and(|group| group != 0) {
            return Err(FsError::NotPermitted);
        }
        let node = self.nodes.get(id)?;
        let is_writable = change.mode.map(|mode| mode & OWNER_WRITE != 0);
        if node.is_directory() && is_writable == Some(false) {
            return Err(FsError::NotPermitted);
        }
        let Some(place) = node.place else {
            // The root has no entry that could keep anything, and what has no name will not be asked again.
            return Ok(());
        };
        self.require_memory()?;
        self.store.change(place.sector)?;
        let node = self.nodes.get_mut(id)?;
        match is_writable {
            Some(_) if node.is_directory() => {}
            Some(true) => node.attributes &= !READ_ONLY,
            Some(false) => node.attributes |= READ_ONLY,
            None => {}
        }
        if let Some(time) = change.modified {
            node.modified = Stamp::from_time(time);
        }
        if let Some(time) = change.accessed {
            node.accessed = Stamp { time: 0, ..Stamp::from_time(time) };
        }
        self.describe(id)
    }

    pub(crate) fn count_room(&mut self) -> Result<Room, FsError> {
        let free = match (&self.bitmap, self.free_hint) {
            (Some(bitmap), _) => bitmap.free(),
            (None, Some(free)) => free,
            (None, None) => self.need_bitmap()?.free(),
        };
        let count = u64::from(self.geometry.cluster_count);
        Ok(Room {
            block_size: self.geometry.cluster_size(),
            blocks: count,
            free_blocks: (u64::from(free) + self.pending_clusters()).min(count),
            inodes: 0,
            free_inodes: 0,
            longest_name: crate::names::MAX_UNITS as u32,
        })
    }
}
