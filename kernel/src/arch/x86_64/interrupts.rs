//! Maskable interrupts on the running CPU.

use core::arch::asm;

/// The bit of RFLAGS that says so (SDM vol. 1, 3.4.3).
pub(super) const INTERRUPT_FLAG: u64 = 1 << 9;

/// Whether interrupts are on.
pub fn are_enabled() -> bool {
    let flags: u64;
    // SAFETY: pushes and pops the flags; the stack is as before.
    unsafe { asm!("pushfq", "pop {}", out(reg) flags, options(nomem, preserves_flags)) };
    flags & INTERRUPT_FLAG != 0
}

/// Turns interrupts off and says whether they were on.
#[inline]
pub fn disable() -> bool {
    let were_enabled = are_enabled();
    // SAFETY: `cli` affects no memory. It orders like a compiler barrier because it is not `nomem`.
    unsafe { asm!("cli", options(nostack)) };
    were_enabled
}

/// Turns interrupts back on if [`disable`] said they were.
#[inline]
pub fn restore(were_enabled: bool) {
    if were_enabled {
        // SAFETY: `sti` affects no memory, and handlers keep every register; not `nomem`, so that no access
        // moves out of the protected stretch.
        unsafe { asm!("sti", options(nostack)) };
    }
}

/// Runs `f` with interrupts off.
pub fn without<R>(f: impl FnOnce() -> R) -> R {
    let were_enabled = disable();
    let result = f();
    restore(were_enabled);
    result
}

/// Turns interrupts on and halts until one comes; in this order without a gap, since `sti` takes effect
/// after the next instruction (SDM vol. 2B, STI). Returns with interrupts on.
pub fn enable_and_halt() {
    // SAFETY: affects no memory of ours; handlers keep every register.
    unsafe { asm!("sti", "hlt", options(nostack)) };
}
