//! Priority inheritance (Sha, Rajkumar and Lehoczky, "Priority Inheritance Protocols", 1990): who holds a lock
//! that a more urgent thread waits for runs as urgently as that thread until it gives the lock back; and so
//! does whoever it waits for in turn. So a real-time thread waits as long as its lock is held, not as long as
//! some unrelated thread in between pleases to run.
//!
//! This is the bookkeeping alone: it decides who gets a lock and tells the scheduler, through [`Boost`], whose
//! priority changed. Its user keeps it under one spin lock and does the sleeping and waking.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

/// A thread, by its slot in the thread table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadId(pub usize);

/// A lock, by its number in [`PriorityInheritance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LockId(pub usize);

/// How urgent; more is more urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Priority(pub u8);

/// The scheduler, told whenever a thread's effective priority changes.
pub trait Boost {
    /// `thread` is to run at `priority` from now on.
    fn boost(&mut self, thread: ThreadId, priority: Priority);
}

/// What came of asking for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquisition {
    /// The thread holds it.
    Acquired,
    /// The thread is queued, and what it waits for is boosted: it must sleep now.
    Queued,
}

/// Why a request makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InheritanceError {
    /// No such thread or lock.
    Unknown,
    /// The thread waits for a lock already.
    AlreadyWaiting,
    /// The thread waits for nothing.
    NotWaiting,
    /// The thread does not hold the lock.
    NotHeld,
    /// Somebody holds the lock already.
    AlreadyHeld,
    /// Somebody waits for the lock.
    StillWanted,
    /// Whoever holds the lock waits, directly or along a chain, for this thread.
    Deadlock,
}

struct Thread {
    base: Priority,
    effective: Priority,
    waits_for: Option<LockId>,
}

#[derive(Default)]
struct Lock {
    /// It was entered, and not removed since.
    is_entered: bool,
    holder: Option<ThreadId>,
    /// In order of arrival; the most urgent goes first, among equals the one that came first.
    waiters: Vec<ThreadId>,
}

/// All locks with priority inheritance, and the threads that use them.
#[derive(Default)]
pub struct PriorityInheritance {
    threads: Vec<Thread>,
    locks: Vec<Lock>,
}

impl PriorityInheritance {
    /// No threads, no locks.
    pub const fn new() -> Self {
        Self { threads: Vec::new(), locks: Vec::new() }
    }

    /// Enters a thread with its own priority.
    pub fn add_thread(&mut self, base: Priority) -> Result<ThreadId, TryReserveError> {
        self.threads.try_reserve(1)?;
        // A lock's waiters are at most all threads: room for them now, so that queueing cannot fail.
        let threads = self.threads.len() + 1;
        for lock in &mut self.locks {
            lock.waiters.try_reserve(threads - lock.waiters.len())?;
        }
        self.threads.push(Thread { base, effective: base, waits_for: None });
        Ok(ThreadId(self.threads.len() - 1))
    }

    /// Enters all threads up to `thread`, those that are new with no priority of their own.
    pub fn ensure_thread(&mut self, thread: ThreadId) -> Result<(), TryReserveError> {
        while self.threads.len() <= thread.0 {
            self.add_thread(Priority::default())?;
        }
        Ok(())
    }

    /// Enters a lock, free. It may get the number of one that was removed.
    pub fn add_lock(&mut self) -> Result<LockId, TryReserveError> {
        let removed = self.locks.iter().position(|lock| !lock.is_entered);
        let at = removed.unwrap_or(self.locks.len());
        if removed.is_none() {
            self.locks.try_reserve(1)?;
            self.locks.push(Lock::default());
        }
        let lock = &mut self.locks[at];
        lock.waiters.try_reserve(self.threads.len())?;
        lock.is_entered = true;
        Ok(LockId(at))
    }

    /// Takes out a lock that nobody waits for; whoever holds it inherits nothing by it. So a lock need be known only
    /// while somebody waits for it.
    pub fn remove_lock(&mut self, lock: LockId) -> Result<(), InheritanceError> {
        let removed = self.locks.get_mut(lock.0).ok_or(InheritanceError::Unknown)?;
        if !removed.waiters.is_empty() {
            return Err(InheritanceError::StillWanted);
        }
        (removed.is_entered, removed.holder) = (false, None);
        Ok(())
    }

    /// Enters who holds a free lock: a thread that took it before anybody else wanted it, and may wait for another
    /// one by now.
    pub fn adopt(&mut self, thread: ThreadId, lock: LockId) -> Result<(), InheritanceError> {
        self.threads.get(thread.0).ok_or(InheritanceError::Unknown)?;
        let adopted = self.locks.get_mut(lock.0).ok_or(InheritanceError::Unknown)?;
        if adopted.holder.is_some() {
            return Err(InheritanceError::AlreadyHeld);
        }
        adopted.holder = Some(thread);
        Ok(())
    }

    /// Whether anybody waits for a lock.
    pub fn is_wanted(&self, lock: LockId) -> bool {
        self.locks.get(lock.0).is_some_and(|lock| !lock.waiters.is_empty())
    }

    /// Whether a thread waits for a lock or holds one: its own priority must be told by [`Self::set_base`] then.
    pub fn is_engaged(&self, thread: ThreadId) -> bool {
        self.threads.get(thread.0).is_some_and(|entry| entry.waits_for.is_some())
            || self.locks.iter().any(|lock| lock.holder == Some(thread))
    }

    /// The priority a thread runs at.
    pub fn effective(&self, thread: ThreadId) -> Option<Priority> {
        self.threads.get(thread.0).map(|thread| thread.effective)
    }

    /// Who holds a lock.
    pub fn holder(&self, lock: LockId) -> Option<ThreadId> {
        self.locks.get(lock.0)?.holder
    }

    /// Gives a thread another priority of its own.
    pub fn set_base(
        &mut self,
        thread: ThreadId,
        base: Priority,
        scheduler: &mut impl Boost,
    ) -> Result<(), InheritanceError> {
        self.threads.get_mut(thread.0).ok_or(InheritanceError::Unknown)?.base = base;
        self.propagate(thread, scheduler);
        Ok(())
    }

    /// Asks for `lock` on behalf of `thread`.
    pub fn acquire(
        &mut self,
        thread: ThreadId,
        lock: LockId,
        scheduler: &mut impl Boost,
    ) -> Result<Acquisition, InheritanceError> {
        let asking = self.threads.get(thread.0).ok_or(InheritanceError::Unknown)?;
        let wanted = self.locks.get(lock.0).ok_or(InheritanceError::Unknown)?;
        if asking.waits_for.is_some() {
            return Err(InheritanceError::AlreadyWaiting);
        }
        let Some(holder) = wanted.holder else {
            self.locks[lock.0].holder = Some(thread);
            // Nobody waits for a free lock, so nothing is inherited.
            return Ok(Acquisition::Acquired);
        };
        if self.leads_to(holder, thread) {
            return Err(InheritanceError::Deadlock);
        }
        self.locks[lock.0].waiters.push(thread);
        self.threads[thread.0].waits_for = Some(lock);
        self.propagate(holder, scheduler);
        Ok(Acquisition::Queued)
    }

    /// Gives `lock` back; returns the thread that holds it now and must be woken.
    pub fn release(
        &mut self,
        thread: ThreadId,
        lock: LockId,
        scheduler: &mut impl Boost,
    ) -> Result<Option<ThreadId>, InheritanceError> {
        let released = self.locks.get_mut(lock.0).ok_or(InheritanceError::Unknown)?;
        if released.holder != Some(thread) {
            return Err(InheritanceError::NotHeld);
        }
        // `max_by_key` returns the last of equals: in reverse that is the one that came first.
        let most_urgent = (0..released.waiters.len())
            .rev()
            .max_by_key(|&at| self.threads[released.waiters[at].0].effective);
        let next = most_urgent.map(|at| released.waiters.remove(at));
        released.holder = next;
        if let Some(next) = next {
            self.threads[next.0].waits_for = None;
            // It now stands for those that still wait.
            self.propagate(next, scheduler);
        }
        self.propagate(thread, scheduler);
        Ok(next)
    }

    /// Takes a thread out of the queue it waits in: its wait timed out or was interrupted.
    pub fn cancel(&mut self, thread: ThreadId, scheduler: &mut impl Boost) -> Result<(), InheritanceError> {
        let waiting = self.threads.get_mut(thread.0).ok_or(InheritanceError::Unknown)?;
        let lock = waiting.waits_for.take().ok_or(InheritanceError::NotWaiting)?;
        let lock = &mut self.locks[lock.0];
        lock.waiters.retain(|&waiter| waiter != thread);
        if let Some(holder) = lock.holder {
            self.propagate(holder, scheduler);
        }
        Ok(())
    }

    /// Whether `from` is `to` or waits for it along a chain. The chain ends, since no wait closes a circle.
    fn leads_to(&self, from: ThreadId, to: ThreadId) -> bool {
        let mut at = from;
        loop {
            if at == to {
                return true;
            }
            let next = self.threads[at.0].waits_for.and_then(|lock| self.locks[lock.0].holder);
            match next {
                Some(next) => at = next,
                None => return false,
            }
        }
    }

    /// Computes a thread's priority anew, and along the chain that of all it waits for, as far as they change.
    fn propagate(&mut self, from: ThreadId, scheduler: &mut impl Boost) {
        let mut at = from;
        loop {
            let inherited = self
                .locks
                .iter()
                .filter(|lock| lock.holder == Some(at))
                .flat_map(|lock| &lock.waiters)
                .map(|waiter| self.threads[waiter.0].effective)
                .max();
            let thread = &mut self.threads[at.0];
            let effective = inherited.map_or(thread.base, |inherited| inherited.max(thread.base));
            if effective == thread.effective {
                return;
            }
            thread.effective = effective;
            let waits_for = thread.waits_for;
            scheduler.boost(at, effective);
            match waits_for.and_then(|lock| self.locks[lock.0].holder) {
                Some(holder) => at = holder,
                None => return,
            }
        }
    }
}
