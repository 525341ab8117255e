//! Faults on request: the command line's `provoke=KIND` makes the kernel fail in a known way, so that tests
//! can see what a panic looks like.

use crate::arch::{percpu, probe};
use crate::memory::heap::misuse;

/// Fails as asked; returns when the kind is unknown.
pub fn fail(kind: &str) {
    match kind {
        "panic" => panic!("provoked by the command line"),
        "null" => {
            probe::read_null_page();
        }
        "code" => probe::write_to_code(),
        "overflow" => {
            core::hint::black_box(recurse(1));
        }
        "double-free" => misuse::free_twice(),
        "overrun" => misuse::overrun(),
        "lock" => percpu::preempt_enable(),
        other => log::warn!(
            "provoke={other}: not a kind (early, panic, null, code, overflow, double-free, overrun, lock)"
        ),
    }
}

/// Fails before memory stands: the kernel runs on what the loader left, and must still say what happened.
pub fn fail_early() {
    probe::read_null_page();
}

/// Uses stack until there is none.
#[allow(unconditional_recursion, reason = "that is the point")]
fn recurse(depth: u64) -> u64 {
    let here = core::hint::black_box([depth; 64]);
    recurse(depth + 1) + here[depth as usize % 64]
}
