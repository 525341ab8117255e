//! The file system in memory: everything that [`crate::inode::FileSystem`] has words for, gone at power-off. A device
//! file system is one of these with device nodes in it.
//!
//! Inodes have numbers (`inodes.rs`); directories map names to them (`directory.rs`); the contents of files are pages
//! that come from outside (`pages.rs`), so that the kernel can map them into processes. `contract.rs` and `rename.rs`
//! are the file system's calls.
//!
//! Memory may run out at any allocation. So every change first has all the memory it needs, which may fail, and is then
//! made, which can't: after an error all is as it was.

mod contract;
mod directory;
mod inodes;
mod pages;
mod rename;

pub use pages::{PAGE_SIZE, Page, Pages};

use crate::inode::{InodeId, InodeKind, NewInode, Time};
use crate::{FsError, path};
use alloc::string::String;
use directory::{Directory, Entry};
use inodes::{Body, Inode, Inodes, ROOT};
use pages::FilePages;

/// Where a file ends at the latest: positions are signed for programs.
const MAX_SIZE: u64 = i64::MAX as u64;

/// How much a file system in memory may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of contents, counted in pages. Symbolic links of 128 bytes and more count as a page each.
    pub bytes: u64,
    /// Inodes. Each further name of an inode counts as one too, for it takes memory like one.
    pub inodes: u64,
}

/// A tree of files in memory.
pub struct TmpFs<P: Pages> {
    inodes: Inodes<P::Page>,
    pages: P,
    /// In pages and inodes.
    limits: Limits,
    used_pages: u64,
    used_inodes: u64,
    clock: fn() -> Time,
}

impl<P: Pages> TmpFs<P> {
    /// An empty tree, whose root belongs to user 0 and has mode 0o755. `clock` tells the time.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`] when there is no memory for the root; [`FsError::NoSpace`] for a limit of no inodes.
    pub fn new(pages: P, limits: Limits, clock: fn() -> Time) -> Result<Self, FsError> {
        let limits = Limits { bytes: limits.bytes / PAGE_SIZE as u64, inodes: limits.inodes };
        let mut fs = Self { inodes: Inodes::new(), pages, limits, used_pages: 0, used_inodes: 1, clock };
        if limits.inodes == 0 {
            return Err(FsError::NoSpace);
        }
        fs.inodes.reserve()?;
        let new = NewInode { name: "", kind: InodeKind::Directory, mode: 0o755, user: 0, group: 0 };
        let root = Body::Directory { entries: Directory::new(), parent: ROOT };
        // Its one user is the file system itself.
        fs.insert(&new, root);
        Ok(fs)
    }

    /// The page that holds the bytes from `index` × [`PAGE_SIZE`] of a file on. None is a hole, or what is no file.
    pub fn page(&self, inode: InodeId, index: u64) -> Option<P::Page> {
        match &self.inodes.get(inode)?.body {
            Body::File { pages, .. } => pages.get(index).cloned(),
            _ => None,
        }
    }

    /// As [`TmpFs::page`], where a hole becomes a page: for a process that writes to a mapped file.
    ///
    /// # Errors
    /// [`FsError::InvalidInput`] behind the end of the file; [`FsError::NoSpace`], [`FsError::OutOfMemory`].
    pub fn page_to_write(&mut self, inode: InodeId, index: u64) -> Result<P::Page, FsError> {
        let size = self.file_size(inode)?;
        if index.checked_mul(PAGE_SIZE as u64).is_none_or(|start| start >= size) {
            return Err(FsError::InvalidInput("the file ends before this page"));
        }
        self.make_page(inode, index)
    }

    /// The page `index` of a file, made of zeros where there is none.
    fn make_page(&mut self, id: InodeId, index: u64) -> Result<P::Page, FsError> {
        let Some(Inode { body: Body::File { pages, .. }, .. }) = self.inodes.get_mut(id) else {
            return Err(NO_FILE);
        };
        if let Some(page) = pages.get(index) {
            return Ok(page.clone());
        }
        if self.used_pages >= self.limits.bytes {
            return Err(FsError::NoSpace);
        }
        let page = self.pages.allocate().ok_or(FsError::OutOfMemory)?;
        pages.reserve(index)?;
        pages.insert(index, page.clone());
        self.used_pages += 1;
        Ok(page)
    }

    fn get(&self, id: InodeId) -> Result<&Inode<P::Page>, FsError> {
        self.inodes.get(id).ok_or(NO_INODE)
    }

    fn get_mut(&mut self, id: InodeId) -> Result<&mut Inode<P::Page>, FsError> {
        self.inodes.get_mut(id).ok_or(NO_INODE)
    }

    fn file_size(&self, id: InodeId) -> Result<u64, FsError> {
        match &self.get(id)?.body {
            Body::File { size, .. } => Ok(*size),
            Body::Directory { .. } => Err(FsError::IsADirectory),
            _ => Err(NO_FILE),
        }
    }

    fn entries(&self, directory: InodeId) -> Result<&Directory, FsError> {
        match &self.get(directory)?.body {
            Body::Directory { entries, .. } => Ok(entries),
            _ => Err(FsError::NotADirectory),
        }
    }

    /// The entries of a directory, to be changed.
    fn entries_mut(&mut self, directory: InodeId) -> Result<&mut Directory, FsError> {
        match &mut self.get_mut(directory)?.body {
            Body::Directory { entries, .. } => Ok(entries),
            _ => Err(FsError::NotADirectory),
        }
    }

    /// What `name` stands for in a directory.
    fn find(&self, directory: InodeId, name: &str) -> Result<InodeId, FsError> {
        self.entries(directory)?.get(name).ok_or(FsError::NotFound)
    }

    /// Proves that a directory can take the new name `name`, and has the memory for it.
    fn prepare_name(&mut self, directory: InodeId, name: &str) -> Result<String, FsError> {
        check_name(name)?;
        if self.entries(directory)?.get(name).is_some() {
            return Err(FsError::AlreadyExists);
        }
        if self.get(directory)?.links == 0 {
            return Err(FsError::NotFound);
        }
        if self.used_inodes >= self.limits.inodes {
            return Err(FsError::NoSpace);
        }
        self.entries_mut(directory)?.reserve()?;
        path::copy(name)
    }

    fn make(
        &mut self,
        directory: InodeId,
        new: &NewInode<'_>,
        body: Body<P::Page>,
    ) -> Result<InodeId, FsError> {
        let name = self.prepare_name(directory, new.name)?;
        self.inodes.reserve()?;
        let is_directory = matches!(body, Body::Directory { .. });
        let pages = body.pages();
        if pages > self.limits.bytes - self.used_pages {
            return Err(FsError::NoSpace);
        }
        let id = self.insert(new, body);
        self.used_inodes += 1;
        self.used_pages += pages;
        self.enter(directory, Entry { name, inode: id }, is_directory);
        Ok(id)
    }

    /// Puts a new inode with one user into the table, which has room.
    fn insert(&mut self, new: &NewInode<'_>, body: Body<P::Page>) -> InodeId {
        let now = (self.clock)();
        self.inodes.insert(Inode {
            // A directory's second link is its own `.`.
            links: if matches!(body, Body::Directory { .. }) { 2 } else { 1 },
            body,
            mode: new.mode & 0o7777,
            user: new.user,
            group: new.group,
            users: 1,
            accessed: now,
            modified: now,
            changed: now,
        })
    }

    /// Adds an entry to a directory that has room for it; a directory's `..` is one more link.
    fn enter(&mut self, directory: InodeId, entry: Entry, is_directory: bool) {
        let now = (self.clock)();
        if let Some(inode) = self.inodes.get_mut(directory) {
            inode.links += u32::from(is_directory);
            inode.modify(now);
            if let Body::Directory { entries, .. } = &mut inode.body {
                entries.insert(entry);
            }
        }
    }

    /// Takes an entry out of a directory.
    fn take_out(&mut self, directory: InodeId, name: &str, is_directory: bool) {
        let now = (self.clock)();
        if let Some(inode) = self.inodes.get_mut(directory) {
            inode.links -= u32::from(is_directory);
            inode.modify(now);
            if let Body::Directory { entries, .. } = &mut inode.body {
                entries.remove(name);
            }
        }
    }

    /// An inode has lost a name, a directory its only one.
    fn lose_name(&mut self, id: InodeId) {
        let now = (self.clock)();
        if let Some(inode) = self.inodes.get_mut(id) {
            inode.links = if inode.is_directory() { 0 } else { inode.links - 1 };
            inode.changed = now;
            if inode.links > 0 {
                // Names beyond the first are counted as inodes.
                self.used_inodes -= 1;
            }
        }
        self.free_if_unneeded(id);
    }

    fn free_if_unneeded(&mut self, id: InodeId) {
        if self.inodes.get(id).is_some_and(|inode| inode.links == 0 && inode.users == 0)
            && let Some(inode) = self.inodes.remove(id)
        {
            self.used_inodes -= 1;
            self.used_pages -= inode.body.pages();
        }
    }

    /// Sets the size of a file. What lay behind the end reads as zeros when the file grows over it.
    fn set_size(&mut self, id: InodeId, new_size: u64) {
        let Some(Inode { body: Body::File { pages, size }, .. }) = self.inodes.get_mut(id) else { return };
        if new_size < *size {
            self.used_pages -= pages.truncate(new_size.div_ceil(PAGE_SIZE as u64));
        }
        // Also when growing: who has mapped the last page may have written behind the end.
        let end = new_size.min(*size);
        let within = (end % PAGE_SIZE as u64) as usize;
        if within > 0
            && let Some(page) = pages.get(end / PAGE_SIZE as u64)
        {
            page.write(within, &ZEROS[within..]);
        }
        *size = new_size;
    }
}

/// A page of zeros.
const ZEROS: &[u8; PAGE_SIZE] = &[0; PAGE_SIZE];

const NO_INODE: FsError = FsError::InvalidInput("there is no such inode");
const NO_FILE: FsError = FsError::InvalidInput("it is no file with contents");

/// An empty body for a new inode of this kind.
fn empty_body<P: Page>(kind: InodeKind, parent: InodeId) -> Result<Body<P>, FsError> {
    match kind {
        InodeKind::File => Ok(Body::File { pages: FilePages::new(), size: 0 }),
        InodeKind::Directory => Ok(Body::Directory { entries: Directory::new(), parent }),
        InodeKind::SymbolicLink => Err(FsError::InvalidInput("a symbolic link needs a target")),
        kind => Ok(Body::Special(kind)),
    }
}

fn check_name(name: &str) -> Result<(), FsError> {
    match name {
        "" => Err(FsError::InvalidName("it is empty")),
        "." | ".." => Err(FsError::InvalidName("it stands for a directory already")),
        name if name.len() > path::MAX_NAME => Err(FsError::NameTooLong),
        name if name.contains(['/', '\0']) => Err(FsError::InvalidName("it contains a slash or a NUL")),
        _ => Ok(()),
    }
}
