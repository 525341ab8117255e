//! A thread's state and the number of its sleep, in one word, so that waking checks and changes both at once.
//!
//! A thread that wants to sleep first marks itself blocked ([`StateWord::begin_sleep`]), then publishes the sleep's
//! number where wakers look, then gives up the CPU. Whoever comes between the last two steps makes it ready
//! before it has stopped; it then is in a run queue while still on its CPU, and giving up the CPU puts it back
//! at once. That is why no wake-up is lost.

use crate::atomic::{AtomicU64, Ordering};

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

/// Bits of the word below the sleep's number.
const STATE_BITS: u32 = 2;
const STATE_MASK: u64 = (1 << STATE_BITS) - 1;

impl ThreadState {
    fn of(word: u64) -> Self {
        match word & STATE_MASK {
            0 => Self::Running,
            1 => Self::Ready,
            2 => Self::Blocked,
            _ => Self::Finished,
        }
    }
}

/// State in the low bits, the number of the current or last sleep above.
pub struct StateWord(AtomicU64);

impl StateWord {
    const_unless_modelled! {
        /// A thread that has never slept.
        pub fn new(state: ThreadState) -> Self {
            Self(AtomicU64::new(state as u64))
        }
    }

    /// The state, which may have changed by the time you look.
    pub fn get(&self) -> ThreadState {
        ThreadState::of(self.0.load(Ordering::Relaxed))
    }

    /// The number of the sleep that the thread is in; `None` when it does not sleep. What the thread noted before it
    /// began that sleep can be seen then, and nothing newer was noted as long as the answer stays the same.
    pub fn sleep(&self) -> Option<u64> {
        let word = self.0.load(Ordering::Acquire);
        (ThreadState::of(word) == ThreadState::Blocked).then_some(word >> STATE_BITS)
    }

    /// Sets the state whatever it was. Only who owns the thread's handle does: see the kernel's `task`.
    pub fn set(&self, to: ThreadState) {
        let word = self.0.load(Ordering::Relaxed);
        self.0.store(word & !STATE_MASK | to as u64, Ordering::Release);
    }

    /// Moves from running to ready; false when the thread blocked or ended. Only the CPU it runs on calls
    /// this, and nobody else changes the state of a running thread, so no exchange is needed.
    pub fn stop_running(&self) -> bool {
        let word = self.0.load(Ordering::Relaxed);
        let running = ThreadState::of(word) == ThreadState::Running;
        if running {
            self.0.store(word | ThreadState::Ready as u64, Ordering::Relaxed);
        }
        running
    }

    /// Begins a new sleep and returns its number. Only the running thread itself calls this.
    pub fn begin_sleep(&self) -> u64 {
        let sleep = (self.0.load(Ordering::Relaxed) >> STATE_BITS) + 1;
        self.0.store(sleep << STATE_BITS | ThreadState::Blocked as u64, Ordering::Release);
        sleep
    }

    /// Moves from blocked, in the sleep of that number, to `to`; false when that sleep is over.
    pub fn end_sleep(&self, sleep: u64, to: ThreadState) -> bool {
        let blocked = sleep << STATE_BITS | ThreadState::Blocked as u64;
        let after = sleep << STATE_BITS | to as u64;
        self.0.compare_exchange(blocked, after, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}
