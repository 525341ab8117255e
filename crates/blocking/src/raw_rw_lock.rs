//! Many readers or one writer, phase-fair (Brandenburg and Anderson, "Reader-Writer Synchronization for
//! Shared-Memory Multiprocessor Real-Time Systems", 2009): a reader that comes while a writer waits lets it go
//! first, and when a writer is done, all readers that waited then go before the next writer. So writers are
//! preferred, a reader waits for at most two writers however many come, and nobody starves.

use crate::{Access, Lock, Platform, Reason, WaitKind, WaitQueue};

/// Who may go on, without what is guarded. Acquiring may sleep.
pub struct RawRwLock<P: Platform> {
    state: P::Lock<State>,
    readers: WaitQueue<P>,
    writers: WaitQueue<P>,
}

#[derive(Default)]
struct State {
    /// Readers inside.
    reading: usize,
    /// A writer is inside.
    writing: bool,
    /// Writers that wait.
    waiting_writers: usize,
    /// Readers that wait and came since the last writer left.
    waiting_readers: usize,
    /// Readers that waited when the last writer left and have not entered yet: they go before any writer.
    admitted_readers: usize,
    /// How many writers have left.
    phase: u64,
}

/// A thread's place among those that wait: the phase in which it came.
type Arrival = Option<u64>;

impl State {
    fn try_read(&mut self, arrival: &mut Arrival) -> bool {
        let admitted = arrival.is_some_and(|phase| phase != self.phase);
        let may_enter = !self.writing && (admitted || self.waiting_writers == 0);
        if may_enter {
            self.reading += 1;
            if admitted {
                self.admitted_readers -= 1;
            } else if arrival.is_some() {
                self.waiting_readers -= 1;
            }
        } else if arrival.is_none() {
            self.waiting_readers += 1;
            *arrival = Some(self.phase);
        }
        may_enter
    }

    fn try_write(&mut self, waits: &mut bool) -> bool {
        let may_enter = !self.writing && self.reading == 0 && self.admitted_readers == 0;
        if may_enter {
            self.writing = true;
            self.waiting_writers -= usize::from(*waits);
        } else if !*waits {
            self.waiting_writers += 1;
            *waits = true;
        }
        may_enter
    }
}

impl<P: Platform> RawRwLock<P> {
    /// A free lock over two empty queues.
    pub fn new(readers: WaitQueue<P>, writers: WaitQueue<P>) -> Self {
        Self { state: P::lock(State::default()), readers, writers }
    }

    /// Where it is, by which diagnosis knows it.
    pub fn address(&self) -> usize {
        core::ptr::from_ref(self).addr()
    }

    /// Enters as a reader, waiting for writers.
    pub fn acquire_shared(&self) {
        let mut arrival = None;
        let reason = Reason::new(WaitKind::ReadLock, self);
        self.readers.wait_for(reason, || self.state.with(|state| state.try_read(&mut arrival)));
        P::entered(self.address(), Access::Shared);
    }

    /// Leaves as a reader.
    pub fn release_shared(&self) {
        P::left(self.address());
        let writers_turn = self.state.with(|state| {
            state.reading -= 1;
            state.reading == 0 && state.admitted_readers == 0 && state.waiting_writers > 0
        });
        if writers_turn {
            self.writers.wake_one();
        }
    }

    /// Enters as the writer, waiting for everybody else.
    pub fn acquire_exclusive(&self) {
        let mut waits = false;
        let reason = Reason::new(WaitKind::WriteLock, self);
        self.writers.wait_for(reason, || self.state.with(|state| state.try_write(&mut waits)));
        P::entered(self.address(), Access::Exclusive);
    }

    /// Leaves as the writer.
    pub fn release_exclusive(&self) {
        P::left(self.address());
        let readers_turn = self.state.with(|state| {
            state.writing = false;
            state.phase += 1;
            state.admitted_readers += state.waiting_readers;
            state.waiting_readers = 0;
            state.admitted_readers > 0
        });
        if readers_turn {
            self.readers.wake_all();
        } else {
            self.writers.wake_one();
        }
    }
}
