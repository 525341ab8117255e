//! Time since the kernel was entered, from the time-stamp counter, and the tick of each CPU.
//!
//! The counter's speed is measured once, against the interval timer, together with the local APIC's. One
//! read of a pair (timer, counter) may be torn by the emulator or an SMI; the tightest of several is taken
//! at each end, which brings 5 ms of measuring to about 0.01 %.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use spin::Once;

use super::{apic, cpu, irq, percpu, pit};

/// Ticks a second on each CPU.
pub const TICK_HZ: u64 = 1_000;

/// The longest an idle CPU sleeps: it costs nothing, and bounds what a mistake of somebody's could cost.
const LONGEST_REST_NS: u64 = 1_000_000_000;

/// How long the clocks are compared, in ticks of the interval timer (5 ms).
const MEASURED_PIT_TICKS: u16 = (pit::FREQUENCY_HZ / 200) as u16;

/// Reads of the interval timer after which it counts as absent (5 ms of it are some thousand reads).
const MAX_READS: u32 = 100_000;
/// Measurements tried until one was not disturbed.
const MAX_ATTEMPTS: u32 = 20;
/// Frequencies of time-stamp counters: those of processors, and 1 GHz under QEMU's instruction counting.
const PLAUSIBLE_HZ: core::ops::Range<u64> = 100_000_000..20_000_000_000;
/// The frequency when nothing is known.
const ASSUMED_HZ: u64 = 1_000_000_000;

static ENTRY: AtomicU64 = AtomicU64::new(0);
/// Nanoseconds per counter tick, times 2^32; 0 until measured.
static NS_PER_COUNT: AtomicU64 = AtomicU64::new(0);
static APIC_COUNTS_PER_TICK: AtomicU64 = AtomicU64::new(0);
/// The interval timer gives the tick.
static PIT_TICKS: AtomicBool = AtomicBool::new(false);
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

/// Frequencies in Hz.
#[derive(Clone, Copy)]
struct Frequencies {
    counter: u64,
    apic: u64,
}

/// Measures the clocks. Returns the time-stamp counter's frequency in Hz, or `None` when the interval timer
/// does not count; then the CPU's own word is taken, or 1 GHz assumed, so that time passes at all.
pub fn calibrate() -> Option<u64> {
    let attempts = (0..MAX_ATTEMPTS).map(|_| measure_by_pit());
    let undisturbed = attempts.take_while(|attempt| !matches!(attempt, Err(Trouble::Absent)));
    let measured = undisturbed.flatten().next();
    let frequencies = measured.unwrap_or_else(|| Frequencies {
        counter: cpu::nominal_time_stamp_hz().unwrap_or(ASSUMED_HZ),
        apic: 0,
    });
    let Frequencies { counter, apic } = frequencies;
    NS_PER_COUNT.store(((1_000_000_000_u128 << 32) / u128::from(counter)) as u64, Ordering::Relaxed);
    let apic = if apic == 0 { measure_apic_by_counter() } else { apic };
    APIC_COUNTS_PER_TICK.store(apic / TICK_HZ, Ordering::Relaxed);
    measured.map(|_| counter)
}

/// Why a measurement is worth nothing.
enum Trouble {
    /// The interval timer does not count.
    Absent,
    /// It ran out, or the result makes no sense. A CPU under a hypervisor may be put aside for any time, and
    /// a count that has wrapped around looks like a short one.
    Disturbed,
}

/// Compares the clocks with the interval timer.
fn measure_by_pit() -> Result<Frequencies, Trouble> {
    if apic::local::is_present() {
        apic::local::timer_start_counting();
    }
    pit::start_countdown(u16::MAX);
    let start = sample();
    let mut reads = 0;
    while start.pit.wrapping_sub(pit::countdown()) < MEASURED_PIT_TICKS {
        reads += 1;
        if reads > MAX_READS {
            return Err(Trouble::Absent);
        }
    }
    let end = sample();
    let pit_ticks = u64::from(start.pit.wrapping_sub(end.pit));
    let per_second = |counts: u64| counts * pit::FREQUENCY_HZ / pit_ticks.max(1);
    let counter = per_second(end.counter - start.counter);
    let whole = !pit::has_run_out() && PLAUSIBLE_HZ.contains(&counter);
    let apic = per_second(u64::from(end.apic.saturating_sub(start.apic)));
    if whole { Ok(Frequencies { counter, apic }) } else { Err(Trouble::Disturbed) }
}

/// The local APIC timer's frequency in Hz by the time-stamp counter; 0 without a local APIC.
fn measure_apic_by_counter() -> u64 {
    if !apic::local::is_present() {
        return 0;
    }
    apic::local::timer_start_counting();
    let start = cpu::time_stamp();
    busy_wait_ns(5_000_000);
    let counts = u64::from(apic::local::timer_elapsed());
    let took_ns = counts_to_ns(cpu::time_stamp().saturating_sub(start)).max(1);
    counts * 1_000_000_000 / took_ns
}

/// Nanoseconds since the kernel was entered; 0 until the clocks are measured.
pub fn uptime_ns() -> u64 {
    counts_to_ns(cpu::time_stamp().wrapping_sub(ENTRY.load(Ordering::Relaxed)))
}

/// Nanoseconds since the uptime was `start_ns`. A thread may have gone on on another CPU, whose counter is a little
/// behind: then no time has passed.
pub fn since_ns(start_ns: u64) -> u64 {
    uptime_ns().saturating_sub(start_ns)
}

/// How long so many counts of the time-stamp counter take; 0 until the clocks are measured.
pub fn counts_to_ns(counts: u64) -> u64 {
    ((u128::from(counts) * u128::from(NS_PER_COUNT.load(Ordering::Relaxed))) >> 32) as u64
}

/// Spins for at least `ns` nanoseconds: for devices that want microseconds. Threads that wait longer sleep.
pub fn busy_wait_ns(ns: u64) {
    let start = uptime_ns();
    while since_ns(start) < ns {
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
    } else if percpu::id() == 0 && !PIT_TICKS.swap(true, Ordering::Relaxed) {
        match irq::register_isa(0, "timer", tick) {
            Ok(()) => pit::start_periodic(TICK_HZ),
            Err(error) => log::error!("no tick: {error}"),
        }
    }
}

/// Stops this CPU's tick: the next timer interrupt comes when the uptime reaches `until_ns`, or at least once in
/// [`LONGEST_REST_NS`]. Where the interval timer ticks, it goes on, and the answer is false.
pub fn stop_tick(until_ns: u64) -> bool {
    let counts_per_tick = APIC_COUNTS_PER_TICK.load(Ordering::Relaxed);
    if !apic::local::is_present() || counts_per_tick == 0 {
        return false;
    }
    let rest_ns = until_ns.saturating_sub(uptime_ns()).min(LONGEST_REST_NS);
    let counts = u128::from(rest_ns) * u128::from(counts_per_tick * TICK_HZ) / 1_000_000_000;
    // Rounded up: an interrupt just before the deadline would find nobody due, and set the timer again.
    apic::local::timer_start_once(u32::try_from(counts + 1).unwrap_or(u32::MAX));
    true
}

pub(super) fn tick() {
    if let Some(hook) = TICK_HOOK.get() {
        hook();
    }
}
