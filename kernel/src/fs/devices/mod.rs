//! `/dev`: devices by name. It is a file system in memory; what is behind a number is found here.
//!
//! Numbers are Linux's (Documentation/admin-guide/devices.txt), so that programs that know them find what they look for.

mod disk;
mod input;
mod memory;
mod screen;
mod terminal;

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use partitions::PartitionDevice;
use vfs::FsError;
use vfs::inode::{DeviceNumber, InodeKind};
use vfs::walk::FollowLast;

use super::{find as find_path, memory_files, names, tree};
use crate::block;
use crate::input::Stream;
use crate::memory::heap::fallible;
use crate::sync::Mutex;

/// What can be done with a device.
pub trait Device: Send + Sync {
    /// Somebody opens it: what he gets instead, if each has his own.
    ///
    /// # Errors
    /// [`FsError::NoSuchDevice`] if there is none for him; [`FsError::OutOfMemory`].
    fn open(&self) -> Result<Option<Arc<dyn Device>>, FsError> {
        Ok(None)
    }

    /// Whether it is read and written at positions, and not as a stream.
    fn has_positions(&self) -> bool {
        false
    }

    /// Reads at `offset`, where devices have positions; nothing at the end.
    fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError>;

    /// Writes at `offset`; how much was taken.
    fn write(&self, offset: u64, data: &[u8]) -> Result<usize, FsError>;
}

static DEVICES: Mutex<Vec<(DeviceNumber, Arc<dyn Device>)>> = Mutex::new(Vec::new());

/// Where devices are.
const DIRECTORY: &str = "/dev";

/// Opens the device of a number.
pub fn open(number: DeviceNumber) -> Result<Arc<dyn Device>, FsError> {
    let device = {
        let devices = DEVICES.lock();
        let found = devices.iter().find(|(other, _)| *other == number);
        found.map(|(_, device)| device.clone()).ok_or(FsError::NoSuchDevice)?
    };
    Ok(device.open()?.unwrap_or(device))
}

/// Enters a device under a name in `/dev`, or in a directory there.
pub fn register(name: &str, kind: InodeKind, device: Arc<dyn Device>) -> Result<(), FsError> {
    let (InodeKind::CharacterDevice(number) | InodeKind::BlockDevice(number)) = kind else {
        return Err(FsError::InvalidInput("it is no device"));
    };
    {
        let mut devices = DEVICES.lock();
        devices.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        devices.push((number, device));
    }
    let mode = if matches!(kind, InodeKind::BlockDevice(_)) { 0o660 } else { 0o666 };
    let mut directory = find_path(DIRECTORY, FollowLast::Yes)?;
    let mut name = name;
    if let Some((parent, child)) = name.split_once('/') {
        directory = match directory.mount.lookup(directory.id, parent) {
            Err(FsError::NotFound) => names::create_in(&directory, parent, InodeKind::Directory, 0o755)?,
            found => found?,
        };
        name = child;
    }
    names::create_in(&directory, name, kind, mode).map(drop)
}

/// The name of a disk in `/dev`, `disk0` of the first, or of its partition, `disk0p1` of the first.
pub fn name_of_disk(disk: usize, partition: Option<usize>) -> String {
    match partition {
        Some(partition) => format!("disk{disk}p{partition}"),
        None => format!("disk{disk}"),
    }
}

/// Mounts `/dev` and enters what is always there, and the disks.
pub fn initialise() -> Result<(), FsError> {
    let point = find_path(DIRECTORY, FollowLast::Yes)?;
    tree::mount(memory_files::new("devtmpfs")?, &point, DIRECTORY)?;
    let character = |major, minor| InodeKind::CharacterDevice(DeviceNumber { major, minor });
    register("null", character(1, 3), counted(memory::Null)?)?;
    register("zero", character(1, 5), counted(memory::Zero)?)?;
    register("full", character(1, 7), counted(memory::Full)?)?;
    register("random", character(1, 8), counted(memory::Random)?)?;
    register("urandom", character(1, 9), counted(memory::Random)?)?;
    register("tty", character(5, 0), counted(terminal::Own)?)?;
    register("console", character(5, 1), counted(terminal::Console)?)?;
    register("input/event0", character(13, 64), counted(input::Source(Stream::Keyboard))?)?;
    register("input/event1", character(13, 65), counted(input::Source(Stream::Mouse))?)?;
    if let Some(screen) = screen::Screen::find() {
        register("fb0", character(29, 0), counted(screen)?)?;
    }
    register_disks()
}

/// Enters all disks and their partitions. One whose table can't be read is a disk without partitions.
fn register_disks() -> Result<(), FsError> {
    let mut numbers = 0..;
    let mut next = || InodeKind::BlockDevice(DeviceNumber { major: 259, minor: numbers.next().unwrap_or(0) });
    for (number, disk) in block::disks().into_iter().enumerate() {
        register(&name_of_disk(number, None), next(), counted(disk::Disk(disk.device.clone()))?)?;
        let partitions = partitions::read(&disk.device).unwrap_or_else(|error| {
            log::warn!("{}: partitions can't be read: {error}", disk.name);
            Vec::new()
        });
        for (partition, place) in (1..).zip(partitions) {
            let device = counted(PartitionDevice::new(disk.device.clone(), place))?;
            register(&name_of_disk(number, Some(partition)), next(), counted(disk::Disk(device))?)?;
        }
    }
    Ok(())
}

fn counted<T>(device: T) -> Result<Arc<T>, FsError> {
    fallible::counted(device).map_err(|_| FsError::OutOfMemory)
}
