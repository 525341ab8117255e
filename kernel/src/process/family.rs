//! Parents and children: waiting, and ending a process from outside.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use ::process::{ExitStatus, ProcessError, ProcessId, WaitError, WaitFor};

use super::LIVES;
use super::birth::thread_id;
use super::registry::{Lives, Process};
use crate::task::{self, Local};

/// The process of the running thread, which stays in it as long as it lives: found once, and asked without the lock of
/// all processes from then on. `None` only before there are processes.
static OWN: Local<Option<Arc<Process>>> = Local::new(|| LIVES.get()?.get(own_id()));

/// The number of the running thread's process.
pub fn own_id() -> ProcessId {
    ProcessId(task::current_process())
}

/// Waits for a child of the running thread's process to end; says which, and how. Its number is free then.
/// Interruptible.
///
/// # Errors
/// [`WaitError::NoChild`] if there is none such, [`WaitError::Interrupted`] if the process is cancelled.
pub fn wait(wait_for: WaitFor) -> Result<(ProcessId, ExitStatus), WaitError> {
    with_own(|lives, own| lives.wait(thread_id(task::current_slot()), own, wait_for))
}

/// As [`wait`], without waiting: [`WaitError::NotYet`] while such a child lives.
pub fn try_wait(wait_for: WaitFor) -> Result<(ProcessId, ExitStatus), WaitError> {
    let lives = LIVES.get().ok_or(WaitError::NoChild)?;
    lives.try_wait(thread_id(task::current_slot()), wait_for)
}

/// Has `hook` called whenever a child of the running thread's process has ended, by that child's last thread: it may
/// wake somebody who waits for other things as well. A process has one; the first call counts.
pub fn on_child_end(hook: impl Fn() + Send + Sync + 'static) {
    let hook = Box::new(hook);
    with_own(|_, own| {
        own.set_on_child_end(hook);
        Ok(())
    })
    .unwrap_or_else(|error| log::warn!("nobody hears of children: {error:?}"));
}

fn with_own<R>(f: impl FnOnce(&Lives, &Process) -> Result<R, WaitError>) -> Result<R, WaitError> {
    let lives = LIVES.get().ok_or(WaitError::NoChild)?;
    let own = OWN.with(Clone::clone).ok().flatten().or_else(|| lives.get(own_id()));
    f(lives, &*own.ok_or(WaitError::NoChild)?)
}

/// Why a process was not cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelError {
    /// There is none of that number.
    NoSuchProcess,
    /// The machine cannot do without it.
    Service,
}

impl fmt::Display for CancelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchProcess => "no such process",
            Self::Service => "the system needs it",
        })
    }
}

/// Asks a process to end from outside: its threads are called out of their sleep if that may be interrupted, now and
/// whenever they begin one. Its status will be [`ExitStatus::Cancelled`]. One that is ending or has ended stays as it
/// is.
pub fn cancel(id: ProcessId) -> Result<(), CancelError> {
    let lives = LIVES.get().ok_or(CancelError::NoSuchProcess)?;
    lives.with(|table| {
        if table.data(id).ok_or(CancelError::NoSuchProcess)?.is_service() {
            return Err(CancelError::Service);
        }
        match table.end(id, ExitStatus::Cancelled) {
            // Under the lock no thread of the table ends, so each slot still is that thread's.
            Ok(true) => table.threads(id).for_each(|thread| task::interrupt(thread.0 as usize)),
            Ok(false) => {}
            Err(ProcessError::InitMustLive) => return Err(CancelError::Service),
            Err(_) => return Err(CancelError::NoSuchProcess),
        }
        Ok(())
    })
}
