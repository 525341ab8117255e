//! Changing directories: making, removing and renaming, in one tree.

use alloc::sync::Arc;

use vfs::FsError;
use vfs::inode::{FileSystem, InodeId, InodeKind, NewInode, Replace};
use vfs::walk::{Last, Place, resolve_parent};

use super::inode::InodeRef;
use super::mount::Mount;
use super::tree::{self, AllMounts};
use super::{start, writeback};

/// The directory in which a path ends, and the name there.
fn parent_of(path: &str) -> Result<Place<InodeRef>, FsError> {
    resolve_parent(&mut AllMounts, &start()?, path)
}

/// The name at the end of a path, which must be one.
fn name(place: &Place<InodeRef>, otherwise: FsError) -> Result<&str, FsError> {
    match &place.last {
        Last::Name(name) => Ok(name),
        Last::Dot | Last::DotDot | Last::Root => Err(otherwise),
    }
}

/// Runs a change of a directory, and again after a commit if room was short: what was removed before is free then.
fn with_room<T>(
    mount: &Arc<Mount>,
    mut change: impl FnMut(&mut dyn FileSystem) -> Result<T, FsError>,
) -> Result<T, FsError> {
    let (first, is_changed) = {
        let mut file_system = mount.change();
        (change(&mut **file_system), file_system.is_changed())
    };
    match first {
        Err(FsError::NoSpace) if is_changed && mount.device.is_some() => {
            mount.sync()?;
            change(&mut **mount.change())
        }
        result => {
            writeback::throttle(mount);
            result
        }
    }
}

/// Makes a file, a directory or another inode in `directory`.
pub fn create_in(directory: &InodeRef, name: &str, kind: InodeKind, mode: u16) -> Result<InodeRef, FsError> {
    let new = NewInode { name, kind, mode, user: 0, group: 0 };
    with_room(&directory.mount, |file_system| {
        let id = file_system.create(directory.id, &new)?;
        directory.mount.adopt(file_system, id)
    })
}

/// Makes an empty directory.
pub fn create_directory(path: &str) -> Result<(), FsError> {
    let place = parent_of(path)?;
    let directory = &place.directory;
    let name = name(&place, FsError::AlreadyExists)?;
    create_in(directory, name, InodeKind::Directory, 0o755).map(drop)
}

/// Makes a named pipe (mkfifo(3)).
pub fn create_pipe(path: &str) -> Result<(), FsError> {
    let place = parent_of(path)?;
    let directory = &place.directory;
    let name = name(&place, FsError::AlreadyExists)?;
    create_in(directory, name, InodeKind::Fifo, 0o644).map(drop)
}

/// Makes a symbolic link at `path` that says `target`.
pub fn create_link(path: &str, target: &str) -> Result<(), FsError> {
    let place = parent_of(path)?;
    let directory = &place.directory;
    let name = name(&place, FsError::AlreadyExists)?;
    let new = NewInode { name, kind: InodeKind::SymbolicLink, mode: 0o777, user: 0, group: 0 };
    let made = with_room(&directory.mount, |file_system| {
        let id = file_system.create_link(directory.id, &new, target)?;
        directory.mount.adopt(file_system, id)
    });
    made.map(drop)
}

/// Removes a file or an empty directory.
pub fn remove(path: &str) -> Result<(), FsError> {
    let place = parent_of(path)?;
    let directory = &place.directory;
    let name = name(&place, FsError::Busy)?;
    let mount = &directory.mount;
    // Kept until the file system is unlocked: its last user may have work to do.
    let victim;
    {
        let mut file_system = mount.change();
        victim = known(mount, &mut **file_system, directory.id, name)?;
        if tree::is_mount_point(mount, victim.id) {
            return Err(FsError::Busy);
        }
        match victim.kind {
            InodeKind::Directory => file_system.remove_directory(directory.id, name)?,
            _ if place.trailing_slash => return Err(FsError::NotADirectory),
            _ => file_system.unlink(directory.id, name)?,
        }
        note_removed(&mut **file_system, &victim);
    }
    drop(victim);
    Ok(())
}

/// Gives something another name within its file system; what has that name is replaced, if it may be.
pub fn rename(from: &str, to: &str, replace: Replace) -> Result<(), FsError> {
    let place = parent_of(from)?;
    let new_place = parent_of(to)?;
    let (directory, new_directory) = (&place.directory, &new_place.directory);
    let old_name = name(&place, FsError::Busy)?;
    let new_name = name(&new_place, FsError::Busy)?;
    let mount = &directory.mount;
    if !Arc::ptr_eq(mount, &new_directory.mount) {
        return Err(FsError::CrossDevice);
    }
    let moved = mount.lookup(directory.id, old_name)?;
    if tree::is_mount_point(mount, moved.id) {
        return Err(FsError::Busy);
    }
    if (place.trailing_slash || new_place.trailing_slash) && moved.kind != InodeKind::Directory {
        return Err(FsError::NotADirectory);
    }
    // What is changed between two commits may be there in part after a power failure: a file that was moved out of a
    // directory, or made in it, may lie under a name that it never had if the directory was renamed besides. So nothing else
    // is in one commit with that.
    let stands_alone = moved.kind == InodeKind::Directory && mount.device.is_some();
    if stands_alone {
        mount.sync()?;
    }
    // Kept until the file system is unlocked, also that of a first attempt: a last user may have work to do.
    let mut victims = [None, None];
    let mut attempt = 0;
    let result = with_room(mount, |file_system| {
        let victim = &mut victims[attempt.min(1)];
        attempt += 1;
        *victim = match known(mount, file_system, new_directory.id, new_name) {
            Ok(victim) if tree::is_mount_point(mount, victim.id) => return Err(FsError::Busy),
            Ok(victim) => Some(victim),
            Err(FsError::NotFound) => None,
            Err(error) => return Err(error),
        };
        file_system.rename(directory.id, old_name, new_directory.id, new_name, replace)?;
        if let Some(victim) = victim {
            note_removed(file_system, victim);
        }
        Ok(())
    });
    drop(victims);
    if stands_alone && result.is_ok() {
        // It is renamed whatever comes of this; an error comes again with the next commit, to who asks for one.
        let _ = mount.sync();
    }
    result
}

fn known(
    mount: &Arc<Mount>,
    file_system: &mut dyn FileSystem,
    directory: InodeId,
    name: &str,
) -> Result<InodeRef, FsError> {
    let id = file_system.lookup(directory, name)?;
    mount.adopt(file_system, id)
}

/// If the last name of an inode is gone, it goes with its last user.
fn note_removed(file_system: &mut dyn FileSystem, inode: &InodeRef) {
    if file_system.attributes(inode.id).is_ok_and(|attributes| attributes.links == 0) {
        inode.set_removed();
    }
}
