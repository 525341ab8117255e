//! What things cost. Boot with the word `bench`: each figure is printed as `bench: NAME VALUE UNIT`, and
//! `bench: done` ends the list. `make bench` collects them (docs/performance.md says how each is taken).
//!
//! Costs are differences of the time-stamp counter. Under `-icount shift=0` that counts executed
//! instructions; otherwise it is time in counts.

mod desktop;
mod memory;
mod threads;

use crate::arch::cpu;
use crate::{desktop as session, task};

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

/// The desktop is given this long to appear, and then to come to rest.
const PATIENCE_MS: u64 = 20_000;
const REST_MS: u64 = 1_500;

/// Measures everything.
pub fn run() {
    for _ in 0..PATIENCE_MS / 10 {
        if session::is_ready() {
            break;
        }
        task::sleep_ms(10);
    }
    task::sleep_ms(REST_MS);
    threads::run();
    memory::run();
    desktop::run();
    log::info!("done");
}
