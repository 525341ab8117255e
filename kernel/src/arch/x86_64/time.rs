//! Time since the kernel was entered, from the time-stamp counter, and the tick of each CPU.
//!
//! The counter's speed is measured once, against the interval timer, together with the local APIC's. One
//! read of a pair (timer, counter) may be torn by the emulator or an SMI; the tightest of several is taken
//! at each end, which brings 5 ms of measuring to about 0.01 %.

use core::sync::atomic::{AtomicU64, Ordering};

use spin::Once;

use super::{apic, cpu, irq, percpu, pit};

/// Ticks a second on each CPU.
pub const TICK_HZ: u64 = 1_000;

/// How long the clocks are compared, in ticks of the interval timer (5 ms).
const MEASURED_PIT_TICKS: u16 = (pit::FREQUENCY_HZ / 200) as u16;

/// Reads of the interval timer after which it counts as absent (5 ms of it are some thousand reads).
const MAX_READS: u32 = 1_000_000;

static ENTRY: AtomicU64 = AtomicU64::new(0);
/// Nanoseconds per counter tick, times 2^32; 0 until measured.
static NS_PER_COUNT: AtomicU64 = AtomicU64::new(0);
static APIC_COUNTS_PER_TICK: AtomicU64 = AtomicU64::new(0);
static TICK_HOOK: Once<fn()> = Once::new();

/// Notes the moment of entry; uptime counts from here.
pub fn note_entry() {
    ENTRY.store(cpu::time_stamp(), Ordering::Relaxed);
}

struct Sample {
    pit: u16,
    counter: u64,
    apic: u32,
}

/// The tightest of a few readings.
fn sample() -> Sample {
    let mut best = Sample { pit: 0, counter: 0, apic: 0 };
    let mut best_width = u64::MAX;
    for _ in 0..5 {
        let before = cpu::time_stamp();
        let pit = pit::countdown();
        let apic = if apic::local::is_present() { apic::local::timer_elapsed() } else { 0 };
        let after = cpu::time_stamp();
        if after - before < best_width {
            best_width = after - before;
            best = Sample { pit, counter: before + best_width / 2, apic };
        }
    }
    best
}

/// Measures the clocks. Returns the time-stamp counter's frequency in Hz, or `None` when the interval
/// timer does not count: then 1 GHz is assumed, so that time passes at all.
pub fn calibrate() -> Option<u64> {
    if apic::local::is_present() {
        apic::local::timer_start_counting();
    }
    pit::start_countdown(u16::MAX);
    let start = sample();
    let mut reads = 0;
    while start.pit.wrapping_sub(pit::countdown()) < MEASURED_PIT_TICKS && reads < MAX_READS {
        reads += 1;
    }
    let end = sample();
    let pit_ticks = u64::from(start.pit.wrapping_sub(end.pit));
    let measured = reads < MAX_READS && pit_ticks > 0;
    let (hz, apic_hz) = if measured {
        let per_second = |counts: u64| counts * pit::FREQUENCY_HZ / pit_ticks;
        (
            per_second(end.counter - start.counter).max(1),
            per_second(u64::from(end.apic.saturating_sub(start.apic))),
        )
    } else {
        (1_000_000_000, 0)
    };
    NS_PER_COUNT.store(((1_000_000_000_u128 << 32) / u128::from(hz)) as u64, Ordering::Relaxed);
    APIC_COUNTS_PER_TICK.store(apic_hz / TICK_HZ, Ordering::Relaxed);
    measured.then_some(hz)
}

/// Nanoseconds since the kernel was entered; 0 until the clocks are measured.
pub fn uptime_ns() -> u64 {
    counts_to_ns(cpu::time_stamp().wrapping_sub(ENTRY.load(Ordering::Relaxed)))
}

/// How long so many counts of the time-stamp counter take; 0 until the clocks are measured.
pub fn counts_to_ns(counts: u64) -> u64 {
    ((u128::from(counts) * u128::from(NS_PER_COUNT.load(Ordering::Relaxed))) >> 32) as u64
}

/// Spins for at least `ns` nanoseconds: for devices that want microseconds. Threads that wait longer sleep.
pub fn busy_wait_ns(ns: u64) {
    let start = uptime_ns();
    while uptime_ns() - start < ns {
        if NS_PER_COUNT.load(Ordering::Relaxed) == 0 {
            return;
        }
        core::hint::spin_loop();
    }
}

/// Hands in what runs at each tick, on each CPU, with interrupts off. The first call wins.
pub fn set_tick(hook: fn()) {
    TICK_HOOK.call_once(|| hook);
}

/// Starts this CPU's tick: from its local APIC, or on the boot CPU of a machine without one from the
/// interval timer.
pub fn start_tick() {
    let counts = APIC_COUNTS_PER_TICK.load(Ordering::Relaxed);
    if apic::local::is_present() && counts > 0 {
        apic::local::timer_start_periodic(counts as u32);
    } else if percpu::id() == 0 {
        match irq::register_isa(0, "timer", tick) {
            Ok(()) => pit::start_periodic(TICK_HZ),
            Err(error) => log::error!("no tick: {error}"),
        }
    }
}

pub(super) fn tick() {
    if let Some(hook) = TICK_HOOK.get() {
        hook();
    }
}
