//! The two measurements that Reenix (Light, "Reenix: Implementing a Unix-Like Operating System in Rust", 2015) took of
//! its Rust against the C it replaced: threads that add under one mutex, and `waitpid` on a child that lives and on one
//! that has ended. Here each is taken of the kernel's primitive and, in the image with feature `twin`, of the same
//! primitive in C (`kernel/twin`), both by the same code.

use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{per_run, print};
use crate::arch::cpu;
use crate::process::{ExitStatus, Lives, Process, ProcessId, WaitFor};
use crate::sync::Mutex;
use crate::task::{self, JoinHandle};

/// What the threads add up to.
const TARGETS: [u64; 2] = [100, 10_000];
/// How many threads do.
const THREADS: [usize; 3] = [2, 10, 100];
/// In the midst of so many additions the adding thread lets others run, who then find the mutex taken: on one CPU
/// they would hardly ever otherwise.
const PAUSE: u64 = 10;
/// Processes there can be in a table.
const PROCESSES: u32 = 16_000;
/// Children waited for.
const CHILDREN: u32 = 1_000;

/// A number that threads add up under a mutex.
pub(super) trait Adder: Send + Sync + 'static {
    /// One thread's part: adds until the sum is `target`, and lets others run in the midst of every `pause`th addition.
    fn add_up(&self, target: u64, pause: u64);
    /// Counts from the first addition to the last.
    fn elapsed(&self) -> u64;
}

/// A table of processes, and the thread of init in it.
pub(super) trait Family: Send + Sync + 'static {
    /// Makes a child of init with this thread; returns its number.
    fn spawn(&self, thread: u32) -> Option<u32>;
    /// The thread ends, and its process with it.
    fn exit(&self, thread: u32);
    /// Waits for this child of init to end; says whether it did.
    fn wait(&self, child: u32) -> bool;
}

/// The thread of init.
pub(super) const INIT_THREAD: u32 = 0;

struct Sum {
    value: Mutex<u64>,
    began: AtomicU64,
    ended: AtomicU64,
}

impl Adder for Sum {
    fn add_up(&self, target: u64, pause: u64) {
        loop {
            let mut value = self.value.lock();
            if *value == target {
                return;
            }
            if *value == 0 {
                self.began.store(cpu::time_stamp(), Ordering::Relaxed);
            }
            *value += 1;
            if value.is_multiple_of(pause) {
                task::yield_now();
            }
            if *value == target {
                self.ended.store(cpu::time_stamp(), Ordering::Relaxed);
            }
        }
    }

    fn elapsed(&self) -> u64 {
        self.ended.load(Ordering::Relaxed).saturating_sub(self.began.load(Ordering::Relaxed))
    }
}

struct Relatives {
    lives: Lives,
    init: Arc<Process>,
}

impl Family for Relatives {
    fn spawn(&self, thread: u32) -> Option<u32> {
        let child = Process::new("child", false).ok()?;
        self.lives
            .with(|table| table.spawn(ProcessId::INIT, thread_id(thread), child))
            .ok()
            .map(|child| child.0)
    }

    fn exit(&self, thread: u32) {
        // Refused only for init's thread.
        let _ = self.lives.exit_thread(thread_id(thread), ExitStatus::Exited(0), 1);
    }

    fn wait(&self, child: u32) -> bool {
        let child = WaitFor::One(ProcessId(child));
        self.lives.wait(thread_id(INIT_THREAD), &self.init, child).is_ok()
    }
}

fn thread_id(thread: u32) -> crate::process::ThreadId {
    crate::process::ThreadId(thread)
}

fn sum() -> Option<Arc<dyn Adder>> {
    Some(Arc::new(Sum { value: Mutex::new(0), began: AtomicU64::new(0), ended: AtomicU64::new(0) }))
}

fn family() -> Option<Arc<dyn Family>> {
    let init = Process::new("init", true).ok()?;
    let lives = Lives::new(PROCESSES, thread_id(INIT_THREAD), init.clone()).ok()?;
    Some(Arc::new(Relatives { lives, init }))
}

/// Where the subject of a measurement comes from; `None` without memory.
type Make<T> = fn() -> Option<Arc<T>>;

pub(super) fn run() {
    for target in TARGETS {
        for threads in THREADS {
            compare(
                &format!("reenix_mutex_{target}_by_{threads}"),
                |make| add_up(make?()?, target, threads),
                adders(),
            );
        }
    }
    for alive in [10, 10_000] {
        if let Some(cost) = spawn_exit_wait(alive) {
            print(&format!("process_spawn_exit_wait_{alive}_live"), cost, "counts");
        }
    }
    compare("reenix_waitpid_dead", |make| wait_for_the_dead(&*make?()?), families());
    compare("reenix_waitpid_live", |make| wait_for_the_living(make?()?), families());
}

/// Counts of making a child, its end, and waiting for it, among `alive` others.
fn spawn_exit_wait(alive: u32) -> Option<u64> {
    let family = family()?;
    for thread in 1..=alive {
        family.spawn(thread)?;
    }
    let mut reaped = 0;
    let cost = per_run(CHILDREN.into(), || {
        if let Some(child) = family.spawn(alive + 1) {
            family.exit(alive + 1);
            reaped += u32::from(family.wait(child));
        }
    });
    (reaped == CHILDREN).then_some(cost)
}

/// The kernel's, and the one in C if the image has it.
fn adders() -> [Option<Make<dyn Adder>>; 2] {
    #[cfg(feature = "twin")]
    let twin: Option<Make<dyn Adder>> = super::twin::is_sound().then_some(super::twin::sum);
    #[cfg(not(feature = "twin"))]
    let twin = None;
    [Some(sum), twin]
}

fn families() -> [Option<Make<dyn Family>>; 2] {
    #[cfg(feature = "twin")]
    let twin: Option<Make<dyn Family>> = super::twin::is_sound().then_some(super::twin::family);
    #[cfg(not(feature = "twin"))]
    let twin = None;
    [Some(family), twin]
}

/// Prints the figure of the kernel's own, of its twin, and the first in per cent of the second.
fn compare<T: ?Sized>(
    name: &str,
    measure: impl Fn(Option<Make<T>>) -> Option<u64>,
    [own, twin]: [Option<Make<T>>; 2],
) {
    let Some(own) = measure(own) else { return log::warn!("{name}: no memory") };
    print(name, own, "counts");
    if let Some(twin) = measure(twin) {
        print(&format!("{name}_c"), twin, "counts");
        print(&format!("{name}_percent"), (own * 100).div_ceil(twin.max(1)), "%");
    }
}

/// Counts that `threads` threads take to add up to `target`.
fn add_up(sum: Arc<dyn Adder>, target: u64, threads: usize) -> Option<u64> {
    // All wait for the last one: else the first would be done before others are there.
    let gate = Arc::new(crate::sync::barrier(threads));
    let mut handles = alloc::vec::Vec::new();
    for _ in 0..threads {
        let (sum, gate) = (sum.clone(), gate.clone());
        let body = move || {
            gate.wait();
            sum.add_up(target, PAUSE);
        };
        // Those that wait at the gate would wait for ever; there are figures to print, though.
        handles.push(task::spawn("adder", body).ok()?);
    }
    handles.into_iter().for_each(JoinHandle::join);
    Some(sum.elapsed())
}

/// Counts of a wait for a child that has ended.
fn wait_for_the_dead(family: &dyn Family) -> Option<u64> {
    let mut total = 0;
    for round in 0..CHILDREN / 100 {
        let mut children = [0; 100];
        for (thread, child) in (1..).zip(&mut children) {
            *child = family.spawn(thread + 100 * (round % 2))?;
            family.exit(thread + 100 * (round % 2));
        }
        let start = cpu::time_stamp();
        let reaped = children.iter().filter(|child| family.wait(**child)).count();
        total += cpu::time_stamp() - start;
        if reaped != children.len() {
            return None;
        }
    }
    Some(total / u64::from(CHILDREN))
}

/// Counts of a wait for a child that ends while it is waited for, with the switch to its thread, the end of it, and the
/// switch back.
fn wait_for_the_living(family: Arc<dyn Family>) -> Option<u64> {
    let (go, over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (family_there, go_there, over_there) = (family.clone(), go.clone(), over.clone());
    let child_thread = task::spawn("child", move || {
        while !over_there.load(Ordering::Relaxed) {
            // It goes on where the parent's wait lets it run.
            if go_there.swap(false, Ordering::Acquire) {
                family_there.exit(1);
            }
            task::yield_now();
        }
    })
    .ok()?;
    let mut total = Some(0);
    for _ in 0..CHILDREN {
        let Some(child) = family.spawn(1) else {
            total = None;
            break;
        };
        go.store(true, Ordering::Release);
        let start = cpu::time_stamp();
        let waited = family.wait(child);
        let end = cpu::time_stamp();
        total = total.filter(|_| waited).map(|total| total + (end - start));
    }
    over.store(true, Ordering::Relaxed);
    child_thread.join();
    total.map(|total| total / u64::from(CHILDREN))
}
