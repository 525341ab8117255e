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
    /// Every process, by number.
    pub processes: Vec<ProcessFigures>,
    /// Every thread, in no particular order.
    pub threads: Vec<ThreadFigures>,
}

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessFigures {
    /// Its number.
    pub id: u32,
    /// Its parent's number.
    pub parent: u32,
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub state: ProcessState,
    /// How many threads it has.
    pub threads: usize,
    /// The CPU time that its threads have used, those that have ended too, in milliseconds.
    pub cpu_time_ms: u64,
    /// The machine cannot do without it: it is not to be ended.
    pub is_service: bool,
}

/// What a process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProcessState {
    /// One of its threads runs or waits for a CPU.
    Running,
    /// All its threads wait for something else.
    Sleeping,
    /// It was told to end.
    Ending,
    /// It has ended, and its parent has not asked how yet.
    Zombie,
}

impl ProcessState {
    /// The word shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Sleeping => "sleeping",
            Self::Ending => "ending",
            Self::Zombie => "zombie",
        }
    }
}

/// One thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadFigures {
    /// Its number, unique since boot.
    pub id: u64,
    /// Its process's number.
    pub process: u32,
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub state: ThreadState,
    /// How urgently it gets a CPU.
    pub class: ThreadClass,
    /// The CPU it runs on or ran on last.
    pub cpu: usize,
    /// The CPU time it has used, in milliseconds.
    pub cpu_time_ms: u64,
}

/// How urgently a thread gets a CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThreadClass {
    /// It was promised a budget of CPU time, and goes before all others within it.
    Realtime {
        /// 0 is the most urgent.
        priority: u8,
        /// How often it was not done in time.
        misses: u64,
    },
    /// Like any other; the level falls while it computes and rises again with time. 0 is the highest.
    Ordinary {
        /// The level.
        level: u8,
    },
}

impl core::fmt::Display for ThreadClass {
    /// `5` for an ordinary thread's level; `rt0` for a real-time thread's priority, with what it missed: `rt0 (3 late)`.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Realtime { priority, misses: 0 } => write!(f, "rt{priority}"),
            Self::Realtime { priority, misses } => write!(f, "rt{priority} ({misses} late)"),
            Self::Ordinary { level } => write!(f, "{level}"),
        }
    }
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
