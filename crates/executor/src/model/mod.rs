//! Every interleaving of a thread that runs tasks and one or two that wake them, by `loom`: of the atomics' operations,
//! and of what the memory model lets a load return. The executor's thread parks as the kernel's does.
//!
//! A lost wake-up shows as a deadlock, a task that is polled by two threads as two in one cell, one queued twice as a failed
//! assertion in the task, a missing order as a waker's message that the poll does not see.

mod platform;
mod tasks;

/// Most preemptions that bugs of this kind need; nearly all show with two.
const PREEMPTIONS: usize = 2;

/// Explores `scenario` and prints how many interleavings that were.
fn explore(name: &str, scenario: impl Fn() + Send + Sync + 'static) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(PREEMPTIONS));
    let runs = Arc::new(AtomicU64::new(0));
    let counter = runs.clone();
    builder.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        scenario();
    });
    std::println!("{name}: {} interleavings", runs.load(Ordering::Relaxed));
}
