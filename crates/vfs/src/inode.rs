//! The contract of a file system, in inodes: what is behind a name, apart from the name.
//!
//! A file system manages names, attributes and where contents lie; it is a plain value with `&mut self` methods, which
//! the kernel puts behind a lock that sleeps. What takes long is not done under that lock: the contents of files on
//! disks pass through the page cache, which asks the file system only where they lie ([`FileSystem::extent`]).
//!
//! Inodes are named by number and counted, as in FUSE: [`FileSystem::lookup`] and what else returns an inode counts one
//! more user, [`FileSystem::forget`] one less. A file that is removed while somebody uses it goes on without a name until
//! it is forgotten.

use crate::FsError;
use alloc::string::String;
use alloc::vec::Vec;

/// An inode of one file system. Valid from the call that returned it until it was forgotten as often as it was returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InodeId(pub u64);

/// A device's number: Linux's major and minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceNumber {
    /// Which driver.
    pub major: u32,
    /// Which of its devices.
    pub minor: u32,
}

/// What an inode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InodeKind {
    /// A file with contents.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    SymbolicLink,
    /// A device that is read and written as a stream.
    CharacterDevice(DeviceNumber),
    /// A device with sectors.
    BlockDevice(DeviceNumber),
    /// A named pipe.
    Fifo,
    /// The name of a local socket.
    Socket,
}

/// A moment: seconds and nanoseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time {
    /// Whole seconds; negative before 1970.
    pub seconds: i64,
    /// Below 1,000,000,000.
    pub nanoseconds: u32,
}

/// What is known about an inode (stat(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// What it is.
    pub kind: InodeKind,
    /// The permission bits, 0o7777 at most.
    pub mode: u16,
    /// The owner's number.
    pub user: u32,
    /// The owning group's number.
    pub group: u32,
    /// How many names it has, 0 once the last is removed; for a directory also its own `.` and its children's `..`.
    pub links: u32,
    /// Bytes of contents; of a symbolic link, of its target.
    pub size: u64,
    /// What it takes up, in units of 512 bytes.
    pub blocks: u64,
    /// Last read.
    pub accessed: Time,
    /// Last change of the contents.
    pub modified: Time,
    /// Last change of contents or attributes.
    pub changed: Time,
}

/// Attributes to be set; `None` stays as it is. The time of change is the file system's own business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AttributeChange {
    /// The permission bits.
    pub mode: Option<u16>,
    /// The owner.
    pub user: Option<u32>,
    /// The owning group.
    pub group: Option<u32>,
    /// Last read.
    pub accessed: Option<Time>,
    /// Last change of the contents.
    pub modified: Option<Time>,
}

/// What a new inode shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewInode<'a> {
    /// Its name in the directory: not empty, not `.` or `..`, without `/` and NUL, at most 255 bytes.
    pub name: &'a str,
    /// What it is. Not a symbolic link: those have a call of their own.
    pub kind: InodeKind,
    /// The permission bits.
    pub mode: u16,
    /// The owner.
    pub user: u32,
    /// The owning group.
    pub group: u32,
}

/// One entry of a directory, as it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed<'a> {
    /// The name. `.` and `..` are not listed by file systems.
    pub name: &'a str,
    /// The inode's number as programs see it. Nobody is counted for it.
    pub inode: InodeId,
    /// What it is.
    pub kind: InodeKind,
    /// Where listing goes on behind it.
    pub next: u64,
    /// What is known of it besides, where that costs nothing.
    pub summary: Option<Summary>,
}

/// What most who list a directory want to know of each entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Bytes of contents; of a directory anything.
    pub size: u64,
    /// Last change of the contents.
    pub modified: Time,
}

/// How much room there is (statfs(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The unit of allocation in bytes.
    pub block_size: u32,
    /// Units in all.
    pub blocks: u64,
    /// Units that are free.
    pub free_blocks: u64,
    /// Inodes in all; 0 where they are not limited.
    pub inodes: u64,
    /// Inodes that are free.
    pub free_inodes: u64,
    /// The longest name in bytes.
    pub longest_name: u32,
}

/// Where contents come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// From the page cache, which asks [`FileSystem::extent`].
    Paged,
    /// From [`FileSystem::read`] and [`FileSystem::write`], which take no time.
    Held,
    /// From [`FileSystem::read`], put together at that moment: whoever opens it reads it once, as a whole.
    Generated,
}

/// Where a piece of a file lies on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The place on the device in bytes, a multiple of 512.
    pub device_offset: u64,
    /// How far the file's room goes on there without a break, in bytes, a multiple of 512; at least 1 sector. It may reach
    /// behind the end of the file.
    pub length: u64,
}

/// Which names a rename may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// What has the new name already is replaced, as rename(2) does.
    Allowed,
    /// The new name must be free (RENAME_NOREPLACE).
    Never,
}

/// A mounted file system.
///
/// All changes are visible to later calls at once. They survive a power failure after [`FileSystem::commit`].
/// Any call that needs memory may fail with [`FsError::OutOfMemory`]; nothing has changed then. A number that is no
/// inode in use is [`FsError::InvalidInput`].
pub trait FileSystem: Send {
    /// What the file system is, as in `/proc/mounts`: "tmpfs", "vfat".
    fn kind(&self) -> &'static str;

    /// The root directory. It is in use as long as the file system is.
    fn root(&self) -> InodeId;

    /// What is known about an inode.
    ///
    /// # Errors
    /// The device's.
    fn attributes(&mut self, inode: InodeId) -> Result<Attributes, FsError>;

    /// Sets attributes. What a file system can't keep it passes over where Linux does (owners on FAT, if they stay the
    /// same), else refuses.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`] for what can't be kept; [`FsError::ReadOnly`]; the device's.
    fn set_attributes(&mut self, inode: InodeId, change: &AttributeChange) -> Result<(), FsError>;

    /// The inode that `name` stands for in a directory. Neither `.` nor `..` is asked for.
    ///
    /// # Errors
    /// [`FsError::NotFound`], [`FsError::NotADirectory`], and the device's.
    fn lookup(&mut self, directory: InodeId, name: &str) -> Result<InodeId, FsError>;

    /// The directory that a directory lies in; the root lies in itself. Counts one more user.
    ///
    /// # Errors
    /// [`FsError::NotADirectory`]; [`FsError::NotFound`] for a directory that was removed.
    fn parent(&mut self, directory: InodeId) -> Result<InodeId, FsError>;

    /// One user less than before. An inode without name and user is gone, and its room is free.
    fn forget(&mut self, inode: InodeId);

    /// Calls `each` with the entries of a directory, from `cursor` on (0: from the first) until it returns false. What
    /// is entered or removed meanwhile, between two calls, may be missing or not; everything else is listed once.
    ///
    /// # Errors
    /// [`FsError::NotADirectory`], and the device's.
    fn list(
        &mut self,
        directory: InodeId,
        cursor: u64,
        each: &mut dyn FnMut(&Listed<'_>) -> bool,
    ) -> Result<(), FsError>;

    /// Makes an inode and enters it into a directory.
    ///
    /// # Errors
    /// [`FsError::AlreadyExists`], [`FsError::InvalidName`], [`FsError::NoSpace`], [`FsError::ReadOnly`],
    /// [`FsError::NotFound`] in a directory that was removed; [`FsError::NotPermitted`] for a kind that this file system
    /// does not know; the device's. Nothing has changed then.
    fn create(&mut self, directory: InodeId, new: &NewInode<'_>) -> Result<InodeId, FsError>;

    /// Makes a symbolic link. What it says is not looked at.
    ///
    /// # Errors
    /// As [`FileSystem::create`].
    fn create_link(
        &mut self,
        directory: InodeId,
        new: &NewInode<'_>,
        target: &str,
    ) -> Result<InodeId, FsError>;

    /// What a symbolic link says.
    ///
    /// # Errors
    /// [`FsError::InvalidInput`] for what is none; the device's.
    fn read_link(&mut self, inode: InodeId) -> Result<String, FsError>;

    /// Gives a file one more name.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`] for directories and where files have one name only; as [`FileSystem::create`].
    fn link(&mut self, inode: InodeId, directory: InodeId, name: &str) -> Result<(), FsError>;

    /// Removes a name of anything but a directory.
    ///
    /// # Errors
    /// [`FsError::IsADirectory`], [`FsError::NotFound`], [`FsError::ReadOnly`]; the device's.
    fn unlink(&mut self, directory: InodeId, name: &str) -> Result<(), FsError>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`FsError::NotADirectory`], [`FsError::NotEmpty`], as [`FileSystem::unlink`].
    fn remove_directory(&mut self, directory: InodeId, name: &str) -> Result<(), FsError>;

    /// Gives something another name, within this file system; what has that name goes, if it may. Two names of one
    /// inode: nothing happens (POSIX). Names that differ only in case may be one name: then it is spelled anew.
    ///
    /// # Errors
    /// [`FsError::InvalidInput`] to move a directory into itself or below; [`FsError::NotEmpty`],
    /// [`FsError::IsADirectory`], [`FsError::NotADirectory`] when the target can't be replaced by this;
    /// [`FsError::AlreadyExists`] with [`Replace::Never`]; as [`FileSystem::create`] and [`FileSystem::unlink`].
    fn rename(
        &mut self,
        directory: InodeId,
        name: &str,
        new_directory: InodeId,
        new_name: &str,
        replace: Replace,
    ) -> Result<(), FsError>;

    /// Where the contents of a file come from.
    fn contents(&self, inode: InodeId) -> Contents;

    /// Reads at `offset`; fewer bytes than asked for only at the end. Not for [`Contents::Paged`].
    ///
    /// # Errors
    /// [`FsError::IsADirectory`]; the device's.
    fn read(&mut self, inode: InodeId, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError>;

    /// Writes at `offset` as much of `data` as there is room for, at least one byte; a gap before it reads as zeros. Not
    /// for [`Contents::Paged`].
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::TooLarge`], [`FsError::ReadOnly`], [`FsError::NotPermitted`].
    fn write(&mut self, inode: InodeId, offset: u64, data: &[u8]) -> Result<usize, FsError>;

    /// Sets the size. A paged file that grows gets room on the device, whose bytes are whatever they were: the page
    /// cache writes zeros or data there before [`FileSystem::commit`] makes the size last. Also the way to note that
    /// contents were changed: the time of modification becomes now.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::TooLarge`], [`FsError::ReadOnly`]; the device's. The size is then as before.
    fn resize(&mut self, inode: InodeId, size: u64) -> Result<(), FsError>;

    /// Where the byte at `offset`, a multiple of 512 below the size rounded up to sectors, lies on the device. For
    /// [`Contents::Paged`] only.
    ///
    /// # Errors
    /// [`FsError::Damaged`]; the device's.
    fn extent(&mut self, inode: InodeId, offset: u64) -> Result<Extent, FsError>;

    /// Notes that the contents changed within the size: the time of modification becomes now.
    ///
    /// # Errors
    /// [`FsError::ReadOnly`].
    fn touch(&mut self, inode: InodeId) -> Result<(), FsError>;

    /// Puts all changes onto the medium, so that they survive a power failure. The caller has handed all contents of
    /// paged files to the device before, and nobody changes anything meanwhile.
    ///
    /// # Errors
    /// The device's. What could not be written stays to be written, and the next commit tries again.
    fn commit(&mut self) -> Result<(), FsError>;

    /// Whether there are changes that [`FileSystem::commit`] would put onto the medium.
    fn is_changed(&self) -> bool;

    /// Whether the changes that wait for a commit take so much memory that it should not be put off.
    fn should_commit(&self) -> bool {
        false
    }

    /// After a commit: notes on the medium that all is well, until the next change. At unmounting, and when nothing
    /// happens for a while.
    ///
    /// # Errors
    /// The device's.
    fn rest(&mut self) -> Result<(), FsError>;

    /// How much room there is.
    ///
    /// # Errors
    /// The device's.
    fn room(&mut self) -> Result<Room, FsError>;

    /// Whether nothing may be changed.
    fn is_read_only(&self) -> bool;
}

/// All entries of a directory with their names, for those who want them at once.
///
/// # Errors
/// As [`FileSystem::list`]; [`FsError::OutOfMemory`].
pub fn list_all(
    file_system: &mut dyn FileSystem,
    directory: InodeId,
) -> Result<Vec<(String, InodeId, InodeKind)>, FsError> {
    let mut entries = Vec::new();
    let mut failure = None;
    file_system.list(directory, 0, &mut |entry| {
        let room = entries.try_reserve(1).map_err(|_| FsError::OutOfMemory);
        match room.and_then(|()| crate::path::copy(entry.name)) {
            Ok(name) => entries.push((name, entry.inode, entry.kind)),
            Err(error) => failure = Some(error),
        }
        failure.is_none()
    })?;
    failure.map_or(Ok(entries), Err)
}
