//! Threads, time and the primitives that sleep.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use sched::Level;

use super::Outcome;
use crate::arch::{cpu, time, trap};
use crate::memory;
use crate::sync::{Channel, Mutex, WaitQueue};
use crate::task::{self, JoinHandle};

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle, alloc::string::String> {
    task::spawn(name, body).map_err(|error| format!("{error}"))
}

fn spawn_bound(
    cpus: u64,
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle, alloc::string::String> {
    task::spawn_on(cpus, name, body).map_err(|error| format!("{error}"))
}

/// A thread that computed until it sank, and then sleeps for long, is at the top again when it wakes: whoever answers
/// to somebody need not wait behind those who compute for having had much to do once.
pub fn sleepers_rise() -> Outcome {
    let level = |id: u64| task::list().into_iter().find(|thread| thread.id == id).map(|thread| thread.level);
    let home = 1 << (cpu::count() - 1);
    let sunk = Arc::new(AtomicBool::new(false));
    let goes_on = Arc::new((AtomicBool::new(false), WaitQueue::new()));
    let stop = Arc::new(AtomicBool::new(false));
    let sleeper = {
        let (sunk, goes_on) = (sunk.clone(), goes_on.clone());
        let body = move || {
            while !sunk.load(Ordering::Relaxed) {
                core::hint::spin_loop();
            }
            goes_on.1.wait_until(|| goes_on.0.load(Ordering::Relaxed));
        };
        spawn_bound(home, "sleeper", body)?
    };
    let id = sleeper.id();
    let below_top = |id| level(id).is_some_and(|level| level > Level::TOP_FEEDBACK);
    let has_sunk = within_10_s(|| below_top(id));
    sunk.store(true, Ordering::Relaxed);
    // Somebody has to be busy there, or nothing ticks, and nobody need be lifted over anybody.
    let busy = {
        let stop = stop.clone();
        let body = move || {
            while !stop.load(Ordering::Relaxed) {
                core::hint::spin_loop();
            }
        };
        spawn_bound(home, "busy", body)?
    };
    let has_risen = within_10_s(|| !below_top(id));
    goes_on.0.store(true, Ordering::Relaxed);
    goes_on.1.wake_all();
    stop.store(true, Ordering::Relaxed);
    sleeper.join();
    busy.join();
    match (has_sunk, has_risen) {
        (false, _) => Err("a thread that computes did not sink".into()),
        (_, false) => Err("a thread that slept did not rise".into()),
        _ => Ok(()),
    }
}

/// Whether it comes true within ten seconds.
fn within_10_s(is_true: impl Fn() -> bool) -> bool {
    let start = time::uptime_ns();
    while !is_true() {
        if time::uptime_ns() - start > 10_000_000_000 {
            return false;
        }
        task::sleep_ms(5);
    }
    true
}

/// A sleep lasts at least as long as asked, and ends: how much later is the host's affair.
pub fn sleep_lasts() -> Outcome {
    let start = time::uptime_ns();
    task::sleep_ms(20);
    let slept_ms = (time::uptime_ns() - start) / 1_000_000;
    if slept_ms >= 20 { Ok(()) } else { Err(format!("20 ms of sleep took {slept_ms} ms")) }
}

/// As many busy threads as CPUs end up on as many different CPUs.
pub fn every_cpu_works() -> Outcome {
    let count = cpu::count();
    let seen = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let mut threads = Vec::new();
    for _ in 0..count {
        let (seen, stop) = (seen.clone(), stop.clone());
        threads.push(spawn("busy", move || {
            while !stop.load(Ordering::Relaxed) {
                seen.fetch_or(1 << cpu::id(), Ordering::Relaxed);
                core::hint::spin_loop();
            }
        })?);
    }
    let wanted = u64::MAX >> (64 - count);
    let start = time::uptime_ns();
    while seen.load(Ordering::Relaxed) != wanted && time::uptime_ns() - start < 5_000_000_000 {
        task::sleep_ms(5);
    }
    stop.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(JoinHandle::join);
    let seen = seen.load(Ordering::Relaxed);
    if seen == wanted { Ok(()) } else { Err(format!("of {count} CPUs only those in {seen:#b} ran threads")) }
}

/// Threads that are bound to a CPU never run on another, although others are idle and would take them.
pub fn bound_threads_stay() -> Outcome {
    let strayed = Arc::new(AtomicUsize::new(0));
    let mut threads = Vec::new();
    for number in 0..2 * cpu::count() {
        let (home, strayed) = (number % cpu::count(), strayed.clone());
        let body = move || {
            for round in 0..200 {
                strayed.fetch_add(usize::from(cpu::id() != home), Ordering::Relaxed);
                if round % 20 == 0 { task::sleep_ms(1) } else { task::yield_now() }
            }
        };
        threads.push(task::spawn_on(1 << home, "bound", body).map_err(|error| format!("{error}"))?);
    }
    threads.into_iter().for_each(JoinHandle::join);
    match strayed.load(Ordering::Relaxed) {
        0 => Ok(()),
        n => Err(format!("bound threads were seen {n} times on other CPUs")),
    }
}

/// A CPU that has become idle takes a thread that it may run from another's queue, although a third one's queue is
/// longer: all who wait there are bound there. Needs three CPUs.
pub fn idle_cpus_find_work() -> Outcome {
    if cpu::count() < 3 {
        return Ok(());
    }
    /// Who ends when told to: the one bound to the CPU that is to become idle, and then all.
    static FIRST: AtomicBool = AtomicBool::new(false);
    static ALL: AtomicBool = AtomicBool::new(false);
    static SEEN: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];
    fn compute(until: &AtomicBool) {
        while !until.load(Ordering::Relaxed) {
            core::hint::spin_loop();
        }
    }
    let bound = |cpus, body: fn()| task::spawn_on(cpus, "bound", body).map_err(|error| format!("{error}"));
    let mut threads = Vec::new();
    for (home, body) in
        [(0, (|| compute(&ALL)) as fn()), (0, || compute(&ALL)), (0, || compute(&ALL)), (1, || compute(&ALL))]
    {
        threads.push(bound(1 << home, body)?);
    }
    threads.push(bound(1 << 2, || compute(&FIRST))?);
    let rover = || {
        while !ALL.load(Ordering::Relaxed) {
            if let Some(seen) = SEEN.get(cpu::id()) {
                seen.store(true, Ordering::Relaxed);
            }
            core::hint::spin_loop();
        }
    };
    threads.push(bound(0b110, rover)?);
    // If it could run on the other one at once, as a CPU may idle for a moment, there is nothing to wait for.
    within_10_s(|| SEEN[1].load(Ordering::Relaxed) || SEEN[2].load(Ordering::Relaxed));
    FIRST.store(true, Ordering::Relaxed);
    let found = within_10_s(|| SEEN[2].load(Ordering::Relaxed));
    ALL.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(JoinHandle::join);
    if found { Ok(()) } else { Err("a CPU idled while a thread that it may run waited elsewhere".into()) }
}

/// Threads that add under one mutex, with yields inside, lose no addition.
pub fn mutex_excludes() -> Outcome {
    const THREADS: u64 = 8;
    const ROUNDS: u64 = 500;
    let total = Arc::new(Mutex::new(0_u64));
    let mut threads = Vec::new();
    for _ in 0..THREADS {
        let total = total.clone();
        threads.push(spawn("adder", move || {
            for round in 0..ROUNDS {
                let mut total = total.lock();
                let read = *total;
                if round % 7 == 0 {
                    task::yield_now();
                }
                *total = read + 1;
            }
        })?);
    }
    threads.into_iter().for_each(JoinHandle::join);
    let total = *total.lock();
    if total == THREADS * ROUNDS {
        Ok(())
    } else {
        Err(format!("{} additions gave {total}", THREADS * ROUNDS))
    }
}

/// Two threads pass a number to and fro through two channels, many times: one lost wake-up and both sleep
/// for ever, which the watch on their progress turns into a failure.
pub fn wakeups_arrive() -> Outcome {
    const ROUNDS: u64 = 5_000;
    let there = Arc::new(Channel::new(1).map_err(|e| format!("{e}"))?);
    let back = Arc::new(Channel::new(1).map_err(|e| format!("{e}"))?);
    let echo = {
        let (there, back) = (there.clone(), back.clone());
        spawn("echo", move || {
            for _ in 0..ROUNDS {
                back.send(there.recv() + 1);
            }
        })?
    };
    let mut value = 0;
    for round in 0..ROUNDS {
        there.send(value);
        match back.recv_timeout(5_000) {
            Some(answer) => value = answer,
            None => return Err(format!("no answer in round {round}")),
        }
    }
    echo.join();
    if value == ROUNDS { Ok(()) } else { Err(format!("{ROUNDS} rounds counted to {value}")) }
}

/// A wait with a deadline ends by itself, and leaves no trace that a later wake-up could trip over.
pub fn waiting_times_out() -> Outcome {
    let queue = WaitQueue::new();
    for _ in 0..20 {
        if queue.wait_until_timeout(2, || false) {
            return Err("a condition that never holds was found to hold".into());
        }
    }
    if queue.wake_one() { Err("somebody who gave up was still in the queue".into()) } else { Ok(()) }
}

/// More threads than CPUs spin without ever yielding, and still each gets its turns.
pub fn busy_threads_are_preempted() -> Outcome {
    let count = cpu::count() * 2 + 1;
    let stop = Arc::new(AtomicBool::new(false));
    let started = Arc::new(AtomicUsize::new(0));
    let mut threads = Vec::new();
    for _ in 0..count {
        let (stop, started) = (stop.clone(), started.clone());
        threads.push(spawn("spinner", move || {
            started.fetch_add(1, Ordering::Relaxed);
            while !stop.load(Ordering::Relaxed) {
                core::hint::spin_loop();
            }
        })?);
    }
    let start = time::uptime_ns();
    while started.load(Ordering::Relaxed) < count && time::uptime_ns() - start < 5_000_000_000 {
        task::sleep_ms(1);
    }
    stop.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(JoinHandle::join);
    match started.load(Ordering::Relaxed) {
        n if n == count => Ok(()),
        n => Err(format!("only {n} of {count} busy threads ever ran")),
    }
}

/// A thread that computes and shares its CPU with nobody is hardly interrupted, and still makes room at once for who is
/// bound there too, and takes turns with one who computes as well.
pub fn who_is_alone_is_left_alone() -> Outcome {
    const COMPUTED_MS: u64 = 300;
    let number = cpu::count() - 1;
    let home = 1 << number;
    let spin_until = |stop: &AtomicBool| {
        while !stop.load(Ordering::Relaxed) {
            core::hint::spin_loop();
        }
    };
    let enough = Arc::new(AtomicBool::new(false));
    let measured = Arc::new((AtomicU64::new(u64::MAX), WaitQueue::new()));
    let alone = {
        let (enough, measured) = (enough.clone(), measured.clone());
        let work = move || {
            let before = trap::count_on(number, trap::vector::TIMER);
            let start = time::uptime_ns();
            while time::since_ns(start) < COMPUTED_MS * 1_000_000 {
                core::hint::spin_loop();
            }
            measured.0.store(trap::count_on(number, trap::vector::TIMER) - before, Ordering::Release);
            measured.1.wake_all();
            spin_until(&enough);
        };
        spawn_bound(home, "alone", work)?
    };
    // Not asked for now and then: on a machine of one CPU that would be company.
    measured.1.wait_until(|| measured.0.load(Ordering::Acquire) != u64::MAX);
    // It is the last thread's turn for good unless somebody tells its CPU of these.
    let visitor = spawn_bound(home, "visitor", || task::sleep_ms(1))?;
    visitor.join();
    let both = Arc::new(AtomicBool::new(false));
    let second = {
        let (enough, both) = (enough.clone(), both.clone());
        let work = move || {
            both.store(true, Ordering::Relaxed);
            spin_until(&enough);
        };
        spawn_bound(home, "second", work)?
    };
    let took_turns = within_10_s(|| both.load(Ordering::Relaxed));
    enough.store(true, Ordering::Relaxed);
    alone.join();
    second.join();
    match measured.0.load(Ordering::Relaxed) {
        _ if !took_turns => Err("a bound thread did not get its turn".into()),
        // Of 300 without; the desktop's threads come by now and then.
        ticks if ticks > COMPUTED_MS / 2 => {
            Err(format!("{ticks} ticks in {COMPUTED_MS} ms while nobody else wanted the CPU"))
        }
        _ => Ok(()),
    }
}

/// A thousand threads come and go; stacks and records are used again.
pub fn threads_are_freed() -> Outcome {
    let before = (memory::statistics().used, task::list().len());
    for _ in 0..50 {
        for _ in 0..20 {
            spawn("mayfly", || {})?.join();
        }
        settle(before.1)?;
    }
    let after = memory::statistics().used;
    let growth = after.saturating_sub(before.0);
    // Of the twenty of a round none may have been reaped when the last one is made.
    let bound = 20 * 2 * memory::stack::STACK_SIZE;
    if growth > bound { Err(format!("a thousand threads left {growth} bytes behind")) } else { Ok(()) }
}

/// Waits until the reaper has left `count` threads.
fn settle(count: usize) -> Outcome {
    for _ in 0..1_000 {
        if task::list().len() <= count {
            return Ok(());
        }
        task::sleep_ms(1);
    }
    Err(format!("{count} threads became {} and stay", task::list().len()))
}
