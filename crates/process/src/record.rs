//! What is kept of one process.

use alloc::collections::BTreeSet;

use crate::{ProcessId, ThreadId};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExitStatus {
    /// It ended by itself, with this code; 0 is success.
    Exited(u8),
    /// It was cancelled from outside.
    Cancelled,
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

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    pub parent: ProcessId,
    pub children: BTreeSet<ProcessId>,
    pub threads: BTreeSet<ThreadId>,
    pub state: ProcessState,
}

impl Process {
    /// An alive process with one thread.
    pub fn new(parent: ProcessId, thread: ThreadId) -> Self {
        Self {
            parent,
            children: BTreeSet::new(),
            threads: BTreeSet::from([thread]),
            state: ProcessState::Alive { ending: None },
        }
    }

    /// The status it was told to end with.
    pub fn ending(&self) -> Option<ExitStatus> {
        match self.state {
            ProcessState::Alive { ending } => ending,
            ProcessState::Zombie(status) => Some(status),
        }
    }
}
