//! Kernel stacks, each with as much unmapped space below as it is large: an overflow faults at once instead
//! of writing over its neighbour.
//!
//! A stack that is given back stays mapped and is the next one given out: no unmapping, no other CPU to be
//! told, and a stack that is warm in the cache.

use core::sync::atomic::{AtomicU64, Ordering};

use super::{kernel_space, layout};
use crate::lock::{IrqSpinLock, Rank};

/// Bytes of a stack.
pub const STACK_SIZE: u64 = 32 << 10;
/// Bytes from one stack to the next; the lower half is the guard.
const STRIDE: u64 = 2 * STACK_SIZE;

/// The top of the stack given back last. In each free stack's highest word is the top of the next, or 0.
static FREE: IrqSpinLock<u64> = IrqSpinLock::new(Rank::Stacks, 0);
/// Stacks ever made.
static MADE: AtomicU64 = AtomicU64::new(0);

/// A stack; dropping it gives it back. Whoever drops it makes sure that no CPU stands on it.
#[derive(Debug)]
pub struct KernelStack {
    top: u64,
}

impl KernelStack {
    /// A stack of [`STACK_SIZE`] bytes; `None` when memory is out.
    pub fn allocate() -> Option<Self> {
        let mut free = FREE.lock();
        if *free != 0 {
            let top = *free;
            // SAFETY: `top` was put into the list by `drop`, which wrote this word; the stack is mapped and
            // nobody's.
            *free = unsafe { next_of(top).read() };
            return Some(Self { top });
        }
        drop(free);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let top = layout::STACKS.checked_add(number.checked_add(1)?.checked_mul(STRIDE)?)?;
        // Should memory run out halfway, the pages stay with an address that is never used: at most one
        // stack's worth for each failure, and cheaper than telling all CPUs to forget them.
        (top <= layout::MMIO && kernel_space::populate(top - STACK_SIZE, STACK_SIZE / 4096).is_ok())
            .then_some(Self { top })
    }

    /// The address behind the stack's last byte, a multiple of 4096: where the stack pointer starts.
    pub fn top(&self) -> u64 {
        self.top
    }

    /// The stack's lowest address; below is the guard.
    pub fn bottom(&self) -> u64 {
        self.top - STACK_SIZE
    }
}

impl Drop for KernelStack {
    fn drop(&mut self) {
        let mut free = FREE.lock();
        // SAFETY: the stack is mapped, ours until this moment, and nobody stands on it.
        unsafe { next_of(self.top).write(*free) };
        *free = self.top;
    }
}

fn next_of(top: u64) -> *mut u64 {
    core::ptr::with_exposed_provenance_mut(top as usize - 8)
}

/// Whether `address` lies in the guard below some stack: an overflow, when something faults there.
pub fn is_guard(address: u64) -> bool {
    (layout::STACKS..layout::MMIO).contains(&address)
        && (address - layout::STACKS) % STRIDE < STRIDE - STACK_SIZE
}
