//! What is kept of one process and of one thread.

use core::fmt;

use crate::ProcessId;
use crate::lists::{Ends, Links};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExitStatus {
    /// It ended by itself, with this code; 0 is success.
    Exited(u8),
    /// It was cancelled from outside.
    Cancelled,
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "ended with {code}"),
            Self::Cancelled => f.write_str("was cancelled"),
        }
    }
}

/// What a process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProcessState {
    /// It has threads. Once it was told to end, `ending` is the status it will have.
    Alive {
        /// Set by the first who ends the whole process; later ones change nothing.
        ending: Option<ExitStatus>,
    },
    /// Its last thread has ended; its status waits for its parent.
    Zombie(ExitStatus),
}

/// A process as listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProcessInfo {
    /// Its number.
    pub id: ProcessId,
    /// Its parent; init is its own.
    pub parent: ProcessId,
    /// What it is doing.
    pub state: ProcessState,
    /// How many threads it has.
    pub threads: usize,
}

/// A process. It stands in one of its parent's two lists of children, by its state.
#[derive(Clone, Debug)]
pub(crate) struct Process<D> {
    pub parent: ProcessId,
    pub state: ProcessState,
    pub siblings: Links,
    /// Children that live.
    pub living: Ends,
    /// Children that have ended, in that order.
    pub zombies: Ends,
    pub threads: Ends,
    pub thread_count: usize,
    pub data: D,
}

impl<D> Process<D> {
    /// An alive process without threads.
    pub fn new(parent: ProcessId, data: D) -> Self {
        Self {
            parent,
            state: ProcessState::Alive { ending: None },
            siblings: Links::NONE,
            living: Ends::EMPTY,
            zombies: Ends::EMPTY,
            threads: Ends::EMPTY,
            thread_count: 0,
            data,
        }
    }

    /// The status it was told to end with, or has.
    pub fn ending(&self) -> Option<ExitStatus> {
        match self.state {
            ProcessState::Alive { ending } => ending,
            ProcessState::Zombie(status) => Some(status),
        }
    }

    /// Its children that have ended, or those that live.
    #[inline]
    pub fn children(&mut self, zombies: bool) -> &mut Ends {
        if zombies { &mut self.zombies } else { &mut self.living }
    }

    /// Whether it has ended: which of its parent's lists it belongs to.
    #[inline]
    pub fn is_zombie(&self) -> bool {
        matches!(self.state, ProcessState::Zombie(_))
    }
}

/// A thread's place in its process.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub process: ProcessId,
    pub siblings: Links,
}
