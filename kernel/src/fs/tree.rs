//! All file systems as one tree: how `vfs::walk` sees what is mounted.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use vfs::FsError;
use vfs::inode::{InodeId, InodeKind};
use vfs::namespace::{MountId, Mounts, Spot};
use vfs::walk::{LinkTarget, Names, Tree};

use super::inode::InodeRef;
use super::mount::Mount;
use super::processes;
use crate::sync::Mutex;

/// A mounted file system, and the directory that it covers, which is in use meanwhile.
struct Mounted {
    mount: Arc<Mount>,
    point: Option<InodeRef>,
    path: &'static str,
}

static MOUNTS: Mutex<Mounts<Mounted>> = Mutex::new(Mounts::new());

/// Mounts the first file system, at `/`.
pub fn mount_root(mount: Arc<Mount>) -> Result<(), FsError> {
    let root = mount.root()?.id;
    let mounted = Mounted { mount: mount.clone(), point: None, path: "/" };
    let id = MOUNTS.lock().mount_first(root, mounted)?;
    mount.set_mounted(id, "/");
    Ok(())
}

/// Mounts a file system on the directory `point`, whose path is `path`.
pub fn mount(mount: Arc<Mount>, point: &InodeRef, path: &'static str) -> Result<(), FsError> {
    let root = mount.root()?.id;
    let mounted = Mounted { mount: mount.clone(), point: Some(point.clone()), path };
    let id = MOUNTS.lock().mount(spot_of(point), point.kind, root, mounted)?;
    mount.set_mounted(id, path);
    Ok(())
}

/// Calls `each` with every mounted file system.
pub fn for_each_mount(mut each: impl FnMut(&Mount)) {
    // By number and not under the lock: `each` may take long. Nothing is ever unmounted.
    for number in 0.. {
        let Some(mount) = MOUNTS.lock().iter().nth(number).map(|mounted| mounted.value.mount.clone()) else {
            return;
        };
        each(&mount);
    }
}

/// All mounted file systems with their paths, in the order of mounting.
pub fn mounts() -> Result<Vec<(String, Arc<Mount>)>, FsError> {
    let mounts = MOUNTS.lock();
    let mut list = Vec::new();
    list.try_reserve_exact(mounts.iter().count()).map_err(|_| FsError::OutOfMemory)?;
    for mounted in mounts.iter() {
        list.push((vfs::path::copy(mounted.value.path)?, mounted.value.mount.clone()));
    }
    Ok(list)
}

/// Whether something is mounted on this very inode: it can be neither removed nor renamed.
pub fn is_mount_point(mount: &Mount, inode: InodeId) -> bool {
    mount.id().is_some_and(|mount| MOUNTS.lock().is_mount_point(Spot { mount, inode }))
}

fn spot_of(inode: &InodeRef) -> Spot {
    // What is not mounted has no place in the tree, and a number that no mount has.
    Spot { mount: inode.mount.id().unwrap_or(MountId(0)), inode: inode.id }
}

/// The file systems as a tree.
pub struct AllMounts;

impl AllMounts {
    /// The root of what is mounted on `inode`, or else itself.
    fn enter(&self, inode: InodeRef) -> Result<InodeRef, FsError> {
        let spot = spot_of(&inode);
        let covering = {
            let mounts = MOUNTS.lock();
            let entered = mounts.enter(spot);
            if entered == spot {
                None
            } else {
                mounts.get(entered.mount).map(|mounted| mounted.value.mount.clone())
            }
        };
        covering.map_or(Ok(inode), |mount| mount.root())
    }

    /// The directory that is covered by the file system whose root this is, over all that are mounted one on the other;
    /// itself if it is no such root.
    fn leave(&self, inode: &InodeRef) -> InodeRef {
        let mut at = inode.clone();
        loop {
            let spot = spot_of(&at);
            let point = MOUNTS.lock().get(spot.mount).and_then(|mounted| {
                if mounted.root == spot.inode { mounted.value.point.clone() } else { None }
            });
            match point {
                Some(point) => at = point,
                None => return at,
            }
        }
    }
}

impl Tree for AllMounts {
    type Node = InodeRef;

    fn root(&mut self) -> Result<InodeRef, FsError> {
        let mount = {
            let mounts = MOUNTS.lock();
            let root = mounts.root().ok_or(FsError::NotFound)?;
            mounts.get(root.mount).map(|mounted| mounted.value.mount.clone())
        };
        mount.ok_or(FsError::NotFound)?.root()
    }

    fn kind(&mut self, node: &InodeRef) -> Result<InodeKind, FsError> {
        Ok(node.kind)
    }

    fn lookup(&mut self, directory: &InodeRef, name: &str) -> Result<InodeRef, FsError> {
        let found = directory.mount.lookup(directory.id, name)?;
        self.enter(found)
    }

    fn parent(&mut self, directory: &InodeRef) -> Result<InodeRef, FsError> {
        let below = self.leave(directory);
        let parent = {
            let mut file_system = below.mount.lock();
            let parent = file_system.parent(below.id)?;
            below.mount.adopt(&mut **file_system, parent)?
        };
        self.enter(parent)
    }

    fn read_link(&mut self, link: &InodeRef) -> Result<LinkTarget<InodeRef>, FsError> {
        match processes::target_of(link) {
            Some(target) => target,
            None => link.mount.lock().read_link(link.id).map(LinkTarget::Path),
        }
    }
}

impl Names for AllMounts {
    fn is_same(&self, one: &InodeRef, other: &InodeRef) -> bool {
        one == other
    }

    fn name_in(&mut self, parent: &InodeRef, child: &InodeRef) -> Result<String, FsError> {
        let child = self.leave(child);
        let mut name = None;
        parent.mount.lock().list(parent.id, 0, &mut |entry| {
            if entry.inode == child.id {
                name = Some(vfs::path::copy(entry.name));
            }
            name.is_none()
        })?;
        name.ok_or(FsError::NotFound)?
    }
}
