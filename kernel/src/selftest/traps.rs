//! Exceptions and the context switch.

use alloc::format;

use super::Outcome;
use crate::arch::{probe, trap};
use crate::task;

const BREAKPOINT: u8 = 3;

/// `int3` is counted, reported and returned from.
pub fn breakpoint_returns() -> Outcome {
    let before = trap::count(BREAKPOINT);
    probe::breakpoint();
    match trap::count(BREAKPOINT) - before {
        1 => Ok(()),
        n => Err(format!("{n} breakpoints were counted")),
    }
}

/// Two threads keep different values in all sixteen SSE registers across many switches.
pub fn registers_survive() -> Outcome {
    let other = task::spawn("registers", || {
        for round in 0..200 {
            probe::sse_survives(0x5a5a_0000 + round, task::yield_now);
        }
    })
    .map_err(|e| format!("{e}"))?;
    let mut lost = None;
    for round in 0..200 {
        if !probe::sse_survives(0xc3c3_0000 + round, task::yield_now) {
            lost = Some(round);
        }
    }
    other.join();
    lost.map_or(Ok(()), |round| Err(format!("a register changed in round {round}")))
}
