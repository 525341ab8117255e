//! When every CPU has forgotten a translation.
//!
//! The usual answer is an interrupt to all CPUs and a wait until each has answered. But memory is freed
//! anywhere: with interrupts off, inside spin locks, in interrupt handlers. A CPU that waits there for one
//! that waits for its lock waits for ever. So nobody waits here: what was unmapped is put aside with a
//! number ([`begin`]), the interrupt asks the others to flush when they can, each writes down the number it
//! has reached ([`acknowledge`]), and what was put aside is used again once all have passed ([`is_over`]).

use core::sync::atomic::{AtomicU64, Ordering};

use crate::arch;

/// The number of the newest request.
static REQUESTED: AtomicU64 = AtomicU64::new(0);
/// For each CPU, the newest request that its last flush covers.
static REACHED: [AtomicU64; arch::cpu::MAX_CPUS] = [const { AtomicU64::new(0) }; arch::cpu::MAX_CPUS];

/// A request to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Request(u64);

/// Asks every CPU to forget what was unmapped before this call.
pub(super) fn begin() -> Request {
    let request = REQUESTED.fetch_add(1, Ordering::SeqCst) + 1;
    acknowledge();
    if arch::cpu::count() > 1 {
        arch::smp::send_shootdown();
    }
    Request(request)
}

/// Flushes this CPU if anything was asked of it since its last flush. The shootdown interrupt calls this;
/// so may anybody, at any time.
pub fn acknowledge() {
    arch::interrupts::without(|| {
        let requested = REQUESTED.load(Ordering::SeqCst);
        let Some(reached) = REACHED.get(arch::cpu::id()) else { return };
        if reached.load(Ordering::Relaxed) < requested {
            arch::tlb::flush_all();
            // What is requested during the flush has a larger number.
            reached.store(requested, Ordering::Release);
        }
    });
}

/// Whether every CPU has flushed since the request.
pub(super) fn is_over(request: Request) -> bool {
    REACHED.iter().take(arch::cpu::count()).all(|reached| reached.load(Ordering::Acquire) >= request.0)
}
