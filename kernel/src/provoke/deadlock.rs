//! Two threads of which each holds a mutex that the other wants: a deadlock for as long as it is wanted.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::lock::{Rank, SpinLock};
use crate::sync::{Mutex, MutexGuard};
use crate::task::{self, JoinHandle, SpawnError};

/// The threads, and the mutex that each takes first.
const NAMES: [&str; 2] = ["left", "right"];
static LEFT: Mutex<()> = Mutex::new(());
static RIGHT: Mutex<()> = Mutex::new(());

/// Where each thread leaves what it holds, so that somebody else can let go of it.
static HELD: [SpinLock<Option<MutexGuard<'static, ()>>>; 2] =
    [const { SpinLock::new(Rank::ThreadTable, None) }; 2];
/// Threads that hold their mutex.
static READY: AtomicUsize = AtomicUsize::new(0);

/// The two threads.
pub struct Deadlock([JoinHandle; 2]);

/// Makes one; returns when both threads hold what the other wants. One at a time.
pub fn make() -> Result<Deadlock, SpawnError> {
    READY.store(0, Ordering::Relaxed);
    let left = task::spawn(NAMES[0], || cross(0, &LEFT, &RIGHT))?;
    let right = task::spawn(NAMES[1], || cross(1, &RIGHT, &LEFT))?;
    while READY.load(Ordering::Acquire) < 2 {
        task::sleep_ms(1);
    }
    Ok(Deadlock([left, right]))
}

fn cross(number: usize, own: &'static Mutex<()>, other: &'static Mutex<()>) {
    let guard = own.lock();
    *HELD[number].lock() = Some(guard);
    READY.fetch_add(1, Ordering::AcqRel);
    while READY.load(Ordering::Acquire) < 2 {
        task::sleep_ms(1);
    }
    drop(other.lock());
}

impl Deadlock {
    /// Lets go of what the threads hold, and waits for their end.
    pub fn resolve(self) {
        for held in &HELD {
            // Two statements: the mutex is given back without the spin lock.
            let guard = held.lock().take();
            drop(guard);
        }
        self.0.into_iter().for_each(JoinHandle::join);
    }
}
