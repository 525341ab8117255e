//! All threads, for listing, and the slots they are numbered by.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use super::thread::{Thread, ThreadState};
use super::{cpu, reaper, scheduler};
use crate::arch::cpu as arch_cpu;
use crate::lock::{Rank, SpinLock};
use crate::memory::heap::fallible;
use crate::memory::stack::KernelStack;

/// No memory for another thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

struct Table {
    slots: Vec<Option<Arc<Thread>>>,
    next_id: u64,
}

static TABLE: SpinLock<Table> = SpinLock::new(Rank::ThreadTable, Table { slots: Vec::new(), next_id: 1 });

/// Makes a thread's record and enters it. Everything that waking and ending it will ever need is reserved here.
pub(super) fn add(name: &str, state: ThreadState, stack: KernelStack) -> Result<Arc<Thread>, OutOfMemory> {
    let mut table = TABLE.lock();
    let slot = match table.slots.iter().position(Option::is_none) {
        Some(free) => free,
        None => {
            let slot = table.slots.len();
            table.slots.try_reserve(1).map_err(|_| OutOfMemory)?;
            // In steps, so that threads that come one by one do not make every queue grow every time.
            let threads = (slot + 1).next_multiple_of(64);
            scheduler::reserve(threads)?;
            reaper::reserve(threads)?;
            table.slots.push(None);
            slot
        }
    };
    let id = table.next_id;
    table.next_id += 1;
    let name = fallible::text(name).ok_or(OutOfMemory)?;
    let thread = fallible::counted(Thread::new(id, slot, name, state, stack)).map_err(|_| OutOfMemory)?;
    table.slots[slot] = Some(thread.clone());
    Ok(thread)
}

/// Takes out a thread that has ended.
pub(super) fn remove(thread: &Thread) {
    // The handle is dropped after the lock is released: it frees memory.
    let removed = TABLE.lock().slots.get_mut(thread.slot()).and_then(Option::take);
    drop(removed);
}

/// A thread as listed.
#[derive(Clone, Debug)]
pub struct ThreadInfo {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// What it was doing.
    pub state: ThreadState,
    /// The CPU it runs on or ran on last.
    pub cpu: usize,
    /// Time it ran, in time-stamp counts.
    pub run_counts: u64,
}

/// All threads, by number.
pub fn list() -> Vec<ThreadInfo> {
    // Handles are copied under the lock, the rest is done after it.
    let threads: Vec<Arc<Thread>> = TABLE.lock().slots.iter().flatten().cloned().collect();
    let now = arch_cpu::time_stamp();
    let mut list: Vec<ThreadInfo> = threads
        .iter()
        .map(|thread| {
            let last_cpu = thread.last_cpu.load(Ordering::Relaxed);
            let mut run_counts = thread.run_counts.load(Ordering::Relaxed);
            if thread.state() == ThreadState::Running {
                let since = cpu::of(last_cpu).switched_at.load(Ordering::Relaxed);
                run_counts += now.saturating_sub(since);
            }
            ThreadInfo {
                id: thread.id(),
                name: thread.name().into(),
                state: thread.state(),
                cpu: last_cpu,
                run_counts,
            }
        })
        .collect();
    list.sort_by_key(|thread| thread.id);
    list
}
