//! Waiting for children: who is reaped, when there is nobody to wait for, when to sleep.

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
    pub fn wait(&mut self, thread: ThreadId, wait_for: WaitFor) -> Result<Reaped<D>, WaitError> {
        let parent = self.process_of(thread).ok_or(WaitError::Interrupted)?;
        let process = self.processes.get(parent.0).ok_or(WaitError::NoChild)?;
        let child = match wait_for {
            WaitFor::Any => process.zombies.first.or(process.living.first),
            // Init is its own parent, and no child.
            WaitFor::One(id) if id == parent => None,
            WaitFor::One(id) => Some(id),
        };
        let is_ending = process.ending().is_some();
        let found = child.and_then(|id| Some((id, self.processes.get(id.0)?)));
        match found {
            // What has come goes first, even in a process that is to end.
            Some((id, child)) if child.parent == parent => match child.state {
                ProcessState::Zombie(status) => self.reap(id, status).ok_or(WaitError::NoChild),
                ProcessState::Alive { .. } if is_ending => Err(WaitError::Interrupted),
                ProcessState::Alive { .. } => Err(WaitError::NotYet),
            },
            _ => Err(WaitError::NoChild),
        }
    }

    /// Nobody has to be told: whoever waited for this child has been told of its end, and looks after us.
    fn reap(&mut self, child: ProcessId, status: ExitStatus) -> Option<Reaped<D>> {
        self.leave_parent(child);
        let data = self.processes.remove(child.0)?.data;
        Some(Reaped { child, status, data })
    }
}
