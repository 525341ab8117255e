//! Which file system hangs where: the mount table, in inodes.
//!
//! A mount joins a directory of one file system (its mount point) with the root directory of another. Going down,
//! [`Mounts::enter`] leads from the mount point to the root; going up, [`Mounts::leave`] leads back. On the root of what
//! is mounted something else can be mounted again: it covers the first, until it is unmounted.
//!
//! The table is a value; who holds a file system busy is the kernel's knowledge.

use crate::FsError;
use crate::inode::{InodeId, InodeKind};
use alloc::vec::Vec;

/// The number of a mounted file system, also the minor number of its device as programs see it. None is given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MountId(pub u32);

/// An inode of a mounted file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// In which.
    pub mount: MountId,
    /// Which inode.
    pub inode: InodeId,
}

/// A mounted file system.
#[derive(Debug)]
pub struct Mount<T> {
    /// Its number.
    pub id: MountId,
    /// Its root directory.
    pub root: InodeId,
    /// Where it hangs; None for the first, that everything else hangs in.
    pub point: Option<Spot>,
    /// For the kernel the locked file system, for a test anything.
    pub value: T,
}

/// All that is mounted.
#[derive(Debug)]
pub struct Mounts<T> {
    /// By number, so in the order of mounting.
    mounts: Vec<Mount<T>>,
    /// Mount points and what hangs there, by mount point.
    points: Vec<(Spot, MountId)>,
    next: u32,
}

impl<T> Default for Mounts<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Mounts<T> {
    /// Nothing, not even a root.
    pub const fn new() -> Self {
        Self { mounts: Vec::new(), points: Vec::new(), next: 1 }
    }

    /// Mounts the first file system.
    ///
    /// # Errors
    /// [`FsError::Busy`] if there is one; [`FsError::OutOfMemory`].
    pub fn mount_first(&mut self, root: InodeId, value: T) -> Result<MountId, FsError> {
        if !self.mounts.is_empty() {
            return Err(FsError::Busy);
        }
        self.add(root, None, value)
    }

    /// Mounts a file system on a directory, of which `kind` is known. The mount point stays in use by the mount: the
    /// caller does not forget its inode.
    ///
    /// # Errors
    /// [`FsError::NotADirectory`]; [`FsError::Busy`] where something is mounted (a walk comes out on top of that);
    /// [`FsError::InvalidInput`] for a mount that there is not; [`FsError::OutOfMemory`]. Nothing has changed then.
    pub fn mount(
        &mut self,
        point: Spot,
        kind: InodeKind,
        root: InodeId,
        value: T,
    ) -> Result<MountId, FsError> {
        if kind != InodeKind::Directory {
            return Err(FsError::NotADirectory);
        }
        self.get(point.mount).ok_or(NOT_MOUNTED)?;
        let Err(place) = self.find_point(point) else { return Err(FsError::Busy) };
        self.points.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        let id = self.add(root, Some(point), value)?;
        self.points.insert(place, (point, id));
        Ok(id)
    }

    fn add(&mut self, root: InodeId, point: Option<Spot>, value: T) -> Result<MountId, FsError> {
        self.mounts.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        let next = self.next.checked_add(1).ok_or(FsError::NoSpace)?;
        let id = MountId(core::mem::replace(&mut self.next, next));
        self.mounts.push(Mount { id, root, point, value });
        Ok(id)
    }

    /// Takes a mount out, and returns it: its mount point has a user less.
    ///
    /// # Errors
    /// [`FsError::Busy`] if `is_used` says that somebody is in it, if something is mounted in it, and for the first;
    /// [`FsError::InvalidInput`] for what is not mounted. Nothing has changed then.
    pub fn unmount(
        &mut self,
        id: MountId,
        is_used: impl FnOnce(&Mount<T>) -> bool,
    ) -> Result<Mount<T>, FsError> {
        let place = self.place(id).ok_or(NOT_MOUNTED)?;
        let mount = &self.mounts[place];
        let Some(point) = mount.point else { return Err(FsError::Busy) };
        if self.points.iter().any(|(point, _)| point.mount == id) || is_used(mount) {
            return Err(FsError::Busy);
        }
        if let Ok(place) = self.find_point(point) {
            self.points.remove(place);
        }
        Ok(self.mounts.remove(place))
    }

    /// A mount by its number.
    #[must_use]
    pub fn get(&self, id: MountId) -> Option<&Mount<T>> {
        self.place(id).map(|place| &self.mounts[place])
    }

    /// The root of the tree. None as long as nothing is mounted.
    #[must_use]
    pub fn root(&self) -> Option<Spot> {
        let first = self.mounts.first()?;
        Some(self.enter(Spot { mount: first.id, inode: first.root }))
    }

    /// Down: where one is who goes to `spot`. The root of what is mounted there, on top of all; else `spot` itself.
    #[must_use]
    pub fn enter(&self, mut spot: Spot) -> Spot {
        // Each mount is younger than what it hangs in, so this ends.
        while let Ok(place) = self.find_point(spot)
            && let Some(mount) = self.get(self.points[place].1)
        {
            spot = Spot { mount: mount.id, inode: mount.root };
        }
        spot
    }

    /// Up: the directory below all that is mounted on it, whose parent is the parent of `spot`. For a spot that is no
    /// root of a mount, and for the first mount's root, itself.
    #[must_use]
    pub fn leave(&self, mut spot: Spot) -> Spot {
        while let Some(mount) = self.get(spot.mount)
            && mount.root == spot.inode
            && let Some(point) = mount.point
        {
            spot = point;
        }
        spot
    }

    /// Whether something is mounted on this very inode: it can be neither removed nor renamed.
    #[must_use]
    pub fn is_mount_point(&self, spot: Spot) -> bool {
        self.find_point(spot).is_ok()
    }

    /// All mounts in the order of mounting, as `/proc/mounts` lists them.
    pub fn iter(&self) -> impl Iterator<Item = &Mount<T>> {
        self.mounts.iter()
    }

    fn place(&self, id: MountId) -> Option<usize> {
        self.mounts.binary_search_by_key(&id, |mount| mount.id).ok()
    }

    fn find_point(&self, spot: Spot) -> Result<usize, usize> {
        self.points.binary_search_by_key(&spot, |(point, _)| *point)
    }
}

const NOT_MOUNTED: FsError = FsError::InvalidInput("nothing is mounted there");
