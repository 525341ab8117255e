//! The page cache on a real disk: what it keeps, that it gives way, and that little is only in memory.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Outcome;
use crate::fs::{self, FsError};
use crate::memory::frames;
use crate::memory::page::PAGE_SIZE;

/// Enough to be seen among everything else.
const LENGTH: usize = 12 << 20;
/// Pages.
const PAGES: usize = LENGTH / PAGE_SIZE;

fn path() -> String {
    format!("{}/cache.bin", fs::DISK)
}

fn contents() -> Result<Vec<u8>, String> {
    let mut contents = Vec::new();
    contents.try_reserve_exact(LENGTH).map_err(|error| format!("{error}"))?;
    contents.extend((0..LENGTH as u32).map(|index| (index >> 12) as u8 ^ index as u8));
    Ok(contents)
}

fn words(error: FsError) -> String {
    format!("{error}")
}

/// A file that was read is in memory, until somebody needs that memory: then it goes, and is read anew. What the disk does
/// not have yet does not go.
pub fn cache_gives_way() -> Outcome {
    if let Some(problem) = fs::disk_status() {
        return Err(problem);
    }
    let contents = contents()?;
    fs::write(&path(), &contents).map_err(words)?;
    fs::sync().map_err(words)?;
    let outcome = takes_and_gives(&contents);
    fs::remove(&path()).map_err(words)?;
    outcome?;
    // A removed file's pages are nobody's any more.
    let pages = fs::cache_statistics().pages;
    if pages >= PAGES { Err(format!("{pages} pages are cached though the file is gone")) } else { Ok(()) }
}

fn takes_and_gives(contents: &[u8]) -> Outcome {
    check(contents)?;
    let cached = fs::cache_statistics().pages;
    if cached < PAGES {
        return Err(format!("only {cached} pages are cached, of {PAGES} that were read"));
    }
    // All that is free, and some more.
    let mut taken = Vec::new();
    let room = crate::memory::statistics().usable as usize / PAGE_SIZE;
    taken.try_reserve_exact(room).map_err(|error| format!("{error}"))?;
    while fs::cache_statistics().pages > cached - PAGES / 2 && taken.len() < room {
        match frames::allocate() {
            Some(frame) => taken.push(frame),
            None => break,
        }
    }
    let left = fs::cache_statistics().pages;
    taken.into_iter().for_each(frames::free);
    if left > cached - PAGES / 2 {
        return Err(format!("memory ran out while {left} pages were cached"));
    }
    check(contents)
}

fn check(contents: &[u8]) -> Outcome {
    let read_back = fs::read(&path()).map_err(words)?;
    match contents.iter().zip(&read_back).position(|(wanted, found)| wanted != found) {
        Some(place) => Err(format!("byte {place} of the file is wrong")),
        None if read_back.len() != contents.len() => Err(format!("the file has {} bytes", read_back.len())),
        None => Ok(()),
    }
}

/// What was written is on the disk after a sync, and nothing of it is dirty any more.
pub fn sync_leaves_nothing_dirty() -> Outcome {
    if let Some(problem) = fs::disk_status() {
        return Err(problem);
    }
    fs::write(&path(), &contents()?[..LENGTH / 4]).map_err(words)?;
    let synced = fs::sync();
    let statistics = fs::cache_statistics();
    fs::remove(&path()).map_err(words)?;
    synced.map_err(words)?;
    if statistics.dirty + statistics.writing > 0 {
        return Err(format!(
            "{} pages are dirty, {} are being written",
            statistics.dirty, statistics.writing
        ));
    }
    Ok(())
}
