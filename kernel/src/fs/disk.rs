//! Finds the disk that `/disk` shows.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use blockcache::BlockDevice;
use fat::{Fat, MountError, NotFat32, Report};
use partitions::PartitionDevice;

use super::{DISK, create_directory, mebibytes, mount};
use crate::block::{self, Disk, Permanence};
use crate::drivers::rtc;
use crate::memory;
use crate::sync::Mutex;

/// The cache in front of the disk: at most 4 MiB, and less on a small machine.
const CACHE_BLOCKS: u64 = 1024;
const CACHE_PART: u64 = 64;

/// Why `/disk` is not there, can't be written to, or does not last; None when all is well.
static PROBLEM: Mutex<Option<String>> = Mutex::new(None);

/// Why `/disk` can't be used, or is not what it seems, in a sentence for the person at the machine. None when all is well.
pub fn status() -> Option<String> {
    PROBLEM.lock().clone()
}

/// Mounts the first FAT32 volume of the first disk that has one.
pub fn initialise() {
    let mut problems = Vec::new();
    for disk in block::disks() {
        match mount_first_volume(&disk) {
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

fn mount_first_volume(disk: &Disk) -> Result<(), String> {
    let mut problem = match mount_volume(&disk.name, disk.device.clone()) {
        Ok(()) => return Ok(()),
        // Not formatted as a whole: it may have partitions.
        Err(error @ MountError::NotFat32(NotFat32::NoFileSystem)) => error.to_string(),
        Err(error) => return Err(error.to_string()),
    };
    let partitions = partitions::read(&disk.device).map_err(|error| error.to_string())?;
    for (number, partition) in (1..).zip(partitions) {
        let name = format!("{}, partition {number}", disk.name);
        match mount_volume(&name, Arc::new(PartitionDevice::new(disk.device.clone(), partition))) {
            Ok(()) => return Ok(()),
            Err(error) => problem = format!("partition {number}: {error}"),
        }
    }
    Err(problem)
}

fn mount_volume(name: &str, device: Arc<dyn BlockDevice>) -> Result<(), MountError> {
    let cache_blocks =
        (memory::statistics().total / CACHE_PART / blockcache::BLOCK_SIZE as u64).min(CACHE_BLOCKS);
    let size = device.sector_count() * blockcache::SECTOR_SIZE as u64;
    let (volume, report) = Fat::mount(device, cache_blocks as usize, rtc::now)?;
    log::info!(
        "{DISK}: FAT32 on {name}, {}, {} files in {} directories",
        mebibytes(size),
        report.files,
        report.directories
    );
    tell(name, &report);
    if let Some(damage) = report.damage {
        let problem =
            format!("{DISK} can only be read: {name} is damaged ({damage}). fsck.fat can repair it.");
        tell_problem(problem);
    }
    // Made only now: without a disk, writing to a directory of that name would keep files until power-off only.
    match create_directory(DISK) {
        Ok(()) => mount(DISK, volume),
        Err(error) => log::error!("{DISK} can't be made: {error}"),
    }
    Ok(())
}

/// Says what the check put in order or would not touch.
fn tell(name: &str, report: &Report) {
    if report.was_dirty {
        log::warn!("{name} was not closed properly; it has been checked and put in order");
    } else if report.lost_clusters > 0 {
        log::warn!("{name} has {} lost clusters; fsck.fat can recover them", report.lost_clusters);
    }
}
