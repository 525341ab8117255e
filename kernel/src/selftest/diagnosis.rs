//! The kernel's knowledge of itself, about threads whose doings are known.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ::diagnosis::Inspector;
use ::diagnosis::chain::Chain;
use ::diagnosis::thread::ThreadName;

use super::Outcome;
use crate::diagnosis::Kernel;
use crate::diagnosis::watchdog::Watch;
use crate::provoke::{deadlock, held};
use crate::sync::{Mutex, RwLock, WaitQueue};
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

/// The locks of that name, as `debug locks` would say: lock, holders, waiters.
fn listed(part: &str) -> Vec<String> {
    let names = |threads: &[ThreadName]| {
        let mut names: Vec<&str> = threads.iter().map(|thread| thread.name.as_str()).collect();
        names.sort_unstable();
        names.join(" ")
    };
    let locks = Kernel.locks().sleeping.into_iter().filter(|held| held.lock.to_string().contains(part));
    locks.map(|held| format!("{}: {} / {}", held.lock, names(&held.holders), names(&held.waiters))).collect()
}

fn expect(what: &str, listed: &[String], expected: &[&str]) -> Outcome {
    if listed == expected { Ok(()) } else { Err(format!("{what}: {listed:?} instead of {expected:?}")) }
}

/// A mutex in a static variable is listed with its name and its holder as long as it is held, and then no more.
pub fn held_locks_are_listed() -> Outcome {
    let held = held::make().map_err(|error| format!("{error}"))?;
    let during = listed("provoke::held");
    held.resolve();
    expect("held", &during, &["mutex provoke::held::KEPT: keeper / "])?;
    expect("given back", &listed("provoke::held"), &[])
}

/// The threads inside a reader-writer lock are listed, whether or not a writer waits; and the writer who waits for one
/// that sleeps is told, with that one's name.
pub fn readers_are_named() -> Outcome {
    let shared = Arc::new((RwLock::new(0), WaitQueue::new(), AtomicUsize::new(0), AtomicBool::new(false)));
    let part = format!("{:#x}", shared.0.address());
    let mut threads = Vec::new();
    for name in ["first reader", "second reader"] {
        let there = shared.clone();
        let read = move || {
            let inside = there.0.read();
            there.2.fetch_add(1, Ordering::AcqRel);
            there.1.wake_all();
            there.1.wait_until(|| there.3.load(Ordering::Acquire));
            drop(inside);
        };
        threads.push(task::spawn(name, read).map_err(|error| format!("{error}"))?);
    }
    shared.1.wait_until(|| shared.2.load(Ordering::Acquire) == 2);
    let alone = listed(&part);
    let there = shared.clone();
    threads.push(task::spawn("writer", move || *there.0.write() += 1).map_err(|error| format!("{error}"))?);
    let told = look_until_told(&mut Watch::new(LIMIT_MS));
    let wanted = listed(&part);
    shared.3.store(true, Ordering::Release);
    shared.1.wake_all();
    threads.into_iter().for_each(task::JoinHandle::join);
    let readers = "first reader second reader";
    expect("readers alone", &alone, &[&format!("read lock {part}: {readers} / ")])?;
    expect("a writer waits", &wanted, &[&format!("write lock {part}: {readers} / writer")])?;
    expect("left", &listed(&part), &[])?;
    let text = told.ok_or("a writer that waits for sleeping readers was not noticed")?.text;
    let says = ["writer (", &format!(" waits for write lock {part} held by "), "), which waits for an event"];
    if says.iter().all(|part| text.contains(part)) { Ok(()) } else { Err(format!("told as {text:?}")) }
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
    let locks = Kernel.locks().sleeping;
    shared.1.store(true, Ordering::Release);
    shared.0.wake_all();
    [sleeper, waiter].into_iter().flatten().for_each(task::JoinHandle::join);
    let chain = told.ok_or("a stall was not noticed")?;
    let says = ["waiter (", " waits for mutex 0x", " held by sleeper (", "), which waits for an event"];
    if chain.is_circle || !says.iter().all(|part| chain.text.contains(part)) {
        return Err(format!("told as {:?}", chain.text));
    }
    let named = |held: &::diagnosis::machine::HeldLock| {
        held.holders.iter().any(|holder| holder.name == "sleeper")
            && held.waiters.iter().any(|waiter| waiter.name == "waiter")
    };
    if locks.iter().any(named) { Ok(()) } else { Err(format!("locks as listed: {locks:?}")) }
}
