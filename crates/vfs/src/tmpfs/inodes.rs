//! All inodes of one file system in memory, by number. They lie in chunks, so that a table of many never has to move.

use super::directory::Directory;
use super::pages::{FilePages, Page};
use crate::FsError;
use crate::inode::{Attributes, InodeId, InodeKind, Time};
use alloc::string::String;
use alloc::vec::Vec;

/// The directory that everything lies in.
pub const ROOT: InodeId = InodeId(1);

/// Inodes in a chunk.
const CHUNK: usize = 64;

/// A number is given again only while so many are free, the one first that has been free for longest: then who compares
/// numbers (`tail -F`, archivers) does not take a new file for the old one of that name.
const SPARE: usize = 64;

/// What a symbolic link may say without taking a block.
pub const SHORT_LINK: usize = 128;

/// What an inode holds.
pub enum Body<P> {
    File { pages: FilePages<P>, size: u64 },
    Directory { entries: Directory, parent: InodeId },
    SymbolicLink(String),
    Special(InodeKind),
}

impl<P: Page> Body<P> {
    /// Pages that it takes up, those of its contents or what counts as one.
    pub const fn pages(&self) -> u64 {
        match self {
            Self::File { pages, .. } => pages.count(),
            Self::SymbolicLink(target) if target.len() >= SHORT_LINK => 1,
            _ => 0,
        }
    }
}

/// A file, a directory, or another thing with a name.
pub struct Inode<P> {
    pub body: Body<P>,
    pub mode: u16,
    pub user: u32,
    pub group: u32,
    pub links: u32,
    /// How often it was returned and not yet forgotten.
    pub users: u64,
    pub accessed: Time,
    pub modified: Time,
    pub changed: Time,
}

impl<P: Page> Inode<P> {
    pub const fn kind(&self) -> InodeKind {
        match &self.body {
            Body::File { .. } => InodeKind::File,
            Body::Directory { .. } => InodeKind::Directory,
            Body::SymbolicLink(_) => InodeKind::SymbolicLink,
            Body::Special(kind) => *kind,
        }
    }

    pub const fn is_directory(&self) -> bool {
        matches!(self.body, Body::Directory { .. })
    }

    pub fn attributes(&self) -> Attributes {
        let size = match &self.body {
            Body::File { size, .. } => *size,
            // What Linux's tmpfs says: 20 for each name.
            Body::Directory { entries, .. } => 20 * entries.len() as u64,
            Body::SymbolicLink(target) => target.len() as u64,
            Body::Special(_) => 0,
        };
        Attributes {
            kind: self.kind(),
            mode: self.mode,
            user: self.user,
            group: self.group,
            links: self.links,
            size,
            blocks: self.body.pages() * 8,
            accessed: self.accessed,
            modified: self.modified,
            changed: self.changed,
        }
    }

    /// Its contents were changed.
    pub const fn modify(&mut self, now: Time) {
        self.modified = now;
        self.changed = now;
    }
}

enum Slot<P> {
    Used(Inode<P>),
    /// With the place that was freed next after it.
    Free(Option<usize>),
}

/// The table.
pub struct Inodes<P> {
    chunks: Vec<Vec<Slot<P>>>,
    /// The place that has been free for longest, and the one that was freed last.
    free: Option<(usize, usize)>,
    free_count: usize,
}

impl<P> Inodes<P> {
    /// An empty table, which takes no memory.
    pub const fn new() -> Self {
        Self { chunks: Vec::new(), free: None, free_count: 0 }
    }

    pub fn get(&self, id: InodeId) -> Option<&Inode<P>> {
        match self.slot(id)? {
            Slot::Used(inode) => Some(inode),
            Slot::Free(_) => None,
        }
    }

    pub fn get_mut(&mut self, id: InodeId) -> Option<&mut Inode<P>> {
        let place = place(id)?;
        match self.chunks.get_mut(place / CHUNK)?.get_mut(place % CHUNK)? {
            Slot::Used(inode) => Some(inode),
            Slot::Free(_) => None,
        }
    }

    /// Makes room for one more inode, so that the next [`Inodes::insert`] needs no memory.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn reserve(&mut self) -> Result<(), FsError> {
        if self.free_count > SPARE || self.chunks.last().is_some_and(|chunk| chunk.len() < CHUNK) {
            return Ok(());
        }
        let mut chunk = Vec::new();
        self.chunks.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        chunk.try_reserve_exact(CHUNK).map_err(|_| FsError::OutOfMemory)?;
        self.chunks.push(chunk);
        Ok(())
    }

    /// Gives an inode a number. [`Inodes::reserve`] made room for it.
    pub fn insert(&mut self, inode: Inode<P>) -> InodeId {
        if self.free_count > SPARE
            && let Some((oldest, newest)) = self.free
        {
            let slot = &mut self.chunks[oldest / CHUNK][oldest % CHUNK];
            if let Slot::Free(next) = core::mem::replace(slot, Slot::Used(inode)) {
                self.free = next.map(|next| (next, newest));
                self.free_count -= 1;
            }
            return id(oldest);
        }
        let last = self.chunks.len() - 1;
        self.chunks[last].push(Slot::Used(inode));
        id(last * CHUNK + self.chunks[last].len() - 1)
    }

    /// Takes an inode out of the table.
    pub fn remove(&mut self, id: InodeId) -> Option<Inode<P>> {
        let place = place(id)?;
        let slot = self.chunks.get_mut(place / CHUNK)?.get_mut(place % CHUNK)?;
        if let Slot::Free(_) = slot {
            return None;
        }
        let Slot::Used(inode) = core::mem::replace(slot, Slot::Free(None)) else { return None };
        self.free = match self.free {
            None => Some((place, place)),
            Some((oldest, newest)) => {
                self.chunks[newest / CHUNK][newest % CHUNK] = Slot::Free(Some(place));
                Some((oldest, place))
            }
        };
        self.free_count += 1;
        Some(inode)
    }

    fn slot(&self, id: InodeId) -> Option<&Slot<P>> {
        let place = place(id)?;
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)
    }
}

fn place(id: InodeId) -> Option<usize> {
    usize::try_from(id.0.checked_sub(1)?).ok()
}

const fn id(place: usize) -> InodeId {
    InodeId(place as u64 + 1)
}
