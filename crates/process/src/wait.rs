//! Waiting for children: who is reaped, when there is nobody to wait for, when to sleep.

use crate::lists::NOBODY;
use crate::{ExitStatus, ProcessId, ProcessState, ProcessTable, ThreadId};

/// Which child to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WaitFor {
    /// Whichever ends.
    Any,
    /// This one.
    One(ProcessId),
}

/// A child that was reaped: its number is free again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reaped<D> {
    /// Which child.
    pub child: ProcessId,
    /// How it ended.
    pub status: ExitStatus,
    /// What its user kept with it.
    pub data: D,
}

/// Why no child was reaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitError {
    /// It has no child to wait for, or no longer (`ECHILD`).
    NoChild,
    /// The waiting thread's process is to end (`EINTR`).
    Interrupted,
    /// There is one, but it lives: sleep until told to [look again](crate::LookAgain) or interrupted, then ask again; or,
    /// not wanting to block, return nothing.
    NotYet,
}

impl<D> ProcessTable<D> {
    /// Reaps a child of the thread's process that has ended; of several, the one that ended first. With and without
    /// blocking: a blocking wait asks again whenever it is woken.
    #[inline]
    pub fn wait(&mut self, thread: ThreadId, wait_for: WaitFor) -> Result<Reaped<D>, WaitError> {
        let parent = self.process_of(thread).ok_or(WaitError::Interrupted)?;
        let process = self.processes.get(parent.0).ok_or(WaitError::NoChild)?;
        let id = match wait_for {
            WaitFor::Any if process.zombies.first != NOBODY => process.zombies.first,
            WaitFor::Any => process.living.first,
            WaitFor::One(id) => id.0,
        };
        let found = self.processes.get(id).ok_or(WaitError::NoChild)?;
        // Init is its own parent, and no child.
        if found.parent != parent || id == parent.0 {
            return Err(WaitError::NoChild);
        }
        match found.state {
            // What has come goes first, even in a process that is to end. Nobody has to be told: whoever waited for
            // this child has been told of its end, and looks after us.
            ProcessState::Zombie(status) => {
                let (child, place) = (ProcessId(id), found.siblings);
                let data = self.forget(parent, child, place).ok_or(WaitError::NoChild)?;
                Ok(Reaped { child, status, data })
            }
            ProcessState::Alive { .. } if process.ending().is_some() => Err(WaitError::Interrupted),
            ProcessState::Alive { .. } => Err(WaitError::NotYet),
        }
    }
}
