//! The page cache: contents of files and metadata of volumes, in pages of memory.
//!
//! What is cached, what goes and what is written out is decided by `blockcache::pages`, behind one spin lock that is held
//! for a few dozen instructions a page. Bytes are copied and disks are asked outside of it; a page that is copied is
//! pinned, one that is on its way carries its [`Transfer`], in which others wait for it.
//!
//! The cache takes at most half of the memory that nobody else uses. It is measured against that whenever it grows and by
//! the write-back thread once a second, and when the frame allocator has nothing left it lets clean pages go at once.

mod device;
mod moving;
mod object;
mod pieces;
mod transfer;
mod volume;
mod writing;

use alloc::sync::Arc;
use alloc::vec::Vec;

use ::frames::Frame;
use blockcache::pages::{PageCache, Statistics};
use vfs::FsError;

use crate::lock::{Rank, SpinLock};
use crate::memory::{self, frames, page, page::PAGE_SIZE};

pub use device::CachedDevice;
pub use object::{Backing, Object};
pub use transfer::Transfer;
pub use volume::Volume;
pub use writing::Writing;

static CACHE: SpinLock<PageCache<Frame, Arc<Transfer>>> = SpinLock::new(Rank::PageCache, PageCache::new());

/// Pages that are dealt with under the lock at a time.
const LOCKED_AT_ONCE: usize = 16;
/// How many pages are let go at a time.
const EVICTED_AT_ONCE: usize = 64;
/// The cache may always have so much: without some pages nothing can be read.
const LEAST: usize = 256;

/// What the cache holds and did.
pub fn statistics() -> Statistics {
    CACHE.lock().statistics()
}

/// How many pages the cache may have: half of what it has and what is free.
fn limit() -> usize {
    let held = (statistics().pages * PAGE_SIZE) as u64;
    (((memory::free() + held) / 2) as usize / PAGE_SIZE).max(LEAST)
}

/// How many pages may be dirty before those who write have to wait for the disk.
pub fn dirty_limit() -> usize {
    limit() / 4
}

/// Lets pages go until `wanted` more are within the limit, if that can be had.
pub fn make_room(wanted: usize) {
    let excess = (statistics().pages + wanted).saturating_sub(limit());
    if excess > 0 {
        evict(excess);
    }
}

/// A frame for a page, after others were let go if need be. Its bytes are whatever they are.
pub fn allocate() -> Result<Frame, FsError> {
    page::allocate()
        .or_else(|| {
            evict(EVICTED_AT_ONCE);
            page::allocate()
        })
        .ok_or(FsError::OutOfMemory)
}

/// `count` of them, or none.
pub fn allocate_all(count: usize) -> Result<Vec<Frame>, FsError> {
    make_room(count);
    let mut all = Vec::new();
    all.try_reserve_exact(count).map_err(|_| FsError::OutOfMemory)?;
    all.resize(count, Frame::from_number(0));
    if page::allocate_all(&mut all) {
        return Ok(all);
    }
    // Few are left: one by one, and what others can do without.
    all.clear();
    for _ in 0..count {
        match allocate() {
            Ok(frame) => all.push(frame),
            Err(error) => {
                free_all(all);
                return Err(error);
            }
        }
    }
    Ok(all)
}

/// Gives frames back that no page was made of.
pub fn free_all(all: Vec<Frame>) {
    all.into_iter().for_each(free);
}

/// Gives a page's frame back.
fn free(frame: Frame) {
    frames::free(frame);
}

/// Lets clean pages go, the least used first; returns how many went. Takes no lock but the cache's own, and sleeps
/// nowhere.
pub fn evict(wanted: usize) -> usize {
    // Few at a time, so that others come to the lock in between.
    let mut gone = 0;
    while gone < wanted {
        let batch = (wanted - gone).min(EVICTED_AT_ONCE);
        let count = CACHE.lock().evict(batch, free);
        gone += count;
        if count < batch {
            break;
        }
    }
    gone
}
