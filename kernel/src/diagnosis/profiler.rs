//! A sampling profiler: each tick notes where its CPU was.
//!
//! A busy CPU ticks a thousand times a second, an idle one does not, and profiling changes neither: idleness is
//! measured by the scheduler's clock instead. The timer can't interrupt a stretch with interrupts off; such a stretch
//! counts where interrupts come on again, which is mostly the function that turned them off.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ::diagnosis::ProfileError;
use ::diagnosis::profile::{CpuShare, Profile, count_by_function};

use crate::arch::cpu::{self, MAX_CPUS};
use crate::arch::trap::{self, TrapFrame};
use crate::arch::{percpu, time};
use crate::console::symbols;
use crate::lock::{IrqSpinLock, Rank};
use crate::sync::Mutex;
use crate::task::{self, CpuTimes};

/// Samples of one CPU; its room is reserved before the first, so that the handler never allocates.
struct Samples {
    addresses: Vec<u64>,
    lost: u64,
}

static SAMPLES: [IrqSpinLock<Samples>; MAX_CPUS] =
    [const { IrqSpinLock::new(Rank::Queue, Samples { addresses: Vec::new(), lost: 0 }) }; MAX_CPUS];
static RUNNING: AtomicBool = AtomicBool::new(false);
static STARTED_NS: AtomicU64 = AtomicU64::new(0);
static TIMES_AT_START: Mutex<Vec<CpuTimes>> = Mutex::new(Vec::new());

/// Runs at each tick while a profile is taken, with interrupts off.
fn note(frame: &TrapFrame) {
    if task::is_idle_here() {
        return;
    }
    let mut samples = SAMPLES[percpu::id()].lock();
    if samples.addresses.len() < samples.addresses.capacity() {
        samples.addresses.push(frame.rip);
    } else {
        samples.lost += 1;
    }
}

/// Begins to sample, with room for so long.
pub fn start(milliseconds: u64) -> Result<(), ProfileError> {
    if RUNNING.swap(true, Ordering::Acquire) {
        return Err(ProfileError::Busy);
    }
    // A tenth more: whoever waits for the end wakes late on a busy machine.
    let room = (milliseconds * time::TICK_HZ / 1000 * 11 / 10 + 100) as usize;
    for samples in SAMPLES.iter().take(cpu::count()) {
        let mut addresses = Vec::new();
        if addresses.try_reserve_exact(room).is_err() {
            let _ = take_samples();
            RUNNING.store(false, Ordering::Release);
            return Err(ProfileError::OutOfMemory);
        }
        *samples.lock() = Samples { addresses, lost: 0 };
    }
    *TIMES_AT_START.lock() = task::cpu_times().collect();
    STARTED_NS.store(time::uptime_ns(), Ordering::Relaxed);
    trap::set_sampler(Some(note));
    Ok(())
}

fn take_samples() -> Vec<Samples> {
    let empty = || Samples { addresses: Vec::new(), lost: 0 };
    SAMPLES
        .iter()
        .take(cpu::count())
        .map(|samples| core::mem::replace(&mut *samples.lock(), empty()))
        .collect()
}

/// Ends the sampling and counts.
pub fn finish() -> Profile {
    trap::set_sampler(None);
    let milliseconds = time::uptime_ns().saturating_sub(STARTED_NS.load(Ordering::Relaxed)) / 1_000_000;
    let times: Vec<CpuTimes> = task::cpu_times().collect();
    let before = core::mem::take(&mut *TIMES_AT_START.lock());
    let taken = take_samples();
    let share = |(cpu, samples): (usize, &Samples)| {
        let (now, then) = (times[cpu], before.get(cpu).copied().unwrap_or_default());
        let total = now.total.saturating_sub(then.total).max(1);
        let idle = now.idle.saturating_sub(then.idle).min(total);
        CpuShare {
            samples: samples.addresses.len() as u64,
            lost: samples.lost,
            idle_permille: (u128::from(idle) * 1000 / u128::from(total)) as u64,
        }
    };
    let cpus = taken.iter().enumerate().map(share).collect();
    let addresses: Vec<Vec<u64>> = taken.into_iter().map(|samples| samples.addresses).collect();
    let start = |address| symbols::function_at(address).map(|function| function.start);
    let name = |start| symbols::function_at(start).map_or_else(String::new, |function| function.to_string());
    let functions = count_by_function(&addresses, start, name);
    RUNNING.store(false, Ordering::Release);
    Profile { milliseconds, hertz: time::TICK_HZ, cpus, functions }
}
