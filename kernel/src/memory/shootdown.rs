//! When every CPU has forgotten a translation.
//!
//! The usual answer is an interrupt to all CPUs and a wait until each has answered. But memory is freed
//! anywhere: with interrupts off, inside spin locks, in interrupt handlers. A CPU that waits there for one
//! that waits for its lock waits for ever. So freeing does not wait: what was unmapped is put aside with a
//! number ([`begin`]), an interrupt asks the others to forget it, each writes down the number it
//! has reached ([`acknowledge`]), and what was put aside is used again once all have passed ([`is_over`]).
//!
//! Three things keep interrupts few:
//!
//! * **Batches.** A request is for a whole range. A CPU that was asked and has not answered yet is not asked again: when
//!   it answers, it covers whatever was requested by then.
//! * **Idle CPUs rest.** A CPU that halts for want of work says so first ([`percpu::rest`]), and the first thing any trap
//!   does there is to take that back and to acknowledge. Until then it touches nothing but its stack and the kernel's image,
//!   none of which is ever unmapped. So it need not be asked, nor waited for. Whoever requests first publishes
//!   the number and then looks whether the CPU rests; the CPU first stops resting and then looks at the number; one of
//!   the two sees the other. An exception are tables that became empty: a processor may walk ahead of time through one
//!   that it remembers, even on the way out of its rest, so for these it is asked like any other.
//! * **Pages instead of everything.** The newest requests are kept with their ranges, so that a CPU that is not far behind
//!   invalidates these pages alone.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use frames::FRAME_SIZE;
use paging::Stale;

use crate::arch::{cpu, interrupts, percpu, smp, tlb};
use crate::lock::{IrqSpinLock, Rank};

/// Requests whose ranges are kept.
const KEPT: u64 = 16;
/// Pages that a CPU invalidates one by one; for more it is cheaper to forget everything and to look up again what is used.
const MOST_PAGES: u64 = 32;
/// The number of pages that stands for everything.
const EVERYTHING: u64 = u64::MAX;

/// CPUs as a set: bit n is CPU n.
pub(super) type CpuSet = u64;
/// Every CPU there is.
pub(super) const EVERY_CPU: CpuSet = !0;

const _: () = assert!(cpu::MAX_CPUS <= CpuSet::BITS as usize);

/// Pages one after the other.
#[derive(Clone, Copy)]
struct Range {
    start: u64,
    pages: u64,
}

/// The ranges of the newest requests; number n is in place n % KEPT. The lock is what makes a number and its range appear as
/// one.
static RANGES: IrqSpinLock<[Range; KEPT as usize]> =
    IrqSpinLock::new(Rank::Shootdowns, [Range { start: 0, pages: EVERYTHING }; KEPT as usize]);
/// The number of the newest request.
static REQUESTED: AtomicU64 = AtomicU64::new(0);
/// For each CPU, the newest request that it has acknowledged.
static REACHED: [AtomicU64; cpu::MAX_CPUS] = [const { AtomicU64::new(0) }; cpu::MAX_CPUS];
/// Whether an interrupt is on its way to the CPU.
static ASKED: [AtomicBool; cpu::MAX_CPUS] = [const { AtomicBool::new(false) }; cpu::MAX_CPUS];

static SENT: AtomicU64 = AtomicU64::new(0);
static JOINED: AtomicU64 = AtomicU64::new(0);
static RESTING: AtomicU64 = AtomicU64::new(0);
static FLUSHES: AtomicU64 = AtomicU64::new(0);
static PAGES: AtomicU64 = AtomicU64::new(0);

/// A request to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    number: u64,
    /// Who has to.
    targets: CpuSet,
    /// Whether tables became empty, which resting CPUs must hear of too.
    tables: bool,
}

/// Asks `targets` to forget what was unmapped before this call. This CPU does at once, whether it is one of them or not.
pub(super) fn begin(stale: &Stale, targets: CpuSet) -> Request {
    let tables = stale.retires_tables();
    // One invalidated page drops what a processor remembers of tables, but of this address space only (SDM vol. 3A, 4.10.4.1).
    let everything = tables && tlb::has_context_ids();
    let pages = if everything { EVERYTHING } else { (stale.length() / FRAME_SIZE).max(1) };
    let number = {
        let mut ranges = RANGES.lock();
        let number = REQUESTED.load(Ordering::Relaxed) + 1;
        ranges[(number % KEPT) as usize] = Range { start: stale.start().get(), pages };
        REQUESTED.store(number, Ordering::SeqCst);
        number
    };
    let here = interrupts::without(|| {
        acknowledge();
        percpu::id()
    });
    for target in (0..cpu::count()).filter(|&target| target != here && targets >> target & 1 == 1) {
        if !tables && percpu::is_resting(target) {
            RESTING.fetch_add(1, Ordering::Relaxed);
        } else if ASKED[target].swap(true, Ordering::SeqCst) {
            JOINED.fetch_add(1, Ordering::Relaxed);
        } else {
            SENT.fetch_add(1, Ordering::Relaxed);
            smp::send_shootdown(target);
        }
    }
    Request { number, targets, tables }
}

/// Forgets on this CPU whatever was requested since it last did. The interrupt calls this, and any trap that ends a rest;
/// so may anybody, at any time.
pub fn acknowledge() {
    interrupts::without(|| {
        let here = percpu::id();
        let (Some(asked), Some(reached)) = (ASKED.get(here), REACHED.get(here)) else { return };
        // In this order: who finds the flag set from here on has published a number that is seen below.
        if asked.load(Ordering::Relaxed) {
            asked.swap(false, Ordering::SeqCst);
        }
        let before = reached.load(Ordering::Relaxed);
        if before < REQUESTED.load(Ordering::SeqCst) {
            reached.store(forget_since(before), Ordering::Release);
        }
    });
}

/// Forgets what was requested after number `before`; returns the number that this covers.
fn forget_since(before: u64) -> u64 {
    let (number, ranges) = {
        let ranges = RANGES.lock();
        (REQUESTED.load(Ordering::Relaxed), *ranges)
    };
    let new = number - before;
    let missed = || (before + 1..=number).map(|number| ranges[(number % KEPT) as usize]);
    let pages = missed().take(KEPT as usize).fold(0, |sum: u64, range| sum.saturating_add(range.pages));
    if new > KEPT || pages > MOST_PAGES {
        // What is requested meanwhile has a larger number.
        tlb::flush_all();
        FLUSHES.fetch_add(1, Ordering::Relaxed);
    } else {
        for Range { start, pages } in missed() {
            (0..pages).for_each(|page| tlb::flush_page(start.wrapping_add(page * FRAME_SIZE)));
        }
        PAGES.fetch_add(pages, Ordering::Relaxed);
    }
    number
}

/// Whether no target can use any more what was unmapped before the request.
pub(super) fn is_over(request: Request) -> bool {
    (0..cpu::count()).filter(|&target| request.targets >> target & 1 == 1).all(|target| {
        REACHED[target].load(Ordering::Acquire) >= request.number
            || (!request.tables && percpu::is_resting(target))
    })
}

/// Waits until the request is over. Only for threads that hold no spin lock: the others may be waiting for it.
pub(super) fn wait(request: Request) {
    while !is_over(request) {
        debug_assert!(interrupts::are_enabled(), "waits for CPUs that may wait for this one");
        core::hint::spin_loop();
    }
}

/// What has been done since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShootdownStatistics {
    /// Ranges that CPUs were asked to forget.
    pub requests: u64,
    /// Interrupts sent, one to each CPU asked.
    pub sent: u64,
    /// Interrupts not sent, because one was on its way there.
    pub joined: u64,
    /// Interrupts not sent, because the CPU was resting.
    pub resting: u64,
    /// Times a CPU forgot everything.
    pub flushes: u64,
    /// Pages that CPUs forgot one by one.
    pub pages: u64,
}

/// The figures of this moment.
pub fn statistics() -> ShootdownStatistics {
    ShootdownStatistics {
        requests: REQUESTED.load(Ordering::Relaxed),
        sent: SENT.load(Ordering::Relaxed),
        joined: JOINED.load(Ordering::Relaxed),
        resting: RESTING.load(Ordering::Relaxed),
        flushes: FLUSHES.load(Ordering::Relaxed),
        pages: PAGES.load(Ordering::Relaxed),
    }
}
