//! An inode in memory: who uses it, how long it is, its pages.
//!
//! The table of its mount keeps it while somebody uses it or it has pages; so what was read stays in memory after the file
//! is closed. Once it has neither name nor user, its pages go, and the file system frees its room.

use alloc::sync::Arc;
use core::ops::Deref;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use vfs::FsError;
use vfs::inode::{Attributes, Contents, Extent, FileSystem, InodeId, InodeKind};

use super::cache::{Backing, Object, Volume, Writing};
use super::mount::Mount;
use super::pipe::Shared;
use crate::sync::{Mutex, RwLock};

/// An inode.
pub struct Inode {
    /// The file system it belongs to.
    pub mount: Arc<Mount>,
    /// Its number there.
    pub id: InodeId,
    /// What it is.
    pub kind: InodeKind,
    /// Where its contents come from.
    pub source: Contents,
    /// Readers of the contents share it; who writes or changes the size has it alone.
    pub contents: RwLock<()>,
    /// Of a paged file, as the file system knows it too; changed with both locked.
    size: AtomicU64,
    object: Option<Object>,
    /// Of a named pipe, where its ends meet.
    fifo: Option<Arc<Shared>>,
    users: AtomicUsize,
    /// It has no name any more.
    removed: AtomicBool,
}

impl Inode {
    pub(super) fn new(
        mount: Arc<Mount>,
        id: InodeId,
        attributes: &Attributes,
        source: Contents,
    ) -> Result<Self, FsError> {
        let is_paged = attributes.kind == InodeKind::File && source == Contents::Paged;
        Ok(Self {
            mount,
            id,
            kind: attributes.kind,
            source,
            contents: RwLock::new(()),
            size: AtomicU64::new(attributes.size),
            object: if is_paged { Some(Object::new()?) } else { None },
            fifo: if attributes.kind == InodeKind::Fifo { Some(Shared::new()?) } else { None },
            users: AtomicUsize::new(0),
            removed: AtomicBool::new(false),
        })
    }

    /// The pages of a paged file.
    pub fn object(&self) -> Result<&Object, FsError> {
        self.object.as_ref().ok_or(FsError::InvalidInput("it has no pages"))
    }

    /// The pipe of this name.
    pub fn fifo(&self) -> Result<&Arc<Shared>, FsError> {
        self.fifo.as_ref().ok_or(FsError::InvalidInput("it is no named pipe"))
    }

    /// The size of a paged file.
    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    /// Notes the size that the file system, which is locked, has just been given.
    pub fn set_size(&self, size: u64) {
        self.size.store(size, Ordering::Release);
    }

    pub(super) fn is_used(&self) -> bool {
        self.users.load(Ordering::Acquire) > 0
    }

    /// Whether it has no page in memory.
    pub(super) fn is_blank(&self) -> bool {
        self.object.as_ref().is_none_or(|object| object.pages() == 0)
    }

    pub(super) fn is_unwritten(&self) -> bool {
        self.object.as_ref().is_some_and(Object::is_unwritten)
    }

    pub(super) fn is_removed(&self) -> bool {
        self.removed.load(Ordering::Acquire)
    }

    /// Notes that the last name is gone.
    pub fn set_removed(&self) {
        self.removed.store(true, Ordering::Release);
    }

    pub(super) fn drop_pages(&self) {
        if let Some(object) = &self.object {
            object.remove_from(0);
        }
    }

    /// Begins to write its dirty pages. The mount's `writing` is held.
    pub(super) fn write_out(&self, writing: &mut Writing) -> Result<(), FsError> {
        self.object.as_ref().map_or(Ok(()), |object| object.write_out(self, writing))
    }

    /// The same with the file system locked by the caller.
    pub(super) fn write_out_locked(
        &self,
        file_system: &mut dyn FileSystem,
        writing: &mut Writing,
    ) -> Result<(), FsError> {
        let locked = Locked { inode: self, file_system: Mutex::new(file_system) };
        self.object.as_ref().map_or(Ok(()), |object| object.write_out(&locked, writing))
    }
}

impl Backing for Inode {
    fn size(&self) -> u64 {
        self.size()
    }

    fn extent(&self, offset: u64) -> Result<Extent, FsError> {
        self.mount.lock().extent(self.id, offset)
    }

    fn device(&self) -> Result<&Arc<Volume>, FsError> {
        self.mount.device.as_ref().ok_or(FsError::NoSuchDevice)
    }
}

/// An inode whose file system is locked already, by whoever made this. (The lock in it is always free.)
struct Locked<'a> {
    inode: &'a Inode,
    file_system: Mutex<&'a mut dyn FileSystem>,
}

impl Backing for Locked<'_> {
    fn size(&self) -> u64 {
        self.inode.size()
    }

    fn extent(&self, offset: u64) -> Result<Extent, FsError> {
        self.file_system.lock().extent(self.inode.id, offset)
    }

    fn device(&self) -> Result<&Arc<Volume>, FsError> {
        self.inode.device()
    }
}

/// One user of an inode.
pub struct InodeRef(Arc<Inode>);

impl InodeRef {
    /// The mount's table is locked, or the inode has a user already.
    pub(super) fn new(inode: Arc<Inode>) -> Self {
        inode.users.fetch_add(1, Ordering::AcqRel);
        Self(inode)
    }
}

impl Clone for InodeRef {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl Deref for InodeRef {
    type Target = Inode;

    fn deref(&self) -> &Inode {
        &self.0
    }
}

impl PartialEq for InodeRef {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Drop for InodeRef {
    /// May wait for the disk, and takes the file system's lock: never dropped under it.
    fn drop(&mut self) {
        if self.0.users.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.mount.abandoned(&self.0);
        }
    }
}
