//! The real-time class: threads that were promised a budget of every period on one CPU, and get it before all others.
//!
//! The policy, with the test of what can be promised, is `sched::Admission` and `sched::Reservation`. Here is where
//! it meets the scheduler: a thread's reservation is charged when it stops and at each tick, since run times are
//! accounted exactly; one that has used its budget becomes a thread like any other at the next tick, and is lifted
//! again at the first tick of its next period. So a budget is overrun by one tick at most, which the test allows for.
//!
//! A real-time thread stays on its CPU, because what was promised was that CPU's time.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use sched::{Admission, Level, MOST_RESERVATIONS, Refused, Reservation, Standing};

use super::cpu::{self, Cpu};
use super::spawn::{self, JoinHandle, SpawnError};
use super::thread::{Thread, ThreadRef, ThreadState};
use super::{belonging, scheduler, table};
use crate::arch::{cpu as arch_cpu, interrupts, percpu, time};
use crate::lock::{IrqSpinLock, Rank};

/// What a thread asks for: `budget_ns` of every `period_ns` nanoseconds, before all of lower priority; 0 is the most
/// urgent, [`sched::REALTIME_LEVELS`] − 1 the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The fixed priority.
    pub priority: u8,
    /// Nanoseconds it needs in each period.
    pub budget_ns: u64,
    /// The period, and how soon after waking the thread wants to be done.
    pub period_ns: u64,
}

/// Why a real-time thread could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RealtimeError {
    /// No CPU can promise what it asks for.
    Refused(Refused),
    /// No thread of any class could be made.
    Spawn(SpawnError),
}

impl fmt::Display for RealtimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(reason) => reason.fmt(f),
            Self::Spawn(reason) => reason.fmt(f),
        }
    }
}

/// A thread's part: its reservation while it has one.
pub(super) struct Budget {
    reservation: Option<Reservation>,
    /// The thread's run time up to which the reservation was charged, in time-stamp counts.
    charged: u64,
    /// Where it stands among the ordinary threads, to go on from there when it is throttled. Put at the top each
    /// time, one that never ends would never sink.
    ordinary: Standing,
}

impl Budget {
    /// Of a thread like any other.
    pub const NONE: Self =
        Self { reservation: None, charged: 0, ordinary: Standing::at(Level::TOP_FEEDBACK) };

    /// Where its thread stands from now on: at its priority, or, throttled, where it stood before.
    fn stand(&mut self, thread: &Thread, priority: u8, within_budget: bool) {
        if !within_budget {
            thread.set_standing(self.ordinary);
        } else if !thread.level().is_realtime() {
            self.ordinary = thread.standing();
            thread.set_standing(Standing::at(Level::realtime(priority)));
        }
    }

    /// What the thread has run since it was last charged, in nanoseconds.
    fn take_uncharged_ns(&mut self, thread: &Thread) -> u64 {
        let ran = thread.ran(arch_cpu::time_stamp());
        let uncharged = ran.saturating_sub(self.charged);
        self.charged = ran;
        time::counts_to_ns(uncharged)
    }
}

/// A CPU's part: what it has promised, and to whom.
struct Share {
    admission: Admission,
    threads: [Option<ThreadRef>; MOST_RESERVATIONS],
}

/// A budget's end is seen at a tick.
const OVERRUN_NS: u64 = 1_000_000_000 / time::TICK_HZ;

static SHARES: [IrqSpinLock<Share>; cpu::MAX_CPUS] = [const {
    IrqSpinLock::new(
        Rank::Promises,
        Share { admission: Admission::with_overrun(OVERRUN_NS), threads: [None; MOST_RESERVATIONS] },
    )
}; cpu::MAX_CPUS];

/// Somebody on that CPU has used the budget and waits for the next period. Only its own CPU clears it.
static THROTTLED: [AtomicBool; cpu::MAX_CPUS] = [const { AtomicBool::new(false) }; cpu::MAX_CPUS];

/// Starts a real-time thread, on the CPU that has promised least of those that can promise `demand`.
///
/// # Errors
/// As [`super::spawn()`], or no CPU can promise so much.
pub fn spawn_realtime(
    name: &str,
    demand: Demand,
    body: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle, RealtimeError> {
    let mut refused = None;
    let started = spawn::spawn_entering(spawn::EVERY_CPU, name, body, |slot| {
        let thread = table::get(slot).ok_or(SpawnError::OutOfMemory)?;
        if let Err(reason) = admit(thread, demand) {
            refused = Some(reason);
            return Err(SpawnError::Ending);
        }
        belonging::enter_own(slot).inspect_err(|_| release(thread))
    });
    started.map_err(|error| refused.map_or(RealtimeError::Spawn(error), RealtimeError::Refused))
}

/// Makes the running thread a real-time one, on the CPU that has promised least of those that can promise `demand`.
/// It sleeps for a moment meanwhile, to wake there.
///
/// # Errors
/// No CPU can promise so much, or the thread has a reservation already; it stays what it is.
pub fn become_realtime(demand: Demand) -> Result<(), Refused> {
    let thread = scheduler::current();
    if thread.is_realtime() {
        return Err(Refused::TooMuch);
    }
    admit(thread, demand)?;
    super::sleep_ms(1);
    Ok(())
}

/// Has a CPU promise `demand` to a thread, which is bound to that CPU from when it next wakes.
fn admit(thread: ThreadRef, demand: Demand) -> Result<(), Refused> {
    let Demand { priority, budget_ns, period_ns } = demand;
    let now_ns = time::uptime_ns();
    let mut result = Err(Refused::TooMuch);
    let mut tried = 0_u64;
    while result == Err(Refused::TooMuch)
        && let Some(number) = least_promised(tried)
    {
        tried |= 1 << number;
        let mut share = SHARES[number].lock();
        result = share.admission.admit(priority, budget_ns, period_ns, now_ns).map(|reservation| {
            if let Some(place) = share.threads.iter_mut().find(|place| place.is_none()) {
                *place = Some(thread);
            }
            let charged = thread.ran(arch_cpu::time_stamp());
            *thread.budget.lock() = Budget { reservation: Some(reservation), charged, ..Budget::NONE };
            thread.set_affinity(1 << number);
            thread.set_realtime(true);
        });
    }
    result
}

/// The CPU that has promised least, but for those in the mask `tried`.
fn least_promised(tried: u64) -> Option<usize> {
    (0..cpu::all().len())
        .filter(|number| tried & 1 << number == 0)
        .min_by_key(|&number| SHARES[number].lock().admission.load())
}

/// Takes the promise back: the thread ends, or was never started.
pub(super) fn release(thread: ThreadRef) {
    thread.set_realtime(false);
    for share in &SHARES[..cpu::all().len()] {
        let mut share = share.lock();
        let Some(place) = share.threads.iter().position(|other| *other == Some(thread)) else { continue };
        share.threads[place] = None;
        if let Some(reservation) = thread.budget.lock().reservation.take() {
            share.admission.release(&reservation);
        }
    }
}

/// A real-time thread wakes: gives it the level that its budget allows. Interrupts are off.
#[cold]
pub(super) fn wake(thread: ThreadRef) {
    let mut budget = thread.budget.lock();
    let Some(reservation) = &mut budget.reservation else { return };
    let within_budget = reservation.wake(time::uptime_ns());
    let (priority, was_realtime) = (reservation.priority(), thread.level().is_realtime());
    if was_realtime || within_budget {
        budget.stand(&thread, priority, within_budget);
    }
    if !within_budget {
        note_throttled(thread);
    }
}

/// A real-time thread has stopped to sleep. Interrupts are off.
#[cold]
pub(super) fn stop(thread: ThreadRef) {
    let mut budget = thread.budget.lock();
    let ran_ns = budget.take_uncharged_ns(&thread);
    if let Some(reservation) = &mut budget.reservation {
        reservation.finish(ran_ns, time::uptime_ns());
    }
}

/// A tick finds a real-time thread running: true if it has used its budget just now, and is a thread like any other
/// until its next period begins.
#[cold]
pub(super) fn charge(thread: ThreadRef) -> bool {
    let mut budget = thread.budget.lock();
    let ran_ns = budget.take_uncharged_ns(&thread);
    let Some(reservation) = &mut budget.reservation else { return false };
    let within_budget = reservation.charge(ran_ns, time::uptime_ns());
    let priority = reservation.priority();
    if within_budget == thread.level().is_realtime() {
        return false;
    }
    budget.stand(&thread, priority, within_budget);
    if !within_budget {
        note_throttled(thread);
    }
    !within_budget
}

fn note_throttled(thread: ThreadRef) {
    let home = (0..cpu::all().len()).find(|&number| thread.may_run_on(number)).unwrap_or(0);
    THROTTLED[home].store(true, Ordering::Relaxed);
}

/// Whether [`lift`] has something to do on this CPU.
#[inline]
pub(super) fn somebody_is_throttled() -> bool {
    THROTTLED[percpu::id()].load(Ordering::Relaxed)
}

/// Lifts those who are throttled on this CPU and whose next period has begun. Runs at its ticks.
#[cold]
pub(super) fn lift(cpu: &'static Cpu) {
    let number = percpu::id();
    let now_ns = time::uptime_ns();
    let mut left = false;
    let share = SHARES[number].lock();
    for thread in share.threads.iter().flatten().copied().filter(|thread| !thread.level().is_realtime()) {
        let mut budget = thread.budget.lock();
        let is_current = thread == scheduler::current();
        let wants_to_run = is_current || thread.state() == ThreadState::Ready;
        // One that sleeps gets its level when it wakes.
        if !wants_to_run {
            continue;
        }
        let ran_ns = budget.take_uncharged_ns(&thread);
        let Some(reservation) = &mut budget.reservation else { continue };
        if !reservation.charge(ran_ns, now_ns) {
            left = true;
            continue;
        }
        let level = Level::realtime(reservation.priority());
        budget.ordinary = thread.standing();
        drop(budget);
        // Not in the queue yet, because another CPU is just about to put it there: the next tick finds it.
        left |= !scheduler::change_level(cpu, thread, level);
    }
    drop(share);
    THROTTLED[number].store(left, Ordering::Relaxed);
}

/// What the real-time class knows of a thread, for listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RealtimeInfo {
    /// Its fixed priority, 0 the most urgent.
    pub priority: u8,
    /// Deadlines it has missed: it was not done a period after it woke.
    pub misses: u64,
}

/// What is to be told of a thread; `None` of one like any other.
pub(super) fn info(thread: &Thread) -> Option<RealtimeInfo> {
    let budget = interrupts::without(|| thread.budget.lock().reservation);
    budget.map(|reservation| RealtimeInfo { priority: reservation.priority(), misses: reservation.misses() })
}
