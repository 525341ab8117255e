//! The scheduler and the primitives that sleep.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use super::{per_run, print};
use crate::lock::{IrqSpinLock, Rank};
use crate::sync::{Mutex, WaitQueue};
use crate::task;

const RUNS: u64 = 20_000;

pub(super) fn run() {
    print("voluntary_switch", voluntary_switch(), "counts");
    print("wait_queue_round_trip", round_trip(), "counts");
    print("spawn_exit_join", spawn_exit_join(), "counts");
    let mutex = Mutex::new(0_u64);
    print("mutex_lock_unlock", per_run(RUNS, || *mutex.lock() += 1), "counts");
    let spin = IrqSpinLock::new(Rank::Device, 0_u64);
    print("irq_spin_lock_unlock", per_run(RUNS, || *spin.lock() += 1), "counts");
}

/// Two threads yield to each other; on one CPU each yield is a switch.
fn voluntary_switch() -> u64 {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = stop.clone();
    let Ok(other) = task::spawn("bench", move || {
        while !seen.load(Ordering::Relaxed) {
            task::yield_now();
        }
    }) else {
        return 0;
    };
    let both = per_run(RUNS, task::yield_now);
    stop.store(true, Ordering::Relaxed);
    other.join();
    both / 2
}

/// Two threads wake each other through two wait queues.
fn round_trip() -> u64 {
    struct Court {
        ball_is_here: AtomicBool,
        queue: WaitQueue,
    }
    let new = || Arc::new(Court { ball_is_here: AtomicBool::new(false), queue: WaitQueue::new() });
    let (mine, theirs) = (new(), new());
    let pass = |from: &Court, to: &Court| {
        from.queue.wait_until(|| from.ball_is_here.swap(false, Ordering::Acquire));
        to.ball_is_here.store(true, Ordering::Release);
        to.queue.wake_one();
    };
    let (a, b) = (mine.clone(), theirs.clone());
    let Ok(other) = task::spawn("bench", move || {
        for _ in 0..RUNS {
            pass(&b, &a);
        }
    }) else {
        return 0;
    };
    mine.ball_is_here.store(true, Ordering::Release);
    let cost = per_run(RUNS, || pass(&mine, &theirs));
    other.join();
    cost
}

fn spawn_exit_join() -> u64 {
    per_run(1_000, || {
        if let Ok(thread) = task::spawn("bench", || {}) {
            thread.join();
        }
    })
}
