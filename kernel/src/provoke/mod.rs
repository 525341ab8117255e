//! Failures on request: the command line's `provoke=KIND` makes the kernel fail in a known way, so that tests can see
//! that each protection holds and what a panic looks like. docs/diagnosis.md lists the kinds.
//!
//! `provoke=KIND` fails in the boot's own thread, before the drivers. With `@desktop` behind it waits until the desktop
//! is up and at rest, with `@SECONDS` until the kernel has run that long, and with `@NAME` until there is a thread of
//! that name: a program that somebody opens, such as `@snake`. Then it fails on the last CPU, while a thread computes
//! on each of the others.

pub mod deadlock;
pub mod held;
mod together;

use core::fmt;

use crate::arch::{cpu, interrupts, irq, percpu, probe, time};
use crate::desktop;
use crate::lock::misuse as lock_misuse;
use crate::memory::heap::misuse as heap_misuse;
use crate::memory::misuse;
use crate::sync::Mutex;
use crate::task;

/// Every way to fail, by its name. Those of the second part are noticed by checked builds only; the others return.
const KINDS: &[(&str, fn())] = &[
    ("panic", || panic!("provoked by the command line")),
    ("null", || _ = probe::read_null_page()),
    ("null-call", probe::call_null),
    ("code", probe::write_to_code),
    ("code-alias", misuse::write_to_code_alias),
    ("constant", misuse::write_to_constant),
    ("heap-exec", misuse::execute_heap),
    ("stack-exec", misuse::execute_stack),
    ("data-exec", misuse::execute_variable),
    ("constant-exec", misuse::execute_constant),
    ("direct-map-exec", misuse::execute_direct_map),
    ("behind-allocation", misuse::write_behind_allocation),
    ("user-data", misuse::touch_user_page),
    ("user-exec", misuse::execute_user_page),
    ("overflow", || _ = core::hint::black_box(recurse(1))),
    ("deep", panic_on_a_full_stack),
    ("double-fault", || probe::lose_stack()),
    ("port", use_another_port),
    ("nested", || panic!("{}", Unspeakable)),
    ("together", together::two_at_once),
    ("deaf", together::beside_a_deaf_cpu),
    ("lost", together::beside_a_lost_cpu),
    ("deadlock", || drop(deadlock::make())),
    ("held", || drop(held::make())),
    // Checked builds only.
    ("double-free", heap_misuse::free_twice),
    ("overrun", heap_misuse::overrun),
    ("unbalanced", percpu::preempt_enable),
    ("lock-twice", lock_misuse::take_twice),
    ("lock-released-twice", lock_misuse::release_twice),
    ("lock-order", lock_misuse::take_in_wrong_order),
    ("lock-sleep", || lock_misuse::under_a_lock(|| task::sleep_ms(1))),
    ("lock-mutex", || lock_misuse::with_interrupts_out(|| drop(MUTEX.lock()))),
    ("lock-kept", || end_a_thread_with(lock_misuse::keep)),
    ("handler-lock", || in_a_handler(|| lock_misuse::under_a_lock(|| ()))),
    ("handler-lock-kept", || in_a_handler(lock_misuse::keep)),
    ("handler-sleep", || in_a_handler(|| task::sleep_ms(1))),
    ("handler-mutex", || in_a_handler(|| drop(MUTEX.lock()))),
];

static MUTEX: Mutex<()> = Mutex::new(());

/// Fails as the word asks, now or later; returns when the kind is unknown or was not noticed.
pub fn arrange(word: &'static str) {
    let Some((kind, when)) = word.split_once('@') else { return fail(word) };
    let last = cpu::count() - 1;
    let failing = task::spawn_on(1 << last, "provoke", move || {
        match when.parse::<u32>() {
            Ok(seconds) => {
                let end_ms = u64::from(seconds) * 1000;
                task::sleep_ms(end_ms.saturating_sub(time::uptime_ns() / 1_000_000));
            }
            Err(_) if when == "desktop" => desktop::wait_until_at_rest(),
            Err(_) => wait_for_thread(when),
        }
        together::keep_the_others_busy();
        fail(kind);
    });
    if let Err(error) = failing {
        log::warn!("provoke={word}: {error}");
    }
}

fn wait_for_thread(name: &str) {
    while !task::list().iter().any(|thread| thread.name == name) {
        task::sleep_ms(10);
    }
}

fn fail(kind: &str) {
    match KINDS.iter().find(|(name, _)| *name == kind) {
        Some((_, act)) => {
            act();
            log::warn!("provoke={kind}: nothing has noticed it");
        }
        None => {
            log::warn!("provoke={kind}: not a kind; there are early");
            KINDS.iter().for_each(|(name, _)| log::warn!("  {name}"));
        }
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

/// Stack that is left when [`panic_on_a_full_stack`] does: room for a panic's message, and not for a report.
const LAST_BYTES: u64 = 2048;

/// Panics where a report has no room.
fn panic_on_a_full_stack() {
    let bottom = task::with_running_thread(percpu::id(), |thread| thread.stack_bottom).unwrap_or(0);
    // An interrupt has no room here either, and would be what is reported.
    interrupts::disable();
    descend(bottom + LAST_BYTES);
}

#[inline(never)]
fn descend(limit: u64) -> u64 {
    let here = core::hint::black_box([limit; 8]);
    if here.as_ptr().addr() as u64 <= limit {
        panic!("provoked with the stack nearly full");
    }
    descend(limit) + here[7]
}

/// Reaches for a port that was not claimed.
fn use_another_port() {
    match crate::arch::port::claim(0x80, 1, "provoke") {
        Ok(ports) => _ = ports.read_u8(1),
        Err(error) => log::warn!("provoke=port: {error}"),
    }
}

/// Calls `action` in a thread of its own, and waits for that.
fn end_a_thread_with(action: fn()) {
    match task::spawn("provoke", action) {
        Ok(thread) => thread.join(),
        Err(error) => log::warn!("provoke: {error}"),
    }
}

/// Calls `action` in an interrupt handler.
fn in_a_handler(action: fn()) {
    match irq::register_isa(probe::SPARE_LINE, "provoke", action) {
        Ok(()) => probe::raise_spare_line(),
        Err(error) => log::warn!("provoke: no interrupt line: {error}"),
    }
}

/// A value that panics when it is formatted.
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("provoked while a panic was being told")
    }
}
