//! Removing files and directories.

use crate::directory::Set;
use crate::volume::Fat;
use blockcache::BlockDevice;
use vfs::FsError;
use vfs::inode::InodeId;

impl<D: BlockDevice> Fat<D> {
    pub(crate) fn remove(
        &mut self,
        directory: InodeId,
        name: &str,
        is_directory: bool,
    ) -> Result<(), FsError> {
        let parent = self.directory_to_change(directory)?;
        let set = self.find(parent, name)?.ok_or(FsError::NotFound)?;
        match (set.is_directory(), is_directory) {
            (true, false) => return Err(FsError::IsADirectory),
            (false, true) => return Err(FsError::NotADirectory),
            _ => {}
        }
        self.require_memory()?;
        let id = self.enter(parent, &set)?;
        let result = self.remove_entered(parent, &set, id);
        self.nodes.release(id);
        result
    }

    fn remove_entered(&mut self, parent: u64, set: &Set, id: u64) -> Result<(), FsError> {
        self.prepare_burial(id)?;
        self.prepare_touch(parent)?;
        let clearing = self.prepare_clearing(parent, set)?;
        // What was moved out of a directory must be found elsewhere before the directory goes.
        let level = if set.is_directory() { self.holds.level_inside(self.home(id)?) } else { 0 };
        self.clear_set(parent, clearing, level, false)?;
        self.nodes.rename(id, None);
        self.touch_directory(parent)
    }

    /// Makes sure that an inode can lose its name without fail: its clusters are known, so that they can be freed, and a
    /// directory is empty.
    pub(crate) fn prepare_burial(&mut self, id: u64) -> Result<(), FsError> {
        self.need_chain(id)?;
        if self.nodes.get(id)?.is_directory() {
            self.need_index(id)?;
            if self.index(id)?.entries > 0 {
                return Err(FsError::NotEmpty);
            }
        }
        Ok(())
    }
}
