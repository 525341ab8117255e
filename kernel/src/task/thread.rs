//! A kernel thread.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering};

use sched::{Level, Linked, Standing};

use crate::arch::trap::TrapFrame;
use crate::lock::{IrqSpinLock, Rank};
use crate::memory::stack::KernelStack;

use super::block::Ticket;

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum ThreadState {
    /// On a CPU.
    Running = 0,
    /// In a run queue.
    Ready = 1,
    /// Waiting to be woken.
    Blocked = 2,
    /// Ended.
    Finished = 3,
}

/// Bits of the state word below the generation.
const STATE_BITS: u32 = 2;

impl ThreadState {
    fn of(word: u64) -> Self {
        match word & 3 {
            0 => Self::Running,
            1 => Self::Ready,
            2 => Self::Blocked,
            _ => Self::Finished,
        }
    }
}

/// A thread's record. Its context lies on its stack while it does not run.
pub struct Thread {
    id: u64,
    slot: usize,
    name: Box<str>,
    /// State in the low bits, the number of the current (or next) sleep above: one word, so that waking
    /// checks and changes both at once.
    state: AtomicU64,
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
            state: AtomicU64::new(state as u64),
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
        ThreadState::of(self.state.load(Ordering::Relaxed))
    }

    /// Moves from running to ready; false when the thread blocked or ended. Only the CPU it runs on calls
    /// this, and nobody else changes the state of a running thread, so no exchange is needed.
    pub(super) fn stop_running(&self) -> bool {
        let word = self.state.load(Ordering::Relaxed);
        let running = ThreadState::of(word) == ThreadState::Running;
        if running {
            self.state.store(word | ThreadState::Ready as u64, Ordering::Relaxed);
        }
        running
    }

    /// Sets the state whatever it was.
    pub(super) fn set_state(&self, to: ThreadState) {
        let word = self.state.load(Ordering::Relaxed);
        self.state.store(word & !3 | to as u64, Ordering::Release);
    }

    /// Begins a new sleep and returns its generation. Only the running thread itself calls this.
    pub(super) fn begin_sleep(&self) -> u64 {
        let generation = (self.state.load(Ordering::Relaxed) >> STATE_BITS) + 1;
        self.state.store(generation << STATE_BITS | ThreadState::Blocked as u64, Ordering::Release);
        generation
    }

    /// Moves from blocked, in the sleep `generation`, to `to`; false when that sleep is over.
    pub(super) fn end_sleep(&self, generation: u64, to: ThreadState) -> bool {
        let blocked = generation << STATE_BITS | ThreadState::Blocked as u64;
        self.exchange(blocked, generation << STATE_BITS | to as u64)
    }

    fn exchange(&self, from: u64, to: u64) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
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
