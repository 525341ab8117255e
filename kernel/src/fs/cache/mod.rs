//! The page cache: contents of files and metadata of volumes, in pages of memory.
//!
//! What is cached, what goes and what is written out is decided by `blockcache::pages`, behind one spin lock that is held
//! for a few dozen instructions a page. Bytes are copied and disks are asked outside of it; a page that is copied is
//! pinned, one that is on its way carries its [`Transfer`], in which others wait for it.
//!
//! The cache takes at most half of the memory that nobody else uses. It is measured against that whenever it grows and by
//! the write-back thread once a second, and when the frame allocator has nothing left it lets clean pages go at once.

mod device;
mod object;
mod transfer;

use alloc::sync::Arc;
use alloc::vec::Vec;

use blockcache::pages::{PageCache, Statistics};

use crate::lock::{Rank, SpinLock};
use crate::memory::{self, page::PAGE_SIZE, page::Page};

pub use device::CachedDevice;
pub use object::{Backing, Object, allocate};
pub use transfer::Transfer;

static CACHE: SpinLock<PageCache<Page, Arc<Transfer>>> = SpinLock::new(Rank::PageCache, PageCache::new());

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

/// Lets clean pages go, the least used first; returns how many went. Takes no lock but the cache's own, and sleeps
/// nowhere.
pub fn evict(wanted: usize) -> usize {
    let mut gone = 0;
    while gone < wanted {
        // Given back outside of the lock: each costs a visit at the frame allocator.
        let mut freed = Vec::new();
        let batch = (wanted - gone).min(EVICTED_AT_ONCE);
        if freed.try_reserve_exact(batch).is_err() {
            // Not even that much memory: one by one.
            let mut last = None;
            if CACHE.lock().evict(1, |page| last = Some(page)) == 0 {
                break;
            }
            gone += 1;
            continue;
        }
        let count = CACHE.lock().evict(batch, |page| freed.push(page));
        gone += count;
        if count < batch {
            break;
        }
    }
    gone
}
