//! A task: a future, and one byte that says who may touch it.
//!
//! ```text
//!                 wake: queued                          wake while it runs
//!    ┌──── idle ─────────────────▶ QUEUED ──┐      ┌───────────────────────┐
//!    │      ▲                        ▲      │ run  │                       ▼
//!    │      │ pending                │      └─▶ RUNNING            RUNNING│QUEUED
//!    │      └────────────────────────┼──────────┘  │ ready                 │ pending: to the
//!    │                               └─────────────┼───────────────────────┘ end of the queue
//!    └─ cancel: CANCELLED|QUEUED                   ▼
//!       (run drops the future)                   DONE
//! ```
//!
//! Who sets QUEUED where neither it nor RUNNING was set puts the task into the queue, and nobody else does: so it is there
//! at most once, and the queue, which has room for every task, never grows when somebody is woken. Who takes it from the
//! queue turns QUEUED into RUNNING and alone touches the future until RUNNING is cleared.
//!
//! Every step is a read-modify-write, also a wake-up that finds the task queued already: only so does what the waker wrote
//! before become visible to the poll, whose first step acquires all that was released into this byte.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use crate::Platform;
use crate::atomic::{AtomicU8, AtomicU64, Exclusive, Ordering};
use crate::executor::Shared;

/// In the queue, or to be put there when its poll ends.
const QUEUED: u8 = 1 << 0;
/// Being polled, or its future being dropped.
const RUNNING: u8 = 1 << 1;
/// The future is gone.
const DONE: u8 = 1 << 2;
/// The next run drops the future instead of polling it.
const CANCELLED: u8 = 1 << 3;

/// What a task does in the end; its output has gone elsewhere by then.
pub type Body = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Waiting to be woken.
    Waiting,
    /// Waiting for its turn.
    Queued,
    /// Being polled.
    Running,
    /// Over; somebody still has a waker of it.
    Finished,
}

/// A task as listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskInfo {
    /// Its number: unique since boot, from 1.
    pub id: u64,
    /// Its name.
    pub name: &'static str,
    /// What it was doing.
    pub state: TaskState,
    /// How often it was polled.
    pub polls: u64,
}

/// A task's record. Who wakes it holds one reference to this and nothing else.
pub struct Task<P: Platform> {
    id: u64,
    name: &'static str,
    /// Its place in the table.
    pub slot: usize,
    state: AtomicU8,
    polls: AtomicU64,
    /// Touched by who set RUNNING.
    body: Exclusive<Option<Body>>,
    shared: &'static Shared<P>,
}

impl<P: Platform> Task<P> {
    /// A task that is queued, or about to be, for its first poll.
    pub fn new(id: u64, name: &'static str, slot: usize, body: Body, shared: &'static Shared<P>) -> Self {
        Self {
            id,
            name,
            slot,
            state: AtomicU8::new(QUEUED),
            polls: AtomicU64::new(0),
            body: Exclusive::new(Some(body)),
            shared,
        }
    }

    /// What is to be told of it.
    pub fn info(&self) -> TaskInfo {
        let state = self.state.load(Ordering::Relaxed);
        let state = match state {
            _ if state & DONE != 0 => TaskState::Finished,
            _ if state & RUNNING != 0 => TaskState::Running,
            _ if state & QUEUED != 0 => TaskState::Queued,
            _ => TaskState::Waiting,
        };
        TaskInfo { id: self.id, name: self.name, state, polls: self.polls.load(Ordering::Relaxed) }
    }

    /// Its number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Has the future dropped at the task's next turn, unless it ends before.
    pub fn cancel(self: &Arc<Self>) {
        self.set_queued(CANCELLED | QUEUED);
    }

    /// Sets `bits`, QUEUED among them; true when it is up to the caller to queue the task.
    #[inline]
    fn claims_queue(&self, bits: u8) -> bool {
        let before = self.state.fetch_or(bits, Ordering::AcqRel);
        before & (QUEUED | RUNNING | DONE) == 0
    }

    #[inline]
    fn set_queued(self: &Arc<Self>, bits: u8) {
        if self.claims_queue(bits) {
            self.shared.enqueue(self.clone());
        }
    }

    /// Polls it once, or drops its future. The caller has taken it from the queue.
    pub fn run(self: Arc<Self>) {
        let before = self.state.fetch_xor(QUEUED | RUNNING, Ordering::AcqRel);
        debug_assert!(
            before & (QUEUED | RUNNING | DONE) == QUEUED,
            "a task was queued twice, or while it ran"
        );
        if before & CANCELLED != 0 || self.poll().is_ready() {
            return self.finish();
        }
        if self.state.fetch_and(!RUNNING, Ordering::AcqRel) & QUEUED != 0 {
            let shared = self.shared;
            // Nobody has to be called: who runs tasks looks again.
            shared.push(self);
        }
    }

    fn poll(self: &Arc<Self>) -> Poll<()> {
        // Only who has set RUNNING gets here, one at a time.
        self.polls.store(self.polls.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        let waker = Waker::from(self.clone());
        let mut context = Context::from_waker(&waker);
        let poll = self.body.with(|body| match body {
            Some(body) => body.as_mut().poll(&mut context),
            None => Poll::Ready(()),
        });
        poll.unwrap_or(Poll::Pending)
    }

    /// Drops the future, here and now, and leaves the record to the executor.
    fn finish(self: Arc<Self>) {
        // While RUNNING is set, whoever wakes this task in the course of the drop does not queue it.
        let body = self.body.with(Option::take);
        drop(body);
        self.state.swap(DONE, Ordering::AcqRel);
        let (shared, slot) = (self.shared, self.slot);
        // Mostly that was the last reference but the table's, and the record can go at once.
        drop(self);
        shared.retire(slot);
    }
}

impl<P: Platform> Wake for Task<P> {
    #[inline]
    fn wake(self: Arc<Self>) {
        if self.claims_queue(QUEUED) {
            let shared = self.shared;
            shared.enqueue(self);
        }
    }

    #[inline]
    fn wake_by_ref(self: &Arc<Self>) {
        self.set_queued(QUEUED);
    }
}
