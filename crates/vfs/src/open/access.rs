//! Who may do what, by the permission bits.

use crate::FsError;
use crate::inode::{Attributes, InodeKind, Time};

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Access {
    /// Read contents, or list a directory.
    pub read: bool,
    /// Change contents, or enter and remove names in a directory.
    pub write: bool,
    /// Execute a file, or ask for names in a directory.
    pub execute: bool,
}

/// Who somebody is: for opening files a process's effective (on Linux: file system) numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// The user.
    pub user: u32,
    /// The first group.
    pub group: u32,
    /// Further groups.
    pub groups: &'a [u32],
}

impl Credentials<'_> {
    /// Whether no permission bit binds this one, but that nobody can execute what nobody may execute.
    const fn is_root(&self) -> bool {
        self.user == 0
    }

    fn is_in(&self, group: u32) -> bool {
        self.group == group || self.groups.contains(&group)
    }
}

/// Whether the permission bits allow it. Only one class of bits counts: the owner's for the owner, even if the others'
/// would allow more; the group's for its members; those of others for the rest.
///
/// # Errors
/// [`FsError::AccessDenied`].
pub fn may(attributes: &Attributes, who: &Credentials<'_>, access: Access) -> Result<(), FsError> {
    let mode = attributes.mode;
    let allowed = if who.is_root() {
        let executable = attributes.kind == InodeKind::Directory || mode & 0o111 != 0;
        if executable { 0o7 } else { 0o6 }
    } else if who.user == attributes.user {
        mode >> 6
    } else if who.is_in(attributes.group) {
        mode >> 3
    } else {
        mode
    };
    let wanted = u16::from(access.read) << 2 | u16::from(access.write) << 1 | u16::from(access.execute);
    if wanted & !allowed == 0 { Ok(()) } else { Err(FsError::AccessDenied) }
}

/// Whether a name may be taken out of a directory: by those who may write and search it; where its sticky bit is set
/// only by the owner of the directory or of what has the name.
///
/// # Errors
/// [`FsError::AccessDenied`]; [`FsError::NotPermitted`] over the sticky bit.
pub fn may_remove(directory: &Attributes, victim: &Attributes, who: &Credentials<'_>) -> Result<(), FsError> {
    may(directory, who, Access { write: true, execute: true, read: false })?;
    let is_sticky = directory.mode & 0o1000 != 0;
    if is_sticky && !who.is_root() && who.user != directory.user && who.user != victim.user {
        return Err(FsError::NotPermitted);
    }
    Ok(())
}

/// Whether reading shall be noted as the time of access (mount(8), relatime): the first time after a change, and once a
/// day. Otherwise every read would change something that has to be written.
#[must_use]
pub fn notes_reading(attributes: &Attributes, now: Time) -> bool {
    const DAY: i64 = 24 * 60 * 60;
    let accessed = attributes.accessed;
    accessed <= attributes.modified
        || accessed <= attributes.changed
        || now.seconds.saturating_sub(accessed.seconds) >= DAY
}
