//! A kernel thread.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering};

use blocking::StateWord;
pub use blocking::ThreadState;
use sched::{Level, Linked, Standing};

use crate::arch::trap::TrapFrame;
use crate::lock::{IrqSpinLock, Rank};
use crate::memory::stack::KernelStack;

use super::block::Ticket;

/// A thread's record. Its context lies on its stack while it does not run.
pub struct Thread {
    id: u64,
    slot: usize,
    name: Box<str>,
    /// State and number of the sleep; model-checked with everything that waits (`crates/blocking`).
    pub(super) state: StateWord,
    /// The saved frame. Written by the CPU that switches away, read by the one that switches to it, and
    /// between the two lies `on_cpu`'s release and acquire.
    pub(super) context: AtomicPtr<TrapFrame>,
    /// A CPU is on this thread's stack. The stub clears it once the CPU has left.
    pub(super) on_cpu: AtomicBool,
    /// The next thread of its run queue's list. Belongs to the holder of the queue's lock.
    link: AtomicPtr<Thread>,
    /// Its [`Standing`], in two parts. While it runs, its CPU's tick changes it; while it is queued, whoever holds
    /// the queue's lock.
    level: AtomicU8,
    ticks_left: AtomicU8,
    /// The CPUs it may run on, a bit each.
    affinity: AtomicU64,
    /// Where it ran last.
    pub(super) last_cpu: AtomicUsize,
    /// Time-stamp counts spent running.
    pub(super) run_counts: AtomicU64,
    /// End of the stack.
    pub(super) stack_top: u64,
    /// Taken by the reaper.
    pub(super) stack: IrqSpinLock<Option<KernelStack>>,
    /// Who waits for the end.
    pub(super) joiner: IrqSpinLock<Joiner>,
}

/// The end of a thread, as its joiner sees it.
pub(super) enum Joiner {
    Nobody,
    Waiting(Ticket),
    Over,
}

impl Thread {
    pub(super) fn new(id: u64, slot: usize, name: Box<str>, state: ThreadState, stack: KernelStack) -> Self {
        Self {
            id,
            slot,
            name,
            state: StateWord::new(state),
            context: AtomicPtr::new(core::ptr::null_mut()),
            on_cpu: AtomicBool::new(state == ThreadState::Running),
            link: AtomicPtr::new(core::ptr::null_mut()),
            level: AtomicU8::new(Level::TOP_FEEDBACK.index() as u8),
            ticks_left: AtomicU8::new(Level::TOP_FEEDBACK.slice_ticks()),
            affinity: AtomicU64::new(u64::MAX),
            last_cpu: AtomicUsize::new(0),
            run_counts: AtomicU64::new(0),
            stack_top: stack.top(),
            stack: IrqSpinLock::new(Rank::Queue, Some(stack)),
            joiner: IrqSpinLock::new(Rank::Queue, Joiner::Nobody),
        }
    }

    /// Its number: unique since boot, from 1.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its place in tables; used again after it has ended.
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The level it stands on among the threads that want to run.
    pub(super) fn level(&self) -> Level {
        Level::from_index(self.level.load(Ordering::Relaxed).into())
    }

    /// Level and what is left of the slice there.
    pub(super) fn standing(&self) -> Standing {
        Standing::new(self.level(), self.ticks_left.load(Ordering::Relaxed))
    }

    pub(super) fn set_standing(&self, standing: Standing) {
        self.level.store(standing.level().index() as u8, Ordering::Relaxed);
        self.ticks_left.store(standing.ticks_left(), Ordering::Relaxed);
    }

    /// Whether it may run on that CPU.
    pub(super) fn may_run_on(&self, cpu: usize) -> bool {
        self.affinity.load(Ordering::Relaxed) & 1 << cpu != 0
    }

    /// Keeps the thread on these CPUs, a bit each, from its next turn on.
    pub(super) fn set_affinity(&self, cpus: u64) {
        self.affinity.store(cpus, Ordering::Relaxed);
    }

    /// What it is doing, which may have changed by the time you look.
    pub fn state(&self) -> ThreadState {
        self.state.get()
    }
}

/// A thread as CPUs and run queues refer to it: a plain pointer, since every switch passes a few of them around.
///
/// What makes it valid: the thread table holds an `Arc` to every thread until the reaper takes it out, and the
/// reaper does so only after the thread has finished and its CPU has left it; a finished thread is in no run
/// queue, and no CPU's current thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ThreadRef(NonNull<Thread>);

// SAFETY: a thread's record is shared between CPUs by design; all its fields are atomics or locks.
unsafe impl Send for ThreadRef {}

impl ThreadRef {
    /// Refers to a thread that is in the table and has not finished.
    pub fn new(thread: &Arc<Thread>) -> Self {
        Self(NonNull::from(&**thread))
    }

    /// A handle that keeps the record, to be held beyond the thread's life.
    pub fn to_arc(self) -> Arc<Thread> {
        let raw = self.0.as_ptr().cast_const();
        // SAFETY: the pointer came from an `Arc` (`new`) whose count is at least the table's one (see above).
        unsafe {
            Arc::increment_strong_count(raw);
            Arc::from_raw(raw)
        }
    }
}

impl Deref for ThreadRef {
    type Target = Thread;
    fn deref(&self) -> &Thread {
        // SAFETY: see the type: whoever has one of these found it in a run queue or on a CPU, under the lock.
        unsafe { self.0.as_ref() }
    }
}

impl Linked for ThreadRef {
    fn next(self) -> Option<Self> {
        NonNull::new(self.link.load(Ordering::Relaxed)).map(Self)
    }

    fn set_next(self, next: Option<Self>) {
        let link = next.map_or(core::ptr::null_mut(), |next| next.0.as_ptr());
        self.link.store(link, Ordering::Relaxed);
    }
}
