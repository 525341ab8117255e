//! A task's outcome, for whoever waits for it.

use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use blocking::Lock;

use crate::executor::Shared;
use crate::signal::replace;
use crate::task::Task;
use crate::{OutOfMemory, Platform};

/// The task was cancelled before it had an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task was cancelled")
    }
}

/// Between the task and its handle.
pub struct Join<P: Platform, T: Send> {
    state: P::Lock<State<T>>,
}

struct State<T> {
    output: Option<T>,
    /// The future is gone.
    over: bool,
    /// Who waits for that.
    waiter: Option<Waker>,
}

impl<P: Platform, T: Send> Join<P, T> {
    pub fn new() -> Result<Arc<Self>, OutOfMemory> {
        P::counted(Self { state: P::lock(State { output: None, over: false, waiter: None }) })
    }

    /// The task's end of it, to be dropped with the future.
    pub fn completion(join: &Arc<Self>) -> Completion<P, T> {
        Completion(join.clone())
    }
}

/// Says that the task is over when it is dropped, however that comes.
pub struct Completion<P: Platform, T: Send>(Arc<Join<P, T>>);

impl<P: Platform, T: Send> Completion<P, T> {
    /// The task has an outcome.
    pub fn complete(self, output: T) {
        self.0.state.with(|state| state.output = Some(output));
    }
}

impl<P: Platform, T: Send> Drop for Completion<P, T> {
    fn drop(&mut self) {
        let waiter = self.0.state.with(|state| {
            state.over = true;
            state.waiter.take()
        });
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }
}

/// A task that can be waited for, by `.await`. Dropping the handle cancels the task. Not for interrupt handlers.
///
/// It names the task by number and keeps nothing of it but the outcome: a handle that is kept keeps no record.
pub struct JoinHandle<P: Platform, T: Send> {
    shared: &'static Shared<P>,
    slot: usize,
    id: u64,
    join: Arc<Join<P, T>>,
    detached: bool,
}

impl<P: Platform, T: Send> JoinHandle<P, T> {
    pub(crate) fn new(shared: &'static Shared<P>, task: &Task<P>, join: Arc<Join<P, T>>) -> Self {
        Self { shared, slot: task.slot, id: task.id(), join, detached: false }
    }

    /// Lets the task run on alone.
    pub fn detach(mut self) {
        self.detached = true;
    }

    /// Has the task's future dropped, on the executor's thread, unless it ends before. Awaiting the handle tells which, and
    /// when it has happened.
    pub fn cancel(&self) {
        if let Some(task) = self.shared.find(self.slot, self.id) {
            task.cancel();
        }
    }

    /// Whether it is over: finished or cancelled.
    pub fn is_finished(&self) -> bool {
        self.join.state.with(|state| state.over)
    }

    /// The task's number.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl<P: Platform, T: Send> Future for JoinHandle<P, T> {
    type Output = Result<T, Cancelled>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (outcome, _old) = self.join.state.with(|state| {
            if state.over {
                return (Poll::Ready(state.output.take().ok_or(Cancelled)), None);
            }
            (Poll::Pending, replace(&mut state.waiter, context.waker()))
        });
        outcome
    }
}

impl<P: Platform, T: Send> Drop for JoinHandle<P, T> {
    fn drop(&mut self) {
        if !self.detached {
            self.cancel();
        }
    }
}
