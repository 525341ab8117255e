//! A mounted file system, and the inodes of it that are in memory.
//!
//! Locks, from outermost to innermost: an inode's `contents`, the mount's `writing`, its file system, its table of
//! inodes, the page cache. The first guards what is read and written against a change of the size; `writing` is held by the
//! one who writes pages out, so that who has it knows that none is on its way to a place that changes hands.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use blockcache::BlockDevice;
use blockcache::pages::NumberHash;
use hashbrown::HashMap;
use vfs::FsError;
use vfs::inode::{FileSystem, InodeId};
use vfs::namespace::MountId;

use super::cache::{Volume, Writing};
use super::inode::{Inode, InodeRef};
use crate::memory::heap::fallible;
use crate::sync::{Mutex, MutexGuard};

/// Inodes that nobody uses and that have no page are kept up to this number.
const IDLE_INODES: usize = 1024;

/// A mounted file system.
pub struct Mount {
    /// What `/proc/mounts` calls what it lies on.
    pub source: String,
    /// What it is: "tmpfs", "vfat".
    pub kind: &'static str,
    /// Where its paged files lie.
    pub device: Option<Arc<Volume>>,
    file_system: Mutex<Box<dyn FileSystem>>,
    /// Held while pages are written out.
    writing: Mutex<()>,
    inodes: Mutex<HashMap<InodeId, Arc<Inode>, NumberHash>>,
    /// Its number among what is mounted; 0 before it is.
    id: AtomicU32,
    /// Something was changed since the last commit began.
    changed: AtomicBool,
}

impl Mount {
    /// Takes in a file system that lies on `device`, or nowhere.
    pub fn new(
        file_system: Box<dyn FileSystem>,
        source: &str,
        device: Option<Arc<Volume>>,
    ) -> Result<Arc<Self>, FsError> {
        let mount = Self {
            source: vfs::path::copy(source)?,
            kind: file_system.kind(),
            device,
            file_system: Mutex::new(file_system),
            writing: Mutex::new(()),
            inodes: Mutex::new(HashMap::with_hasher(NumberHash)),
            id: AtomicU32::new(0),
            changed: AtomicBool::new(false),
        };
        fallible::counted(mount).map_err(|_| FsError::OutOfMemory)
    }

    /// Its number, once it is mounted.
    pub fn id(&self) -> Option<MountId> {
        Some(self.id.load(Ordering::Relaxed)).filter(|&id| id != 0).map(MountId)
    }

    /// Notes that it is mounted for good: its number, and its path for those who look at locks.
    pub fn set_mounted(&self, id: MountId, path: &'static str) {
        self.id.store(id.0, Ordering::Relaxed);
        self.file_system.list(path);
    }

    /// The inode that a name stands for in a directory of this file system.
    pub fn lookup(self: &Arc<Self>, directory: InodeId, name: &str) -> Result<InodeRef, FsError> {
        let mut file_system = self.lock();
        let found = file_system.lookup(directory, name)?;
        self.adopt(&mut **file_system, found)
    }

    /// The file system, for a moment.
    pub fn lock(&self) -> MutexGuard<'_, Box<dyn FileSystem>> {
        self.file_system.lock()
    }

    /// The file system, to change something.
    pub fn change(&self) -> MutexGuard<'_, Box<dyn FileSystem>> {
        self.changed.store(true, Ordering::Relaxed);
        self.file_system.lock()
    }

    /// The root directory.
    pub fn root(self: &Arc<Self>) -> Result<InodeRef, FsError> {
        let mut file_system = self.lock();
        let root = file_system.root();
        // Its parent is itself, and to be given it counts a user.
        let root = file_system.parent(root)?;
        self.adopt(&mut **file_system, root)
    }

    /// The inode of a number that the file system has just returned, and counted a user for.
    pub fn adopt(
        self: &Arc<Self>,
        file_system: &mut dyn FileSystem,
        id: InodeId,
    ) -> Result<InodeRef, FsError> {
        let result = self.find_or_make(file_system, id);
        if result.is_err() {
            file_system.forget(id);
        }
        result
    }

    fn find_or_make(
        self: &Arc<Self>,
        file_system: &mut dyn FileSystem,
        id: InodeId,
    ) -> Result<InodeRef, FsError> {
        let mut inodes = self.inodes.lock();
        if let Some(inode) = inodes.get(&id) {
            // The table's own user is enough.
            let inode = InodeRef::new(inode.clone());
            file_system.forget(id);
            return Ok(inode);
        }
        inodes.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        let attributes = file_system.attributes(id)?;
        let inode = Inode::new(self.clone(), id, &attributes, file_system.contents(id))?;
        let inode = fallible::counted(inode).map_err(|_| FsError::OutOfMemory)?;
        inodes.insert(id, inode.clone());
        Ok(InodeRef::new(inode))
    }

    /// The last user of an inode has gone.
    pub(super) fn abandoned(&self, inode: &Arc<Inode>) {
        // Many idle inodes without pages are too many.
        if inode.is_removed() || inode.is_blank() && self.inodes.lock().len() > IDLE_INODES {
            self.let_go(inode);
        }
    }

    /// Forgets an inode, if still nobody uses it, with its pages.
    fn let_go(&self, inode: &Arc<Inode>) {
        // Before any lock is taken: this may wait for the disk.
        if inode.is_removed() && !inode.is_used() {
            inode.drop_pages();
        }
        let mut file_system = self.lock();
        let mut inodes = self.inodes.lock();
        if !inode.is_used() && inode.is_blank() && inodes.remove(&inode.id).is_some() {
            if inode.is_removed() {
                self.changed.store(true, Ordering::Relaxed);
            }
            file_system.forget(inode.id);
        }
    }

    /// Forgets inodes that nobody uses and that have no page, if there are many.
    pub fn trim(&self) {
        let mut idle = Vec::new();
        {
            let inodes = self.inodes.lock();
            let excess = inodes.len().saturating_sub(IDLE_INODES);
            if excess == 0 || idle.try_reserve_exact(excess).is_err() {
                return;
            }
            idle.extend(
                inodes.values().filter(|inode| !inode.is_used() && inode.is_blank()).take(excess).cloned(),
            );
        }
        for inode in idle {
            self.let_go(&inode);
        }
    }

    /// Writes all dirty pages out, then has the file system commit its changes: when this returns without error,
    /// everything that was changed before survives a power failure.
    pub fn sync(&self) -> Result<(), FsError> {
        if self.device.is_none() {
            return Ok(());
        }
        let _writing = self.writing.lock();
        // What takes long first, while others go on.
        self.write_pages(None)?;
        // Then the rest, with everything as it is: what the file system commits has been written.
        let mut file_system = self.file_system.lock();
        self.changed.store(false, Ordering::Relaxed);
        let result = self.write_pages(Some(&mut **file_system)).and_then(|()| {
            if file_system.is_changed() {
                return file_system.commit();
            }
            // Contents alone may have changed.
            self.device.as_ref().map_or(Ok(()), |device| Ok(device.flush()?))
        });
        if result.is_err() {
            self.changed.store(true, Ordering::Relaxed);
        }
        result
    }

    /// As [`Mount::sync`], for somebody who wants to know that all is safe: he is also told if something was given up since
    /// somebody last asked.
    pub fn sync_for_user(&self) -> Result<(), FsError> {
        self.sync()?;
        self.device.as_ref().and_then(|device| device.take_loss()).map_or(Ok(()), Err)
    }

    /// Writes dirty pages out, without a commit.
    pub fn write_back(&self) -> Result<(), FsError> {
        let _writing = self.writing.lock();
        self.write_pages(None)
    }

    /// Writes the pages of all inodes that are dirty now; an error if some could not be. Whoever has the file system locked hands it in.
    fn write_pages(&self, mut locked: Option<&mut dyn FileSystem>) -> Result<(), FsError> {
        let mut unwritten = Vec::new();
        {
            let inodes = self.inodes.lock();
            let is_unwritten = |inode: &&Arc<Inode>| inode.is_unwritten();
            let count = inodes.values().filter(is_unwritten).count();
            unwritten.try_reserve_exact(count).map_err(|_| FsError::OutOfMemory)?;
            // Others may have become so meanwhile: they come next time.
            unwritten.extend(inodes.values().filter(is_unwritten).take(count).cloned());
        }
        let mut result = Ok(());
        let mut writing = Writing::new();
        for inode in unwritten {
            let begun = match &mut locked {
                Some(file_system) => inode.write_out_locked(&mut **file_system, &mut writing),
                None => inode.write_out(&mut writing),
            };
            result = result.and(begun);
        }
        // Nothing is under way any more when this is over.
        writing.finish().and(result)
    }

    /// Whether there is something that [`Mount::sync`] would write.
    pub fn is_changed(&self) -> bool {
        self.device.is_some() && self.changed.load(Ordering::Relaxed)
    }

    /// Notes on the medium that all is well, if it is.
    pub fn rest(&self) -> Result<(), FsError> {
        if self.device.is_none() || self.is_changed() {
            return Ok(());
        }
        let mut file_system = self.file_system.lock();
        if file_system.is_changed() { Ok(()) } else { file_system.rest() }
    }
}
