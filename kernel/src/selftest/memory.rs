//! Heap, page tables, stacks.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use frames::{Frame, Zone as Zones};
use paging::{Access, MapError};

use super::Outcome;
use crate::arch::apic::local;
use crate::lock::{IrqSpinLock, Rank};
use crate::memory::frames::{self as machine, FrameStatistics, Zone};
use crate::memory::heap::{self, ClassStatistics};
use crate::memory::mmio::Mmio;
use crate::memory::{self, kernel_space};
use crate::task;

/// Deterministic pseudo-random numbers (Knuth's MMIX constants).
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Blocks of random sizes, freed in random order, each keep their pattern until freed.
pub fn heap_keeps_contents() -> Outcome {
    let mut seed = 42;
    let mut blocks: Vec<(u8, Vec<u8>)> = Vec::new();
    for round in 0..2_000_u64 {
        if blocks.len() < 64 || random(&mut seed).is_multiple_of(2) {
            let size = match random(&mut seed) % 20 {
                0 => random(&mut seed) % 300_000,
                _ => random(&mut seed) % 2_000,
            };
            let pattern = round as u8;
            let mut block = Vec::new();
            block.try_reserve_exact(size as usize).map_err(|e| format!("round {round}: {e}"))?;
            block.resize(size as usize, pattern);
            blocks.push((pattern, block));
        } else {
            let (pattern, block) = blocks.swap_remove(random(&mut seed) as usize % blocks.len());
            if block.iter().any(|&byte| byte != pattern) {
                return Err(format!("a block of {} bytes changed by round {round}", block.len()));
            }
        }
    }
    match blocks.iter().find(|(pattern, block)| block.iter().any(|byte| byte != pattern)) {
        Some((_, block)) => Err(format!("a block of {} bytes changed", block.len())),
        None => Ok(()),
    }
}

/// Large allocations return their frames.
pub fn heap_gives_back() -> Outcome {
    let take = |bytes: usize| -> Outcome {
        let mut block: Vec<u8> = Vec::new();
        block.try_reserve_exact(bytes).map_err(|e| format!("{e}"))?;
        block.resize(bytes, 1);
        Ok(())
    };
    take(8 << 20)?;
    let before = memory::statistics().used;
    for _ in 0..10 {
        take(8 << 20)?;
    }
    // Blocks wait until all CPUs have forgotten them, which under a busy host takes as long as a CPU is put
    // aside; the next allocation then finds them.
    for _ in 0..1_000 {
        take(1 << 20)?;
        // One block may still be waiting.
        if memory::statistics().used <= before + (9 << 20) {
            return Ok(());
        }
        task::sleep_ms(2);
    }
    Err(format!("{before} bytes in use became {}", memory::statistics().used))
}

/// Threads on all CPUs allocate, pass on and free small and large blocks at once; none ever finds another's
/// bytes in its own, as it would if a CPU still translated by a mapping that is gone.
pub fn heap_survives_all_cpus() -> Outcome {
    const THREADS: u64 = 8;
    /// A pattern and the block that is full of it.
    type Block = (u64, Vec<u64>);
    static PASSED_ON: [IrqSpinLock<Option<Block>>; 16] = [const { IrqSpinLock::new(Rank::Queue, None) }; 16];
    static CORRUPTED: AtomicU64 = AtomicU64::new(0);
    let churn = |number: u64| {
        let mut seed = number;
        for round in 0..400 {
            let words = match random(&mut seed) % 4 {
                0 => 8_192 + random(&mut seed) % 16_384,
                _ => 1 + random(&mut seed) % 500,
            };
            let pattern = number << 32 | round;
            let mut block = Vec::new();
            if block.try_reserve_exact(words as usize).is_ok() {
                block.resize(words as usize, pattern);
                let place = &PASSED_ON[random(&mut seed) as usize % PASSED_ON.len()];
                let other = place.lock().replace((pattern, block));
                if other.is_some_and(|(pattern, block)| block.iter().any(|&word| word != pattern)) {
                    CORRUPTED.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    };
    let threads: Vec<_> = (1..=THREADS).map(|number| task::spawn("churn", move || churn(number))).collect();
    let started = threads.iter().filter(|thread| thread.is_ok()).count();
    threads.into_iter().flatten().for_each(task::JoinHandle::join);
    for place in &PASSED_ON {
        drop(place.lock().take());
    }
    match (started as u64, CORRUPTED.load(Ordering::Relaxed)) {
        (THREADS, 0) => Ok(()),
        (THREADS, corrupted) => Err(format!("{corrupted} blocks held another's bytes")),
        (started, _) => Err(format!("only {started} threads could be started")),
    }
}

/// No page of the kernel's image is both writable and executable, and each kind is what it should be.
pub fn kernel_is_write_xor_execute() -> Outcome {
    static CONSTANT: [u8; 16] = [7; 16];
    static VARIABLE: core::sync::atomic::AtomicU64 = core::sync::atomic::AtomicU64::new(0);
    let cases = [
        ("code", kernel_is_write_xor_execute as *const () as u64, false, true),
        ("constants", CONSTANT.as_ptr() as u64, false, false),
        ("variables", core::ptr::from_ref(&VARIABLE) as u64, true, false),
    ];
    for (what, address, writable, executable) in cases {
        let mapping =
            kernel_space::translate(address).ok_or(format!("{what} at {address:#x} are unmapped"))?;
        let found = (
            mapping.attributes.access.contains(Access::WRITE),
            mapping.attributes.access.contains(Access::EXECUTE),
        );
        if found != (writable, executable) {
            return Err(format!("{what}: writable, executable are {found:?}"));
        }
    }
    Ok(())
}

/// The page below a stack is not mapped.
pub fn stacks_have_guards() -> Outcome {
    let stack = memory::stack::KernelStack::allocate().ok_or("no memory for a stack")?;
    if kernel_space::translate(stack.bottom()).is_none() {
        return Err("the lowest page of a stack is not mapped".into());
    }
    if kernel_space::translate(stack.bottom() - 4096).is_some() {
        return Err("the page below a stack is mapped".into());
    }
    Ok(())
}

/// All of memory but a few MiB is given out, the loader's former memory with it; every page keeps what was
/// written to it, and all of it comes back.
pub fn all_memory_can_be_used() -> Outcome {
    const PIECE: usize = 2 << 20;
    const LEFT: u64 = 16 << 20;
    let before = memory::statistics();
    let mut pieces: Vec<Vec<u64>> = Vec::new();
    pieces.try_reserve((before.total as usize) / PIECE).map_err(|e| format!("{e}"))?;
    loop {
        let now = memory::statistics();
        let mut piece: Vec<u64> = Vec::new();
        if now.usable - now.used < LEFT || piece.try_reserve_exact(PIECE / 8).is_err() {
            break;
        }
        let pattern = pieces.len() as u64;
        piece.extend((0..PIECE as u64 / 8).map(|word| word << 16 | pattern));
        pieces.push(piece);
    }
    task::sleep_ms(50); // whoever still believes that some of it is his shows it now
    for (pattern, piece) in pieces.iter().enumerate() {
        if let Some(word) = (0..piece.len()).find(|&word| piece[word] != (word << 16 | pattern) as u64) {
            return Err(format!("word {word} of piece {pattern} became {:#x}", piece[word]));
        }
    }
    let taken = memory::statistics().used - before.used;
    if taken < (before.usable - before.used).saturating_sub(2 * LEFT) {
        return Err(format!("only {taken} of {} bytes could be had", before.usable - before.used));
    }
    if before.loader > 0 {
        return Err(format!("{} bytes are still the loader's", before.loader));
    }
    drop(pieces);
    // The other CPUs forget it in their own time.
    let mut lost = u64::MAX;
    for _ in 0..200 {
        settle();
        lost = memory::statistics().used.saturating_sub(before.used);
        if lost <= 1 << 20 {
            break;
        }
    }
    // What this very test has the log and the desktop do meanwhile.
    if lost > 1 << 20 { Err(format!("{lost} bytes did not come back")) } else { Ok(()) }
}

/// Lets CPUs forget what was unmapped, and has it collected.
pub(super) fn settle() {
    for _ in 0..3 {
        task::sleep_ms(3);
        drop(Vec::<u8>::with_capacity(1 << 20));
    }
}

/// Runs for devices begin where they should, lie below 4 GiB if they must, and come back.
pub fn runs_of_frames_suit_devices() -> Outcome {
    let before = memory::statistics().used;
    for align in [1, 16, 512] {
        for zone in [Zone::All, Zone::Below4GiB] {
            let run = machine::allocate_contiguous(24, align, zone).ok_or("no run of 24 frames")?;
            let fits = run.start.number().is_multiple_of(align)
                && (zone == Zone::All || run.end() <= Frame::FOUR_GIB);
            machine::free_contiguous(run);
            if !fits {
                return Err(format!("{run:?} for {align}, {zone:?}"));
            }
        }
    }
    let shared = machine::allocate().ok_or("no frame")?;
    let is_shared = machine::share(shared) && machine::is_shared(shared);
    machine::free(shared);
    if machine::is_shared(shared) {
        return Err("a frame that was let go is still shared".into());
    }
    let kept = memory::statistics().used;
    machine::free(shared);
    let after = memory::statistics().used;
    if is_shared && kept >= after + 4096 && after <= before + (64 << 10) {
        Ok(())
    } else {
        Err(format!("shared: {is_shared}; {before} bytes in use, {kept}, {after}"))
    }
}

/// No driver can map the registers by which interrupts are sent.
pub fn claimed_registers_are_refused() -> Outcome {
    // By MSRs there is nothing to map.
    let Some(base) = local::physical_base() else { return Ok(()) };
    for (start, length) in [(base, 4096), (base + 0x300, 4), (base - 8, 16), (base - 4096, 3 * 4096)] {
        match Mmio::map(start, length) {
            Err(MapError::AlreadyMapped) => {}
            other => return Err(format!("{length} bytes at {start:#x}: {other:?}")),
        }
    }
    Ok(())
}

/// What the zones and the size classes say adds up to what they are parts of, and follows what happens.
pub fn statistics_add_up() -> Outcome {
    let FrameStatistics { zones, cached, largest_orders } = machine::statistics();
    let usable = memory::statistics().usable;
    if zones.managed() * 4096 > usable || zones.dma32.managed == 0 || cached > zones.used() {
        return Err(format!("{zones:?}, {cached} cached, but {usable} bytes"));
    }
    for (zone, largest) in Zones::ALL.into_iter().zip(largest_orders) {
        let figures = zones.zone(zone);
        if largest.map_or(0, |order| 1 << order) > figures.free {
            return Err(format!("{zone:?}: {figures:?}, but a block of order {largest:?}"));
        }
    }
    // No other thread allocates objects of this size by the hundred.
    const OBJECTS: u64 = 300;
    let class = || {
        let classes = heap::statistics().classes;
        classes.into_iter().find(|class| class.size >= 700).unwrap_or_default()
    };
    let before = class();
    let objects: Vec<Box<[u64; 80]>> = (0..OBJECTS).map(|n| Box::new([n; 80])).collect();
    let during = class();
    drop(objects);
    let after = class();
    let grew = during.used - before.used.min(during.used);
    let fits =
        |class: ClassStatistics| class.held == class.slabs * 4096 && class.used * class.size <= class.held;
    if (OBJECTS..OBJECTS + 50).contains(&grew)
        && after.used < before.used + 50
        && after.slabs < during.slabs
        && [before, during, after].into_iter().all(fits)
    {
        Ok(())
    } else {
        Err(format!("{before:?}; with {OBJECTS} objects more {during:?}; then {after:?}"))
    }
}
