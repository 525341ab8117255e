//! The page-table base and cached translations of the running CPU (SDM vol. 3A, 4.10).

use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering};

static KERNEL_TABLE: AtomicU64 = AtomicU64::new(0);

/// Makes `base` this CPU's top-level table, and the one processors started later adopt.
///
/// # Safety
/// `base` is the frame of a level-4 table that maps everything in use at the same addresses: this code,
/// every stack, all memory that live references point to, with at least the rights they need.
pub unsafe fn set_kernel_table(base: u64) {
    KERNEL_TABLE.store(base, Ordering::Release);
    // SAFETY: the caller's promise.
    unsafe { asm!("mov cr3, {}", in(reg) base, options(nostack, preserves_flags)) };
}

/// Puts a processor that the loader parked under the kernel's table, if there is one.
pub(super) fn adopt_kernel_table() {
    let base = KERNEL_TABLE.load(Ordering::Acquire);
    if base != 0 {
        // SAFETY: `set_kernel_table`'s caller promised that the table maps everything in use; the loader's
        // stacks and parking structures are in its direct map, at the same addresses as before.
        unsafe { asm!("mov cr3, {}", in(reg) base, options(nostack, preserves_flags)) };
        // The loader's entries may have been global, which outlive a change of CR3.
        flush_all();
    }
}

/// Forgets every translation on this CPU, global ones included (SDM vol. 3A, 4.10.4.1: a change of CR4.PGE).
pub fn flush_all() {
    super::interrupts::without(|| {
        // SAFETY: forgetting translations only makes the CPU walk the tables again; PGE ends as it was.
        unsafe {
            asm!(
                "mov {saved}, cr4",
                "mov {cleared}, {saved}",
                "and {cleared}, {mask}",
                "mov cr4, {cleared}",
                "mov cr4, {saved}",
                saved = out(reg) _, cleared = out(reg) _, mask = const !(1_i32 << 7),
                options(nostack)
            );
            // Without global pages CR4 did not change, and CR3 does the work.
            asm!("mov {0}, cr3", "mov cr3, {0}", out(reg) _, options(nostack, preserves_flags));
        }
    });
}
