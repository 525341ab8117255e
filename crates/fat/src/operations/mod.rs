//! What can be done with the volume: the contract `vfs::inode::FileSystem`. Here are only its doors; each notes damage
//! that an operation met, after which nothing may be changed any more.

mod attributes;
mod create;
mod list;
mod remove;
mod rename;
mod size;

use crate::volume::Fat;
use alloc::string::String;
use blockcache::BlockDevice;
use vfs::FsError;
use vfs::inode::{
    AttributeChange, Attributes, Contents, Extent, FileSystem, InodeId, Listed, NewInode, Replace, Room,
};

/// Changes that take so many bytes should be committed; a multiple of that is refused.
const ENOUGH_CHANGES: usize = 4 << 20;

impl<D: BlockDevice> FileSystem for Fat<D> {
    fn kind(&self) -> &'static str {
        "vfat"
    }

    fn root(&self) -> InodeId {
        InodeId(crate::node::ROOT)
    }

    fn attributes(&mut self, inode: InodeId) -> Result<Attributes, FsError> {
        let result = self.attributes_of(inode);
        self.note(result)
    }

    fn set_attributes(&mut self, inode: InodeId, change: &AttributeChange) -> Result<(), FsError> {
        let result = self.change_attributes(inode, change);
        self.note(result)
    }

    fn lookup(&mut self, directory: InodeId, name: &str) -> Result<InodeId, FsError> {
        let result = self.look_up(directory, name);
        self.note(result)
    }

    fn parent(&mut self, directory: InodeId) -> Result<InodeId, FsError> {
        let id = self.directory(directory)?;
        match self.nodes.get(id)?.parent {
            0 => Err(FsError::NotFound),
            parent => {
                self.nodes.get_mut(parent)?.users += 1;
                Ok(InodeId(parent))
            }
        }
    }

    fn forget(&mut self, inode: InodeId) {
        if let Ok(node) = self.nodes.get_mut(inode.0) {
            node.users = node.users.saturating_sub(1);
            if node.users == 0 {
                self.nodes.release(inode.0);
            }
        }
    }

    fn list(
        &mut self,
        directory: InodeId,
        cursor: u64,
        each: &mut dyn FnMut(&Listed<'_>) -> bool,
    ) -> Result<(), FsError> {
        let result = self.list_from(directory, cursor, each);
        self.note(result)
    }

    fn create(&mut self, directory: InodeId, new: &NewInode<'_>) -> Result<InodeId, FsError> {
        let result = self.create_in(directory, new);
        self.note(result)
    }

    fn create_link(&mut self, _: InodeId, _: &NewInode<'_>, _: &str) -> Result<InodeId, FsError> {
        // FAT has none.
        Err(FsError::NotPermitted)
    }

    fn read_link(&mut self, _: InodeId) -> Result<String, FsError> {
        Err(FsError::InvalidInput("it is no symbolic link"))
    }

    fn link(&mut self, _: InodeId, _: InodeId, _: &str) -> Result<(), FsError> {
        // A file has one name here.
        Err(FsError::NotPermitted)
    }

    fn unlink(&mut self, directory: InodeId, name: &str) -> Result<(), FsError> {
        let result = self.remove(directory, name, false);
        self.note(result)
    }

    fn remove_directory(&mut self, directory: InodeId, name: &str) -> Result<(), FsError> {
        let result = self.remove(directory, name, true);
        self.note(result)
    }

    fn rename(
        &mut self,
        directory: InodeId,
        name: &str,
        new_directory: InodeId,
        new_name: &str,
        replace: Replace,
    ) -> Result<(), FsError> {
        let result = self.rename_to(directory, name, new_directory, new_name, replace);
        self.note(result)
    }

    fn contents(&self, _: InodeId) -> Contents {
        Contents::Paged
    }

    fn read(&mut self, _: InodeId, _: u64, _: &mut [u8]) -> Result<usize, FsError> {
        Err(FsError::InvalidInput("its contents come from the page cache"))
    }

    fn write(&mut self, _: InodeId, _: u64, _: &[u8]) -> Result<usize, FsError> {
        Err(FsError::InvalidInput("its contents go to the page cache"))
    }

    fn resize(&mut self, inode: InodeId, size: u64) -> Result<(), FsError> {
        let result = self.set_size(inode, size);
        self.note(result)
    }

    fn extent(&mut self, inode: InodeId, offset: u64) -> Result<Extent, FsError> {
        let result = self.extent_at(inode, offset);
        self.note(result)
    }

    fn touch(&mut self, inode: InodeId) -> Result<(), FsError> {
        let result = self.note_change(inode);
        self.note(result)
    }

    fn commit(&mut self) -> Result<(), FsError> {
        self.write_changes()
    }

    fn is_changed(&self) -> bool {
        self.has_changes()
    }

    fn should_commit(&self) -> bool {
        self.changed_bytes() > ENOUGH_CHANGES
    }

    fn rest(&mut self) -> Result<(), FsError> {
        self.lay_down()
    }

    fn room(&mut self) -> Result<Room, FsError> {
        let result = self.count_room();
        self.note(result)
    }

    fn is_read_only(&self) -> bool {
        self.is_read_only || self.damage.is_some()
    }
}
