//! A mutex with priority inheritance (Sha, Rajkumar and Lehoczky, 1990), for what real-time threads share with others:
//! while an urgent thread waits, the one that holds it runs as urgently, and so does whoever that waits for in turn.
//! So the urgent thread waits as long as the mutex is held, not as long as threads in between please to run.
//!
//! Nobody waits, usually: then it is one exchange to take it and one to give it back, as for the plain mutex, and
//! nobody else knows of it. The first who has to wait enters the mutex and its holder into the bookkeeping
//! (`blocking::PriorityInheritance`), which all such mutexes share under one lock; when nobody waits any more it is
//! taken out. It is handed over, to the most urgent that waits: whoever comes by must not snatch it.

use alloc::vec::Vec;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicUsize, Ordering};

use blocking::{
    Acquisition, Boost, InheritanceError, LockId, Platform, Priority, PriorityInheritance, Reason, ThreadId,
    WaitKind, holder_in,
};
use sched::{Level, REALTIME_LEVELS};

use super::platform::{Kernel, assert_may_sleep};
use crate::lock::{IrqSpinLock, Rank};
use crate::task::{self, Handle, OutOfMemory, Ticket};

/// The word of a mutex that nobody holds. Else it is the holder's name and these flags, as in `blocking::RawMutex`,
/// so that whoever asks who holds what need not know the difference.
const FREE: usize = 0;
const HELD: usize = 1;
/// Somebody waits: the word changes under the lock of [`CONTENTION`] only.
const CONTENDED: usize = 2;
/// Free, and never taken: the first to take it enters it in the list of mutexes.
const UNTOUCHED: usize = CONTENDED;

/// The mutexes for which somebody waits.
static CONTENTION: IrqSpinLock<Contention> = IrqSpinLock::new(Rank::Inheritance, Contention::new());

struct Contention {
    inheritance: PriorityInheritance,
    /// The threads it knows, by their slots.
    threads: Threads,
    /// The mutexes, by the addresses of their words.
    mutexes: Vec<(usize, LockId)>,
    sleepers: Vec<Sleeper>,
}

/// A thread that waits.
struct Sleeper {
    thread: ThreadId,
    /// As locks name it.
    name: usize,
    ticket: Ticket,
}

/// Threads by their slots: the scheduler, as the bookkeeping tells it of changes.
struct Threads(Vec<Option<Handle>>);

impl Boost for Threads {
    fn boost(&mut self, thread: ThreadId, priority: Priority) {
        if let Some(thread) = self.0.get(thread.0).copied().flatten() {
            thread.set_level(level(priority));
        }
    }
}

/// Real-time levels are priorities above 0, the most urgent the highest. All others are 0: among them the scheduler is
/// fair by itself.
fn priority(level: Level) -> Priority {
    Priority(if level.is_realtime() { REALTIME_LEVELS - level.index() as u8 } else { 0 })
}

fn level(priority: Priority) -> Level {
    match priority {
        Priority(0) => Level::TOP_FEEDBACK,
        Priority(above) => Level::realtime(REALTIME_LEVELS - above),
    }
}

impl Contention {
    const fn new() -> Self {
        Self {
            inheritance: PriorityInheritance::new(),
            threads: Threads(Vec::new()),
            mutexes: Vec::new(),
            sleepers: Vec::new(),
        }
    }

    /// The mutex whose word is at `address`, entered with its holder if it was not.
    fn enter(&mut self, address: usize, holder: Handle) -> Result<LockId, OutOfMemory> {
        if let Some(&(_, id)) = self.mutexes.iter().find(|(other, _)| *other == address) {
            return Ok(id);
        }
        let holder = self.know(holder)?;
        self.mutexes.try_reserve(1).map_err(|_| OutOfMemory)?;
        let id = self.inheritance.add_lock().map_err(|_| OutOfMemory)?;
        // Just entered, so nobody holds it yet.
        let _ = self.inheritance.adopt(holder, id);
        self.mutexes.push((address, id));
        Ok(id)
    }

    /// Enters a thread and, unless that is known from before and perhaps raised since, its own priority.
    fn know(&mut self, thread: Handle) -> Result<ThreadId, OutOfMemory> {
        let id = ThreadId(thread.slot());
        self.inheritance.ensure_thread(id).map_err(|_| OutOfMemory)?;
        let Threads(threads) = &mut self.threads;
        if threads.len() <= id.0 {
            threads.try_reserve(id.0 + 1 - threads.len()).map_err(|_| OutOfMemory)?;
            threads.resize(id.0 + 1, None);
        }
        if !self.inheritance.is_engaged(id) {
            threads[id.0] = Some(thread);
            // It runs at that level already.
            let _ = self.inheritance.set_base(id, priority(thread.level()), &mut Silent);
        }
        Ok(id)
    }
}

/// For what the scheduler knows.
struct Silent;

impl Boost for Silent {
    fn boost(&mut self, _: ThreadId, _: Priority) {}
}

/// Mutual exclusion between threads of which some are of the real-time class. Never taken in an interrupt handler or
/// under a spin lock.
pub struct PiMutex<T: ?Sized> {
    word: AtomicUsize,
    value: UnsafeCell<T>,
}

// SAFETY: `word` lets one thread at a time reach the value, so sharing the mutex only sends the value.
unsafe impl<T: ?Sized + Send> Sync for PiMutex<T> {}
// SAFETY: owning the mutex is owning the value.
unsafe impl<T: ?Sized + Send> Send for PiMutex<T> {}

impl<T> PiMutex<T> {
    /// A free mutex around `value`.
    pub const fn new(value: T) -> Self {
        Self { word: AtomicUsize::new(UNTOUCHED), value: UnsafeCell::new(value) }
    }
}

impl<T: ?Sized> PiMutex<T> {
    /// Waits for the lock, and has whoever holds it hurry.
    ///
    /// # Panics
    /// When the running thread holds it already, or whoever holds it waits for this thread along a chain of such
    /// mutexes: they would wait for ever. In debug builds also where nobody may sleep, as
    /// [`Mutex::lock`](super::Mutex::lock).
    #[inline]
    pub fn lock(&self) -> PiMutexGuard<'_, T> {
        assert_may_sleep();
        let held = Kernel::current() | HELD;
        if self.word.compare_exchange(FREE, held, Ordering::Acquire, Ordering::Relaxed).is_err() {
            while !self.wait_for_it() {}
        }
        PiMutexGuard { mutex: self, shared_as: PhantomData }
    }

    fn address(&self) -> usize {
        core::ptr::from_ref(&self.word).addr()
    }

    /// Takes the mutex if it is free, or sleeps until it is handed over; false if things changed under way, or there
    /// was no memory to wait properly.
    #[cold]
    fn wait_for_it(&self) -> bool {
        let seen = self.word.load(Ordering::Relaxed);
        let Some(holder) = holder_in(seen) else {
            let held = Kernel::current() | HELD;
            let taken = self.word.compare_exchange(seen, held, Ordering::Acquire, Ordering::Relaxed).is_ok();
            if taken && seen == UNTOUCHED {
                Kernel::taken_first(self.address());
            }
            return taken;
        };
        // Looked up before the lock is taken. If it has let go and ended since, the word has changed.
        let Some(holder) = Handle::named(holder) else { return false };
        let mut contention = CONTENTION.lock();
        let marked = seen | CONTENDED;
        if self.word.compare_exchange(seen, marked, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return false;
        }
        // From here on the holder can let go under this lock only.
        let queued = contention.queue(self.address(), holder, || {
            task::prepare_to_block(Reason::new(WaitKind::Mutex, &self.word))
        });
        drop(contention);
        match queued {
            Ok(()) => {
                task::block();
                // Handed over: the word names this thread, and what the holder before wrote can be seen.
                self.word.load(Ordering::Acquire);
                true
            }
            Err(OutOfMemory) => {
                // As marked as it is, its release finds nobody.
                task::yield_now();
                false
            }
        }
    }

    #[cold]
    fn hand_over(&self) {
        let mut contention = CONTENTION.lock();
        let next = contention.release(self.address(), ThreadId(task::current_slot()));
        let word = match &next {
            Some((next, is_wanted)) => next.name | HELD | if *is_wanted { CONTENDED } else { 0 },
            None => FREE,
        };
        self.word.store(word, Ordering::Release);
        if let Some((next, _)) = next {
            next.ticket.wake();
        }
    }
}

impl Contention {
    /// Has the running thread wait for the mutex at `address`, which `holder` holds. Once that is sure, `stop` marks it
    /// blocked.
    fn queue(
        &mut self,
        address: usize,
        holder: Handle,
        stop: impl FnOnce() -> Ticket,
    ) -> Result<(), OutOfMemory> {
        self.sleepers.try_reserve(1).map_err(|_| OutOfMemory)?;
        let own = self.know(Handle::current())?;
        let mutex = self.enter(address, holder)?;
        match self.inheritance.acquire(own, mutex, &mut self.threads) {
            Ok(Acquisition::Queued) => {}
            Err(InheritanceError::Deadlock) => {
                panic!("a thread waits for a mutex that is held until it goes on")
            }
            other => unreachable!("a running thread asks for a mutex that is held: {other:?}"),
        }
        self.sleepers.push(Sleeper { thread: own, name: Kernel::current(), ticket: stop() });
        Ok(())
    }

    /// Takes the mutex at `address` from its holder; returns who gets it, and whether others still wait.
    fn release(&mut self, address: usize, holder: ThreadId) -> Option<(Sleeper, bool)> {
        // Not there when whoever marked it had no memory to wait.
        let at = self.mutexes.iter().position(|(other, _)| *other == address)?;
        let mutex = self.mutexes[at].1;
        let next = self.inheritance.release(holder, mutex, &mut self.threads).ok().flatten();
        let is_wanted = self.inheritance.is_wanted(mutex);
        if !is_wanted {
            self.mutexes.swap_remove(at);
            let _ = self.inheritance.remove_lock(mutex);
        }
        let next = next?;
        let sleeper = self.sleepers.iter().position(|sleeper| sleeper.thread == next)?;
        Some((self.sleepers.swap_remove(sleeper), is_wanted))
    }
}

/// Gives access to a [`PiMutex`]'s value.
pub struct PiMutexGuard<'a, T: ?Sized> {
    mutex: &'a PiMutex<T>,
    /// Left to itself the guard could be shared whenever the mutex can, but it gives out `&T`.
    shared_as: PhantomData<&'a T>,
}

impl<T: ?Sized> Deref for PiMutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard exists, so its thread holds the lock and nobody else reaches the value.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for PiMutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as for `deref`, and `&mut self` makes this the guard's only reference.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> Drop for PiMutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let held = Kernel::current() | HELD;
        if self.mutex.word.compare_exchange(held, FREE, Ordering::Release, Ordering::Relaxed).is_err() {
            self.mutex.hand_over();
        }
    }
}
