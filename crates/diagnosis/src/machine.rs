//! Locks, memory, page tables, interrupts, CPUs.

use alloc::string::String;
use alloc::vec::Vec;

use crate::thread::{LockName, ThreadName};

/// A sleeping lock that somebody holds or waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLock {
    /// Which.
    pub lock: LockName,
    /// Who holds it, as far as is known: of a reader-writer lock there may be several.
    pub holders: Vec<ThreadName>,
    /// Who waits for it.
    pub waiters: Vec<ThreadName>,
}

/// Spin locks that a CPU holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpinLocks {
    /// The CPU.
    pub cpu: usize,
    /// Their ranks in the lock order, as they were taken, in words.
    pub ranks: String,
}

/// Who holds which locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockReport {
    /// Locks that sleep: all that somebody waits for, all reader-writer locks that somebody is inside, and of the
    /// mutexes that are held those that stay for good.
    pub sleeping: Vec<HeldLock>,
    /// Spin locks by CPU; `None` in builds that do not note them.
    pub spinning: Option<Vec<SpinLocks>>,
}

/// A stretch of physical memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionReport {
    /// Its first address.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// What for, in words.
    pub kind: &'static str,
}

/// A window of the kernel's addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowReport {
    /// Its first address.
    pub start: u64,
    /// What for, in words.
    pub name: &'static str,
    /// Bytes of it in use, where they are counted.
    pub used: Option<u64>,
}

/// A size class of the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassReport {
    /// Bytes of an object.
    pub size: u64,
    /// Objects in use.
    pub used: u64,
    /// Bytes of the pages held for them.
    pub held: u64,
    /// Allocations since boot.
    pub allocations: u64,
}

/// What memory is used for; sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryReport {
    /// The loader's map of physical memory.
    pub regions: Vec<RegionReport>,
    /// The kernel's half of the address space.
    pub windows: Vec<WindowReport>,
    /// What the kernel may give out, and what it has.
    pub usable: u64,
    /// Of that, what it has given out.
    pub used: u64,
    /// The kernel's image, its file, the modules.
    pub kernel: u64,
    /// What the loader still holds.
    pub loader: u64,
    /// What the heap holds for small and middling objects, of which `heap_used` are in use.
    pub heap_held: u64,
    /// See `heap_held`.
    pub heap_used: u64,
    /// Large allocations.
    pub large: u64,
    /// The heap's size classes.
    pub classes: Vec<ClassReport>,
}

/// One step of a translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryReport {
    /// 4 is the root's.
    pub level: u8,
    /// Which of the table's 512.
    pub index: usize,
    /// Its bits.
    pub bits: u64,
}

/// How an address is translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageReport {
    /// Whose address that is, in words.
    pub owner: &'static str,
    /// The entries on the way, from the root down; none when the address is not canonical.
    pub entries: Vec<EntryReport>,
    /// Where it leads: the physical address, and what the memory there is for, in words.
    pub target: Option<(u64, &'static str)>,
}

/// Interrupts of one vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterruptReport {
    /// The vector.
    pub vector: u8,
    /// Who handles it, or what it is.
    pub name: String,
    /// How often it has come, by CPU.
    pub counts: Vec<u64>,
}

/// A CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuReport {
    /// Its number.
    pub cpu: usize,
    /// Who runs there; `None` while it changes.
    pub thread: Option<ThreadName>,
    /// Threads that wait in its queue.
    pub queued: usize,
    /// Milliseconds it was busy since boot, and idle.
    pub busy_ms: u64,
    /// See `busy_ms`.
    pub idle_ms: u64,
    /// Timer interrupts since boot.
    pub ticks: u64,
}
