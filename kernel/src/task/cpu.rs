//! What the scheduler keeps for each CPU.

use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use sched::{CpuLoad, MultilevelQueue, TimerHeap};

use super::block::Ticket;
use super::thread::ThreadRef;
use crate::arch::cpu::{self, MAX_CPUS};
use crate::arch::percpu;
use crate::lock::{IrqSpinLock, Rank};

/// One CPU's share of the scheduler. What other CPUs look at without the lock are hints: they choose where
/// to look, and the lock decides.
#[repr(align(128))]
pub(super) struct Cpu {
    /// Its number.
    pub number: AtomicUsize,
    pub local: IrqSpinLock<Local>,
    /// Length of the queue.
    pub queued: AtomicUsize,
    /// Index of the level the running thread stands on; [`NOBODY`] while the idle thread runs.
    pub running_level: AtomicU8,
    /// Ticks until everybody who waits here is lifted.
    pub boost_in: AtomicU32,
    /// Threads that began to sleep here.
    pub timers: IrqSpinLock<TimerHeap<Ticket>>,
    /// The earliest deadline among them, so that most ticks need no lock.
    pub next_deadline_ns: AtomicU64,
    /// Time-stamp counts spent idle, up to the last switch.
    pub idle_counts: AtomicU64,
    /// When the running thread was switched to.
    pub switched_at: AtomicU64,
}

/// The running level of a CPU on which nobody but the idle thread runs: below every other.
pub(super) const NOBODY: u8 = u8::MAX;

impl Cpu {
    /// Whether the idle thread runs.
    pub fn is_idle(&self) -> bool {
        self.running_level.load(Ordering::Relaxed) == NOBODY
    }
}

/// What the lock guards.
pub(super) struct Local {
    pub queue: MultilevelQueue<ThreadRef>,
    pub current: Option<ThreadRef>,
    pub idle_thread: Option<ThreadRef>,
}

#[allow(clippy::declare_interior_mutable_const, reason = "a template for the array below")]
const FRESH: Cpu = Cpu {
    number: AtomicUsize::new(0),
    local: IrqSpinLock::new(
        Rank::RunQueue,
        Local { queue: MultilevelQueue::new(), current: None, idle_thread: None },
    ),
    queued: AtomicUsize::new(0),
    running_level: AtomicU8::new(NOBODY),
    boost_in: AtomicU32::new(sched::BOOST_TICKS),
    timers: IrqSpinLock::new(Rank::Timers, TimerHeap::new()),
    next_deadline_ns: AtomicU64::new(u64::MAX),
    idle_counts: AtomicU64::new(0),
    switched_at: AtomicU64::new(0),
};

static CPUS: [Cpu; MAX_CPUS] = [FRESH; MAX_CPUS];

/// The CPU of that number.
pub(super) fn of(number: usize) -> &'static Cpu {
    &CPUS[number]
}

/// Makes the running CPU's share reachable by [`this`].
pub(super) fn install(number: usize) {
    CPUS[number].number.store(number, Ordering::Relaxed);
    // SAFETY: this is the scheduler, and the only call.
    unsafe { percpu::set_scheduler(core::ptr::from_ref(&CPUS[number]).cast()) };
}

/// The running CPU's share. Interrupts are off; `None` before [`install`].
pub(super) fn this() -> Option<&'static Cpu> {
    // SAFETY: the pointer is null or what `install` stored: the address of a static of this type.
    unsafe { percpu::scheduler().cast::<Cpu>().as_ref() }
}

/// All running CPUs.
pub(super) fn all() -> &'static [Cpu] {
    &CPUS[..cpu::count().min(MAX_CPUS)]
}

/// What the placement policy sees.
pub(super) fn loads() -> impl Iterator<Item = CpuLoad> + Clone {
    all().iter().map(|cpu| CpuLoad { idle: cpu.is_idle(), queued: cpu.queued.load(Ordering::Relaxed) })
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
        let mut idle = cpu.idle_counts.load(Ordering::Relaxed);
        if cpu.is_idle() {
            idle += now.saturating_sub(cpu.switched_at.load(Ordering::Relaxed));
        }
        CpuTimes { idle, total: now }
    })
}
