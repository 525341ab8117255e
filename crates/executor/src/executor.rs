//! The queue of those whose turn it is, and the table of all tasks.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;

use blocking::Lock;

use crate::join::{Join, JoinHandle};
use crate::task::{Body, Task, TaskInfo};
use crate::timers::Timers;
use crate::{OutOfMemory, Platform};

/// Why a task could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// No memory for its future or its record.
    OutOfMemory,
}

impl From<OutOfMemory> for SpawnError {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not enough memory for another task")
    }
}

/// What tasks, their wakers and timers share with the executor.
pub struct Shared<P: Platform> {
    /// Those whose turn it is, the longest waiting first. It has room for every task that is not done.
    ready: P::Lock<VecDeque<Arc<Task<P>>>>,
    table: P::Lock<Table<P>>,
    pub timers: Timers<P>,
    pub platform: P,
}

/// How many finished tasks are looked at for each that is made or ends: more than one, so that they can't become more and
/// more; few, since wakers seldom outlive their task.
const LOOKS: usize = 4;

struct Table<P: Platform> {
    slots: Vec<Option<Arc<Task<P>>>>,
    /// Slots without a task.
    free: Vec<usize>,
    /// Finished tasks of which wakers may be about; they have given their slots back.
    retired: VecDeque<Arc<Task<P>>>,
    next_id: u64,
}

impl<P: Platform> Shared<P> {
    /// Puts a task at the end of the queue and calls the thread that runs tasks. Only who turned its QUEUED on does this, so
    /// there is room.
    #[inline]
    pub fn enqueue(&self, task: Arc<Task<P>>) {
        self.push(task);
        self.platform.unpark();
    }

    /// As [`Shared::enqueue`], by that thread itself.
    #[inline]
    pub fn push(&self, task: Arc<Task<P>>) {
        self.ready.with(|ready| {
            debug_assert!(ready.len() < ready.capacity(), "more tasks are queued than there are");
            ready.push_back(task);
        });
    }

    /// A task is done: its slot is free, and its record goes when nobody holds a reference any more.
    pub fn retire(&self, slot: usize) {
        self.table.with(|table| {
            let Some(task) = table.slots.get_mut(slot).and_then(Option::take) else { return };
            // Neither grows: both had room for one more before the slot was given.
            table.free.push(slot);
            table.retired.push_back(task);
        });
        self.collect();
    }

    /// The task of that number, unless it is done.
    pub fn find(&self, slot: usize, id: u64) -> Option<Arc<Task<P>>> {
        self.table.with(|table| table.slots.get(slot)?.as_ref().filter(|task| task.id() == id).cloned())
    }

    /// Frees records that nobody else refers to any more. Runs when a task is made or ends, in a thread, never in an
    /// interrupt handler: who drops the last waker there drops a reference that is not the last.
    fn collect(&self) {
        for _ in 0..LOOKS {
            let unused = self.table.with(|table| {
                let task = table.retired.pop_front()?;
                // One reference is this one, and nobody can make another out of it: so it stays one.
                if Arc::strong_count(&task) == 1 {
                    return Some(task);
                }
                table.retired.push_back(task);
                None
            });
            drop(unused);
        }
    }
}

/// Runs tasks. A handle: copies are the same executor, and it stays for ever.
pub struct Executor<P: Platform> {
    pub(crate) shared: &'static Shared<P>,
}

impl<P: Platform> Clone for Executor<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Platform> Copy for Executor<P> {}

impl<P: Platform> Executor<P> {
    /// An executor without tasks. Its memory is never given back, so that tasks and wakers refer to it without counting.
    ///
    /// # Errors
    /// When memory is out.
    pub fn new(platform: P) -> Result<Self, OutOfMemory> {
        let table = Table { slots: Vec::new(), free: Vec::new(), retired: VecDeque::new(), next_id: 1 };
        let shared = P::boxed(Shared {
            ready: P::lock(VecDeque::new()),
            table: P::lock(table),
            timers: Timers::new(),
            platform,
        })?;
        Ok(Self { shared: Box::leak(shared) })
    }

    /// The platform it was made with.
    pub fn platform(&self) -> &'static P {
        &self.shared.platform
    }

    /// Makes a task of `future`. It runs when its turn comes, even if it is never woken. Dropping the handle cancels it
    /// ([`JoinHandle::detach`] lets it run on alone).
    ///
    /// # Errors
    /// When memory is out; `future` is dropped then.
    pub fn spawn<F>(&self, name: &'static str, future: F) -> Result<JoinHandle<P, F::Output>, SpawnError>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let join = Join::new()?;
        let completion = Join::completion(&join);
        let body: Body = Box::into_pin(P::boxed(async move {
            let output = future.await;
            completion.complete(output);
        })?);
        let task = self.enter(name, body)?;
        let handle = JoinHandle::new(self.shared, &task, join);
        self.shared.enqueue(task);
        Ok(handle)
    }

    /// Gives a task a record and a place in the table. All the memory that waking and ending it take is had here.
    fn enter(&self, name: &'static str, body: Body) -> Result<Arc<Task<P>>, OutOfMemory> {
        self.shared.collect();
        let (slot, id, slots) = self.shared.table.with(|table| {
            // Every task may end while all that did are still referred to.
            table.retired.try_reserve(table.slots.len() + 1).map_err(|_| OutOfMemory)?;
            let slot = match table.free.pop() {
                Some(slot) => slot,
                None => {
                    table.slots.try_reserve(1).map_err(|_| OutOfMemory)?;
                    table.free.try_reserve(table.slots.len() + 1).map_err(|_| OutOfMemory)?;
                    table.slots.push(None);
                    table.slots.len() - 1
                }
            };
            table.next_id += 1;
            Ok((slot, table.next_id - 1, table.slots.len()))
        })?;
        let room = self.shared.ready.with(|ready| ready.try_reserve(slots.saturating_sub(ready.len())));
        let task = room
            .map_err(|_| OutOfMemory)
            .and_then(|()| P::counted(Task::new(id, name, slot, body, self.shared)));
        self.shared.table.with(|table| match &task {
            Ok(task) => table.slots[slot] = Some(task.clone()),
            Err(OutOfMemory) => table.free.push(slot),
        });
        task
    }

    /// Whether somebody's turn has come.
    pub fn has_ready(&self) -> bool {
        self.shared.ready.with(|ready| !ready.is_empty())
    }

    /// Gives everybody whose turn it is now one turn, and wakes sleepers whose time has come before. Says how many
    /// turns that were. Whoever is woken meanwhile waits for the next round, so that a task that always has something to
    /// do keeps neither the others nor the clock waiting. So the caller comes again before it sleeps, unless that was none.
    pub fn run_round(&self) -> usize {
        self.shared.timers.fire();
        let ready = &self.shared.ready;
        let (turns, mut next) = ready.with(|ready| (ready.len(), ready.pop_front()));
        for turn in 0..turns {
            // Another thread may be running tasks too.
            let Some(task) = next else { return turn };
            task.run();
            next = if turn + 1 < turns { ready.with(VecDeque::pop_front) } else { None };
        }
        turns
    }

    /// The earliest moment for which somebody sleeps, in nanoseconds since boot; `u64::MAX` when nobody does.
    pub fn next_deadline_ns(&self) -> u64 {
        self.shared.timers.next_deadline_ns()
    }

    /// All tasks, by number: those at work, and those finished that somebody still refers to. Empty when there is no
    /// memory for the list.
    pub fn list(&self) -> Vec<TaskInfo> {
        let mut list = Vec::new();
        loop {
            let complete = self.shared.table.with(|table| {
                let tasks = table.slots.iter().flatten().chain(&table.retired);
                let count = tasks.clone().count();
                if count > list.capacity() {
                    return Err(count);
                }
                list.extend(tasks.map(|task| task.info()));
                Ok(())
            });
            match complete {
                Ok(()) => break,
                // Not under the lock. By the next look there may be more.
                Err(count) if list.try_reserve_exact(count + 8).is_err() => break,
                Err(_) => {}
            }
        }
        list.sort_unstable_by_key(|task| task.id);
        list
    }
}
