//! One CPU's queue of threads that want to run: round robin, with a head start for those that just woke.

use alloc::collections::TryReserveError;

use crate::ring::Ring;

/// Ticks (milliseconds) a thread runs before another one gets its turn.
pub const TIME_SLICE_TICKS: u32 = 5;

/// Woken threads that may go first in a row, while others wait. A woken thread (input, a finished disk
/// request) should answer at once; but two threads that wake each other for ever must not keep a third from
/// its turn.
pub const MAX_WOKEN_IN_A_ROW: u32 = 8;

/// Threads that want to run on one CPU. `T` is a handle to a thread.
///
/// Room is reserved when a thread is created ([`RunQueue::reserve`]), so that waking one never allocates:
/// it happens in interrupt handlers.
#[derive(Debug)]
pub struct RunQueue<T> {
    woken: Ring<T>,
    waiting: Ring<T>,
    woken_in_a_row: u32,
}

impl<T> Default for RunQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> RunQueue<T> {
    /// An empty queue without room.
    pub const fn new() -> Self {
        Self { woken: Ring::new(), waiting: Ring::new(), woken_in_a_row: 0 }
    }

    /// Makes room for `threads` threads in all.
    pub fn reserve(&mut self, threads: usize) -> Result<(), TryReserveError> {
        self.woken.reserve(threads)?;
        self.waiting.reserve(threads)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.woken.len() + self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.woken.is_empty() && self.waiting.is_empty()
    }

    /// Queues a thread that was blocked until now: it goes before those whose turn just ended.
    pub fn push_woken(&mut self, thread: T) {
        self.woken.push(thread);
    }

    /// Queues a thread whose turn ended, by its time slice or of its own will.
    #[inline]
    pub fn push_waiting(&mut self, thread: T) {
        self.waiting.push(thread);
    }

    /// Takes the thread to run next.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        if !self.woken.is_empty() && (self.woken_in_a_row < MAX_WOKEN_IN_A_ROW || self.waiting.is_empty()) {
            // Turns that nobody waited through do not count (nor may they overflow, in months of uptime).
            self.woken_in_a_row = if self.waiting.is_empty() { 0 } else { self.woken_in_a_row + 1 };
            return self.woken.pop();
        }
        self.woken_in_a_row = 0;
        self.waiting.pop()
    }

    /// Takes the first thread, in the order of [`RunQueue::pop`], that `may_run`; the others keep their
    /// order. A thread can be queued while it is still leaving another CPU; it may not run here until then.
    #[inline]
    pub fn pop_if(&mut self, may_run: impl Fn(&T) -> bool) -> Option<T> {
        let thread = self.pop()?;
        // Nearly always the first may.
        if may_run(&thread) { Some(thread) } else { self.pop_later(thread, may_run) }
    }

    /// The rest of [`RunQueue::pop_if`], once the `first` may not run.
    #[cold]
    fn pop_later(&mut self, first: T, may_run: impl Fn(&T) -> bool) -> Option<T> {
        self.waiting.push(first);
        for _ in 1..self.len() {
            let thread = self.pop()?;
            if may_run(&thread) {
                return Some(thread);
            }
            self.waiting.push(thread);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn threads_take_turns_in_the_order_they_came() {
        let mut queue = RunQueue::new();
        (0..5).for_each(|t| queue.push_waiting(t));
        let mut order = Vec::new();
        for _ in 0..10 {
            let thread = queue.pop().unwrap();
            order.push(thread);
            queue.push_waiting(thread);
        }
        assert_eq!(order, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_woken_thread_goes_first() {
        let mut queue = RunQueue::new();
        queue.push_waiting(1);
        queue.push_woken(2);
        assert_eq!(queue.pop(), Some(2));
        assert_eq!(queue.pop(), Some(1));
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn threads_that_wake_each_other_for_ever_starve_nobody() {
        let mut queue = RunQueue::new();
        queue.push_waiting("patient");
        queue.push_woken("a");
        let mut waited = 0;
        while queue.pop() != Some("patient") {
            waited += 1;
            queue.push_woken("a");
            assert!(waited <= MAX_WOKEN_IN_A_ROW, "the patient thread waited {waited} turns");
        }
    }

    #[test]
    fn turns_that_nobody_waited_through_do_not_count() {
        let mut queue = RunQueue::new();
        for _ in 0..10 * MAX_WOKEN_IN_A_ROW {
            queue.push_woken("a");
            assert_eq!(queue.pop(), Some("a"));
        }
        queue.push_waiting("patient");
        for _ in 0..MAX_WOKEN_IN_A_ROW {
            queue.push_woken("a");
            assert_eq!(queue.pop(), Some("a"));
        }
        queue.push_woken("a");
        assert_eq!(queue.pop(), Some("patient"));
    }

    #[test]
    fn everybody_runs_within_a_bounded_number_of_turns() {
        // A third of the threads always come back as woken; whoever pops must come again soon.
        let threads = 30_u64;
        let mut queue = RunQueue::new();
        (0..threads).for_each(|t| queue.push_waiting(t));
        let mut last_run = [0_u64; 30];
        for turn in 1..10_000_u64 {
            let thread = queue.pop().unwrap();
            let waited = turn - last_run[thread as usize];
            assert!(waited <= threads * u64::from(MAX_WOKEN_IN_A_ROW + 1), "{thread} waited {waited} turns");
            last_run[thread as usize] = turn;
            if thread % 3 == 0 { queue.push_woken(thread) } else { queue.push_waiting(thread) }
        }
    }

    #[test]
    fn a_thread_that_may_not_run_is_passed_over_but_kept() {
        let mut queue = RunQueue::new();
        (0..4).for_each(|t| queue.push_waiting(t));
        assert_eq!(queue.pop_if(|t| *t == 2), Some(2));
        assert_eq!(queue.pop_if(|t| *t > 9), None);
        let mut rest: Vec<_> = core::iter::from_fn(|| queue.pop()).collect();
        rest.sort_unstable();
        assert_eq!(rest, [0, 1, 3]);
    }

    #[test]
    fn all_threads_may_be_of_one_kind() {
        let mut queue = RunQueue::new();
        queue.reserve(100).unwrap();
        (0..100).for_each(|t| queue.push_woken(t));
        while let Some(t) = queue.woken.pop() {
            queue.push_waiting(t);
        }
        assert_eq!(queue.len(), 100);
    }
}
