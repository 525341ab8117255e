//! Everything at once, for as long as one likes. Boot with `soak=SEED` and, if a minute is not enough, `soak_seconds=N`:
//! threads do at random, from that seed, what threads do ([`mod@work`]), on all CPUs. What is shared is checked as it is used,
//! and afterwards frames, heap and threads must be what they were before. QEMU ends with the verdict; `make soak` runs it.
//!
//! On one CPU under `-icount` the same seed gives the same run. On several CPUs only the decisions are the same and not
//! how they meet, so a fault may take several runs to come again.
//!
//! It runs before the desktop starts: then nobody else takes or gives memory, and the comparison can be exact.

mod operations;
mod random;
mod work;
mod world;

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use ::process::WaitFor;

use crate::arch::{cpu, power, time};
use crate::memory::stack::KernelStack;
use crate::sync::semaphore;
use crate::{memory, process, task};
use work::Worker;
use world::{CHANNELS, WORKERS, World};

/// Written to QEMU's exit device.
const EXIT_PASSED: u8 = 0x10;
const EXIT_FAILED: u8 = 0x11;
/// How often progress is told.
const PROGRESS_S: u64 = 10;
/// A worker that ends no operation for so long hangs: the longest takes some milliseconds.
const PATIENCE_S: u64 = 60;
/// Tables grow and caches fill in so long a rehearsal; only then is the first look taken.
const REHEARSAL_S: u64 = 2;
/// Unused stacks stay mapped, sixteen of them, and lie elsewhere each time: under one page table, or under as many.
const MOST_TABLES: u64 = 16;
/// Threads at a time before the first look: with those that have ended and are not reaped yet, the workers and all that they
/// begin are fewer.
const CROWD: usize = 1_000;
/// Processes before the first look: more than there are numbers for them.
const PROCESSES: usize = 16_500;
const NANOSECONDS: u64 = 1_000_000_000;
/// Looks at what is in use, some 6 ms apart, until it is the least: for longer than the watchdog takes to look around twice,
/// because it keeps what it saw for the next time, and more of that while the workers slept.
const LOOKS: u32 = 1_000;

/// Runs for `seconds` from `seed`, and ends QEMU.
pub fn run(seed: u64, seconds: u64) {
    log::info!("seed {seed}, {seconds} s, {WORKERS} workers on {} CPUs", cpu::count());
    let verdict = rehearsed(seed, seconds);
    match &verdict {
        Ok(operations) => log::info!("passed: {operations} operations from seed {seed}"),
        Err(reason) => log::error!("FAILED with seed {seed}: {reason}"),
    }
    log::logger().flush();
    power::debug_exit(if verdict.is_ok() { EXIT_PASSED } else { EXIT_FAILED });
}

fn rehearsed(seed: u64, seconds: u64) -> Result<u64, String> {
    crowd()?;
    work(!seed, REHEARSAL_S)?;
    let before = Figures::at_rest(None);
    log::info!("before: {before}");
    let operations = work(seed, seconds)?;
    let after = Figures::at_rest(Some(before));
    log::info!("after: {after}");
    if after.is_within(before) { Ok(operations) } else { Err(format!("{before} before, {after} after")) }
}

/// More threads at a time than there will be later, and more processes one after another than there are numbers: records of
/// threads are kept for the next ones, and the table of processes is as long as the numbers have come, so that neither grows
/// afterwards.
fn crowd() -> Result<(), String> {
    let gate = Arc::new(semaphore(0));
    let mut threads = Vec::new();
    for _ in 0..CROWD {
        let gate = gate.clone();
        let thread = task::spawn("soak-crowd", move || gate.acquire());
        threads.push(thread.map_err(|error| format!("{error}"))?);
    }
    gate.release(CROWD);
    threads.into_iter().for_each(task::JoinHandle::join);
    for _ in 0..PROCESSES {
        let id = process::spawn("soak-crowd", || 0).map_err(|error| format!("{error}"))?;
        process::wait(WaitFor::One(id)).map_err(|error| format!("waiting for {id:?}: {error:?}"))?;
    }
    wait_together()
}

/// More threads wait for one child than workers ever will: the queue in which a process's threads wait for its children
/// keeps its room.
fn wait_together() -> Result<(), String> {
    let (gate, here) = (Arc::new(semaphore(0)), Arc::new(semaphore(0)));
    let opened = gate.clone();
    let body = move || {
        opened.acquire();
        0
    };
    let child = process::spawn("soak-crowd", body).map_err(|error| format!("{error}"))?;
    let mut threads = Vec::new();
    for _ in 0..2 * WORKERS {
        let here = here.clone();
        let body = move || {
            here.release(1);
            // One of them reaps it; the others are told that there is no such child.
            let _ = process::wait(WaitFor::One(child));
        };
        threads.push(task::spawn("soak-crowd", body).map_err(|error| format!("{error}"))?);
    }
    threads.iter().for_each(|_| here.acquire());
    // The last of them are on their way to wait.
    task::sleep_ms(100);
    gate.release(1);
    threads.into_iter().for_each(task::JoinHandle::join);
    Ok(())
}

/// What is in use.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Figures {
    threads: usize,
    /// Bytes of the heap's objects, large ones included.
    heap: u64,
    /// Frames that are not the heap's: stacks, page tables, and what drivers hold. (What the heap holds for later is
    /// its own affair, and depends on which CPU freed what.)
    frames: u64,
}

impl core::fmt::Display for Figures {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} threads, {} bytes of heap, {} other frames", self.threads, self.heap, self.frames)
    }
}

impl Figures {
    /// The least of some seconds' figures, for it takes a while until the last threads are reaped and all CPUs have
    /// forgotten what was unmapped; at once, when they are no more than `expected`.
    fn at_rest(expected: Option<Self>) -> Self {
        // As many stacks stay mapped as may, so that they are as many each time.
        drop::<[_; 32]>(core::array::from_fn(|_| KernelStack::allocate()));
        let mut least = Self::now();
        for _ in 0..LOOKS {
            task::sleep_ms(5);
            // The windows of addresses (stacks, large pieces, segments of the heap) collect what waits for other CPUs when
            // they give out something.
            drop::<[_; 17]>(core::array::from_fn(|_| KernelStack::allocate()));
            drop(Vec::<u8>::with_capacity(1 << 20));
            drop::<[_; 16]>(core::array::from_fn(|_| Vec::<u8>::with_capacity(48 << 10)));
            // The table of processes keeps a piece for the next number, or not, if that begins another piece.
            if let Ok(id) = process::spawn("soak-rest", || 0) {
                let _ = process::wait(WaitFor::One(id));
            }
            task::sleep_ms(1);
            let now = Self::now();
            least.threads = least.threads.min(now.threads);
            least.heap = least.heap.min(now.heap);
            least.frames = least.frames.min(now.frames);
            if expected.is_some_and(|expected| least.is_within(expected)) {
                break;
            }
        }
        least
    }

    fn is_within(self, other: Self) -> bool {
        self.threads <= other.threads && self.heap <= other.heap && self.frames <= other.frames + MOST_TABLES
    }

    fn now() -> Self {
        let threads = task::list().len();
        let memory = memory::statistics();
        let heap = memory.heap;
        Self { threads, heap: heap.used + heap.large, frames: (memory.used - heap.size - heap.large) / 4096 }
    }
}

/// Lets the workers work for `seconds`; returns how many operations they did.
fn work(seed: u64, seconds: u64) -> Result<u64, String> {
    let world = World::new().map_err(|error| format!("{error}"))?;
    let mut threads = Vec::new();
    for number in 0..CHANNELS {
        let world = world.clone();
        let sink = task::spawn("soak-sink", move || work::receive(&world, number));
        threads.push(sink.map_err(|error| format!("{error}"))?);
    }
    for number in 0..WORKERS {
        let mut worker = Worker::new(world.clone(), number, seed);
        world.running.fetch_add(1, Ordering::Relaxed);
        let thread = task::spawn("soak", move || worker.run());
        threads.push(thread.map_err(|error| format!("{error}"))?);
    }
    watch(&world, seconds)?;
    world.stop.store(true, Ordering::Relaxed);
    wait_for_the_last(&world)?;
    for channel in &world.channels {
        channel.send(world::Message::END);
    }
    threads.into_iter().for_each(task::JoinHandle::join);
    world.settle_accounts()?;
    Ok(world.operations())
}

/// Tells how it goes until the time is over, and notices who hangs.
fn watch(world: &Arc<World>, seconds: u64) -> Result<(), String> {
    let start = time::uptime_ns();
    let mut told = 0;
    let mut progress = Progress::new(start);
    loop {
        task::sleep_ms(100);
        progress.look(world)?;
        let passed = (time::uptime_ns() - start) / NANOSECONDS;
        if passed >= told + PROGRESS_S {
            told = passed;
            let memory = memory::statistics();
            log::info!(
                "{passed} of {seconds} s, {} operations, {} threads, {} KiB of heap, {} KiB used",
                world.operations(),
                task::list().len(),
                (memory.heap.used + memory.heap.large) >> 10,
                memory.used >> 10
            );
        }
        if passed >= seconds {
            return Ok(());
        }
    }
}

/// Waits until workers and their children are done.
fn wait_for_the_last(world: &Arc<World>) -> Result<(), String> {
    let mut progress = Progress::new(time::uptime_ns());
    while world.running.load(Ordering::Acquire) + world.children.load(Ordering::Acquire) > 0 {
        task::sleep_ms(2);
        progress.look(world)?;
    }
    world.fault()
}

/// When each worker was last seen to have done something.
struct Progress([(u64, u64); WORKERS]);

impl Progress {
    fn new(now_ns: u64) -> Self {
        Self([(0, now_ns); WORKERS])
    }

    fn look(&mut self, world: &World) -> Result<(), String> {
        world.fault()?;
        let now = time::uptime_ns();
        for (number, (done, since)) in self.0.iter_mut().enumerate() {
            let state = &world.workers[number];
            let seen = state.done.load(Ordering::Relaxed);
            let over = state.over.load(Ordering::Relaxed);
            if seen != *done || over {
                (*done, *since) = (seen, now);
            } else if now - *since > PATIENCE_S * NANOSECONDS {
                let name = work::name_of(state.doing.load(Ordering::Relaxed));
                return Err(format!("worker {number} hangs in \"{name}\""));
            }
        }
        Ok(())
    }
}
