//! Fuzz targets: functions that take any bytes and panic when Quicklime's crates do something wrong with them.
//!
//! Two kinds. Some bytes come from outside (files, firmware, disks, keyboards, escape sequences): whatever they say,
//! reading ends, in a value or an error, and nothing beyond the input is touched. Other bytes are decisions
//! ([`choices`]): a sequence of operations on something that keeps promises, each compared with a plain set, map or
//! array. Overflow checks and debug assertions are on; an input that takes longer than ten seconds counts as a fault.
//!
//! The same targets run in two ways. The program `fuzz` ([`plain`]) replays a target's corpus (`fuzz/corpus/NAME`) and
//! then mutates it at random from a printed seed, in plain Rust: that is what `make test` does. The program `guided`
//! hands them to libFuzzer, which keeps inputs that reach new code: that is `make fuzz`. To add a target, write its
//! module, name it in [`TARGETS`], and run `make fuzz ONLY=name KEEP=1`.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod choices;
mod mutation;
pub mod plain;
mod targets;

/// One target.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name that `ONLY=` and the folder of its corpus bear.
    pub name: &'static str,
    /// Does with the bytes what there is to do, and panics when something is wrong.
    pub run: fn(&[u8]),
    /// Inputs to begin with, made by hand or by the writers of the formats.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Longest input in bytes.
pub const MAX_LENGTH: usize = 4096;

/// All targets, by name.
pub const TARGETS: &[Target] = &[
    targets::acpi::TARGET,
    targets::calendar::TARGET,
    targets::cmdline::TARGET,
    targets::elf::TARGET,
    targets::fat::TARGET,
    targets::frames::TARGET,
    targets::handover::TARGET,
    targets::heap::TARGET,
    targets::keyboard::TARGET,
    targets::pack::TARGET,
    targets::pages::TARGET,
    targets::paging::TARGET,
    targets::partitions::TARGET,
    targets::process::TARGET,
    targets::ps2::TARGET,
    targets::requests::TARGET,
    targets::sched::TARGET,
    targets::shell::TARGET,
    targets::term::TARGET,
    targets::vfs::TARGET,
];

/// The target of that name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}
