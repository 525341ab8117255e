//! Making files and directories.

use crate::chain::Chain;
use crate::directory::NewSet;
use crate::directory::slot::{self, ARCHIVE, DIRECTORY, READ_ONLY};
use crate::names;
use crate::node::Node;
use crate::volume::Fat;
use blockcache::{BlockDevice, SECTOR_SIZE};
use vfs::FsError;
use vfs::inode::{InodeId, InodeKind, NewInode};

impl<D: BlockDevice> Fat<D> {
    pub(crate) fn create_in(&mut self, directory: InodeId, new: &NewInode<'_>) -> Result<InodeId, FsError> {
        let parent = self.directory_to_change(directory)?;
        let is_directory = match new.kind {
            InodeKind::File => false,
            InodeKind::Directory => true,
            _ => return Err(FsError::NotPermitted),
        };
        if self.find(parent, new.name)?.is_some() {
            return Err(FsError::AlreadyExists);
        }
        names::validate(new.name)?;
        self.require_memory()?;
        let (short, case, is_long) = self.short_name(parent, new.name, None)?;
        let attributes = match (is_directory, new.mode & 0o200) {
            (true, _) => DIRECTORY,
            (false, 0) => ARCHIVE | READ_ONLY,
            (false, _) => ARCHIVE,
        };
        let mut entry = slot::new(&short, case, attributes, self.now());
        let long = is_long.then_some(new.name);
        self.nodes.reserve()?;
        self.prepare_touch(parent)?;
        let first = self.find_room(parent, NewSet::new(long, &entry).count())?;
        let mut chain = Chain::default();
        chain.reserve(1)?;
        let mut cluster = 0;
        if is_directory {
            cluster = self.new_directory(parent)?;
            slot::set_cluster(&mut entry, cluster, self.geometry.is_wide());
        }
        let place = match self.write_set(parent, first, &NewSet::new(long, &entry), new.name, None) {
            Ok(place) => place,
            Err(error) => {
                if is_directory {
                    self.give_back(cluster);
                }
                return Err(error);
            }
        };
        let mut node = Node::new(&entry, parent, place, self.geometry.is_wide());
        if is_directory {
            chain.push(cluster, 1)?;
        }
        node.chain = Some(chain);
        node.users = 1;
        let id = self.nodes.insert(place, node);
        self.touch_directory(parent)?;
        Ok(InodeId(id))
    }

    /// Takes a cluster for a new directory in `parent`, and writes on the disk what it is to begin with: nothing leads
    /// there yet.
    fn new_directory(&mut self, parent: u64) -> Result<u32, FsError> {
        let (is_wide, parent) = (self.geometry.is_wide(), self.cluster_as_parent(parent)?);
        let cluster = self.take_cluster(None)?;
        let first = self.geometry.sector_of(cluster);
        let mut sector = [0; SECTOR_SIZE];
        let entries = slot::first_entries(cluster, parent, is_wide, self.now());
        let entries = entries.as_flattened();
        sector[..entries.len()].copy_from_slice(entries);
        let rest = u64::from(self.geometry.cluster_sectors) - 1;
        let result = self.store.write(first, &sector).and_then(|()| self.store.write_zeros(first + 1, rest));
        if result.is_err() {
            self.give_back(cluster);
        }
        result.map(|()| cluster)
    }
}
