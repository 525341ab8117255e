//! Somebody who works on `/disk`, so that the host can take away power, disk and requests at any moment and look at what
//! is left. Boot with `workload=SEED` and, if four hundred operations are not right, `workload_operations=N`: crate
//! `workload` says what is done, from that seed. QEMU ends with the verdict; `make crashtest` runs it.
//!
//! After each sync that returned, the number of syncs goes into the disk's last sector, where no volume may be
//! ([`workload::marker`]); not flushed, for the flush of the sync itself is what is to be seen. A disk that does not give
//! that sector away is not touched.
//!
//! An operation that the disk refuses is told in the log and asked for again, as a person would: some requests are made
//! to fail once.

mod copy;
mod files;

pub use copy::run as copy;

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;

use ::workload::{Operation, Session, marker};
use blockcache::BlockDevice;
use vfs::FsError;

use crate::arch::power;
use crate::{block, fs};

/// Written to QEMU's exit device.
const EXIT_PASSED: u8 = 0x10;
const EXIT_FAILED: u8 = 0x11;
/// How often something is asked for.
const ATTEMPTS: u32 = 4;
/// How often progress is told, in operations.
const PROGRESS: u64 = 100;

/// Does so many `operations` from `seed`, and ends QEMU.
pub fn run(seed: u64, operations: u64) {
    log::info!("begins: seed {seed}, {operations} operations");
    let mut session = Performance { told: 0, promises: 0 };
    let verdict = session.perform(seed, operations);
    match &verdict {
        Ok(()) => log::info!(
            "passed: {operations} operations from seed {seed}, {} promises, {} errors told",
            session.promises,
            session.told
        ),
        Err(reason) => log::error!("FAILED with seed {seed}: {reason}"),
    }
    end(verdict.is_ok());
}

/// Ends QEMU, where that can be, with the disk at rest.
fn end(all_is_well: bool) {
    // A request of this may be the one that is made to fail.
    let at_rest = (0..ATTEMPTS).any(|_| fs::shut_down().is_ok());
    let all_is_well = all_is_well && at_rest;
    log::logger().flush();
    power::debug_exit(if all_is_well { EXIT_PASSED } else { EXIT_FAILED });
}

struct Performance {
    /// Errors that operations returned.
    told: u32,
    /// Syncs that returned.
    promises: u32,
}

impl Performance {
    fn perform(&mut self, seed: u64, operations: u64) -> Result<(), String> {
        fs::metadata(fs::DISK).map_err(|error| format!("{}: {error}", fs::DISK))?;
        if operations == 0 {
            return self.probe();
        }
        let marked = marked_disk()?;
        for (number, operation) in (1..).zip(Session::new(seed, operations)) {
            self.attempt(number, &operation)?;
            if operation.is_promise() {
                self.promises += 1;
                mark(&marked, self.promises)?;
            }
            if number % PROGRESS == 0 {
                log::info!("{number} of {operations} operations, {} promises", self.promises);
            }
        }
        Ok(())
    }

    /// Without operations: only whether the disk is there and takes a file.
    fn probe(&mut self) -> Result<(), String> {
        let path = format!("{}/probe", fs::DISK);
        let probed = fs::write(&path, b"probe").and_then(|()| fs::remove(&path)).and_then(|()| fs::sync());
        probed.map_err(|error| format!("{path}: {error}"))
    }

    fn attempt(&mut self, number: u64, operation: &Operation) -> Result<(), String> {
        for attempt in 1..=ATTEMPTS {
            match files::perform(operation) {
                Ok(()) => return Ok(()),
                // The attempt before did it, though it was told that the disk failed.
                Err(files::Failure::Refused(FsError::NotFound | FsError::AlreadyExists)) if attempt > 1 => {
                    return Ok(());
                }
                Err(files::Failure::Refused(FsError::Device(error))) => {
                    self.told += 1;
                    log::warn!("operation {number}, {operation}: {error}");
                }
                Err(error) => return Err(format!("operation {number}, {operation}: {error}")),
            }
        }
        Err(format!("operation {number}, {operation}: failed {ATTEMPTS} times"))
    }
}

/// The disk whose last sector is for the marker, and which is for tests therefore.
pub fn marked_disk() -> Result<Arc<dyn BlockDevice>, String> {
    for disk in block::disks() {
        let mut sector = [0; marker::SIZE];
        let Some(last) = disk.device.sector_count().checked_sub(1) else { continue };
        if disk.device.read(last, &mut sector).is_ok() && marker::promises(&sector).is_some() {
            return Ok(disk.device);
        }
    }
    Err("no disk has a marker in its last sector".into())
}

/// Requests for the marker fail as any other: it is asked for as often.
fn mark(disk: &Arc<dyn BlockDevice>, promises: u32) -> Result<(), String> {
    let mut last = Ok(());
    for _ in 0..ATTEMPTS {
        last = disk.write(disk.sector_count() - 1, &marker::sector(promises));
        if last.is_ok() {
            break;
        }
    }
    last.map_err(|error| format!("the marker can't be written: {error}"))
}
