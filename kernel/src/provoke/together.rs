//! Failures in which other CPUs have a part.

use alloc::format;
use core::fmt;
use core::hint::{black_box, spin_loop};
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::arch::{cpu, interrupts, percpu, smp};
use crate::task;

/// How many have come to where they wait for each other.
static ARRIVED: AtomicUsize = AtomicUsize::new(0);

/// Starts a thread on each other CPU that computes for ever, and waits until all do.
pub fn keep_the_others_busy() {
    on_each_other_cpu("busy", || {
        ARRIVED.fetch_add(1, Ordering::AcqRel);
        compute()
    });
    while ARRIVED.load(Ordering::Acquire) < cpu::count() - 1 {
        task::sleep_ms(1);
    }
    ARRIVED.store(0, Ordering::Release);
}

/// Panics here and on another CPU, as nearly at once as can be.
pub fn two_at_once() {
    // For good: the two must stay where they are.
    percpu::preempt_disable();
    on_another_cpu("twin", || panic!("provoked on two CPUs{Meeting}, on the other one"));
    panic!("provoked on two CPUs{Meeting}, on this one");
}

/// Both CPUs format their message at the same time: then neither is stopped before it has begun to panic.
struct Meeting;

impl fmt::Display for Meeting {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        ARRIVED.fetch_add(1, Ordering::AcqRel);
        wait_for_arrivals(2);
        Ok(())
    }
}

/// Panics while another CPU has interrupts off.
pub fn beside_a_deaf_cpu() {
    on_another_cpu("deaf", || {
        interrupts::disable();
        ARRIVED.fetch_add(1, Ordering::AcqRel);
        compute()
    });
    wait_for_arrivals(1);
    panic!("provoked beside a CPU with interrupts off");
}

/// Panics after another CPU was lost.
pub fn beside_a_lost_cpu() {
    on_another_cpu("lost", || {
        ARRIVED.fetch_add(1, Ordering::AcqRel);
        compute()
    });
    wait_for_arrivals(1);
    if cpu::count() > 1 {
        smp::lose(another_cpu());
    }
    panic!("provoked after a CPU was lost");
}

/// Computes for ever.
#[inline(never)]
fn compute() {
    for number in 0_u64.. {
        black_box(number);
    }
}

fn wait_for_arrivals(count: usize) {
    // With one CPU there is nobody to wait for.
    while cpu::count() > 1 && ARRIVED.load(Ordering::Acquire) < count {
        spin_loop();
    }
}

fn another_cpu() -> usize {
    (percpu::id() + 1) % cpu::count()
}

fn on_another_cpu(name: &str, body: fn()) {
    if cpu::count() > 1 {
        start(name, another_cpu(), body);
    }
}

fn on_each_other_cpu(name: &str, body: fn()) {
    for number in (0..cpu::count()).filter(|&number| number != percpu::id()) {
        start(&format!("{name}/{number}"), number, body);
    }
}

fn start(name: &str, cpu: usize, body: fn()) {
    if let Err(error) = task::spawn_on(1 << cpu, name, body) {
        log::warn!("provoke: {error}");
    }
}
