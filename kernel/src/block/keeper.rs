//! Looks after transfers that nobody waits for: a thread that is begun with the first disk.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use super::job::Pending;
use super::requests::SLICE_MS;
use crate::sync::{Mutex, WaitQueue};
use crate::task;

static KEPT: Mutex<Vec<Pending>> = Mutex::new(Vec::new());
static NEWS: WaitQueue = WaitQueue::new();
static HAS_NEWS: AtomicBool = AtomicBool::new(false);
static HAS_THREAD: AtomicBool = AtomicBool::new(false);

/// Some transfer is over, or a new one is kept. For interrupt handlers too.
pub fn wake() {
    HAS_NEWS.store(true, Ordering::SeqCst);
    NEWS.wake_all();
}

/// Begins the thread, once: with the first disk, at boot, so that it belongs to nobody's process.
pub fn start() {
    if !HAS_THREAD.swap(true, Ordering::SeqCst)
        && let Err(error) = task::spawn("disks", run)
    {
        log::warn!("nobody looks after transfers that nobody waits for: {error}");
        HAS_THREAD.store(false, Ordering::SeqCst);
    }
}

/// Takes a transfer over.
///
/// # Errors
/// The transfer, when there is no memory to keep it or no thread to look after it.
pub fn keep(pending: Pending) -> Result<(), Pending> {
    if !HAS_THREAD.load(Ordering::SeqCst) {
        return Err(pending);
    }
    let mut kept = KEPT.lock();
    if kept.try_reserve(1).is_err() {
        return Err(pending);
    }
    // Before it is seen there: at its end, now or later, the thread is woken.
    pending.note_kept();
    kept.push(pending);
    drop(kept);
    wake();
    Ok(())
}

fn run() {
    loop {
        let is_idle = KEPT.lock().is_empty();
        let has_news = || HAS_NEWS.swap(false, Ordering::SeqCst);
        if is_idle {
            NEWS.wait_until(has_news);
        } else if !NEWS.wait_until_timeout(SLICE_MS, has_news) {
            // One after the other, and not under the lock: a reset takes its time.
            let mut place = 0;
            loop {
                let requests = KEPT.lock().get(place).map(Pending::requests);
                let Some(requests) = requests else { break };
                if let Some(requests) = requests {
                    requests.look_after();
                }
                place += 1;
            }
        }
        loop {
            let mut kept = KEPT.lock();
            let Some(place) = kept.iter().position(Pending::is_over) else { break };
            let pending = kept.swap_remove(place);
            drop(kept);
            // Its owner hears of it; nobody else asked.
            let _ = pending.wait();
        }
    }
}
