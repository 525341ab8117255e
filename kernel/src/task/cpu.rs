//! What the scheduler keeps for each CPU.

use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use sched::{CpuLoad, MultilevelQueue, TimerWheel};

use super::block::Ticket;
use super::table;
use super::thread::{Thread, ThreadRef};
use crate::arch::cpu;
pub(super) use crate::arch::cpu::MAX_CPUS;
use crate::arch::percpu;
use crate::lock::{IrqSpinLock, Rank};

/// One CPU's share of the scheduler. What other CPUs look at without the lock are hints: they choose where
/// to look, and the lock decides.
#[repr(align(128))]
pub(super) struct Cpu {
    pub queue: IrqSpinLock<MultilevelQueue<ThreadRef>>,
    /// How many wait in the queue. Written under its lock.
    queued: AtomicUsize,
    /// Index of the level the running thread stands on, [`ALONE`] or [`NOBODY`].
    pub running_level: AtomicU32,
    /// The uptime at which the tick began to rest, 0 while it does not.
    pub rests_since_ns: AtomicU64,
    /// Whose turn it was at the last tick; this CPU's tick alone uses it.
    pub last_turn: AtomicU64,
    /// Ticks until everybody who waits here is lifted.
    pub boost_in: AtomicU32,
    /// Whom to lift next among those who sleep, null when all were; this CPU's tick alone uses it.
    lifting: AtomicPtr<Thread>,
    /// Threads that began to sleep here.
    pub timers: IrqSpinLock<TimerWheel<Ticket>>,
    /// When to look among them, so that most ticks need no lock.
    pub next_deadline_ns: AtomicU64,
    /// What runs when nobody wants to; null before [`install`].
    idle_thread: AtomicPtr<Thread>,
}

/// The running level of a CPU on which nobody but the idle thread runs: below every other.
pub(super) const NOBODY: u32 = u32::MAX;
/// That of a CPU whose thread runs alone, so that it hardly ticks (`resting.rs`): whoever comes is more urgent, and
/// has to tell.
pub(super) const ALONE: u32 = NOBODY - 1;

impl Cpu {
    /// Whether the idle thread runs.
    pub fn is_idle(&self) -> bool {
        self.running_level.load(Ordering::Relaxed) == NOBODY
    }

    /// Whether the tick rests, because somebody runs alone.
    #[inline]
    pub fn rests(&self) -> bool {
        self.rests_since_ns.load(Ordering::Relaxed) != 0
    }

    /// A boost begins to lift those who sleep, unless an earlier one is still at it.
    pub fn begin_lifting(&self) {
        if !self.lifting.load(Ordering::Relaxed).is_null() {
            return;
        }
        let newest = table::newest().map_or(core::ptr::null_mut(), |newest| newest.as_ptr().cast_mut());
        self.lifting.store(newest, Ordering::Relaxed);
    }

    /// Lifts a tick's share of them. There may be ten thousand: then a round takes four boosts, so that a tick looks at
    /// five of them and costs hardly more than among ten.
    pub fn lift_some(&self) {
        // SAFETY: null, or what is stored here, just below and just above.
        let mut next = unsafe { ThreadRef::from_ptr(self.lifting.load(Ordering::Relaxed)) };
        if next.is_none() {
            return;
        }
        let records = table::newest().map_or(0, |newest| newest.slot() + 1);
        for _ in 0..records.div_ceil(4 * sched::BOOST_TICKS as usize) {
            let Some(thread) = next else { break };
            thread.lift_if_asleep();
            next = thread.older();
        }
        let next = next.map_or(core::ptr::null_mut(), |next| next.as_ptr().cast_mut());
        self.lifting.store(next, Ordering::Relaxed);
    }

    /// The idle thread, from [`install`] on.
    pub fn idle_thread(&self) -> Option<ThreadRef> {
        // SAFETY: null, or what `install` stored.
        unsafe { ThreadRef::from_ptr(self.idle_thread.load(Ordering::Relaxed)) }
    }

    /// How many wait in the queue, which may change at any time if its lock is not held.
    pub fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// One more waits. The queue's lock is held.
    #[inline]
    pub fn count_in(&self) {
        self.queued.store(self.queued().wrapping_add(1), Ordering::Relaxed);
    }

    /// One less waits. The queue's lock is held.
    #[inline]
    pub fn count_out(&self) {
        self.queued.store(self.queued().wrapping_sub(1), Ordering::Relaxed);
    }
}

#[allow(clippy::declare_interior_mutable_const, reason = "a template for the array below")]
const FRESH: Cpu = Cpu {
    queue: IrqSpinLock::new(Rank::RunQueue, MultilevelQueue::new()),
    queued: AtomicUsize::new(0),
    running_level: AtomicU32::new(NOBODY),
    rests_since_ns: AtomicU64::new(0),
    last_turn: AtomicU64::new(0),
    boost_in: AtomicU32::new(sched::BOOST_TICKS),
    lifting: AtomicPtr::new(core::ptr::null_mut()),
    timers: IrqSpinLock::new(Rank::Timers, TimerWheel::new()),
    next_deadline_ns: AtomicU64::new(u64::MAX),
    idle_thread: AtomicPtr::new(core::ptr::null_mut()),
};

static CPUS: [Cpu; MAX_CPUS] = [FRESH; MAX_CPUS];

/// The CPU of that number.
pub(super) fn of(number: usize) -> &'static Cpu {
    &CPUS[number]
}

/// Makes the running CPU's share reachable by [`this`], and `idle_thread` the thread that runs.
pub(super) fn install(number: usize, idle_thread: ThreadRef) {
    let cpu = &CPUS[number];
    cpu.idle_thread.store(idle_thread.as_ptr().cast_mut(), Ordering::Relaxed);
    // SAFETY: this is the scheduler; a record and a static live for ever.
    unsafe {
        percpu::set_thread(idle_thread.as_ptr().cast());
        percpu::set_scheduler(core::ptr::from_ref(cpu).cast());
    }
}

/// The running CPU's share. Interrupts are off; `None` before [`install`].
#[inline]
pub(super) fn this() -> Option<&'static Cpu> {
    // SAFETY: the pointer is null or what `install` stored: the address of a static of this type.
    unsafe { percpu::scheduler().cast::<Cpu>().as_ref() }
}

/// The running CPU's share and thread, as a switch of threads finds them.
///
/// # Safety
/// Interrupts are off, and [`install`] has run on this CPU.
#[inline]
pub(super) unsafe fn in_switch() -> (&'static Cpu, ThreadRef) {
    // SAFETY: `install` stored the address of a static and that of a record, and only `switch` has changed the
    // second since, to that of another record.
    unsafe {
        let cpu = &*percpu::scheduler().cast::<Cpu>();
        (cpu, ThreadRef::from_ptr(percpu::thread().cast()).unwrap_unchecked())
    }
}

/// All running CPUs.
pub(super) fn all() -> &'static [Cpu] {
    &CPUS[..cpu::count().min(MAX_CPUS)]
}

/// What the placement policy sees.
pub(super) fn loads() -> impl Iterator<Item = CpuLoad> + Clone {
    all().iter().map(|cpu| CpuLoad { idle: cpu.is_idle(), queued: cpu.queued() })
}

/// Whether this CPU has nobody to run but its idle thread. Asked with interrupts off, or it is a guess.
pub fn is_idle_here() -> bool {
    of(cpu::id()).is_idle()
}

/// How many threads wait in each CPU's queue.
pub fn queue_lengths() -> impl Iterator<Item = usize> {
    all().iter().map(|cpu| cpu.queued.load(Ordering::Relaxed))
}

/// How many threads run or could.
pub fn wanting_to_run() -> usize {
    all().iter().map(|cpu| cpu.queued() + usize::from(!cpu.is_idle())).sum()
}

/// A CPU's time so far, in time-stamp counts of the same clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuTimes {
    /// Spent in the idle thread.
    pub idle: u64,
    /// Since the counter's zero.
    pub total: u64,
}

/// Each CPU's times, to be compared with a later reading.
pub fn cpu_times() -> impl Iterator<Item = CpuTimes> {
    all().iter().map(|cpu| {
        let now = cpu::time_stamp();
        CpuTimes { idle: cpu.idle_thread().map_or(0, |thread| thread.ran(now)), total: now }
    })
}
