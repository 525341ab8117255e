//! The sleeping primitives over the real scheduler, on as many CPUs as there are.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::Outcome;
use crate::sync::{self, Condition, Mutex, RwLock};
use crate::task::{self, JoinHandle};

/// Runs `work` on `threads` threads, each with its number, and waits for all.
fn together(threads: usize, work: impl Fn(usize) + Send + Sync + 'static) -> Result<(), String> {
    let work = Arc::new(work);
    let mut handles = Vec::new();
    for number in 0..threads {
        let work = work.clone();
        handles.push(task::spawn("together", move || work(number)).map_err(|error| format!("{error}"))?);
    }
    handles.into_iter().for_each(JoinHandle::join);
    Ok(())
}

/// Threads take turns through one condition variable, in order: four that all look whose turn it is, and two
/// of whom always only the other waits.
pub fn condition_wakes_in_turn() -> Outcome {
    take_turns(4, Condition::notify_all)?;
    take_turns(2, Condition::notify_one)
}

fn take_turns(threads: usize, notify: fn(&Condition)) -> Outcome {
    const ROUNDS: usize = 200;
    let shared = Arc::new((Mutex::new(0_usize), Condition::new()));
    let there = shared.clone();
    together(threads, move |number| {
        for round in 0..ROUNDS {
            let mut turn = there.0.lock();
            while *turn != round * threads + number {
                turn = there.1.wait(turn);
            }
            *turn += 1;
            drop(turn);
            notify(&there.1);
        }
    })?;
    let turns = *shared.0.lock();
    if turns == threads * ROUNDS { Ok(()) } else { Err(format!("{turns} turns of {}", threads * ROUNDS)) }
}

/// No more threads are inside a semaphore than it has permits.
pub fn semaphore_counts() -> Outcome {
    const PERMITS: usize = 3;
    let shared = Arc::new((sync::semaphore(PERMITS), AtomicUsize::new(0), AtomicUsize::new(0)));
    let there = shared.clone();
    together(8, move |_| {
        for _ in 0..200 {
            there.0.acquire();
            there.2.fetch_max(there.1.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            task::yield_now();
            there.1.fetch_sub(1, Ordering::Relaxed);
            there.0.release(1);
        }
    })?;
    let most = shared.2.load(Ordering::Relaxed);
    if most > PERMITS {
        return Err(format!("{most} threads were inside with {PERMITS} permits"));
    }
    if shared.0.available() != PERMITS {
        return Err(format!("{} permits came back of {PERMITS}", shared.0.available()));
    }
    Ok(())
}

/// Writers lose no addition, and readers see none half done.
pub fn readers_and_writers() -> Outcome {
    const ROUNDS: u64 = 300;
    let shared = Arc::new((RwLock::new((0_u64, 0_u64)), AtomicUsize::new(0)));
    let there = shared.clone();
    together(8, move |number| {
        for _ in 0..ROUNDS {
            if number % 2 == 0 {
                let mut pair = there.0.write();
                pair.0 += 1;
                task::yield_now();
                pair.1 += 1;
            } else {
                let pair = there.0.read();
                there.1.fetch_add(usize::from(pair.0 != pair.1), Ordering::Relaxed);
            }
        }
    })?;
    let torn = shared.1.load(Ordering::Relaxed);
    let sum = shared.0.read().1;
    if torn == 0 && sum == 4 * ROUNDS { Ok(()) } else { Err(format!("{torn} torn reads, sum {sum}")) }
}

/// Nobody passes a barrier before all have come, however often; the last sends a reply.
pub fn barrier_holds() -> Outcome {
    const THREADS: usize = 5;
    const ROUNDS: usize = 100;
    let shared = Arc::new((
        sync::barrier(THREADS),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        sync::one_shot::<usize>(),
    ));
    let there = shared.clone();
    together(THREADS, move |_| {
        for round in 1..=ROUNDS {
            there.1.fetch_add(1, Ordering::Relaxed);
            let last = there.0.wait();
            if there.1.load(Ordering::Relaxed) < round * THREADS {
                there.2.fetch_add(1, Ordering::Relaxed);
            }
            if last && round == ROUNDS {
                // Sent once: only one thread is the last of a round.
                let _ = there.3.send(round);
            }
        }
    })?;
    let early = shared.2.load(Ordering::Relaxed);
    match shared.3.recv() {
        Some(ROUNDS) if early == 0 => Ok(()),
        reply => Err(format!("{early} passed early; reply {reply:?}")),
    }
}
