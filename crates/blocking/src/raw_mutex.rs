//! Mutual exclusion in one word, in Drepper's three states ("Futexes Are Tricky", 2011, section 6): a lock that
//! nobody waits for is taken and released by one exchange each. The word also names the thread that holds the lock,
//! for whoever asks why another one waits.

use crate::atomic::{AtomicUsize, Ordering};
use crate::{Platform, Reason, WaitKind, WaitQueue};

const FREE: usize = 0;
/// Held, by the thread whose [`Platform::current`] is in the bits above.
const HELD: usize = 1;
/// Held, and somebody may be asleep: who releases it must wake.
const CONTENDED: usize = 2;
const FLAGS: usize = HELD | CONTENDED;
/// Free, and never taken yet. So the first to take it comes by the slow path, which tells the platform of it, and
/// nobody pays for that later.
const UNTOUCHED: usize = CONTENDED;

/// Who holds the lock whose word that is, as [`Platform::current`] names threads; `None` when nobody does. The word of
/// a lock is where the [`Reason`] of whoever waits for it points.
#[must_use]
pub fn holder_in(word: usize) -> Option<usize> {
    (word & HELD != 0).then_some(word & !FLAGS)
}

/// Who may go on, without what is guarded. Acquiring may sleep.
pub struct RawMutex<P: Platform> {
    word: AtomicUsize,
    waiters: WaitQueue<P>,
}

impl<P: Platform> RawMutex<P> {
    const_unless_modelled! {
        /// A free mutex over an empty queue.
        pub fn new(waiters: WaitQueue<P>) -> Self {
            Self { word: AtomicUsize::new(UNTOUCHED), waiters }
        }
    }

    /// Takes the mutex, waiting for it.
    #[inline]
    pub fn acquire(&self) {
        if !self.take_free() {
            self.acquire_slowly();
        }
    }

    /// Takes the mutex if it is free.
    #[inline]
    pub fn try_acquire(&self) -> bool {
        self.take_free() || self.take_untouched()
    }

    #[inline]
    fn take_free(&self) -> bool {
        let held = P::current() | HELD;
        self.word.compare_exchange(FREE, held, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn take_untouched(&self) -> bool {
        let held = P::current() | HELD;
        let taken = self.word.compare_exchange(UNTOUCHED, held, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if taken {
            P::taken_first(self.address());
        }
        taken
    }

    #[cold]
    fn acquire_slowly(&self) {
        if self.take_untouched() {
            return;
        }
        // Once it was seen touched it is so for ever.
        let reason = Reason::new(WaitKind::Mutex, &self.word);
        self.waiters.wait_for(reason, || self.take_or_mark());
    }

    /// Takes the mutex if it is free, and says so; else marks it as contended. Whoever has waited takes it as
    /// contended, since others may still sleep: at worst that is one release too many that looks for waiters.
    fn take_or_mark(&self) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let wanted = match word {
                FREE => P::current() | HELD | CONTENDED,
                marked if marked & CONTENDED != 0 => return false,
                held => held | CONTENDED,
            };
            match self.word.compare_exchange(word, wanted, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return word == FREE,
                Err(now) => word = now,
            }
        }
    }

    /// Gives the mutex back. Only its holder calls this.
    #[inline]
    pub fn release(&self) {
        if self.word.swap(FREE, Ordering::Release) & CONTENDED != 0 {
            self.release_contended();
        }
    }

    #[cold]
    fn release_contended(&self) {
        self.waiters.wake_one();
    }

    /// Where its word is, by which diagnosis knows it.
    pub fn address(&self) -> usize {
        core::ptr::from_ref(&self.word).addr()
    }

    /// Who holds it, as [`Platform::current`] names threads; may have changed by the time you look.
    pub fn holder(&self) -> Option<usize> {
        holder_in(self.word.load(Ordering::Relaxed))
    }
}
