//! A kernel thread.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};

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

/// How the scheduler refers to threads.
pub(super) type ThreadRef = Arc<Thread>;
