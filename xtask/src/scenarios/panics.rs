//! Panics: the cause and a readable backtrace on the serial port and on the screen, and then silence on every
//! CPU. The kernel fails on request (`provoke=KIND` on its command line).

use std::thread::sleep;
use std::time::Duration;

use super::Scenario;
use super::stage::Stage;
use crate::error::{Result, fail};
use crate::machine::PANIC;
use crate::qemu::image::Area;

pub const SCENARIOS: &[Scenario] = &[
    ("a_panic_tells_its_cause_and_its_way", |stage| {
        panics(stage, "panic", "provoked by the command line", "kernel::provoke")
    }),
    ("a_null_pointer_is_a_page_fault_that_says_so", |stage| {
        panics(stage, "null", "page fault", "probe::read_null_page")
    }),
    ("a_fault_before_memory_stands_is_told_too", |stage| {
        panics(stage, "early", "page fault", "kernel::kmain")
    }),
    ("writing_to_code_is_a_page_fault", |stage| panics(stage, "code", "page fault", "probe::write_to_code")),
    ("a_stack_overflow_is_told_from_other_faults", |stage| {
        panics(stage, "overflow", "stack", "provoke::recurse")
    }),
    ("a_double_free_is_found", |stage| {
        panics(stage, "double-free", "double free: an object of 50 bytes in size class", "misuse::free_twice")
    }),
    ("a_write_behind_an_allocation_is_found", |stage| panics(stage, "overrun", "overrun", "misuse::overrun")),
];

/// Provokes a failure of this kind; `cause` and `function` are what its report must name.
fn panics(stage: &Stage, kind: &str, cause: &str, function: &str) -> Result {
    let mut hardware = stage.hardware(Some(stage.disk()?));
    hardware.boot = stage.direct(&format!("provoke={kind}"));
    let mut machine = stage.start(hardware)?;
    let line = machine.wait_for_line(PANIC, Duration::from_secs(30))?;
    // The report takes a moment on a port that carries a few thousand characters a second.
    sleep(Duration::from_secs(1));
    let log = machine.serial_log()?.to_lowercase();
    let report = &log[log.find(PANIC).unwrap_or(0)..];
    if !report.contains(cause) {
        fail!("{line:?} and what follows do not name the cause, {cause:?}");
    }
    if !report.contains(function) {
        fail!("the backtrace does not name the function at fault, {function}");
    }
    let shown = machine.screen()?;
    if shown.colours(Area::new(0, 0, shown.width, shown.height), 3) < 2 {
        fail!("the screen is of one colour: no report on it");
    }
    sleep(Duration::from_secs(1));
    if machine.serial_log()?.to_lowercase() != log || machine.screen()? != shown {
        fail!("something still runs after the panic");
    }
    Ok(())
}
