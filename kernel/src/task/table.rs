//! All threads, for listing, and the records they live in.
//!
//! A record whose thread has ended waits in a list for the next thread, and is never freed: who refers to it by a
//! ticket or a handle may do so for ever (`thread.rs`). A machine keeps as many records as it ever had threads at a
//! time, some 200 bytes each.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicPtr, Ordering};

use sched::Level;

use super::inside::InsideLocks;
use super::realtime::{self, RealtimeInfo};
use super::scheduler;
use super::thread::{Thread, ThreadRef, ThreadState};
use super::waiting::Wait;
use crate::arch::cpu as arch_cpu;
use crate::lock::{Rank, SpinLock};
use crate::memory::heap::fallible;
use crate::memory::stack::{KernelStack, STACK_SIZE};

/// No memory for another thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

struct Table {
    records: Vec<ThreadRef>,
    /// Those that are nobody's.
    vacant: Option<ThreadRef>,
    next_id: u64,
}

static TABLE: SpinLock<Table> =
    SpinLock::new(Rank::ThreadTable, Table { records: Vec::new(), vacant: None, next_id: 1 });

/// The record made last; all others are reached from it. It is for ticks, which wait for no lock, and needs none, since
/// records stay.
static NEWEST: AtomicPtr<Thread> = AtomicPtr::new(core::ptr::null_mut());

/// The record made last.
pub(super) fn newest() -> Option<ThreadRef> {
    // SAFETY: null, or what `take_vacant` stored. Acquire: the record was written before.
    unsafe { ThreadRef::from_ptr(NEWEST.load(Ordering::Acquire)) }
}

impl Table {
    /// A record that is nobody's. Everything that waking and ending its thread will ever need is reserved here.
    fn take_vacant(&mut self) -> Result<ThreadRef, OutOfMemory> {
        if let Some(record) = self.vacant {
            self.vacant = record.after();
            return Ok(record);
        }
        let slot = self.records.len();
        self.records.try_reserve(1).map_err(|_| OutOfMemory)?;
        // In steps, so that threads that come one by one do not make every CPU's sleepers grow every time.
        scheduler::reserve((slot + 1).next_multiple_of(64))?;
        let record = fallible::boxed(Thread::vacant(slot)).map_err(|_| OutOfMemory)?;
        let record = ThreadRef::new(Box::leak(record));
        self.records.push(record);
        record.set_older(newest());
        NEWEST.store(record.as_ptr().cast_mut(), Ordering::Release);
        Ok(record)
    }
}

/// Makes a thread's record.
pub(super) fn add(name: &str, state: ThreadState, stack: KernelStack) -> Result<ThreadRef, OutOfMemory> {
    let name = fallible::text(name).ok_or(OutOfMemory)?;
    let mut table = TABLE.lock();
    let record = table.take_vacant()?;
    record.settle(table.next_id, name, state, stack);
    table.next_id += 1;
    Ok(record)
}

/// Takes back the record of a thread that has ended.
pub(super) fn remove(thread: ThreadRef) {
    // Dropped after the lock is released: it frees memory.
    let left_behind = thread.vacate();
    let mut table = TABLE.lock();
    thread.set_after(table.vacant);
    table.vacant = Some(thread);
    drop(table);
    drop(left_behind);
}

/// The record of that slot.
pub(super) fn get(slot: usize) -> Option<ThreadRef> {
    TABLE.lock().records.get(slot).copied()
}

/// All threads.
pub(super) fn all() -> impl Iterator<Item = ThreadRef> {
    // References are copied under the lock.
    TABLE.lock().records.clone().into_iter().filter(|record| record.id() != 0)
}

/// A thread at a glance: what can be told without asking for memory.
#[derive(Clone, Copy, Debug)]
pub struct Glance<'a> {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: &'a str,
    /// The process it is in.
    pub process: u32,
    /// What it was doing.
    pub state: ThreadState,
    /// The CPU it runs on or ran on last.
    pub cpu: usize,
    /// The CPUs that it may run on, bit 0 for the first.
    pub cpus: u64,
    /// Time it ran, in time-stamp counts.
    pub run_counts: u64,
    /// It is of the real-time class.
    pub is_realtime: bool,
}

/// Calls `each` with every thread, in no order. A thread's name is locked meanwhile: `each` takes no lock, and no memory.
pub fn glance(mut each: impl FnMut(&Glance<'_>)) {
    let now = arch_cpu::time_stamp();
    let mut next = newest();
    while let Some(record) = next {
        let details = record.details.lock();
        // It stays that thread's as long as the lock is held.
        if record.id() != 0 {
            each(&Glance {
                id: record.id(),
                name: &details.name,
                process: record.own.process(),
                state: record.state(),
                cpu: record.last_cpu.load(Ordering::Relaxed),
                cpus: record.affinity(),
                run_counts: record.ran(now),
                is_realtime: record.is_realtime(),
            });
        }
        next = record.older();
    }
}

/// How many threads were begun since boot, those that have ended too.
pub fn begun() -> u64 {
    TABLE.lock().next_id - 1
}

/// A thread as listed.
#[derive(Clone, Debug)]
pub struct ThreadInfo {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The process it is in.
    pub process: u32,
    /// What it was doing.
    pub state: ThreadState,
    /// The CPU it runs on or ran on last.
    pub cpu: usize,
    /// Time it ran, in time-stamp counts.
    pub run_counts: u64,
    /// The level it stands on among those that want to run.
    pub level: Level,
    /// Its part of the real-time class; `None` for a thread like any other.
    pub realtime: Option<RealtimeInfo>,
    /// What it waits for, while it sleeps.
    pub waits: Option<Wait>,
    /// What names it in the word of a lock that it holds.
    pub token: usize,
    /// The reader-writer locks it was inside.
    pub inside: InsideLocks,
    /// The addresses of its stack.
    pub stack: Range<u64>,
    /// Where on its stack its saved frame lies, while no CPU is there.
    pub context: Option<u64>,
}

/// All threads, by number.
pub fn list() -> Vec<ThreadInfo> {
    let now = arch_cpu::time_stamp();
    let mut list: Vec<ThreadInfo> = all().filter_map(|record| info(record, now)).collect();
    list.sort_by_key(|thread| thread.id);
    list
}

/// What is to be told of the record's thread; `None` when it is nobody's.
fn info(record: ThreadRef, now: u64) -> Option<ThreadInfo> {
    let details = record.details.lock();
    let name = String::from(&*details.name);
    // It stays that thread's as long as the lock is held.
    (record.id() != 0).then(|| ThreadInfo {
        id: record.id(),
        name,
        process: record.own.process(),
        state: record.state(),
        cpu: record.last_cpu.load(Ordering::Relaxed),
        run_counts: record.ran(now),
        level: record.level(),
        realtime: realtime::info(&record),
        waits: record.waits(),
        token: record.as_ptr().addr(),
        inside: record.inside.read(),
        stack: record.stack_top() - STACK_SIZE..record.stack_top(),
        context: record.context(),
    })
}
