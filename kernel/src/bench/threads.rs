//! The scheduler and the primitives that sleep.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{FIRST_CPU, per_run, print};
use crate::arch::trap;
use crate::lock::{IrqSpinLock, Rank};
use crate::sync::{Mutex, WaitQueue};
use crate::task;

const RUNS: u64 = 20_000;

pub(super) fn run() {
    print("voluntary_switch", voluntary_switch(), "counts");
    print("preemptive_switch", preemptive_switch(), "counts");
    print("wait_queue_round_trip", round_trip(), "counts");
    print("spawn_exit_join", spawn_exit_join(), "counts");
    let mutex = Mutex::new(0_u64);
    print("mutex_lock_unlock", per_run(RUNS, || *mutex.lock() += 1), "counts");
    #[cfg(feature = "twin")]
    print("mutex_lock_unlock_c", per_run(1, || super::twin::lock_unlock(RUNS)) / RUNS, "counts");
    let spin = IrqSpinLock::new(Rank::Device, 0_u64);
    print("irq_spin_lock_unlock", per_run(RUNS, || *spin.lock() += 1), "counts");
}

/// Two threads yield to each other; on one CPU each yield is a switch.
pub(super) fn voluntary_switch() -> u64 {
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

/// Two threads of one level are interrupted again and again, each time by the interrupt that asks a CPU to look at
/// its run queue, and so take turns. Short enough that neither's slice ends, so that every interrupt switches.
fn preemptive_switch() -> u64 {
    const SWITCHES: u64 = 2_000;
    let cost = Arc::new(AtomicU64::new(0));
    let result = cost.clone();
    let measuring = task::spawn_on(FIRST_CPU, "bench", move || {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = stop.clone();
        // As young as this thread, so of the same level; it runs at the first interrupt.
        let Ok(other) = task::spawn_on(FIRST_CPU, "bench", move || {
            while !seen.load(Ordering::Relaxed) {
                trap::interrupt_to_reschedule();
            }
        }) else {
            return;
        };
        result.store(per_run(SWITCHES, trap::interrupt_to_reschedule) / 2, Ordering::Relaxed);
        stop.store(true, Ordering::Relaxed);
        other.join();
    });
    if let Ok(measuring) = measuring {
        measuring.join();
    }
    cost.load(Ordering::Relaxed)
}

/// Two threads wake each other through two wait queues.
pub(super) fn round_trip() -> u64 {
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

pub(super) fn spawn_exit_join() -> u64 {
    per_run(1_000, || {
        if let Ok(thread) = task::spawn("bench", || {}) {
            thread.join();
        }
    })
}
