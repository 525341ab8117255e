//! Whether costs stay flat: each is taken among ten and among ten thousand other threads.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{FIRST_CPU, print, threads};
use crate::arch::{cpu, time};
use crate::sync::{Mutex, WaitQueue};
use crate::task::{self, JoinHandle, SpawnError};

const CROWDS: [u64; 2] = [10, 10_000];

/// Switches that are timed among threads which all want to run.
const SWITCHES: u64 = 40_000;
/// How long sleeping is watched, in milliseconds.
const WATCHED_MS: u64 = 100;
/// How long a crowd of sleepers sleeps: until after it was made and watched, even on a slow machine.
const CROWD_SLEEPS_MS: u64 = 4_000;
/// Two readings of the counter further apart than this had an interrupt between them.
const GAP_COUNTS: u64 = 60;

/// On one CPU: among several, what is seen is how the host schedules them.
pub(super) fn run() {
    if cpu::count() > 1 {
        return;
    }
    for count in CROWDS {
        if let Err(error) = among(count) {
            log::warn!("nothing is measured among {count} threads: {error}");
        }
    }
}

fn among(count: u64) -> Result<(), SpawnError> {
    let crowd = Crowd::blocked(count)?;
    print(&format!("voluntary_switch_{count}_blocked"), threads::voluntary_switch(), "counts");
    print(&format!("wait_queue_round_trip_{count}_blocked"), threads::round_trip(), "counts");
    print(&format!("spawn_exit_join_{count}_blocked"), threads::spawn_exit_join(), "counts");
    crowd.dismiss();
    print(&format!("voluntary_switch_{count}_ready"), circle(count)?, "counts");
    print(&format!("mutex_hand_on_{count}_waiting"), hand_on(count)?, "counts");
    print(&format!("sleep_and_wake_{count}_asleep"), sleep_and_wake(count)?, "counts");
    Ok(())
}

/// A door that is opened once, for all who wait.
#[derive(Default)]
struct Door {
    is_open: AtomicBool,
    queue: WaitQueue,
}

impl Door {
    fn wait(&self) {
        self.queue.wait_until(|| self.is_open.load(Ordering::Acquire));
    }

    fn open(&self) {
        self.is_open.store(true, Ordering::Release);
        self.queue.wake_all();
    }
}

/// Threads that wait at a door.
struct Crowd {
    door: Arc<Door>,
    threads: Vec<JoinHandle>,
}

impl Crowd {
    fn blocked(count: u64) -> Result<Self, SpawnError> {
        Self::new(count, |_| ())
    }

    /// `count` threads that do `work`, each with its number, and then wait.
    fn new(count: u64, work: impl Fn(u64) + Clone + Send + 'static) -> Result<Self, SpawnError> {
        let mut crowd = Self { door: Arc::default(), threads: Vec::new() };
        for number in 0..count {
            let (door, work) = (crowd.door.clone(), work.clone());
            match task::spawn("crowd", move || {
                work(number);
                door.wait();
            }) {
                Ok(thread) => crowd.threads.push(thread),
                Err(error) => {
                    crowd.dismiss();
                    return Err(error);
                }
            }
        }
        settle();
        Ok(crowd)
    }

    fn dismiss(self) {
        self.door.open();
        self.threads.into_iter().for_each(JoinHandle::join);
        settle();
    }
}

/// Lets everybody who can run come to rest.
fn settle() {
    task::sleep_ms(100);
}

/// A switch among `count` threads that all yield, again and again.
fn circle(count: u64) -> Result<u64, SpawnError> {
    #[derive(Default)]
    struct Watch {
        turns: AtomicU64,
        began: AtomicU64,
        ended: AtomicU64,
    }
    let watch: Arc<Watch> = Arc::default();
    let seen = watch.clone();
    // Everybody has begun by then.
    let (first, last) = (2 * count, 2 * count + SWITCHES);
    let crowd = Crowd::new(count, move |_| {
        loop {
            let turn = seen.turns.fetch_add(1, Ordering::Relaxed);
            if turn == first {
                seen.began.store(cpu::time_stamp(), Ordering::Relaxed);
            } else if turn == last {
                seen.ended.store(cpu::time_stamp(), Ordering::Relaxed);
            } else if turn > last {
                return;
            }
            task::yield_now();
        }
    })?;
    while watch.turns.load(Ordering::Relaxed) <= last {
        task::sleep_ms(10);
    }
    crowd.dismiss();
    Ok((watch.ended.load(Ordering::Relaxed) - watch.began.load(Ordering::Relaxed)) / SWITCHES)
}

/// A mutex for which `count` threads wait goes from each to the next.
fn hand_on(count: u64) -> Result<u64, SpawnError> {
    let mutex = Arc::new(Mutex::new(0_u64));
    let (shared, all_done) = (mutex.clone(), Arc::new(Door::default()));
    let door = all_done.clone();
    let held = mutex.lock();
    let crowd = Crowd::new(count, move |_| {
        let mut done = shared.lock();
        *done += 1;
        let is_last = *done == count;
        drop(done);
        if is_last {
            door.open();
        }
    });
    let start = cpu::time_stamp();
    drop(held);
    let crowd = crowd?;
    all_done.wait();
    let cost = (cpu::time_stamp() - start) / count;
    crowd.dismiss();
    Ok(cost)
}

/// What a thread that only computes loses, a millisecond, to another that sleeps a millisecond again and again: a
/// tick, the waking, two switches, the next sleep. Meanwhile `count` others sleep.
fn sleep_and_wake(count: u64) -> Result<u64, SpawnError> {
    let until_ns = time::uptime_ns() + CROWD_SLEEPS_MS * 1_000_000;
    let mut crowd = Vec::new();
    for number in 0..count {
        // Not in order, and no two at the same time.
        let at_ns = until_ns + number * 7_919 % count * 1_000;
        crowd.push(task::spawn_on(FIRST_CPU, "crowd", move || task::sleep_until_ns(at_ns))?);
    }
    let over = Arc::new(AtomicBool::new(false));
    let (sleeper_ends, watcher_ends) = (over.clone(), over);
    let naps = Arc::new(AtomicU64::new(0));
    let counted = naps.clone();
    let sleeper = task::spawn_on(FIRST_CPU, "sleeper", move || {
        while !sleeper_ends.load(Ordering::Relaxed) {
            task::sleep_ms(1);
            counted.fetch_add(1, Ordering::Relaxed);
        }
    })?;
    let lost = Arc::new(AtomicU64::new(0));
    let sum = lost.clone();
    let watcher = task::spawn_on(FIRST_CPU, "watcher", move || {
        task::sleep_ms(200);
        let before = naps.load(Ordering::Relaxed);
        let gaps = gaps_within(WATCHED_MS);
        let naps = naps.load(Ordering::Relaxed) - before;
        sum.store(gaps / naps.max(1), Ordering::Relaxed);
        watcher_ends.store(true, Ordering::Relaxed);
    })?;
    watcher.join();
    sleeper.join();
    crowd.into_iter().for_each(JoinHandle::join);
    settle();
    Ok(lost.load(Ordering::Relaxed))
}

/// Reads the counter for `ms` milliseconds; sums what passed while something else ran here.
fn gaps_within(ms: u64) -> u64 {
    let end_ns = time::uptime_ns() + ms * 1_000_000;
    let mut gaps = 0;
    let mut last = cpu::time_stamp();
    while time::uptime_ns() < end_ns {
        let now = cpu::time_stamp();
        if now - last > GAP_COUNTS {
            gaps += now - last;
        }
        last = now;
    }
    gaps
}
