//! Renaming, with all that POSIX says about what has the new name already.

use super::inodes::{Body, ROOT};
use super::{Entry, Pages, TmpFs};
use crate::inode::{InodeId, Replace};
use crate::{FsError, path};

impl<P: Pages> TmpFs<P> {
    pub(super) fn rename_entry(
        &mut self,
        directory: InodeId,
        name: &str,
        new_directory: InodeId,
        new_name: &str,
        replace: Replace,
    ) -> Result<(), FsError> {
        let id = self.find(directory, name)?;
        let is_directory = self.get(id)?.is_directory();
        let target = self.entries(new_directory)?.get(new_name);
        if self.get(new_directory)?.links == 0 {
            return Err(FsError::NotFound);
        }
        if is_directory && self.lies_within(new_directory, id) {
            return Err(FsError::InvalidInput("a directory can't be moved into itself"));
        }
        match target {
            Some(_) if replace == Replace::Never => return Err(FsError::AlreadyExists),
            Some(target) if target == id => return Ok(()),
            Some(target) => self.check_replaced(target, is_directory)?,
            None => {}
        }

        // Whatever needs memory comes first.
        let new_entry = match target {
            Some(_) => None,
            None => {
                self.entries_mut(new_directory)?.reserve()?;
                Some(Entry { name: path::copy(new_name)?, inode: id })
            }
        };
        let now = (self.clock)();
        self.take_out(directory, name, is_directory);
        match new_entry {
            Some(entry) => self.enter(new_directory, entry, is_directory),
            None => {
                // A replaced directory's `..` goes as that of the moved one comes.
                self.entries_mut(new_directory)?.replace(new_name, id);
                self.get_mut(new_directory)?.modify(now);
            }
        }
        let inode = self.get_mut(id)?;
        inode.changed = now;
        if let Body::Directory { parent, .. } = &mut inode.body {
            *parent = new_directory;
        }
        if let Some(target) = target {
            self.lose_name(target);
        }
        Ok(())
    }

    /// Whether something may be replaced by a directory or by anything else.
    fn check_replaced(&self, target: InodeId, by_directory: bool) -> Result<(), FsError> {
        let target = self.get(target)?;
        match &target.body {
            Body::Directory { .. } if !by_directory => Err(FsError::IsADirectory),
            Body::Directory { entries, .. } if !entries.is_empty() => Err(FsError::NotEmpty),
            Body::Directory { .. } => Ok(()),
            _ if by_directory => Err(FsError::NotADirectory),
            _ => Ok(()),
        }
    }

    /// Whether a directory is `ancestor` or below it.
    fn lies_within(&self, mut directory: InodeId, ancestor: InodeId) -> bool {
        // Directories form a tree, so this comes to the root.
        loop {
            if directory == ancestor {
                return true;
            }
            match self.inodes.get(directory).map(|inode| &inode.body) {
                Some(Body::Directory { parent, .. }) if directory != ROOT => directory = *parent,
                _ => return false,
            }
        }
    }
}
