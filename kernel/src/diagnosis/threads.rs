//! Threads: what they wait for, where on their stacks, and who holds what they want.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem::offset_of;

use ::diagnosis::chain::Link;
use ::diagnosis::machine::{HeldLock, LockReport, SpinLocks};
use ::diagnosis::thread::{LockName, ThreadName, ThreadReport, ThreadState, WaitCause, WaitReport};

use blocking::Access;

use crate::arch::trap::TrapFrame;
use crate::arch::{cpu, time};
use crate::console::symbols::{self, Symbol};
use crate::lock::HeldRanks;
use crate::memory::kernel_space::peek;
use crate::task::{self, ThreadInfo, Wait, WaitKind};

/// Return addresses looked at: what is further out is the thread's first function.
const MAX_FRAMES: usize = 64;

/// Attempts at a glance during which no thread goes to sleep or wakes; the last is taken as it is.
const GLANCES: usize = 4;
/// A reader-writer lock, by what somebody wants of it, or has.
const READ_LOCK: &str = "read lock";
const WRITE_LOCK: &str = "write lock";

/// Where what waits is implemented: who calls it is what one wants to know.
const MACHINERY: [&str; 7] =
    ["blocking::", "kernel::sync::", "kernel::task::", "kernel::arch::", "core::", "alloc::", "trap_"];

/// The functions a sleeping thread is in, innermost first, by return address.
fn stack_of(thread: &ThreadInfo) -> Vec<u64> {
    let mut found = Vec::new();
    let Some(context) = thread.context else { return found };
    found.extend(peek(context + offset_of!(TrapFrame, rip) as u64));
    let mut frame = peek(context + offset_of!(TrapFrame, rbp) as u64);
    while let Some(at) = frame.filter(|at| thread.stack.contains(at) && found.len() < MAX_FRAMES) {
        match peek(at + 8) {
            Some(address) if address != 0 => found.push(address),
            _ => break,
        }
        // Callers are further up.
        frame = peek(at).filter(|&caller| caller > at);
    }
    found
}

/// The innermost function that is not one of those that make threads wait.
fn place(stack: &[u64]) -> Option<String> {
    let names = stack.iter().filter_map(|address| symbols::function_at(address.wrapping_sub(1)));
    let outside = |name: &String| {
        let bare = name.trim_start_matches(['<', '&']);
        !MACHINERY.iter().any(|prefix| bare.starts_with(prefix))
    };
    let name = names.map(|function| function.to_string()).find(outside)?;
    Some(name.replace("kernel::", ""))
}

fn name(thread: &ThreadInfo) -> ThreadName {
    ThreadName { id: thread.id, name: thread.name.clone() }
}

fn name_of(threads: &[ThreadInfo], id: u64) -> ThreadName {
    let name = threads.iter().find(|thread| thread.id == id).map_or("ended", |thread| thread.name.as_str());
    ThreadName { id, name: name.into() }
}

fn lock_name(kind: &'static str, address: u64) -> LockName {
    let listed = || task::listed_mutexes().find(|mutex| mutex.word as u64 == address)?.name.map(String::from);
    let variable = || symbols::variable_at(address).map(|name| name.replace("kernel::", ""));
    LockName { kind, address, variable: listed().or_else(variable) }
}

fn report(threads: &[ThreadInfo], wait: &Wait, seen: &Seen) -> WaitReport {
    let address = wait.address as u64;
    let holder = || threads.iter().filter(|thread| Some(thread.token) == seen.holder).map(name).collect();
    let lock = |kind, holders| WaitCause::Lock { lock: lock_name(kind, address), holders };
    let inside = || {
        let is_inside = |thread: &&ThreadInfo| thread.inside.iter().any(|(lock, _)| lock == wait.address);
        threads.iter().filter(is_inside).map(name).collect()
    };
    let cause = match wait.kind {
        WaitKind::Moment => WaitCause::Moment,
        WaitKind::ThreadEnd => WaitCause::ThreadEnd(name_of(threads, address)),
        WaitKind::Mutex => lock("mutex", holder()),
        WaitKind::ReadLock => lock(READ_LOCK, inside()),
        WaitKind::WriteLock => lock(WRITE_LOCK, inside()),
        WaitKind::Event => WaitCause::Something("an event"),
        WaitKind::Condition => WaitCause::Something("a condition"),
        WaitKind::Semaphore => WaitCause::Something("a semaphore's permit"),
        WaitKind::Receive => WaitCause::Something("a message"),
        WaitKind::Send => WaitCause::Something("room in a channel"),
        WaitKind::Barrier => WaitCause::Something("others at a barrier"),
        WaitKind::Once => WaitCause::Something("another's initialisation"),
    };
    let left = wait.deadline_ns.map(|deadline| deadline.saturating_sub(time::uptime_ns()) / 1_000_000);
    WaitReport { cause, place: place(&seen.stack), left_ms: left }
}

fn state(state: task::ThreadState) -> ThreadState {
    match state {
        task::ThreadState::Running => ThreadState::Running,
        task::ThreadState::Ready => ThreadState::Ready,
        task::ThreadState::Blocked => ThreadState::Asleep,
        task::ThreadState::Finished => ThreadState::Ended,
    }
}

/// What was read in memory about a sleeping thread.
#[derive(Default)]
struct Seen {
    stack: Vec<u64>,
    /// The token of the thread that holds the mutex it waits for.
    holder: Option<usize>,
}

impl Seen {
    fn of(thread: &ThreadInfo) -> Self {
        let mutex = thread.waits.as_ref().filter(|wait| wait.kind == WaitKind::Mutex);
        Self { stack: stack_of(thread), holder: mutex.and_then(|wait| holder_of(wait.address)) }
    }
}

/// The token of the thread that holds the mutex whose word is there.
fn holder_of(word: usize) -> Option<usize> {
    blocking::holder_in(peek(word as u64)? as usize)
}

/// Threads with what they wait for. What was read of a thread that has run meanwhile is dropped.
fn look() -> Vec<(ThreadInfo, Option<WaitReport>)> {
    let sleep = |thread: &ThreadInfo| (thread.id, thread.waits.map(|wait| wait.sleep));
    let glance = || {
        let before = task::list();
        let seen: Vec<Seen> = before.iter().map(Seen::of).collect();
        (before, seen, task::list())
    };
    // Looking into memory takes microseconds; finding names takes longer, and comes after it.
    let (before, mut seen, threads) = (1..GLANCES)
        .map(|_| glance())
        .find(|(before, _, after)| before.iter().map(sleep).eq(after.iter().map(sleep)))
        .unwrap_or_else(glance);
    let report = |thread: &ThreadInfo| {
        let same = before.iter().position(|then| sleep(then) == sleep(thread));
        let seen = same.and_then(|index| seen.get_mut(index)).map(core::mem::take).unwrap_or_default();
        thread.waits.as_ref().map(|wait| report(&threads, wait, &seen))
    };
    let reports: Vec<Option<WaitReport>> = threads.iter().map(report).collect();
    threads.into_iter().zip(reports).collect()
}

/// All threads, by number.
pub fn reports() -> Vec<ThreadReport> {
    let report = |(info, wait): (ThreadInfo, Option<WaitReport>)| ThreadReport {
        thread: ThreadName { id: info.id, name: info.name },
        state: state(info.state),
        cpu: info.cpu,
        level: if info.level.is_realtime() {
            format!("rt{}", info.level.index())
        } else {
            (info.level.index() - sched::Level::TOP_FEEDBACK.index()).to_string()
        },
        cpu_time_ms: time::counts_to_ns(info.run_counts) / 1_000_000,
        wait,
    };
    look().into_iter().map(report).collect()
}

/// All threads as chains of waiting are made of; `waited_ms` tells how long a thread has been in its sleep.
pub fn links(mut waited_ms: impl FnMut(&ThreadInfo) -> u64) -> Vec<Link> {
    let link = |(info, wait): (ThreadInfo, Option<WaitReport>)| {
        let waited_ms = waited_ms(&info);
        Link {
            thread: ThreadName { id: info.id, name: info.name },
            state: state(info.state),
            wait,
            waited_ms,
        }
    };
    look().into_iter().map(link).collect()
}

/// The functions that a thread is in, innermost first.
pub fn backtrace(id: u64) -> Option<Vec<String>> {
    let thread = task::list().into_iter().find(|thread| thread.id == id)?;
    let lines = stack_of(&thread).into_iter().map(|address| Symbol::ReturnTo(address).to_string()).collect();
    // A stack that was used meanwhile is no stack to be shown.
    let after = task::list().into_iter().find(|after| after.id == id)?;
    let same = thread.context == after.context && thread.run_counts == after.run_counts;
    Some(if same { lines } else { Vec::new() })
}

/// Who holds the sleeping locks that somebody waits for, or that are known without, and in checked builds which CPU
/// holds which spin locks.
pub fn locks() -> LockReport {
    let seen = look();
    let mut sleeping: Vec<HeldLock> = Vec::new();
    for (info, wait) in &seen {
        let Some(WaitCause::Lock { lock, holders }) = wait.as_ref().map(|wait| &wait.cause) else { continue };
        match sleeping.iter_mut().find(|held| held.lock.address == lock.address) {
            Some(held) => held.waiters.push(name(info)),
            None => sleeping.push(HeldLock {
                lock: lock.clone(),
                holders: holders.clone(),
                waiters: Vec::from([name(info)]),
            }),
        }
    }
    add_unwanted(&mut sleeping, &seen);
    // What this very thread holds to ask is nothing, so whatever shows up is held elsewhere, or was a moment ago.
    let held = |cpu| SpinLocks { cpu, ranks: HeldRanks(cpu).to_string() };
    let spinning = cfg!(debug_assertions)
        .then(|| (0..cpu::count()).map(held).filter(|locks| !locks.ranks.is_empty()).collect());
    LockReport { sleeping, spinning }
}

/// Adds the locks that are held and that nobody waits for: mutexes that stay for good, and reader-writer locks.
fn add_unwanted(sleeping: &mut Vec<HeldLock>, seen: &[(ThreadInfo, Option<WaitReport>)]) {
    let wanted: Vec<u64> = sleeping.iter().map(|held| held.lock.address).collect();
    let mut add = |kind, address: usize, holder: ThreadName| {
        let address = address as u64;
        match sleeping.iter_mut().find(|held| held.lock.address == address) {
            // Its holders were told with whoever waits for it.
            Some(_) if wanted.contains(&address) => {}
            // Twice inside.
            Some(held) if held.holders.contains(&holder) => {}
            Some(held) => held.holders.push(holder),
            None => sleeping.push(HeldLock {
                lock: lock_name(kind, address),
                holders: Vec::from([holder]),
                waiters: Vec::new(),
            }),
        }
    };
    for mutex in task::listed_mutexes() {
        // Unlike one that is waited for, it may have been given back and taken by another meanwhile, who then is told.
        let Some(holder) = holder_of(mutex.word) else { continue };
        if let Some((info, _)) = seen.iter().find(|(info, _)| info.token == holder) {
            add("mutex", mutex.word, name(info));
        }
    }
    for (info, _) in seen {
        for (lock, access) in info.inside.iter() {
            add(if access == Access::Shared { READ_LOCK } else { WRITE_LOCK }, lock, name(info));
        }
    }
}
