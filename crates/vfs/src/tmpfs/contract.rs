//! The calls of a file system in memory, but for renaming.

use super::inodes::{Body, ROOT};
use super::{Entry, MAX_SIZE, NO_FILE, PAGE_SIZE, Page, Pages, TmpFs, check_name, empty_body};
use crate::inode::{
    AttributeChange, Attributes, Contents, Extent, FileSystem, InodeId, Listed, NewInode, Replace, Room,
    Summary,
};
use crate::{FsError, path};
use alloc::string::String;

impl<P: Pages> FileSystem for TmpFs<P> {
    fn kind(&self) -> &'static str {
        "tmpfs"
    }

    fn root(&self) -> InodeId {
        ROOT
    }

    fn attributes(&mut self, inode: InodeId) -> Result<Attributes, FsError> {
        Ok(self.get(inode)?.attributes())
    }

    /// When `accessed` alone is set the time of change stays: so whoever has read a file notes it.
    fn set_attributes(&mut self, inode: InodeId, change: &AttributeChange) -> Result<(), FsError> {
        let now = (self.clock)();
        let inode = self.get_mut(inode)?;
        let AttributeChange { mode, user, group, accessed, modified } = *change;
        inode.mode = mode.map_or(inode.mode, |mode| mode & 0o7777);
        inode.user = user.unwrap_or(inode.user);
        inode.group = group.unwrap_or(inode.group);
        inode.accessed = accessed.unwrap_or(inode.accessed);
        inode.modified = modified.unwrap_or(inode.modified);
        if mode.is_some() || user.is_some() || group.is_some() || modified.is_some() {
            inode.changed = now;
        }
        Ok(())
    }

    fn lookup(&mut self, directory: InodeId, name: &str) -> Result<InodeId, FsError> {
        let id = self.find(directory, name)?;
        self.get_mut(id)?.users += 1;
        Ok(id)
    }

    fn parent(&mut self, directory: InodeId) -> Result<InodeId, FsError> {
        let inode = self.get(directory)?;
        let Body::Directory { parent, .. } = inode.body else { return Err(FsError::NotADirectory) };
        if inode.links == 0 {
            return Err(FsError::NotFound);
        }
        self.get_mut(parent)?.users += 1;
        Ok(parent)
    }

    fn forget(&mut self, id: InodeId) {
        if let Some(inode) = self.inodes.get_mut(id) {
            inode.users = inode.users.saturating_sub(1);
            self.free_if_unneeded(id);
        }
    }

    fn list(
        &mut self,
        directory: InodeId,
        cursor: u64,
        each: &mut dyn FnMut(&Listed<'_>) -> bool,
    ) -> Result<(), FsError> {
        for (next, entry) in self.entries(directory)?.list(cursor) {
            let attributes = self.get(entry.inode)?.attributes();
            let listed = Listed {
                name: &entry.name,
                inode: entry.inode,
                kind: attributes.kind,
                next,
                summary: Some(Summary { size: attributes.size, modified: attributes.modified }),
            };
            if !each(&listed) {
                break;
            }
        }
        Ok(())
    }

    fn create(&mut self, directory: InodeId, new: &NewInode<'_>) -> Result<InodeId, FsError> {
        self.make(directory, new, empty_body(new.kind, directory)?)
    }

    fn create_link(
        &mut self,
        directory: InodeId,
        new: &NewInode<'_>,
        target: &str,
    ) -> Result<InodeId, FsError> {
        if target.len() >= path::MAX_PATH {
            return Err(FsError::NameTooLong);
        }
        if target.is_empty() {
            return Err(FsError::NotFound);
        }
        self.make(directory, new, Body::SymbolicLink(path::copy(target)?))
    }

    fn read_link(&mut self, inode: InodeId) -> Result<String, FsError> {
        match &self.get(inode)?.body {
            Body::SymbolicLink(target) => path::copy(target),
            _ => Err(FsError::InvalidInput("it is no symbolic link")),
        }
    }

    fn link(&mut self, id: InodeId, directory: InodeId, name: &str) -> Result<(), FsError> {
        let inode = self.get(id)?;
        if inode.is_directory() {
            return Err(FsError::NotPermitted);
        }
        // What has lost its last name stays without one.
        if inode.links == 0 {
            return Err(FsError::NotFound);
        }
        let links = inode.links.checked_add(1).ok_or(FsError::NoSpace)?;
        let name = self.prepare_name(directory, name)?;
        let now = (self.clock)();
        let inode = self.get_mut(id)?;
        inode.links = links;
        inode.changed = now;
        self.used_inodes += 1;
        self.enter(directory, Entry { name, inode: id }, false);
        Ok(())
    }

    fn unlink(&mut self, directory: InodeId, name: &str) -> Result<(), FsError> {
        let id = self.find(directory, name)?;
        if self.get(id)?.is_directory() {
            return Err(FsError::IsADirectory);
        }
        self.take_out(directory, name, false);
        self.lose_name(id);
        Ok(())
    }

    fn remove_directory(&mut self, directory: InodeId, name: &str) -> Result<(), FsError> {
        let id = self.find(directory, name)?;
        if !self.entries(id)?.is_empty() {
            return Err(FsError::NotEmpty);
        }
        self.take_out(directory, name, true);
        self.lose_name(id);
        Ok(())
    }

    fn rename(
        &mut self,
        directory: InodeId,
        name: &str,
        new_directory: InodeId,
        new_name: &str,
        replace: Replace,
    ) -> Result<(), FsError> {
        check_name(new_name)?;
        self.rename_entry(directory, name, new_directory, new_name, replace)
    }

    fn contents(&self, _: InodeId) -> Contents {
        Contents::Held
    }

    fn read(&mut self, inode: InodeId, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        let size = self.file_size(inode)?;
        let Body::File { pages, .. } = &self.get(inode)?.body else { return Err(NO_FILE) };
        let length = size.saturating_sub(offset).min(buffer.len() as u64) as usize;
        for piece in pieces(offset, length) {
            let target = &mut buffer[piece.done..piece.done + piece.length];
            match pages.get(piece.page) {
                Some(page) => page.read(piece.within, target),
                None => target.fill(0),
            }
        }
        Ok(length)
    }

    fn write(&mut self, inode: InodeId, offset: u64, data: &[u8]) -> Result<usize, FsError> {
        let size = self.file_size(inode)?;
        if data.is_empty() {
            return Ok(0);
        }
        let room = MAX_SIZE.checked_sub(offset).filter(|&room| room > 0).ok_or(FsError::TooLarge)?;
        let mut written = 0;
        for piece in pieces(offset, room.min(data.len() as u64) as usize) {
            let page = match self.make_page(inode, piece.page) {
                Ok(page) => page,
                Err(error) if piece.done == 0 => return Err(error),
                Err(_) => break,
            };
            // The gap before the first byte shall read as zeros.
            if piece.done == 0 && offset > size {
                self.set_size(inode, offset);
            }
            written = piece.done + piece.length;
            page.write(piece.within, &data[piece.done..written]);
        }
        if let Body::File { size, .. } = &mut self.get_mut(inode)?.body {
            *size = (*size).max(offset + written as u64);
        }
        self.touch(inode)?;
        Ok(written)
    }

    fn resize(&mut self, inode: InodeId, size: u64) -> Result<(), FsError> {
        self.file_size(inode)?;
        if size > MAX_SIZE {
            return Err(FsError::TooLarge);
        }
        self.set_size(inode, size);
        self.touch(inode)
    }

    fn extent(&mut self, _: InodeId, _: u64) -> Result<Extent, FsError> {
        Err(FsError::InvalidInput("it lies on no device"))
    }

    fn touch(&mut self, inode: InodeId) -> Result<(), FsError> {
        let now = (self.clock)();
        self.get_mut(inode)?.modify(now);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), FsError> {
        Ok(())
    }

    fn is_changed(&self) -> bool {
        false
    }

    fn rest(&mut self) -> Result<(), FsError> {
        Ok(())
    }

    fn room(&mut self) -> Result<Room, FsError> {
        Ok(Room {
            block_size: PAGE_SIZE as u32,
            blocks: self.limits.bytes,
            free_blocks: self.limits.bytes - self.used_pages,
            inodes: self.limits.inodes,
            free_inodes: self.limits.inodes - self.used_inodes,
            longest_name: path::MAX_NAME as u32,
        })
    }

    fn is_read_only(&self) -> bool {
        false
    }
}

/// The part of a read or write that lies in one page.
struct Piece {
    page: u64,
    /// Where it begins in the page.
    within: usize,
    /// How many bytes come before it.
    done: usize,
    length: usize,
}

fn pieces(offset: u64, length: usize) -> impl Iterator<Item = Piece> {
    let mut done = 0;
    core::iter::from_fn(move || {
        let at = offset + done as u64;
        let within = (at % PAGE_SIZE as u64) as usize;
        let piece = Piece {
            page: at / PAGE_SIZE as u64,
            within,
            done,
            length: (PAGE_SIZE - within).min(length - done),
        };
        done += piece.length;
        (piece.length > 0).then_some(piece)
    })
}
