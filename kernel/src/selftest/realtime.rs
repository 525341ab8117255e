//! The real-time class: what was promised is kept, and no more is taken.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::Outcome;
use crate::arch::{cpu, time};
use crate::task::{self, Demand, JoinHandle, RealtimeError, ThreadInfo};

const MS: u64 = 1_000_000;

/// Ordinary threads on every CPU that count as fast as they can, until dropped.
struct Crowd {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle>,
    /// What those of each CPU have counted.
    counts: Vec<Arc<AtomicU64>>,
}

impl Crowd {
    fn new() -> Result<Self, alloc::string::String> {
        let mut crowd = Self { stop: Arc::default(), threads: Vec::new(), counts: Vec::new() };
        for number in 0..cpu::count() {
            let count = Arc::new(AtomicU64::new(0));
            for _ in 0..2 {
                let (stop, count) = (crowd.stop.clone(), count.clone());
                let busy = move || {
                    while !stop.load(Ordering::Relaxed) {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                };
                let thread = task::spawn_on(1 << number, "busy", busy).map_err(|error| format!("{error}"))?;
                crowd.threads.push(thread);
            }
            crowd.counts.push(count);
        }
        Ok(crowd)
    }

    /// What the ordinary threads of the CPU on which this runs have counted.
    fn here(counts: &[Arc<AtomicU64>]) -> u64 {
        counts.get(cpu::id()).map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(JoinHandle::join);
    }
}

/// The listed thread of that name.
fn find(name: &str) -> Option<ThreadInfo> {
    task::list().into_iter().find(|thread| thread.name == name)
}

/// While a real-time thread is within its budget, none of the busy threads of its CPU runs.
pub fn budget_is_kept_under_load() -> Outcome {
    const ROUNDS: usize = 3;
    let crowd = Crowd::new()?;
    let counts = crowd.counts.clone();
    let kept = Arc::new(AtomicU64::new(0));
    let broken = Arc::new(AtomicU64::new(0));
    let (good, bad) = (kept.clone(), broken.clone());
    // Far more than the work needs: a host that puts this machine aside takes it from the budget. Less urgent than the
    // desktop, which has a promise too.
    let demand = Demand { priority: 6, budget_ns: 300 * MS, period_ns: 1_000 * MS };
    let thread = task::spawn_realtime("punctual", demand, move || {
        for _ in 0..ROUNDS {
            task::sleep_ms(3);
            let before = Crowd::here(&counts);
            let start = time::uptime_ns();
            // Longer than an ordinary thread takes to sink to where the busy ones are.
            while time::uptime_ns() - start < 80 * MS {
                core::hint::spin_loop();
            }
            let others_ran = Crowd::here(&counts) != before;
            let in_budget = find("punctual").is_some_and(|own| own.level.is_realtime());
            match (in_budget, others_ran) {
                (true, false) => _ = good.fetch_add(1, Ordering::Relaxed),
                (true, true) => _ = bad.fetch_add(1, Ordering::Relaxed),
                (false, _) => {}
            }
        }
    });
    thread.map_err(|error| format!("{error}"))?.join();
    drop(crowd);
    match (kept.load(Ordering::Relaxed), broken.load(Ordering::Relaxed)) {
        (1.., 0) => Ok(()),
        (kept, broken) => Err(format!("of {ROUNDS} rounds {kept} were undisturbed, {broken} not")),
    }
}

/// A real-time thread that does not end gives way once its budget is used, and its missed deadlines are counted.
pub fn overrun_is_throttled() -> Outcome {
    const PERIOD_NS: u64 = 20 * MS;
    let crowd = Crowd::new()?;
    let counts = crowd.counts.clone();
    let gave_way = Arc::new(AtomicBool::new(false));
    let misses = Arc::new(AtomicU64::new(0));
    let (seen, missed) = (gave_way.clone(), misses.clone());
    let demand = Demand { priority: 2, budget_ns: 4 * MS, period_ns: PERIOD_NS };
    let thread = task::spawn_realtime("greedy", demand, move || {
        let start = time::uptime_ns();
        let before = Crowd::here(&counts);
        // Never sleeps: without an end to its budget nobody else would run here. Long enough to miss some deadlines.
        while time::uptime_ns() - start < 5_000 * MS {
            if Crowd::here(&counts) != before && time::uptime_ns() - start > 4 * PERIOD_NS {
                seen.store(true, Ordering::Relaxed);
                break;
            }
        }
        task::sleep_ms(1);
        let own = find("greedy").and_then(|own| own.realtime);
        missed.store(own.map_or(0, |own| own.misses), Ordering::Relaxed);
    });
    thread.map_err(|error| format!("{error}"))?.join();
    drop(crowd);
    match (gave_way.load(Ordering::Relaxed), misses.load(Ordering::Relaxed)) {
        (true, 3..) => Ok(()),
        (gave_way, misses) => Err(format!("gave way: {gave_way}, {misses} deadlines missed")),
    }
}

/// No CPU promises more than it has, and what a thread was promised is free again when it has ended.
pub fn promises_can_be_kept() -> Outcome {
    let most_of_one = Demand { priority: 7, budget_ns: 51 * MS, period_ns: 100 * MS };
    for round in 0..3 {
        let door = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        let refused = (0..=cpu::count()).any(|_| {
            let opened = door.clone();
            let started = task::spawn_realtime("promised", most_of_one, move || {
                while !opened.load(Ordering::Relaxed) {
                    task::sleep_ms(1);
                }
            });
            match started {
                Ok(thread) => threads.push(thread),
                Err(error) => return matches!(error, RealtimeError::Refused(_)),
            }
            false
        });
        let promised = threads.len();
        door.store(true, Ordering::Relaxed);
        threads.into_iter().for_each(JoinHandle::join);
        if !refused || promised == 0 {
            return Err(format!(
                "round {round}: {promised} times 51 % on {} CPUs, refused then: {refused}",
                cpu::count()
            ));
        }
    }
    Ok(())
}
