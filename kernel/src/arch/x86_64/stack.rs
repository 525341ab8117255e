//! Kernel stacks: moving to one, and walking one.

use core::arch::asm;
use core::cell::UnsafeCell;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use spin::Once;

use super::{percpu, smp};

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

/// Says which addresses the stack of the thread has that runs on that CPU, if it is known.
type Bounds = fn(usize) -> Option<Range<u64>>;

/// Handed in from above, where threads are.
static BOUNDS: Once<Bounds> = Once::new();

/// Hands in what knows the stack of the thread that runs on a CPU. It must not wait for a lock.
///
/// # Safety
/// What it names is mapped and readable, from its first byte to its last, as long as that thread runs.
pub unsafe fn set_bounds(hook: Bounds) {
    BOUNDS.call_once(|| hook);
}

/// The stack that is in use at `here`, as far up as is known, when it is not a thread's: on the boot CPU all the
/// way to the kernel's entry, else to the end of the page.
fn in_use(here: u64) -> Range<u64> {
    let entry = ENTRY_FRAME.load(Ordering::Relaxed);
    let end = if (here..here + MAX_LOADER_STACK).contains(&entry) { entry + 16 } else { (here | 0xfff) + 1 };
    here..end
}

/// Calls `visit` with the return addresses from the frame at `rbp` outwards, on the running CPU. Every function keeps
/// a frame pointer (`-Cforce-frame-pointers`), so `[rbp]` is the caller's and `[rbp + 8]` the return address. After a
/// fault `rbp` may be anything; then nothing is visited.
pub fn walk(rbp: u64, visit: impl FnMut(u64)) {
    let bounds = bounds_around(percpu::id(), rbp).unwrap_or_else(|| {
        let left = LEFT.load(Ordering::Relaxed);
        in_use(if left == 0 { frame_pointer() } else { left })
    });
    follow(rbp, bounds, visit);
}

/// As [`walk`], on a CPU that was stopped: from where it was, through the stack of its thread.
pub fn walk_stopped(cpu: usize, visit: impl FnMut(u64)) {
    if let Some(place) = smp::stopped(cpu)
        && let Some(bounds) = bounds_around(cpu, place.frame_pointer)
    {
        follow(place.frame_pointer, bounds, visit);
    }
}

/// The word at `rsp` on the stack of the running CPU's thread: after a call into nowhere, where it came from.
pub fn pushed(rsp: u64) -> Option<u64> {
    let bounds = bounds_around(percpu::id(), rsp)?;
    // SAFETY: the word lies in `bounds`, which is mapped, as `set_bounds` says.
    (rsp.is_multiple_of(8) && rsp <= bounds.end - 8).then(|| unsafe { *(rsp as *const u64) })
}

/// The stack of the thread that runs on `cpu`, if `rbp` lies in it.
fn bounds_around(cpu: usize, rbp: u64) -> Option<Range<u64>> {
    BOUNDS.get().and_then(|bounds| bounds(cpu)).filter(|bounds| bounds.contains(&rbp))
}

fn follow(mut rbp: u64, bounds: Range<u64>, mut visit: impl FnMut(u64)) {
    for _ in 0..MAX_FRAMES {
        if !rbp.is_multiple_of(8) || rbp < bounds.start || rbp > bounds.end - 16 {
            return;
        }
        // SAFETY: both words lie in `bounds`, which is mapped, as `set_bounds` and `in_use` say. Nobody else
        // writes there meanwhile: it is this CPU's stack, or that of one which runs no more.
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

/// Bytes of the spare stack.
const SPARE_BYTES: usize = 64 << 10;

#[repr(C, align(16))]
struct Spare(UnsafeCell<[u8; SPARE_BYTES]>);

// SAFETY: only `finish_on_spare` uses the bytes, once, as a stack.
unsafe impl Sync for Spare {}

/// For the last words of a thread whose own stack may be full or damaged.
static SPARE: Spare = Spare(UnsafeCell::new([0; SPARE_BYTES]));
static SPARE_TAKEN: AtomicBool = AtomicBool::new(false);
/// The frame pointer of whoever went over to the spare stack; 0 before.
static LEFT: AtomicU64 = AtomicU64::new(0);

/// Calls `last` on the spare stack and then halts for ever. The stack left behind stays as it is, and [`walk`]
/// still knows it. A second caller stays on its own stack.
pub fn finish_on_spare(mut last: &mut dyn FnMut()) -> ! {
    if SPARE_TAKEN.swap(true, Ordering::AcqRel) {
        last();
        super::cpu::halt_forever();
    }
    LEFT.store(frame_pointer(), Ordering::Relaxed);
    let top = SPARE.0.get() as u64 + SPARE_BYTES as u64;
    let argument: *mut &mut dyn FnMut() = &raw mut last;
    // SAFETY: 1. the spare stack is mapped, 16-aligned, and nobody else's, by the flag above; 2. `argument` points to
    // this function's frame, which stays, for nothing returns to it and nothing else runs on this stack.
    unsafe {
        asm!("mov rsp, {}", "xor ebp, ebp", "call {}", "ud2", in(reg) top, sym on_spare, in("rdi") argument,
            options(noreturn));
    }
}

extern "C" fn on_spare(last: *mut &mut dyn FnMut()) -> ! {
    // SAFETY: `finish_on_spare` passes a pointer to its own argument, which nobody uses any more.
    unsafe { (*last)() };
    super::cpu::halt_forever()
}
