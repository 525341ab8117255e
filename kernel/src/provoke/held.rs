//! A mutex that a thread holds for as long as it is wanted, though nobody waits for it.

use core::sync::atomic::{AtomicBool, Ordering};

use crate::sync::{Mutex, WaitQueue};
use crate::task::{self, JoinHandle, SpawnError};

static KEPT: Mutex<()> = Mutex::new(());
static IS_HELD: AtomicBool = AtomicBool::new(false);
static LET_GO: AtomicBool = AtomicBool::new(false);
static WAITS: WaitQueue = WaitQueue::new();

/// The thread that holds it.
pub struct Held(JoinHandle);

/// Has a thread, `keeper`, hold the mutex `provoke::held::KEPT`; returns when it does. One at a time.
pub fn make() -> Result<Held, SpawnError> {
    IS_HELD.store(false, Ordering::Relaxed);
    LET_GO.store(false, Ordering::Relaxed);
    let keeper = task::spawn("keeper", || {
        let guard = KEPT.lock();
        IS_HELD.store(true, Ordering::Release);
        WAITS.wake_all();
        WAITS.wait_until(|| LET_GO.load(Ordering::Acquire));
        drop(guard);
    })?;
    WAITS.wait_until(|| IS_HELD.load(Ordering::Acquire));
    Ok(Held(keeper))
}

impl Held {
    /// Has the thread give the mutex back, and end.
    pub fn resolve(self) {
        LET_GO.store(true, Ordering::Release);
        WAITS.wake_all();
        self.0.join();
    }
}
