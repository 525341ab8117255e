//! What the scheduler keeps for each CPU.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use sched::{CpuLoad, RunQueue};

use super::thread::ThreadRef;
use crate::arch::cpu::{self, MAX_CPUS};
use crate::arch::percpu;
use crate::lock::{IrqSpinLock, Rank};

/// One CPU's share of the scheduler. What other CPUs look at without the lock are hints: they choose where
/// to look, and the lock decides.
#[repr(align(128))]
pub(super) struct Cpu {
    pub local: IrqSpinLock<Local>,
    /// Length of the queue.
    pub queued: AtomicUsize,
    /// The idle thread runs.
    pub idle: AtomicBool,
    /// Ticks left of the running thread's turn. Only its own CPU touches it.
    pub slice_left: AtomicU32,
    /// Time-stamp counts spent idle, up to the last switch.
    pub idle_counts: AtomicU64,
    /// When the running thread was switched to.
    pub switched_at: AtomicU64,
}

/// What the lock guards.
pub(super) struct Local {
    pub queue: RunQueue<ThreadRef>,
    pub current: Option<ThreadRef>,
    pub idle_thread: Option<ThreadRef>,
}

#[allow(clippy::declare_interior_mutable_const, reason = "a template for the array below")]
const FRESH: Cpu = Cpu {
    local: IrqSpinLock::new(
        Rank::RunQueue,
        Local { queue: RunQueue::new(), current: None, idle_thread: None },
    ),
    queued: AtomicUsize::new(0),
    idle: AtomicBool::new(false),
    slice_left: AtomicU32::new(sched::TIME_SLICE_TICKS),
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
    all().iter().map(|cpu| CpuLoad {
        idle: cpu.idle.load(Ordering::Relaxed),
        queued: cpu.queued.load(Ordering::Relaxed),
    })
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
        if cpu.idle.load(Ordering::Relaxed) {
            idle += now.saturating_sub(cpu.switched_at.load(Ordering::Relaxed));
        }
        CpuTimes { idle, total: now }
    })
}
