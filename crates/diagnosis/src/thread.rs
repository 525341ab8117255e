//! Threads, and what they wait for.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadState {
    /// On a CPU.
    Running,
    /// In a run queue.
    Ready,
    /// Waiting; its report says for what.
    Asleep,
    /// Ended, and about to be freed.
    Ended,
}

impl ThreadState {
    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Asleep => "asleep",
            Self::Ended => "ended",
        }
    }
}

/// A thread by number and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadName {
    /// Unique since boot.
    pub id: u64,
    /// Not unique.
    pub name: String,
}

impl fmt::Display for ThreadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.id)
    }
}

/// A lock by its place in memory, and by its name where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockName {
    /// The kind of lock, such as `mutex`.
    pub kind: &'static str,
    /// Where it lies.
    pub address: u64,
    /// The name of the static variable that it is, or is in.
    pub variable: Option<String>,
}

impl fmt::Display for LockName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.variable {
            Some(variable) => write!(f, "{} {variable}", self.kind),
            None => write!(f, "{} {:#x}", self.kind, self.address),
        }
    }
}

/// Readers of one lock that are named to whoever waits for it.
const HOLDERS_SHOWN: usize = 3;

/// What a sleeping thread waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitCause {
    /// A moment only.
    Moment,
    /// Whatever these words say, such as `an event`.
    Something(&'static str),
    /// Another thread's end.
    ThreadEnd(ThreadName),
    /// A lock, and who holds it, as far as is known.
    Lock {
        /// Which.
        lock: LockName,
        /// Who: several, if they are readers.
        holders: Vec<ThreadName>,
    },
}

/// Why a thread does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitReport {
    /// What for.
    pub cause: WaitCause,
    /// The function that waits, where it could be found out.
    pub place: Option<String>,
    /// Milliseconds until it gives up waiting, or has waited long enough.
    pub left_ms: Option<u64>,
}

impl fmt::Display for WaitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            WaitCause::Moment => f.write_str("sleep")?,
            WaitCause::Something(what) => f.write_str(what)?,
            WaitCause::ThreadEnd(thread) => write!(f, "the end of {thread}")?,
            WaitCause::Lock { lock, holders } => {
                write!(f, "{lock}")?;
                for (index, holder) in holders.iter().take(HOLDERS_SHOWN).enumerate() {
                    write!(f, "{}{holder}", if index == 0 { " held by " } else { ", " })?;
                }
                if holders.len() > HOLDERS_SHOWN {
                    write!(f, " and {} more", holders.len() - HOLDERS_SHOWN)?;
                }
            }
        }
        if let Some(place) = &self.place {
            write!(f, " in {place}")?;
        }
        match self.left_ms {
            Some(left) => write!(f, ", {}.{} s to go", left / 1000, left / 100 % 10),
            None => Ok(()),
        }
    }
}

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadReport {
    /// Its number and name.
    pub thread: ThreadName,
    /// What it is doing.
    pub state: ThreadState,
    /// The CPU that it runs on, or ran on last.
    pub cpu: usize,
    /// Its standing with the scheduler, such as `2`, the feedback level, or `rt0`, the real-time priority.
    pub level: String,
    /// Time on CPUs.
    pub cpu_time_ms: u64,
    /// Why it does not run, while it is asleep.
    pub wait: Option<WaitReport>,
}
