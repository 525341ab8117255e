//! The sleeping primitives over the real scheduler, on as many CPUs as there are.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use sched::Level;

use super::Outcome;
use crate::arch::time;
use crate::sync::{self, Condition, Mutex, Once, PiMutex, RwLock};
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

/// Threads that need a value at a time get the same one, made by one of them, though it sleeps over it.
pub fn once_is_once() -> Outcome {
    let shared = Arc::new((Once::new(), AtomicUsize::new(0), AtomicUsize::new(0)));
    let there = shared.clone();
    if shared.0.get().is_some() {
        return Err("there is a value that nobody has made".into());
    }
    together(8, move |number| {
        let value = there.0.get_or_make(|| {
            task::sleep_ms(20);
            there.1.fetch_add(1, Ordering::Relaxed);
            number
        });
        there.2.fetch_add(usize::from(there.0.get() != Some(value)), Ordering::Relaxed);
    })?;
    let (made, different) = (shared.1.load(Ordering::Relaxed), shared.2.load(Ordering::Relaxed));
    match shared.0.get() {
        Some(0..8) if made == 1 && different == 0 => Ok(()),
        value => Err(format!("made {made} times, {different} saw another value; now {value:?}")),
    }
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

/// On one CPU a thread that is not urgent holds a mutex, an urgent one wants it, and one in between would keep the CPU
/// for itself. Without inheritance the urgent thread would wait until the middle one gives up.
pub fn urgency_is_inherited() -> Outcome {
    const GIVES_UP_NS: u64 = 10_000_000_000;
    /// All three run here.
    const CPU: u64 = 1;
    #[derive(Default)]
    struct Scene {
        /// How many of the others run at their level.
        ready: AtomicUsize,
        /// The urgent thread is about to wait.
        is_wanted: AtomicBool,
        /// It has had what it wanted.
        is_over: AtomicBool,
        gave_up: AtomicBool,
        /// Levels of the thread that held the mutex, by number, from 1: then, and afterwards.
        held_at: AtomicUsize,
        afterwards_at: AtomicUsize,
    }
    let scene = Arc::new(Scene::default());
    let mutex = Arc::new(PiMutex::new(0_u64));
    let (high_begins, middle_begins) = (Arc::new(sync::semaphore(0)), Arc::new(sync::semaphore(0)));
    let own_level = || task::Handle::current().level().index() + 1;
    let spawn = |name: &str, body: Box<dyn FnOnce() + Send>| {
        task::spawn_on(CPU, name, body).map_err(|error| format!("{error}"))
    };

    let (there, shared) = (scene.clone(), mutex.clone());
    let (high, middle) = (high_begins.clone(), middle_begins.clone());
    let low = spawn(
        "low",
        Box::new(move || {
            let mut sum = shared.lock();
            while there.ready.load(Ordering::Acquire) < 2 {
                task::yield_now();
            }
            // It sleeps for a moment first, so that the other one has the CPU when it wants the mutex.
            high.release(1);
            middle.release(1);
            while !there.is_wanted.load(Ordering::Acquire) {
                task::yield_now();
            }
            // Some work under the mutex; the urgent thread sleeps by the end of it.
            for _ in 0..100_000 {
                *sum = core::hint::black_box(*sum + 1);
            }
            there.held_at.store(own_level(), Ordering::Relaxed);
            drop(sum);
            there.afterwards_at.store(own_level(), Ordering::Relaxed);
        }),
    )?;
    let (there, begin) = (scene.clone(), middle_begins);
    let middle = spawn(
        "middle",
        Box::new(move || {
            task::Handle::current().set_level(Level::realtime(4));
            there.ready.fetch_add(1, Ordering::Release);
            begin.acquire();
            let give_up_ns = time::uptime_ns() + GIVES_UP_NS;
            while !there.is_over.load(Ordering::Acquire) {
                if time::uptime_ns() > give_up_ns {
                    there.gave_up.store(true, Ordering::Relaxed);
                    return;
                }
                core::hint::spin_loop();
            }
        }),
    )?;
    let (there, shared, begin) = (scene.clone(), mutex, high_begins);
    let high = spawn(
        "high",
        Box::new(move || {
            task::Handle::current().set_level(Level::realtime(0));
            there.ready.fetch_add(1, Ordering::Release);
            begin.acquire();
            task::sleep_ms(10);
            there.is_wanted.store(true, Ordering::Release);
            *shared.lock() += 1;
            there.is_over.store(true, Ordering::Release);
        }),
    )?;
    [low, high, middle].into_iter().for_each(JoinHandle::join);
    let seen = |level: &AtomicUsize| level.load(Ordering::Relaxed);
    if scene.gave_up.load(Ordering::Relaxed) {
        return Err("the thread in between kept the urgent one waiting".into());
    }
    let expected = (Level::realtime(0).index() + 1, Level::TOP_FEEDBACK.index() + 1);
    let levels = (seen(&scene.held_at), seen(&scene.afterwards_at));
    if levels == expected { Ok(()) } else { Err(format!("levels {levels:?} instead of {expected:?}")) }
}

/// Threads add under one mutex with inheritance and lose no addition, whoever waits for whom; two of them are urgent.
pub fn urgent_and_others_exclude() -> Outcome {
    const ROUNDS: u64 = 300;
    let shared = Arc::new((PiMutex::new(0_u64), PiMutex::new(0_u64)));
    let there = shared.clone();
    together(6, move |number| {
        if number < 2 {
            task::Handle::current().set_level(Level::realtime(number as u8));
        }
        for round in 0..ROUNDS {
            // The second is taken inside the first, so that chains come about.
            let mut outer = there.0.lock();
            let read = *outer;
            if round % 5 == 0 {
                *there.1.lock() += 1;
                task::yield_now();
            }
            *outer = read + 1;
            drop(outer);
            *there.1.lock() += 1;
            // A real-time thread that never sleeps would keep its CPU.
            if number < 2 {
                task::sleep_ms(1);
            }
        }
    })?;
    let sums = (*shared.0.lock(), *shared.1.lock());
    let expected = (6 * ROUNDS, 6 * (ROUNDS + ROUNDS / 5));
    if sums == expected { Ok(()) } else { Err(format!("sums {sums:?} instead of {expected:?}")) }
}
