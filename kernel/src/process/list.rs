//! Processes as `ps` and the System Monitor list them.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use ::process::{ProcessId, ProcessInfo, ProcessState};

use super::LIVES;
use super::registry::Process;
use crate::task::{self, ThreadInfo, ThreadState};

/// A process as listed.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its number.
    pub id: ProcessId,
    /// Its parent; init is its own.
    pub parent: ProcessId,
    /// What it is called.
    pub name: String,
    /// Whether it lives, is ending, or waits for its parent.
    pub state: ProcessState,
    /// How many threads it has.
    pub threads: usize,
    /// The machine cannot do without it.
    pub is_service: bool,
    /// One of them runs or could.
    pub is_busy: bool,
    /// Time all its threads ran, those that have ended too, in time-stamp counts. Idling does not count.
    pub run_counts: u64,
}

/// One process, and what is kept with it.
pub fn find(id: ProcessId) -> Option<(ProcessInfo, Arc<Process>)> {
    LIVES.get()?.with(|table| Some((table.get(id)?, table.data(id)?.clone())))
}

/// The process with the lowest number from `from` on.
pub fn next(from: ProcessId) -> Option<ProcessId> {
    LIVES.get()?.with(|table| table.list().map(|(info, _)| info.id).find(|id| *id >= from))
}

/// How many processes there are.
pub fn count() -> usize {
    LIVES.get().map_or(0, |lives| lives.with(|table| table.list().count()))
}

/// All processes, by number. `threads` are all threads, of about the same moment.
pub fn list(threads: &[ThreadInfo]) -> Vec<Summary> {
    let Some(lives) = LIVES.get() else { return Vec::new() };
    let mut processes: Vec<(ProcessInfo, Arc<Process>)> = Vec::new();
    // Memory is taken outside the lock: as much as was needed the time before, until that is enough.
    while lives.with(|table| {
        processes.clear();
        let room = processes.capacity();
        processes.extend(table.list().take(room).map(|(info, process)| (info, process.clone())));
        table.list().count() > room
    }) {
        processes.reserve(2 * processes.capacity() + 16);
    }
    let mut summaries: Vec<Summary> = processes.into_iter().map(summary).collect();
    for thread in threads.iter().filter(|thread| !is_idle(thread)) {
        // In the order of their numbers.
        if let Ok(at) = summaries.binary_search_by_key(&thread.process, |summary| summary.id.0) {
            summaries[at].run_counts += thread.run_counts;
            summaries[at].is_busy |= matches!(thread.state, ThreadState::Running | ThreadState::Ready);
        }
    }
    summaries
}

fn summary((info, process): (ProcessInfo, Arc<Process>)) -> Summary {
    Summary {
        id: info.id,
        parent: info.parent,
        name: process.name().into(),
        state: info.state,
        threads: info.threads,
        is_service: process.is_service(),
        is_busy: false,
        run_counts: process.run_counts.load(Ordering::Relaxed),
    }
}

/// The CPUs' idle threads, `idle/0` and so on, run when nobody else does.
fn is_idle(thread: &task::ThreadInfo) -> bool {
    thread.name.starts_with("idle/")
}
