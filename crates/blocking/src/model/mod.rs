//! Every interleaving of two or three threads, by `loom`: of the atomics' operations, and of what the memory
//! model lets a relaxed load return. The threads below stop and wake as the kernel's do.
//!
//! A lost wake-up shows as a deadlock, which loom reports; broken exclusion as two threads in one cell.
//! A bound on preemptions keeps this to seconds; `LOOM_MAX_PREEMPTIONS` lifts it (`make model`).

mod channels;
mod locks;
mod platform;
mod wait_queues;

use platform::{LoomPlatform, wait_queue};

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
