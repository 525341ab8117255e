//! The file system in memory that is mounted at `/`.

use alloc::sync::Arc;

use vfs::FsError;
use vfs::inode::InodeKind;
use vfs::tmpfs::{self, Limits, TmpFs};

use super::mount::Mount;
use super::{cache, clock, names, tree};
use crate::memory;
use crate::memory::heap::fallible;
use crate::memory::page::{self, Page};

/// The file system in memory may take this part of all memory.
const PART: u64 = 4;
/// And one inode for each so many bytes of that.
const BYTES_PER_INODE: u64 = 4096;

/// Pages of memory, as they are.
pub struct Frames;

impl tmpfs::Pages for Frames {
    type Page = Page;

    fn allocate(&self) -> Option<Page> {
        let frame = cache::allocate().ok()?;
        page::clear_from(frame, 0);
        Some(Page::own(frame))
    }
}

impl tmpfs::Page for Page {
    fn read(&self, offset: usize, buffer: &mut [u8]) {
        self.read(offset, buffer);
    }

    fn write(&self, offset: usize, data: &[u8]) {
        self.write(offset, data);
    }
}

/// A new file system in memory, named `source` among what is mounted.
pub fn new(source: &str) -> Result<Arc<Mount>, FsError> {
    let bytes = memory::statistics().total / PART;
    let limits = Limits { bytes, inodes: bytes / BYTES_PER_INODE };
    let file_system = TmpFs::new(Frames, limits, clock::now)?;
    Mount::new(fallible::boxed(file_system).map_err(|_| FsError::OutOfMemory)?, source, None)
}

/// Mounts the root, with the directories that everybody expects in it.
pub fn mount_root() -> Result<(), FsError> {
    let mount = new("tmpfs")?;
    let root = mount.root()?;
    tree::mount_root(mount)?;
    for (name, mode) in [("tmp", 0o1777), ("dev", 0o755), ("proc", 0o555)] {
        names::create_in(&root, name, InodeKind::Directory, mode)?;
    }
    Ok(())
}
