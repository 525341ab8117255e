//! Waiting for children: who is reaped, when there is nobody to wait for, when to sleep.

use alloc::vec::Vec;

use crate::{Effect, ExitStatus, ProcessId, ProcessState, ProcessTable, ThreadId};

/// Which child to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WaitFor {
    /// Whichever ends.
    Any,
    /// This one.
    One(ProcessId),
}

/// A child that was reaped: its number is free again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reaped {
    /// Which child.
    pub child: ProcessId,
    /// How it ended.
    pub status: ExitStatus,
    /// To be carried out.
    pub effects: Vec<Effect>,
}

/// Why no child was reaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitError {
    /// It has no child to wait for, or no longer (`ECHILD`).
    NoChild,
    /// The waiting thread's process is to end (`EINTR`).
    Interrupted,
    /// There is one, but it lives: sleep until [`Effect::ChildrenChanged`] or [`Effect::Interrupt`], then ask
    /// again; or, not wanting to block, return nothing.
    NotYet,
}

impl ProcessTable {
    /// Reaps a child of the thread's process that has ended; the one with the lowest number of several. With
    /// and without blocking: a blocking wait asks again whenever it is woken.
    pub fn wait(&mut self, thread: ThreadId, wait_for: WaitFor) -> Result<Reaped, WaitError> {
        let parent = self.process_of(thread).ok_or(WaitError::Interrupted)?;
        let children = &self.processes.get(&parent).ok_or(WaitError::NoChild)?.children;
        let is_meant = |child: ProcessId| match wait_for {
            WaitFor::Any => true,
            WaitFor::One(id) => id == child,
        };
        let mut any = false;
        let mut ended = None;
        for &child in children.iter().filter(|&&child| is_meant(child)) {
            any = true;
            if let Some(ProcessState::Zombie(status)) = self.processes.get(&child).map(|child| child.state) {
                ended = Some((child, status));
                break;
            }
        }
        match ended {
            // What has come goes first, even in a process that is to end.
            Some((child, status)) => Ok(self.reap(parent, child, status)),
            None if !any => Err(WaitError::NoChild),
            None if self.must_end(thread) => Err(WaitError::Interrupted),
            None => Err(WaitError::NotYet),
        }
    }

    fn reap(&mut self, parent: ProcessId, child: ProcessId, status: ExitStatus) -> Reaped {
        self.processes.remove(&child);
        if let Some(parent) = self.processes.get_mut(&parent) {
            parent.children.remove(&child);
        }
        // Other threads of the parent may wait for this very child, or for any when it was the last.
        Reaped { child, status, effects: Vec::from([Effect::ChildrenChanged(parent)]) }
    }
}
