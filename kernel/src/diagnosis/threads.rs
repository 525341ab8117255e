//! Threads: what they wait for, where on their stacks, and who holds what they want.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem::offset_of;

use ::diagnosis::chain::Link;
use ::diagnosis::machine::{HeldLock, LockReport, SpinLocks};
use ::diagnosis::thread::{LockName, ThreadName, ThreadReport, ThreadState, WaitCause, WaitReport};

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
    LockName {
        kind,
        address,
        variable: symbols::variable_at(address).map(|name| name.replace("kernel::", "")),
    }
}

fn report(threads: &[ThreadInfo], wait: &Wait, seen: &Seen) -> WaitReport {
    let address = wait.address as u64;
    let holder = || threads.iter().find(|thread| Some(thread.token) == seen.holder).map(name);
    let lock = |kind| WaitCause::Lock { lock: lock_name(kind, address), holder: holder() };
    let cause = match wait.kind {
        WaitKind::Moment => WaitCause::Moment,
        WaitKind::ThreadEnd => WaitCause::ThreadEnd(name_of(threads, address)),
        WaitKind::Mutex => lock("mutex"),
        WaitKind::ReadLock => lock("read lock"),
        WaitKind::WriteLock => lock("write lock"),
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
    /// The token of the thread that holds the lock it waits for.
    holder: Option<usize>,
}

impl Seen {
    fn of(thread: &ThreadInfo) -> Self {
        let is_lock =
            |wait: &&Wait| matches!(wait.kind, WaitKind::Mutex | WaitKind::ReadLock | WaitKind::WriteLock);
        let word = thread.waits.as_ref().filter(is_lock).and_then(|wait| peek(wait.address as u64));
        Self { stack: stack_of(thread), holder: word.and_then(|word| blocking::holder_in(word as usize)) }
    }
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

/// Who holds the sleeping locks that somebody waits for, and in checked builds which CPU holds which spin locks.
pub fn locks() -> LockReport {
    let mut contended: Vec<HeldLock> = Vec::new();
    for (info, wait) in look() {
        let Some(WaitCause::Lock { lock, holder }) = wait.map(|wait| wait.cause) else { continue };
        let waiter = ThreadName { id: info.id, name: info.name };
        match contended.iter_mut().find(|held| held.lock.address == lock.address) {
            Some(held) => held.waiters.push(waiter),
            None => contended.push(HeldLock { lock, holder, waiters: Vec::from([waiter]) }),
        }
    }
    // What this very thread holds to ask is nothing, so whatever shows up is held elsewhere, or was a moment ago.
    let held = |cpu| SpinLocks { cpu, ranks: HeldRanks(cpu).to_string() };
    let spinning = cfg!(debug_assertions)
        .then(|| (0..cpu::count()).map(held).filter(|locks| !locks.ranks.is_empty()).collect());
    LockReport { contended, spinning }
}
