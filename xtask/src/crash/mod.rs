//! What is left when a disk is cut off, its machine killed, or a request refused: three lanes over one workload.
//!
//! The kernel does a session of crate `workload` on a small disk, and notes every promise in the disk's last sector.
//! Afterwards the host, which knows the session from its seed, mounts what is left with our own file system and compares.

mod clusters;
mod failures;
mod kills;
mod log;
mod replay;
mod states;
mod verdict;
mod volume;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use workload::{Expectation, History, Session, marker};

use crate::build::compile::{self, Profile};
use crate::build::{bundle, disk};
use crate::error::{Context, Result, fail};
use crate::host::{accelerator, run};
use crate::machine::Machine;
use crate::project::Project;
use crate::qemu::hardware::{Boot, Chipset, Controller, Hardware, Serial};

pub use failures::Failures;
pub use kills::Kills;
pub use states::States;

/// QEMU's exit code when the kernel wrote to the exit port that all went well.
pub const PASSED: i32 = 0x10 << 1 | 1;
/// The volume, and behind it room that no file system knows of, for the marker.
const VOLUME_KIB: u64 = 4 << 10;
const TAIL_KIB: u64 = 64;
/// No machine of these lanes lives longer, however busy the host is.
pub const LIFETIME: Duration = Duration::from_secs(180);
/// Machines at a time.
const AT_A_TIME: usize = 2;

/// What each machine boots.
pub struct Kernel {
    loader: PathBuf,
    kernel: PathBuf,
    bundle: PathBuf,
}

impl Kernel {
    /// Builds the checked kernel.
    pub fn build(project: &Project) -> Result<Self> {
        let kernel = compile::kernel(project, Profile::Checked)?;
        Ok(Self { loader: compile::loader(project)?, bundle: bundle::build(project, &kernel)?, kernel })
    }

    /// As [`Self::machine`] on a PC without a disk that gets the image `disk` in memory, by way of the file `bundle`.
    pub fn machine_with_disk_in_memory(
        &self,
        chipset: Chipset,
        disk: &Path,
        bundle: &Path,
        words: &str,
    ) -> Result<Hardware> {
        bundle::build_with_disk(&self.kernel, disk, bundle)?;
        let boot = Boot::Direct {
            loader: self.loader.clone(),
            bundle: bundle.to_path_buf(),
            command_line: words.into(),
        };
        Ok(Hardware {
            boot,
            disk: None,
            memory_mib: 512,
            ..self.machine((chipset, Controller::Ide), disk, words)
        })
    }

    /// A machine with one CPU, `disk` on `controller`, and these words for the kernel.
    pub fn machine(
        &self,
        (chipset, controller): (Chipset, Controller),
        disk: &Path,
        words: &str,
    ) -> Hardware {
        Hardware {
            chipset,
            controller,
            boot: Boot::Direct {
                loader: self.loader.clone(),
                bundle: self.bundle.clone(),
                command_line: words.into(),
            },
            serial: Serial::File(PathBuf::new()),
            accelerator: accelerator::tcg(),
            cpus: 1,
            memory_mib: 256,
            disk: Some(disk.to_path_buf()),
            disk_faults: None,
            disk_log: None,
            ps2: true,
            exit_port: true,
            count_instructions: false,
            extra: vec!["-no-reboot".into()],
        }
    }
}

/// Makes the disk of a session.
fn make_disk(image: &Path) -> Result {
    make_marked_disk(image, VOLUME_KIB, TAIL_KIB, 1)
}

/// Makes an empty FAT32 volume with clusters of so many sectors, and behind it room that no file system knows of, with a
/// marker in its last sector.
pub fn make_marked_disk(image: &Path, volume_kib: u64, tail_kib: u64, cluster_sectors: u32) -> Result {
    run::write_file(image, [])?;
    let length = (volume_kib + tail_kib) << 10;
    let file = fs::File::options().write(true).open(image)?;
    file.set_len(length).context("size the disk image")?;
    let options = ["-F", "32", "-i", "51C611E5", "-s", &cluster_sectors.to_string()];
    run::quietly(run::program("mkfs.fat").args(options).arg(image).arg(volume_kib.to_string()))?;
    let place = length - marker::SIZE as u64;
    file.write_all_at(&marker::sector(0), place).context("write the marker")
}

/// The promises that the marker at the end of an image tells of.
fn promises(image: &[u8]) -> Result<u32> {
    match image.last_chunk::<{ marker::SIZE }>().and_then(|sector| marker::promises(sector)) {
        Some(promises) => Ok(promises),
        None => fail!("the marker at the end of the disk is gone"),
    }
}

/// What must be there after so many promises of a session.
fn expectation(seed: u64, operations: u64, promises: u32) -> Expectation {
    let mut history = History::default();
    for operation in Session::new(seed, operations) {
        history.apply(&operation);
        if history.promises() > promises as usize {
            break;
        }
    }
    history.after(promises as usize)
}

/// Runs a machine to its end; an error unless it ended as the kernel ends it when all is well.
pub fn run_to_end(machine: Machine, folder: &Path) -> Result {
    let mut machine = machine;
    let code = machine.wait_for_power_off(LIFETIME);
    let log = fs::read_to_string(folder.join("serial.log")).unwrap_or_default();
    match code {
        Ok(PASSED) => Ok(()),
        Ok(code) => fail!("it ended with code {code}:\n{}", run::tail(&log, 12)),
        Err(error) => fail!("{error}:\n{}", run::tail(&log, 12)),
    }
}

/// Does `act` for each of so many numbers, two at a time, and gives the errors, each with its number.
pub fn side_by_side(count: usize, act: impl Fn(usize) -> Result + Sync) -> Vec<(usize, crate::error::Error)> {
    let next = AtomicUsize::new(0);
    let errors = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    if let Err(error) = act(number)
                        && let Ok(mut errors) = errors.lock()
                    {
                        errors.push((number, error));
                    }
                }
            });
        }
    });
    let mut errors = errors.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    errors.sort_by_key(|(number, _)| *number);
    errors
}

/// An error that tells the first of `errors` and how many there are; none if there are none.
fn summarise(what: &str, count: usize, errors: &[(usize, crate::error::Error)], folder: &Path) -> Result {
    let Some((number, first)) = errors.first() else { return Ok(()) };
    fail!(
        "{} of {count} {what} went wrong, first number {number}: {first}\n--- in {}",
        errors.len(),
        folder.display()
    )
}

/// An empty folder.
pub fn fresh(folder: &Path) -> Result {
    if folder.exists() {
        fs::remove_dir_all(folder).context(format!("empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).context(format!("make {}", folder.display()))
}

/// Whether fsck.fat is content.
fn fsck(image: &Path) -> Result {
    disk::check(image)
}
