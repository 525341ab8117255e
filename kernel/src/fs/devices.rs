//! `/dev`: devices by name. It is a file system in memory; what is behind a number is found here.
//!
//! Numbers are Linux's (Documentation/admin-guide/devices.txt), so that programs that know them find what they look for.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use blockcache::{BlockDevice, SECTOR_SIZE};
use vfs::FsError;
use vfs::inode::{DeviceNumber, InodeKind};

use super::{find as find_path, memory_files, names, tree};
use crate::block;
use crate::memory::heap::fallible;
use crate::sync::Mutex;
use vfs::walk::FollowLast;

/// What can be done with a device.
pub trait Device: Send + Sync {
    /// Reads at `offset`, where devices have positions; nothing at the end.
    fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError>;

    /// Writes at `offset`; how much was taken.
    fn write(&self, offset: u64, data: &[u8]) -> Result<usize, FsError>;
}

static DEVICES: Mutex<Vec<(DeviceNumber, Arc<dyn Device>)>> = Mutex::new(Vec::new());

/// Where devices are.
const DIRECTORY: &str = "/dev";

/// The device of a number.
pub fn find(number: DeviceNumber) -> Result<Arc<dyn Device>, FsError> {
    let devices = DEVICES.lock();
    let found = devices.iter().find(|(other, _)| *other == number);
    found.map(|(_, device)| device.clone()).ok_or(FsError::NoSuchDevice)
}

/// Enters a device under a name in `/dev`.
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
    let directory = find_path(DIRECTORY, FollowLast::Yes)?;
    names::create_in(&directory, name, kind, mode).map(drop)
}

/// Mounts `/dev` and enters what is always there, and the disks.
pub fn initialise() -> Result<(), FsError> {
    let point = find_path(DIRECTORY, FollowLast::Yes)?;
    tree::mount(memory_files::new("devtmpfs")?, &point, DIRECTORY)?;
    let memory = |minor| InodeKind::CharacterDevice(DeviceNumber { major: 1, minor });
    register("null", memory(3), counted(Null)?)?;
    register("zero", memory(5), counted(Zero)?)?;
    register("full", memory(7), counted(Full)?)?;
    register("random", memory(8), counted(Random)?)?;
    register("urandom", memory(9), counted(Random)?)?;
    let terminal = |minor| InodeKind::CharacterDevice(DeviceNumber { major: 5, minor });
    register("console", terminal(1), counted(Console)?)?;
    for (minor, disk) in (0..).zip(block::disks()) {
        // "disk 0" is "disk0": names of devices have no spaces.
        let name: String = disk.name.chars().filter(|character| *character != ' ').collect();
        let kind = InodeKind::BlockDevice(DeviceNumber { major: 259, minor });
        register(&name, kind, counted(Disk(disk.device))?)?;
    }
    Ok(())
}

fn counted(device: impl Device + 'static) -> Result<Arc<dyn Device>, FsError> {
    Ok(fallible::counted(device).map_err(|_| FsError::OutOfMemory)?)
}

/// Takes everything, and is empty (null(4)).
struct Null;

impl Device for Null {
    fn read(&self, _offset: u64, _buffer: &mut [u8]) -> Result<usize, FsError> {
        Ok(0)
    }

    fn write(&self, _offset: u64, data: &[u8]) -> Result<usize, FsError> {
        Ok(data.len())
    }
}

/// Takes everything, and is zeros without end.
struct Zero;

impl Device for Zero {
    fn read(&self, _offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        buffer.fill(0);
        Ok(buffer.len())
    }

    fn write(&self, _offset: u64, data: &[u8]) -> Result<usize, FsError> {
        Ok(data.len())
    }
}

/// Zeros without end, and no room for anything (full(4)).
struct Full;

impl Device for Full {
    fn read(&self, _offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        buffer.fill(0);
        Ok(buffer.len())
    }

    fn write(&self, _offset: u64, _data: &[u8]) -> Result<usize, FsError> {
        Err(FsError::NoSpace)
    }
}

/// Bytes that nobody can foretell (random(4)).
struct Random;

impl Device for Random {
    fn read(&self, _offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        super::random::fill(buffer);
        Ok(buffer.len())
    }

    /// What is written is stirred in.
    fn write(&self, _offset: u64, data: &[u8]) -> Result<usize, FsError> {
        super::random::stir(data);
        Ok(data.len())
    }
}

/// The kernel's log: what is written becomes lines of it.
struct Console;

impl Device for Console {
    fn read(&self, _offset: u64, _buffer: &mut [u8]) -> Result<usize, FsError> {
        Ok(0)
    }

    fn write(&self, _offset: u64, data: &[u8]) -> Result<usize, FsError> {
        for line in String::from_utf8_lossy(data).lines() {
            log::info!(target: "console", "{line}");
        }
        Ok(data.len())
    }
}

/// A disk as a whole, in bytes. It is not cached: what a file system keeps of it is not seen here before it is written.
struct Disk(Arc<dyn BlockDevice>);

impl Device for Disk {
    fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        let size = self.0.sector_count() * SECTOR_SIZE as u64;
        let length = size.saturating_sub(offset).min(buffer.len() as u64) as usize;
        let mut done = 0;
        while done < length {
            let (mut sectors, start) = self.around(offset + done as u64, length - done)?;
            self.0.read((offset + done as u64) / SECTOR_SIZE as u64, &mut sectors)?;
            let count = (sectors.len() - start).min(length - done);
            buffer[done..done + count].copy_from_slice(&sectors[start..start + count]);
            done += count;
        }
        Ok(length)
    }

    fn write(&self, _offset: u64, _data: &[u8]) -> Result<usize, FsError> {
        // A file system on it would be none the wiser.
        Err(FsError::NotPermitted)
    }
}

impl Disk {
    /// Room for the sectors that `length` bytes at `offset` lie in, at most 64 KiB, and where in it they begin.
    fn around(&self, offset: u64, length: usize) -> Result<(Vec<u8>, usize), FsError> {
        let start = (offset % SECTOR_SIZE as u64) as usize;
        let count = (start + length).next_multiple_of(SECTOR_SIZE).min(64 << 10);
        let mut sectors = Vec::new();
        sectors.try_reserve_exact(count).map_err(|_| FsError::OutOfMemory)?;
        sectors.resize(count, 0);
        Ok((sectors, start))
    }
}
