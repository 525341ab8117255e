//! The kernel's knowledge of itself, about threads whose doings are known.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use ::diagnosis::Inspector;
use ::diagnosis::chain::Chain;

use super::Outcome;
use crate::diagnosis::Kernel;
use crate::diagnosis::watchdog::Watch;
use crate::provoke::deadlock;
use crate::sync::{Mutex, WaitQueue};
use crate::task;

/// A wait as long as this is too long for these tests.
const LIMIT_MS: u64 = 100;
/// Looks until something must have been seen.
const LOOKS: u32 = 500;

fn look_until_told(watch: &mut Watch) -> Option<Chain> {
    (0..LOOKS).find_map(|_| {
        task::sleep_ms(10);
        watch.look().into_iter().next()
    })
}

/// Two threads that wait for each other's mutex are told once, by name; and nothing is told when they go on.
pub fn deadlock_is_named() -> Outcome {
    let mut watch = Watch::new(LIMIT_MS);
    let deadlock = deadlock::make().map_err(|error| format!("{error}"))?;
    let told = look_until_told(&mut watch);
    let again = watch.look().len();
    deadlock.resolve();
    let chain = told.ok_or("a deadlock was not noticed")?;
    let [left, right] = chain.threads[..] else { return Err(format!("not two threads: {}", chain.text)) };
    let expected = format!(
        "left ({left}) waits for mutex provoke::deadlock::RIGHT held by right ({right}), \
         which waits for mutex provoke::deadlock::LEFT held by left ({left})"
    );
    if !chain.is_circle || chain.text != expected {
        return Err(format!("told as {:?}", chain.text));
    }
    match (again, watch.look().len()) {
        (0, 0) => Ok(()),
        counts => Err(format!("told again while it lasted and afterwards: {counts:?}")),
    }
}

/// Threads that wait for long, and have every right to, are not told: for an event, for a moment, for a mutex whose
/// holder works. One that waits for a mutex whose holder sleeps is.
pub fn long_waits_are_legal() -> Outcome {
    let shared = Arc::new((WaitQueue::new(), AtomicBool::new(false), Mutex::new(())));
    let mut watch = Watch::new(LIMIT_MS);
    let spawn = |name, work: fn(&(WaitQueue, AtomicBool, Mutex<()>))| {
        let shared = shared.clone();
        task::spawn(name, move || work(&shared)).map_err(|error| format!("{error}"))
    };
    let event = spawn("for an event", |s| s.0.wait_until(|| s.1.load(Ordering::Acquire)))?;
    let moment = spawn("for a moment", |_| task::sleep_ms(3 * LIMIT_MS))?;
    let worker = spawn("works", |s| {
        let held = s.2.lock();
        while !s.1.load(Ordering::Acquire) {
            task::yield_now();
        }
        drop(held);
    })?;
    task::sleep_ms(10);
    let waiter = spawn("for a mutex", |s| drop(s.2.lock()))?;
    let mut told: Option<String> = None;
    for _ in 0..3 * LIMIT_MS / 10 {
        task::sleep_ms(10);
        told = told.or(watch.look().into_iter().next().map(|chain| chain.text));
    }
    shared.1.store(true, Ordering::Release);
    shared.0.wake_all();
    [event, moment, worker, waiter].into_iter().for_each(task::JoinHandle::join);
    match told {
        None => a_sleeping_holder_is_told(&mut watch),
        Some(text) => Err(format!("a false alarm: {text}")),
    }
}

fn a_sleeping_holder_is_told(watch: &mut Watch) -> Outcome {
    let shared = Arc::new((WaitQueue::new(), AtomicBool::new(false), Mutex::new(())));
    let (there, here) = (shared.clone(), shared.clone());
    let sleeper = task::spawn("sleeper", move || {
        let held = there.2.lock();
        there.0.wait_until(|| there.1.load(Ordering::Acquire));
        drop(held);
    });
    task::sleep_ms(10);
    let waiter = task::spawn("waiter", move || drop(here.2.lock()));
    let told = look_until_told(watch);
    let locks = Kernel.locks().contended;
    shared.1.store(true, Ordering::Release);
    shared.0.wake_all();
    [sleeper, waiter].into_iter().flatten().for_each(task::JoinHandle::join);
    let chain = told.ok_or("a stall was not noticed")?;
    let says = ["waiter (", " waits for mutex 0x", " held by sleeper (", "), which waits for an event"];
    if chain.is_circle || !says.iter().all(|part| chain.text.contains(part)) {
        return Err(format!("told as {:?}", chain.text));
    }
    let named = |held: &::diagnosis::machine::HeldLock| {
        held.holder.as_ref().is_some_and(|holder| holder.name == "sleeper")
            && held.waiters.iter().any(|waiter| waiter.name == "waiter")
    };
    if locks.iter().any(named) { Ok(()) } else { Err(format!("locks as listed: {locks:?}")) }
}
