//! Whether two CPUs do twice as much as one: a job that shares nothing, by the clock.

use alloc::vec::Vec;
use core::hint::black_box;

use super::print;
use crate::arch::{cpu, time};
use crate::task::{self, JoinHandle};

/// Pieces of the job, each some ten milliseconds of arithmetic.
const PIECES: u64 = 16;
const STEPS: u64 = 8_000_000;
/// The best of so many runs counts: others may use the host's processors.
const RUNS: usize = 5;

pub(super) fn run() {
    if cpu::count() < 2 {
        return;
    }
    let best = |cpus: u64| (0..RUNS).filter_map(|_| run_on(cpus)).min();
    if let (Some(one), Some(two)) = (best(1), best(2)) {
        print("parallel_speedup_2_cpus", one * 100 / two.max(1), "percent");
    }
}

/// The time the job takes on so many CPUs, a thread bound to each, in nanoseconds.
fn run_on(cpus: u64) -> Option<u64> {
    let start = time::uptime_ns();
    let spawn = |number: u64| {
        task::spawn_on(1 << number, "worker", move || {
            (0..PIECES / cpus).for_each(|piece| _ = black_box(compute(number + piece)));
        })
    };
    let threads: Result<Vec<JoinHandle>, _> = (0..cpus).map(spawn).collect();
    threads.ok()?.into_iter().for_each(JoinHandle::join);
    Some(time::uptime_ns() - start)
}

/// Steps that have to be taken one after the other (Marsaglia, "Xorshift RNGs"). Of a multiplication and an addition the
/// compiler makes a closed form: then the job was over in 2 ms, and starting the threads was most of what was measured.
fn compute(seed: u64) -> u64 {
    (0..STEPS).fold(seed + 1, |mut value, _| {
        value ^= value << 13;
        value ^= value >> 7;
        value ^ value << 17
    })
}
