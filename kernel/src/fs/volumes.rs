//! Finds the disk that `/disk` shows.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use blockcache::{BlockDevice, SECTOR_SIZE};
use fat::geometry::Width;
use fat::{Fat, MountError, NotFat};
use vfs::FsError;
use vfs::inode::{FileSystem, InodeKind};
use vfs::walk::FollowLast;

use super::cache::{CachedDevice, Volume};
use super::mount::Mount;
use super::{DISK, clock, devices, find, names, tree};
use crate::block::{self, Disk, Permanence};
use crate::memory::heap::fallible;
use crate::sync::Mutex;

/// Why `/disk` is not there, can't be written to, or does not last; None when all is well.
static PROBLEM: Mutex<Option<String>> = Mutex::new(None);

/// Why `/disk` can't be used, or is not what it seems, in a sentence for the person at the machine. None when all is well.
pub fn status() -> Option<String> {
    PROBLEM.lock().clone()
}

/// Mounts the first FAT volume of the first disk that has one.
pub fn initialise() {
    let mut problems = Vec::new();
    for (number, disk) in block::disks().into_iter().enumerate() {
        match mount_first_volume(number, &disk) {
            Ok(()) if disk.permanence == Permanence::UntilPowerOff => {
                let cause = match problems.as_slice() {
                    [] => "No disk found".to_string(),
                    problems => problems.join("; "),
                };
                tell_problem(format!(
                    "{cause}. {DISK} is in memory: what is written there is lost at power-off."
                ));
                return;
            }
            Ok(()) => return,
            Err(problem) => problems.push(format!("{} ({}): {problem}", disk.name, disk.model)),
        }
    }
    tell_problem(match problems.as_slice() {
        [] => "No disk found. Files are kept in memory and are lost at power-off.".to_string(),
        problems => format!("{DISK} is not available: {}.", problems.join("; ")),
    });
}

/// Keeps a problem for the person at the machine, and logs it.
fn tell_problem(problem: String) {
    log::warn!("{problem}");
    *PROBLEM.lock() = Some(problem);
}

fn mount_first_volume(disk_number: usize, disk: &Disk) -> Result<(), String> {
    let source = |partition| format!("/dev/{}", devices::name_of_disk(disk_number, partition));
    let whole = Volume::whole(disk.device.clone());
    let mut problem = match mount_volume(&disk.name, &source(None), whole) {
        Ok(()) => return Ok(()),
        // Not formatted as a whole: it may have partitions.
        Err(error @ Failure::Mount(MountError::NotFat(NotFat::NoFileSystem))) => error.to_string(),
        Err(error) => return Err(error.to_string()),
    };
    let partitions = partitions::read(&disk.device).map_err(|error| error.to_string())?;
    for (number, partition) in (1..).zip(partitions) {
        let name = format!("{}, partition {number}", disk.name);
        let part = Volume::part(disk.device.clone(), partition);
        match mount_volume(&name, &source(Some(number)), part) {
            Ok(()) => return Ok(()),
            Err(error) => problem = format!("partition {number}: {error}"),
        }
    }
    Err(problem)
}

/// Why a volume was not mounted.
enum Failure {
    Mount(MountError),
    Other(FsError),
}

impl core::fmt::Display for Failure {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Mount(error) => error.fmt(out),
            Self::Other(error) => error.fmt(out),
        }
    }
}

impl From<FsError> for Failure {
    fn from(error: FsError) -> Self {
        Self::Other(error)
    }
}

fn mount_volume(name: &str, source: &str, device: Volume) -> Result<(), Failure> {
    let device = fallible::counted(device).map_err(|_| FsError::OutOfMemory)?;
    let size = device.sector_count().saturating_mul(SECTOR_SIZE as u64);
    let (volume, report) =
        Fat::mount(CachedDevice::new(device.clone())?, clock::now).map_err(Failure::Mount)?;
    let kind = match volume.geometry().width {
        Width::Fat12 => "FAT12",
        Width::Fat16 => "FAT16",
        Width::Fat32 => "FAT32",
    };
    log::info!("{DISK}: {kind} on {name}, {} MiB; {report}", size >> 20);
    if let Some(damage) = report.damage {
        tell_problem(format!(
            "{DISK} can only be read: {name} is damaged ({damage}). fsck.fat can repair it."
        ));
    }
    let volume: alloc::boxed::Box<dyn FileSystem> =
        fallible::boxed(volume).map_err(|_| FsError::OutOfMemory)?;
    let mount = Mount::new(volume, source, Some(device))?;
    // Made only now: without a disk, writing to a directory of that name would keep files until power-off only.
    let root = find("/", FollowLast::Yes)?;
    let point = match root.mount.lookup(root.id, &DISK[1..]) {
        Err(FsError::NotFound) => names::create_in(&root, &DISK[1..], InodeKind::Directory, 0o755)?,
        found => found?,
    };
    Ok(tree::mount(mount, &point, DISK)?)
}
