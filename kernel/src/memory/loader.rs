//! What the loader leaves behind, and when it becomes ours.
//!
//! The loader's memory holds its answers, its page tables, its descriptor tables, and the stacks on which CPUs
//! arrive. All of them are out of use once every CPU that the loader found runs on a stack and on tables of the kernel's: each
//! CPU says so by [`note_departure`], as the first thing it does there. A CPU that never came waits in the
//! loader's memory for ever, and then nothing is taken.
//!
//! Text that [`BootInfo`] points to is not copied: the few frames that hold it are left out.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use ::frames::FrameRange;

use super::{direct_map, frames};
use crate::arch;
use crate::boot::info::{BootInfo, MAX_MODULES, MemoryRegion, RegionKind};

/// CPUs that have left the loader's stack.
static DEPARTED: AtomicUsize = AtomicUsize::new(0);
static RECLAIMED: AtomicBool = AtomicBool::new(false);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// How long the last CPU may take to depart; it needs microseconds.
const PATIENCE_NS: u64 = 1_000_000_000;

/// Says that the running CPU has left everything that was the loader's. Once per CPU.
pub fn note_departure() {
    DEPARTED.fetch_add(1, Ordering::AcqRel);
}

/// Bytes that were the loader's and are the allocator's now.
pub(super) fn reclaimed() -> u64 {
    BYTES.load(Ordering::Relaxed)
}

/// Whether the loader's memory may be anybody's now.
pub(super) fn is_gone() -> bool {
    RECLAIMED.load(Ordering::Acquire)
}

/// Takes over the loader's memory, once, after everything in it was read. Returns the bytes gained: 0 when some CPU is
/// still there.
pub fn reclaim(boot: &BootInfo) -> u64 {
    if arch::cpu::count() < boot.processors.count() || !all_departed() {
        return 0;
    }
    // Not twice; and nobody reads firmware tables there any more.
    if RECLAIMED.swap(true, Ordering::AcqRel) {
        return 0;
    }
    let mut kept = [FrameRange::touching(0, 0); MAX_MODULES * 2 + 4];
    let texts = [boot.loader_name, boot.loader_version, boot.command_line.as_str()];
    let texts = texts.into_iter().chain(boot.modules.iter().flatten().map(|module| module.path));
    let files = boot.modules.iter().flatten().map(|module| module.bytes).chain([boot.kernel_file]);
    for (slot, bytes) in kept.iter_mut().zip(texts.map(str::as_bytes).chain(files)) {
        let physical = (bytes.as_ptr().addr() as u64).wrapping_sub(direct_map::address(0));
        // What is in the image, or empty, is not in the direct map, and its number means no frame.
        if !bytes.is_empty() && physical < 1 << 52 {
            *slot = FrameRange::touching(physical, bytes.len() as u64);
        }
    }
    let regions = boot.memory_map.regions();
    let overlaps = |a: &MemoryRegion, b: &MemoryRegion| a.start < b.end() && b.start < a.end();
    let free = regions.iter().filter(|region| {
        region.kind == RegionKind::BootloaderReclaimable
            && !regions.iter().any(|other| other.kind != region.kind && overlaps(region, other))
    });
    let bytes = frames::add(free.copied(), &kept);
    BYTES.store(bytes, Ordering::Relaxed);
    bytes
}

fn all_departed() -> bool {
    let start = arch::time::uptime_ns();
    while DEPARTED.load(Ordering::Acquire) < arch::cpu::count() {
        if arch::time::since_ns(start) > PATIENCE_NS {
            return false;
        }
        core::hint::spin_loop();
    }
    true
}
