//! Tasks: what a turn costs, handing over between two of them, and a timer.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use super::print;
use crate::arch::{cpu, time};
use crate::executor::{self, Signal, yield_now};
use crate::memory::heap::fallible;

const TURNS: u64 = 20_000;
const SLEEPERS: u64 = 1_000;

pub(super) fn run() {
    print("async_wake_poll", measured(wake_poll()), "counts");
    print("async_signal_round_trip", measured(signal_round_trip()), "counts");
    print("async_timer", measured(timer()), "counts");
}

/// Runs a measurement as a task; 0 when there is no memory for it.
fn measured(measurement: impl Future<Output = u64> + Send + 'static) -> u64 {
    executor::block_on("bench", measurement).unwrap_or(0)
}

/// A task wakes itself, goes to the end of the queue and is polled again.
async fn wake_poll() -> u64 {
    let start = cpu::time_stamp();
    for _ in 0..TURNS {
        yield_now().await;
    }
    (cpu::time_stamp() - start) / TURNS
}

/// Two tasks wake each other by two signals: what `wait_queue_round_trip` is for two threads.
async fn signal_round_trip() -> u64 {
    let Ok(court) = fallible::counted((executor::signal(), executor::signal())) else { return 0 };
    let there: Arc<(Signal, Signal)> = court.clone();
    let other = executor::spawn("bench", async move {
        loop {
            there.0.wait().await;
            there.1.notify();
        }
    });
    let start = cpu::time_stamp();
    for _ in 0..TURNS {
        court.0.notify();
        court.1.wait().await;
    }
    let cost = (cpu::time_stamp() - start) / TURNS;
    // Its handle ends the other one.
    if other.is_ok() { cost } else { 0 }
}

/// A thousand tasks sleep until the same moment: for each, its alarm rings, it is polled, and it ends.
async fn timer() -> u64 {
    let Ok(awake) = fallible::counted(AtomicU64::new(0)) else { return 0 };
    // Later than they all need to lie down.
    let moment_ns = time::uptime_ns() + 20_000_000;
    for _ in 0..SLEEPERS {
        let awake = awake.clone();
        let sleeper = async move {
            executor::sleep_until_ns(moment_ns).await;
            awake.fetch_add(1, Ordering::Relaxed);
        };
        let Ok(handle) = executor::spawn("bench", sleeper) else { return 0 };
        handle.detach();
    }
    yield_now().await;
    // Not asleep itself, which would count as time, too.
    while time::uptime_ns() < moment_ns {
        core::hint::spin_loop();
    }
    let start = cpu::time_stamp();
    while awake.load(Ordering::Relaxed) < SLEEPERS {
        yield_now().await;
    }
    (cpu::time_stamp() - start) / SLEEPERS
}
