//! What things cost. Boot with the word `bench`: each figure is printed as `bench: NAME VALUE UNIT`, and
//! `bench: done` ends the list. `make bench` collects them (docs/performance.md says how each is taken).
//!
//! Costs are differences of the time-stamp counter. Under `-icount shift=0` that counts executed
//! instructions; otherwise it is time in counts.

mod crowd;
mod desktop;
mod disks;
mod memory;
mod parallel;
mod reenix;
pub mod storage;
mod tasks;
mod threads;
#[cfg(feature = "twin")]
#[allow(unsafe_code, reason = "calls C, and is called by it")]
mod twin;

use crate::arch::cpu;

/// The mask of the CPU on which threads run of which one preempts the other.
const FIRST_CPU: u64 = 1;

/// Runs `f` `times` over and returns counts per run.
fn per_run(times: u64, mut f: impl FnMut()) -> u64 {
    let start = cpu::time_stamp();
    for _ in 0..times {
        f();
    }
    (cpu::time_stamp() - start) / times
}

fn print(name: &str, value: u64, unit: &str) {
    log::info!("{name} {value} {unit}");
}

/// Measures one part: `disks` (those that were made for it) or `parallel`.
pub fn run_part(part: &str) {
    match part {
        "disks" => disks::run(),
        "parallel" => parallel::run(),
        _ => log::error!("no part of the benchmarks is called \"{part}\"; there are: disks, parallel"),
    }
    log::info!("done");
}

/// Measures everything but disks and files.
pub fn run() {
    threads::run();
    crowd::run();
    parallel::run();
    tasks::run();
    reenix::run();
    memory::run();
    desktop::run();
    log::info!("done");
}
