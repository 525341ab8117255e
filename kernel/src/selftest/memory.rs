//! Heap, page tables, stacks.

use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use paging::Access;

use super::Outcome;
use crate::lock::{IrqSpinLock, Rank};
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
    let take = || -> Outcome {
        let mut block: Vec<u8> = Vec::new();
        block.try_reserve_exact(8 << 20).map_err(|e| format!("{e}"))?;
        block.resize(8 << 20, 1);
        Ok(())
    };
    take()?;
    let before = memory::statistics().used;
    for _ in 0..20 {
        take()?;
        task::sleep_ms(2); // other CPUs forget the old translations
    }
    let after = memory::statistics().used;
    // One block may still be waiting for the other CPUs to forget it.
    if after > before + (9 << 20) { Err(format!("{before} bytes in use became {after}")) } else { Ok(()) }
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
