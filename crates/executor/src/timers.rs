//! Who is to be woken when. One heap for all of an executor's tasks: its thread sleeps until the earliest deadline.

use alloc::vec::Vec;
use core::task::Waker;

use blocking::Lock;
use sched::TimerHeap;

use crate::Platform;
use crate::atomic::{AtomicU64, Ordering};

pub struct Timers<P: Platform> {
    sleepers: P::Lock<Sleepers>,
    /// The earliest deadline, for who only wants to know whether to look. Written under the lock.
    next_deadline_ns: AtomicU64,
}

struct Sleepers {
    heap: TimerHeap<Waker>,
    /// Slots below this were given out at some time,
    slots: usize,
    /// and these came back.
    free: Vec<usize>,
}

/// How [`Timers::set`] went.
pub enum Set {
    /// The thread that runs the executor has to learn of an earlier deadline.
    Earliest,
    Later,
    /// No memory for another sleeper.
    OutOfMemory,
}

impl<P: Platform> Timers<P> {
    pub fn new() -> Self {
        let sleepers = Sleepers { heap: TimerHeap::new(), slots: 0, free: Vec::new() };
        Self { sleepers: P::lock(sleepers), next_deadline_ns: AtomicU64::new(u64::MAX) }
    }

    pub fn next_deadline_ns(&self) -> u64 {
        self.next_deadline_ns.load(Ordering::Relaxed)
    }

    /// Has `waker` used at `deadline_ns`, instead of an earlier one of the same slot; `slot` is given one at the first time.
    pub fn set(&self, slot: &mut Option<usize>, deadline_ns: u64, waker: Waker) -> Set {
        let (outcome, old) = self.sleepers.with(|sleepers| {
            if slot.is_none() {
                *slot = sleepers.allocate();
            }
            let Some(slot) = *slot else { return (Set::OutOfMemory, Some(waker)) };
            let old = sleepers.heap.remove(slot);
            let refused = sleepers.heap.insert(slot, deadline_ns, waker).err();
            let before = self.next_deadline_ns();
            self.publish(sleepers);
            let outcome = if deadline_ns < before { Set::Earliest } else { Set::Later };
            (outcome, old.or(refused))
        });
        drop(old);
        outcome
    }

    /// Gives a slot back.
    pub fn clear(&self, slot: usize) {
        let waker = self.sleepers.with(|sleepers| {
            let waker = sleepers.heap.remove(slot);
            // Room was made when the slot was.
            sleepers.free.push(slot);
            self.publish(sleepers);
            waker
        });
        drop(waker);
    }

    /// Wakes everybody whose time has come, the earliest first.
    pub fn fire(&self) {
        // Reading the clock costs more than seeing that nobody sleeps.
        if self.next_deadline_ns() == u64::MAX {
            return;
        }
        let now_ns = P::now_ns();
        while self.next_deadline_ns() <= now_ns {
            let due = self.sleepers.with(|sleepers| {
                let due = sleepers.heap.pop_due(now_ns);
                self.publish(sleepers);
                due
            });
            let Some(waker) = due else { return };
            waker.wake();
        }
    }

    fn publish(&self, sleepers: &Sleepers) {
        let next = sleepers.heap.next_deadline().unwrap_or(u64::MAX);
        self.next_deadline_ns.store(next, Ordering::Relaxed);
    }
}

impl Sleepers {
    fn allocate(&mut self) -> Option<usize> {
        if let Some(slot) = self.free.pop() {
            return Some(slot);
        }
        let slots = self.slots + 1;
        self.heap.reserve(slots).ok()?;
        self.free.try_reserve(slots).ok()?;
        self.slots = slots;
        Some(slots - 1)
    }
}
