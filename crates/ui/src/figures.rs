//! The figures that a system monitor shows.

use alloc::{string::String, vec::Vec};

/// The machine's state at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SystemFigures {
    /// Milliseconds since boot.
    pub uptime_ms: u64,
    /// For each CPU that runs, the share of the time since the previous call that it was not idle,
    /// in per cent (0 to 100).
    pub cpu_busy_percent: Vec<u8>,
    /// Memory the kernel manages, in bytes.
    pub memory_total: u64,
    /// The part of it in use, in bytes.
    pub memory_used: u64,
    /// The kernel heap's share of the memory in use, in bytes.
    pub heap_used: u64,
    /// Every thread, in no particular order.
    pub threads: Vec<ThreadFigures>,
}

/// One thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadFigures {
    /// Its number, unique since boot.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub state: ThreadState,
    /// The CPU it runs on or ran on last.
    pub cpu: usize,
    /// The CPU time it has used, in milliseconds.
    pub cpu_time_ms: u64,
}

/// What a thread is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThreadState {
    /// On a CPU now.
    Running,
    /// Waiting for a CPU.
    Ready,
    /// Waiting for an event or a moment.
    Sleeping,
    /// Finished, not yet collected.
    Exited,
}

impl ThreadState {
    /// The word shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Sleeping => "sleeping",
            Self::Exited => "exited",
        }
    }
}
