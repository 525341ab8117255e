//! The tree of files, from paths to the disk and back. On a machine without a disk only the part in memory is tested.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use super::Outcome;
use crate::fs::{self, FsError};
use crate::task;

/// More than the cache's read-ahead and several clusters, and no multiple of anything.
const LENGTH: u32 = 300_007;

/// Files and directories work at `/`.
pub fn memory_keeps_files() -> Outcome {
    exercise("/tmp")
}

/// Files and directories work on the disk.
pub fn disk_keeps_files() -> Outcome {
    match fs::disk_status() {
        None => exercise(fs::DISK),
        Some(problem) => Err(problem),
    }
}

/// The disk's interrupt comes at any moment, also while some thread lists all threads or makes one: what the
/// handler takes is in order behind the locks held then. Only a checked kernel notices.
pub fn disk_interrupts_anybody() -> Outcome {
    if let Some(problem) = fs::disk_status() {
        return Err(problem);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let seen = stop.clone();
    let lister = task::spawn("lister", move || {
        while !seen.load(Ordering::Relaxed) {
            task::list();
        }
    })
    .map_err(|error| format!("{error}"))?;
    let path = format!("{}/selftest.bin", fs::DISK);
    let write = |round: u8| {
        fs::write(&path, &[round; 5_000])?;
        fs::remove(&path)
    };
    let outcome = (0..20).try_for_each(write);
    stop.store(true, Ordering::Relaxed);
    lister.join();
    outcome.map_err(|error: FsError| format!("{error}"))
}

fn exercise(place: &str) -> Outcome {
    let contents: Vec<u8> = (0..LENGTH).map(|index| (index >> 8) as u8 ^ index as u8).collect();
    let directory = format!("{place}/selftest");
    let (first, second) = (format!("{place}/Ängström.bin"), format!("{directory}/a longer name.bin"));
    let run = || {
        fs::write(&first, &contents)?;
        fs::create_directory(&directory)?;
        fs::rename(&first, &second)?;
        let read_back = fs::read(&second)?;
        let listed = fs::list(&directory)?;
        fs::append(&second, b"more")?;
        let size = fs::metadata(&second)?.size;
        fs::remove(&second)?;
        fs::remove(&directory)?;
        Ok((read_back, listed, size))
    };
    let (read_back, listed, size) = run().map_err(|error: FsError| format!("in {place}: {error}"))?;
    if read_back != contents {
        return Err(format!("in {place}: a file does not hold what was written into it"));
    }
    if listed.len() != 1 || size != u64::from(LENGTH) + 4 {
        return Err(format!("in {place}: {} entries, {size} bytes", listed.len()));
    }
    match fs::metadata(&first) {
        Err(FsError::NotFound) => Ok(()),
        other => Err(format!("in {place}: a removed file gives {other:?}")),
    }
}
