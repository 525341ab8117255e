//! Kernel stacks: moving to one, and walking one.

use core::arch::asm;
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};

use spin::Once;

/// Frames walked at most: a corrupt chain must not walk for ever.
const MAX_FRAMES: usize = 2_000;
/// The loader's stacks are no larger (boot/limine.rs asks for as much), so what is further from the entry's
/// frame is on another one.
const MAX_LOADER_STACK: u64 = 64 << 10;

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

/// The first frame of the kernel's entry, on the loader's stack.
static ENTRY_FRAME: AtomicU64 = AtomicU64::new(0);

/// Notes where the loader's stack began to be used: in the frame of the caller.
#[inline(always)]
pub(super) fn note_entry() {
    ENTRY_FRAME.store(frame_pointer(), Ordering::Relaxed);
}

/// Says which addresses the running thread's stack has, if that is known; handed in from above.
static BOUNDS: Once<fn() -> Option<Range<u64>>> = Once::new();

/// Hands in what knows the running thread's stack. It must not wait for a lock.
///
/// # Safety
/// What it names is mapped and readable, from its first byte to its last.
pub unsafe fn set_bounds(hook: fn() -> Option<Range<u64>>) {
    BOUNDS.call_once(|| hook);
}

/// The stack that is in use at `here`, as far up as is known, when it is not a thread's: on the boot CPU all the
/// way to the kernel's entry, else to the end of the page.
fn in_use(here: u64) -> Range<u64> {
    let entry = ENTRY_FRAME.load(Ordering::Relaxed);
    let end = if (here..here + MAX_LOADER_STACK).contains(&entry) { entry + 16 } else { (here | 0xfff) + 1 };
    here..end
}

/// Calls `visit` with the return addresses from the frame at `rbp` outwards. Every function keeps a frame
/// pointer (`-Cforce-frame-pointers`), so `[rbp]` is the caller's and `[rbp + 8]` the return address. After a
/// fault `rbp` may be anything; then nothing is visited.
pub fn walk(mut rbp: u64, mut visit: impl FnMut(u64)) {
    let known = BOUNDS.get().and_then(|bounds| bounds()).filter(|bounds| bounds.contains(&rbp));
    let bounds = known.unwrap_or_else(|| in_use(frame_pointer()));
    for _ in 0..MAX_FRAMES {
        if !rbp.is_multiple_of(8) || rbp < bounds.start || rbp > bounds.end - 16 {
            return;
        }
        // SAFETY: both words lie in `bounds`, which is mapped, as `set_bounds` and `in_use` say. Nobody else
        // writes there meanwhile.
        let (caller, address) = unsafe { (*(rbp as *const u64), *((rbp + 8) as *const u64)) };
        if address == 0 {
            return;
        }
        visit(address);
        // Callers are further up; what is not has been overwritten.
        if caller <= rbp {
            return;
        }
        rbp = caller;
    }
}
