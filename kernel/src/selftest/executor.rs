//! Tasks on the executor: woken from everywhere, put to sleep, cancelled, and gone without a trace.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Poll, Waker};

use super::Outcome;
use crate::arch::{cpu, serial, time, trap};
use crate::console;
use crate::executor::{self, SpawnError};
use crate::lock::{IrqSpinLock, Rank};
use crate::sync::Channel;
use crate::{memory, task};

/// What a task and those who wake it share.
struct Desk {
    waker: IrqSpinLock<Option<Waker>>,
    woken: AtomicUsize,
    polled: AtomicUsize,
    /// The task saw all that was woken for.
    seen: AtomicUsize,
}

/// A task that is polled for ever and notes how often, and what it saw.
fn listener(desk: Arc<Desk>) -> Result<executor::JoinHandle<()>, SpawnError> {
    executor::spawn("listener", async move {
        poll_fn(|context| {
            desk.polled.fetch_add(1, Ordering::Relaxed);
            desk.seen.store(desk.woken.load(Ordering::Relaxed), Ordering::Relaxed);
            let mut waker = Some(context.waker().clone());
            core::mem::swap(&mut *desk.waker.lock(), &mut waker);
            Poll::<()>::Pending
        })
        .await;
    })
}

fn desks(count: usize) -> Vec<Arc<Desk>> {
    let desk = |_| {
        Arc::new(Desk {
            waker: IrqSpinLock::new(Rank::Device, None),
            woken: AtomicUsize::new(0),
            polled: AtomicUsize::new(0),
            seen: AtomicUsize::new(0),
        })
    };
    (0..count).map(desk).collect()
}

/// Threads on every CPU wake many tasks as fast as they can: none is polled more often than it was woken, and each sees
/// the last that was said to it.
pub fn wakes_poll_once() -> Outcome {
    const TASKS: usize = 64;
    const ROUNDS: usize = 300;
    let desks = desks(TASKS);
    let handles: Result<Vec<_>, _> = desks.iter().cloned().map(listener).collect();
    let handles = handles.map_err(|error| format!("{error}"))?;
    wait_until(|| desks.iter().all(|desk| desk.polled.load(Ordering::Relaxed) > 0))?;
    let mut threads = Vec::new();
    for number in 0..cpu::count() {
        let desks = desks.clone();
        let work = move || {
            for round in 0..ROUNDS {
                let desk = &desks[(round * 7 + number) % TASKS];
                desk.woken.fetch_add(1, Ordering::Relaxed);
                let waker = desk.waker.lock().clone();
                waker.inspect(Waker::wake_by_ref);
            }
        };
        threads.push(task::spawn_on(1 << number, "waker", work).map_err(|error| format!("{error}"))?);
    }
    threads.into_iter().for_each(task::JoinHandle::join);
    let all_seen =
        || desks.iter().all(|desk| desk.seen.load(Ordering::Relaxed) == desk.woken.load(Ordering::Relaxed));
    wait_until(all_seen).map_err(|_| "a wake-up was lost")?;
    for desk in &desks {
        let (woken, polled) = (desk.woken.load(Ordering::Relaxed), desk.polled.load(Ordering::Relaxed));
        if polled > woken + 1 {
            return Err(format!("a task woken {woken} times was polled {polled} times"));
        }
    }
    drop(handles);
    // The wakers lie there, and while one is left the executor keeps its task's record.
    drop(desks);
    nothing_is_left()
}

/// A hundred tasks sleep until a hundred moments: they wake in the order of these, none before its own.
pub fn sleepers_wake_in_order() -> Outcome {
    const SLEEPERS: u64 = 100;
    let order = Arc::new(Channel::new(SLEEPERS as usize).map_err(|error| format!("{error}"))?);
    let start = time::uptime_ns() + 20_000_000;
    let mut handles = Vec::new();
    for number in 0..SLEEPERS {
        // Made in an order that is not that of the deadlines.
        let place = number * 37 % SLEEPERS;
        let (deadline, there) = (start + place * 300_000, order.clone());
        let sleeper = async move {
            let came_in_time = time::uptime_ns() < deadline;
            executor::sleep_until_ns(deadline).await;
            // There is room for all.
            there.send((place, came_in_time, time::uptime_ns() >= deadline));
        };
        handles.push(executor::spawn("sleeper", sleeper).map_err(|error| format!("{error}"))?);
    }
    let mut last = None;
    for woken in 0..SLEEPERS {
        match order.recv_timeout(10_000) {
            Some((place, _, false)) => return Err(format!("sleeper {place} woke before its time")),
            Some((place, true, true)) if Some(place) < last => {
                return Err(format!("sleeper {place} woke after {last:?}"));
            }
            Some((place, true, true)) => last = Some(place),
            // On a busy host its moment may have gone by before it was polled for the first time.
            Some((_, false, true)) => {}
            None => return Err(format!("{woken} of {SLEEPERS} sleepers woke")),
        }
    }
    drop(handles);
    nothing_is_left()
}

/// Cancelled tasks go, whatever they wait for, and so do their timers; what they held is dropped.
pub fn dropping_cancels() -> Outcome {
    struct Held(Arc<AtomicUsize>);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    const TASKS: usize = 50;
    let before = memory::statistics().heap.used;
    let dropped = Arc::new(AtomicUsize::new(0));
    let mut handles = Vec::new();
    for number in 0..TASKS {
        let held = Held(dropped.clone());
        let waits = async move {
            let _held = held;
            match number % 3 {
                0 => core::future::pending().await,
                1 => executor::sleep_ms(3_600_000).await,
                _ => {
                    let bell = executor::signal();
                    // It never rings.
                    let _ = executor::timeout_ms(3_600_000, bell.wait()).await;
                }
            }
        };
        handles.push(executor::spawn("waits", waits).map_err(|error| format!("{error}"))?);
    }
    // Half of them before their first turn, if the executor is slow; it makes no difference.
    task::sleep_ms(2);
    drop(handles);
    wait_until(|| dropped.load(Ordering::Relaxed) == TASKS).map_err(|_| "a cancelled task stays")?;
    nothing_is_left()?;
    let after = memory::statistics().heap.used;
    // The log and the desktop use some memory at any time, and the executor's tables stay as large as they were.
    let bound = 32 << 10;
    if after > before + bound { Err(format!("{before} bytes of heap became {after}")) } else { Ok(()) }
}

/// A thread gets what a task computes.
pub fn threads_wait_for_tasks() -> Outcome {
    let sum = executor::block_on("sum", async {
        let mut sum = 0;
        for number in 1..=10 {
            executor::sleep_ms(1).await;
            executor::yield_now().await;
            sum += number;
        }
        sum
    });
    match sum {
        Ok(55) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

/// A line of the log reaches the serial port though nobody waits for it: the port's interrupt wakes the task that writes.
pub fn log_goes_out_by_interrupt() -> Outcome {
    const VECTOR: u8 = trap::vector::ISA_BASE + serial::LINE;
    let before = trap::count(VECTOR);
    for round in 0..3 {
        log::info!("line {round} for the serial port");
        wait_until(|| console::unsent_bytes() == 0).map_err(|_| "the log does not reach the serial port")?;
    }
    match trap::count(VECTOR) - before {
        0 => Err("the serial port never interrupted".into()),
        _ => Ok(()),
    }
}

/// The tests' tasks are all gone from the list.
fn nothing_is_left() -> Outcome {
    const NAMES: [&str; 3] = ["listener", "sleeper", "waits"];
    let left = || executor::list().into_iter().find(|task| NAMES.contains(&task.name));
    // Records of finished tasks go when another one ends.
    let gone = || {
        let ended = executor::block_on("broom", async {});
        ended.is_ok() && left().is_none()
    };
    wait_until(gone).map_err(|_| format!("still there: {:?}", left()))
}

fn wait_until(condition: impl Fn() -> bool) -> Outcome {
    for _ in 0..10_000 {
        if condition() {
            return Ok(());
        }
        task::sleep_ms(1);
    }
    Err("it did not happen within ten seconds".into())
}
