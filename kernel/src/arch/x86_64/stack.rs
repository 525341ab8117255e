//! Kernel stacks: moving to one, and walking one.

use core::arch::asm;

use spin::Once;

/// Frames walked at most: a corrupt chain must not walk for ever.
const MAX_FRAMES: usize = 2_000;
/// No stack is larger.
const MAX_STACK: u64 = 1 << 20;

/// Leaves the current stack and calls `function` on the one that ends at `top`.
///
/// # Safety
/// `top` is the 16-aligned end of a mapped, writable stack nobody else uses, large enough for `function`.
/// Nothing on the current stack is needed any more.
pub unsafe fn call_on(top: u64, function: extern "C" fn() -> !) -> ! {
    // SAFETY: the caller's promise. A zero frame pointer ends backtraces here.
    unsafe {
        asm!("mov rsp, {}", "xor ebp, ebp", "call {}", "ud2", in(reg) top, in(reg) function, options(noreturn));
    }
}

/// The current frame pointer, to start [`walk`] from.
#[inline(always)]
pub fn frame_pointer() -> u64 {
    let rbp: u64;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, rbp", out(reg) rbp, options(nomem, nostack, preserves_flags)) };
    rbp
}

/// Says where the running thread's stack ends, if that is known; handed in from above.
static TOP: Once<fn() -> Option<u64>> = Once::new();

/// Hands in what knows the running thread's stack. It must not wait for a lock.
pub fn set_top(hook: fn() -> Option<u64>) {
    TOP.call_once(|| hook);
}

/// Calls `visit` with the return addresses from the frame at `rbp` outwards. Every function keeps a frame
/// pointer (`-Cforce-frame-pointers`), so `[rbp]` is the caller's and `[rbp + 8]` the return address.
pub fn walk(mut rbp: u64, mut visit: impl FnMut(u64)) {
    // Before threads, and on interrupt stacks, the end is not known: stay near.
    let known = TOP.get().and_then(|top| top()).filter(|&top| top > rbp && top - rbp < MAX_STACK);
    let top = known.unwrap_or(rbp.saturating_add(4096) & !0xfff);
    for _ in 0..MAX_FRAMES {
        if rbp == 0 || !rbp.is_multiple_of(8) || rbp > top.saturating_sub(16) || rbp < 0xffff_8000_0000_0000 {
            return;
        }
        // SAFETY: 1. `rbp` is aligned, in the kernel half, and ends below the stack's top; 2. it is at or
        // above the frame we started from, because each step below must go up: so it lies in the part of
        // the stack that is in use, which is mapped.
        let (caller, address) = unsafe { (*(rbp as *const u64), *((rbp + 8) as *const u64)) };
        if address == 0 {
            return;
        }
        visit(address);
        if caller <= rbp {
            return;
        }
        rbp = caller;
    }
}
