//! The table of processes under its lock, with a wait queue for each of them.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ::process::{
    ExitStatus, LookAgain, ProcessError, ProcessId, ProcessTable, Reaped, ThreadId, WaitError, WaitFor,
};

use crate::arch::time;
use crate::lock::{Once, Rank, SpinLock};
use crate::memory::heap::fallible;
use crate::sync::WaitQueue;
use crate::task::OutOfMemory;

/// What to do when a child has ended.
pub type ChildHook = Box<dyn Fn() + Send + Sync>;

/// What is kept with each process.
pub struct Process {
    name: Box<str>,
    /// The machine cannot do without it: it is not to be cancelled.
    is_service: bool,
    /// When it was made, in nanoseconds since boot.
    started_ns: u64,
    /// How often somebody who waits for its children had to look again.
    changes: AtomicU64,
    /// Its threads wait here for its children.
    children: WaitQueue,
    on_child_end: Once<ChildHook>,
    /// Time that threads of it which have ended ran, in time-stamp counts.
    pub(super) run_counts: AtomicU64,
    /// What an upper floor keeps with it.
    kept: SpinLock<Option<Kept>>,
    /// Whether that is anything.
    keeps: AtomicBool,
}

/// Something that an upper floor keeps with a process: its children are born with the same, and it goes when the process
/// ends.
pub type Kept = Arc<dyn Any + Send + Sync>;

impl Process {
    /// A process of that name, to be entered.
    pub fn new(name: &str, is_service: bool) -> Result<Arc<Self>, OutOfMemory> {
        let process = Self {
            name: fallible::text(name).ok_or(OutOfMemory)?,
            is_service,
            started_ns: time::uptime_ns(),
            changes: AtomicU64::new(0),
            children: WaitQueue::new(),
            on_child_end: Once::new(),
            run_counts: AtomicU64::new(0),
            kept: SpinLock::new(Rank::KeptWithProcess, None),
            keeps: AtomicBool::new(false),
        };
        fallible::counted(process).map_err(|_| OutOfMemory)
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the machine cannot do without it.
    pub fn is_service(&self) -> bool {
        self.is_service
    }

    /// When it was made, in nanoseconds since boot.
    pub fn started_ns(&self) -> u64 {
        self.started_ns
    }

    /// Time that threads of it which have ended ran, in time-stamp counts.
    pub fn past_run_counts(&self) -> u64 {
        self.run_counts.load(Ordering::Relaxed)
    }

    /// Has `hook` called whenever one of its children has ended, by that child's last thread; the first call counts.
    pub fn set_on_child_end(&self, hook: ChildHook) {
        self.on_child_end.call_once(|| hook);
    }

    /// What is kept with it.
    pub fn kept(&self) -> Option<Kept> {
        self.kept.lock().clone()
    }

    /// Keeps something else with it; returns what was kept before, for the caller to drop where that may take long.
    pub fn keep(&self, kept: Option<Kept>) -> Option<Kept> {
        self.keeps.store(kept.is_some(), Ordering::Release);
        core::mem::replace(&mut *self.kept.lock(), kept)
    }

    fn look_again(&self) {
        self.changes.fetch_add(1, Ordering::Release);
        self.children.wake_all();
        if let Some(hook) = self.on_child_end.get() {
            hook();
        }
    }
}

/// A table of processes, and all that may be done with it. The kernel has one; benchmarks and tests make others.
pub struct Lives {
    table: SpinLock<ProcessTable<Arc<Process>>>,
}

impl Lives {
    /// Of init alone, whose thread is `thread`.
    pub fn new(limit: u32, thread: ThreadId, init: Arc<Process>) -> Result<Self, ProcessError> {
        let table = ProcessTable::new(limit, thread, init)?;
        Ok(Self { table: SpinLock::new(Rank::Processes, table) })
    }

    /// Runs `f` with the table locked: it must not wait, nor wake anybody.
    pub fn with<R>(&self, f: impl FnOnce(&mut ProcessTable<Arc<Process>>) -> R) -> R {
        f(&mut self.table.lock())
    }

    /// What is kept with a process.
    pub fn get(&self, id: ProcessId) -> Option<Arc<Process>> {
        self.table.lock().data(id).cloned()
    }

    /// A thread ends that ran for `run_counts`, and its process with the last one; wakes whoever waits for that.
    #[inline]
    pub fn exit_thread(
        &self,
        thread: ThreadId,
        status: ExitStatus,
        run_counts: u64,
    ) -> Result<(), ProcessError> {
        let (ended, parent, init) = {
            let mut table = self.table.lock();
            let process = table.process_of(thread);
            if let Some(process) = process.and_then(|process| table.data(process)) {
                process.run_counts.fetch_add(run_counts, Ordering::Relaxed);
            }
            let look_again = table.exit_thread(thread, status)?;
            if look_again == LookAgain::NOBODY {
                return Ok(());
            }
            let [parent, init] = look_again.both();
            let kept = |id: Option<ProcessId>| id.and_then(|id| table.data(id)).cloned();
            // Few keep anything, and their end is not to cost more for it.
            let ended = process.and_then(|id| table.data(id));
            let ended = ended.filter(|ended| ended.keeps.load(Ordering::Acquire)).cloned();
            (ended, kept(parent), kept(init))
        };
        if let Some(ended) = ended {
            drop(ended.keep(None));
        }
        if let Some(parent) = parent {
            parent.look_again();
        }
        if let Some(init) = init {
            init.look_again();
        }
        Ok(())
    }

    /// Waits for a child of `process`, in which `thread` runs, to end, and forgets it. Interruptible.
    ///
    /// # Errors
    /// There is no such child; or the wait was interrupted.
    #[inline]
    pub fn wait(
        &self,
        thread: ThreadId,
        process: &Process,
        wait_for: WaitFor,
    ) -> Result<(ProcessId, ExitStatus), WaitError> {
        loop {
            // Looked at first: what changes after it ends the wait below.
            let changes = process.changes.load(Ordering::Acquire);
            match self.try_wait(thread, wait_for) {
                Err(WaitError::NotYet) => {}
                result => return result,
            }
            let changed = || process.changes.load(Ordering::Acquire) != changes;
            process.children.wait_until_interruptible(changed).map_err(|_| WaitError::Interrupted)?;
        }
    }

    /// As [`Lives::wait`], without waiting: [`WaitError::NotYet`] while the child lives.
    #[inline]
    pub fn try_wait(
        &self,
        thread: ThreadId,
        wait_for: WaitFor,
    ) -> Result<(ProcessId, ExitStatus), WaitError> {
        let reaped: Result<Reaped<_>, _> = self.table.lock().wait(thread, wait_for);
        // What was kept with it is dropped here, after the lock.
        reaped.map(|reaped| (reaped.child, reaped.status))
    }
}
