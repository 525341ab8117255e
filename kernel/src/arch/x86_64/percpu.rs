//! Per-CPU data: one block for each CPU, found through the GS base (SDM vol. 3A, 3.4.4.1).
//!
//! The block holds what must be reached in one instruction: the CPU's number, the preemption count, the
//! flag that a reschedule is due, the running thread. Everything larger is a table indexed by [`id`].

use core::arch::asm;
use core::mem::offset_of;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, Ordering};

use super::{interrupts, msr};

/// CPUs the kernel drives; more are left parked with a warning.
pub const MAX_CPUS: usize = 64;

/// Spin locks one CPU may hold at a time; debug builds check it with the ranks.
pub const MAX_HELD_LOCKS: usize = 8;

/// A CPU's block. Only its own CPU writes the plain counters, but other CPUs may read them, hence atomics
/// (relaxed ones compile to plain loads and stores).
#[repr(C, align(128))]
pub struct PerCpu {
    /// Points to the block itself, so that `gs:[0]` yields an ordinary address.
    this: AtomicU64,
    /// The CPU's number, from 0 (the boot CPU).
    id: AtomicU32,
    /// How many reasons there are not to switch threads here.
    preempt_count: AtomicU32,
    /// A switch was due while it was not allowed.
    need_resched: AtomicBool,
    /// How many interrupts or exceptions this CPU is handling.
    trap_depth: AtomicU8,
    /// Ranks of the spin locks held, debug builds only.
    held_ranks: [AtomicU8; MAX_HELD_LOCKS],
    held_count: AtomicU8,
    /// Traps that have come, by vector.
    traps: [AtomicU64; 256],
    /// The CPU halts until the next trap, and touches nothing but its stack and the kernel's image before that.
    resting: AtomicBool,
    /// Where the scheduler keeps its own data of this CPU.
    scheduler: AtomicPtr<()>,
    /// The scheduler's record of the thread that runs here.
    thread: AtomicPtr<()>,
}

const PREEMPT_OFFSET: usize = offset_of!(PerCpu, preempt_count);
const ID_OFFSET: usize = offset_of!(PerCpu, id);
const NEED_RESCHED_OFFSET: usize = offset_of!(PerCpu, need_resched);
const RESTING_OFFSET: usize = offset_of!(PerCpu, resting);
const TRAP_DEPTH_OFFSET: usize = offset_of!(PerCpu, trap_depth);
const TRAPS_OFFSET: usize = offset_of!(PerCpu, traps);
const SCHEDULER_OFFSET: usize = offset_of!(PerCpu, scheduler);
const THREAD_OFFSET: usize = offset_of!(PerCpu, thread);

// Where benchmarks in C find what they need of it (kernel/twin/twin.h), as constants for the linker.
#[cfg(feature = "twin")]
core::arch::global_asm!(
    ".globl twin_preempt_count, twin_need_resched, twin_thread",
    ".set twin_preempt_count, {}",
    ".set twin_need_resched, {}",
    ".set twin_thread, {}",
    const PREEMPT_OFFSET,
    const NEED_RESCHED_OFFSET,
    const THREAD_OFFSET,
);

#[allow(clippy::declare_interior_mutable_const, reason = "a template for the array below")]
const FRESH: PerCpu = PerCpu {
    this: AtomicU64::new(0),
    id: AtomicU32::new(0),
    preempt_count: AtomicU32::new(0),
    need_resched: AtomicBool::new(false),
    trap_depth: AtomicU8::new(0),
    held_ranks: [const { AtomicU8::new(0) }; MAX_HELD_LOCKS],
    held_count: AtomicU8::new(0),
    traps: [const { AtomicU64::new(0) }; 256],
    resting: AtomicBool::new(false),
    scheduler: AtomicPtr::new(core::ptr::null_mut()),
    thread: AtomicPtr::new(core::ptr::null_mut()),
};

static BLOCKS: [PerCpu; MAX_CPUS] = [FRESH; MAX_CPUS];

/// Gives the running CPU its block. Must come before anything that takes a lock on this CPU.
///
/// # Panics
/// When `id` is not below [`MAX_CPUS`]: callers count CPUs against it first.
pub(super) fn install(id: usize) {
    let block = &BLOCKS[id];
    block.this.store(core::ptr::from_ref(block) as u64, Ordering::Relaxed);
    block.id.store(id as u32, Ordering::Relaxed);
    // SAFETY: GS_BASE only gives `gs:` accesses their base; the block is static, so it never dangles, and
    // no code before this call uses `gs:`.
    unsafe { msr::write(msr::GS_BASE, core::ptr::from_ref(block) as u64) };
}

/// The running CPU's block. The reference may outlive a migration to another CPU, so callers have
/// interrupts or preemption off. What threads ask at any time is reached in one instruction instead, by the
/// functions below: a thread that moved between finding the block and reading it would be told about a CPU
/// it does not run on.
fn block() -> &'static PerCpu {
    let this: u64;
    // SAFETY: `install` ran on this CPU before any caller (first line of both CPU entry paths), so `gs:[0]`
    // holds the address of a static block.
    unsafe {
        asm!("mov {}, gs:[0]", out(reg) this, options(nostack, preserves_flags, readonly));
        &*(this as *const PerCpu)
    }
}

/// The running CPU's number. May be stale by the time it is used unless preemption is off.
pub fn id() -> usize {
    let id: u32;
    // SAFETY: as in `block`; reads a field of it in one instruction.
    unsafe {
        asm!("mov {:e}, gs:[{}]", out(reg) id, const ID_OFFSET, options(nostack, preserves_flags, readonly));
    }
    id as usize
}

/// Forbids switching threads on this CPU until the matching [`preempt_enable`].
pub fn preempt_disable() {
    // SAFETY: one instruction on this CPU's own block: it cannot be torn by an interrupt or a migration.
    unsafe { asm!("inc dword ptr gs:[{}]", const PREEMPT_OFFSET, options(nostack)) };
}

/// Undoes one [`preempt_disable`]; when it was the last and a switch is due, switches.
pub fn preempt_enable() {
    debug_assert!(!preemptible(), "preemption enabled more often than disabled");
    // SAFETY: as in `preempt_disable`. Neither is `nomem`: no access moves out of the protected stretch.
    unsafe { asm!("dec dword ptr gs:[{}]", const PREEMPT_OFFSET, options(nostack)) };
    if need_resched() && super::interrupts::are_enabled() {
        catch_up();
    }
}

/// Makes up for a switch that was due while it was not allowed, unless it still is not. Interrupts are on.
pub fn catch_up() {
    if preemptible() {
        super::trap::yield_now();
    }
}

/// Whether threads may be switched here.
pub fn preemptible() -> bool {
    let count: u32;
    // SAFETY: as in `block`; reads a field of it in one instruction.
    unsafe {
        asm!("mov {:e}, gs:[{}]", out(reg) count, const PREEMPT_OFFSET, options(nostack, preserves_flags, readonly));
    }
    count == 0
}

/// Notes that this CPU should switch threads at the next opportunity.
pub fn set_need_resched() {
    // SAFETY: one store to this CPU's own block; `true` is a one byte.
    unsafe { asm!("mov byte ptr gs:[{}], 1", const NEED_RESCHED_OFFSET, options(nostack, preserves_flags)) };
}

/// Takes the note back, since a switch is being decided now.
pub fn clear_need_resched() {
    // SAFETY: one store to this CPU's own block; `false` is a zero byte.
    unsafe { asm!("mov byte ptr gs:[{}], 0", const NEED_RESCHED_OFFSET, options(nostack, preserves_flags)) };
}

/// Whether a switch is due.
pub fn need_resched() -> bool {
    byte_at::<NEED_RESCHED_OFFSET>() != 0
}

/// Reads a byte of the running CPU's block in one instruction.
fn byte_at<const OFFSET: usize>() -> u8 {
    const { assert!(OFFSET < size_of::<PerCpu>()) };
    let value: u8;
    // SAFETY: as in `block`; the offset lies inside.
    unsafe {
        asm!("mov {}, gs:[{}]", out(reg_byte) value, const OFFSET, options(nostack, preserves_flags, readonly));
    }
    value
}

/// Counts a trap of that vector.
pub(super) fn count_trap(vector: u8) {
    // SAFETY: one instruction on this CPU's own block, inside the array: a vector is below 256.
    unsafe {
        asm!("inc qword ptr gs:[{} * 8 + {}]", in(reg) u64::from(vector), const TRAPS_OFFSET, options(nostack));
    }
}

/// How many traps of that vector have come on `cpu`.
pub(super) fn traps(cpu: usize, vector: u8) -> u64 {
    BLOCKS.get(cpu).map_or(0, |block| block.traps[usize::from(vector)].load(Ordering::Relaxed))
}

/// Says that this CPU is about to halt for want of work, until the next trap. Interrupts are off. What it did before is
/// visible to whoever sees this.
pub fn rest() {
    block().resting.swap(true, Ordering::SeqCst);
}

/// Takes [`rest`] back; says whether there was something to take back. Nearly always there is not, in three instructions.
pub(super) fn stop_resting() -> bool {
    byte_at::<RESTING_OFFSET>() != 0 && block().resting.swap(false, Ordering::SeqCst)
}

/// Whether `cpu` rests; until it stops it touches nothing that is ever unmapped.
pub fn is_resting(cpu: usize) -> bool {
    BLOCKS.get(cpu).is_some_and(|block| block.resting.load(Ordering::SeqCst))
}

/// Counts a trap in. Interrupts are off, as in every trap.
pub(super) fn enter_trap() {
    // SAFETY: one instruction on this CPU's own block. Faults in the reporting of faults end at the panic screen, long
    // before the byte is full.
    unsafe { asm!("inc byte ptr gs:[{}]", const TRAP_DEPTH_OFFSET, options(nostack)) };
}

/// Counts a trap out.
pub(super) fn leave_trap() {
    // SAFETY: as in `enter_trap`, which came before.
    unsafe { asm!("dec byte ptr gs:[{}]", const TRAP_DEPTH_OFFSET, options(nostack)) };
}

/// Whether an interrupt or exception is being handled here.
pub fn in_trap() -> bool {
    byte_at::<TRAP_DEPTH_OFFSET>() > 0
}

/// Keeps a pointer for the scheduler, to be had back by [`scheduler`] on this CPU.
///
/// # Safety
/// The scheduler is the only caller: it follows the pointer.
pub unsafe fn set_scheduler(data: *const ()) {
    block().scheduler.store(data.cast_mut(), Ordering::Relaxed);
}

/// What [`set_scheduler`] kept; null before.
pub fn scheduler() -> *const () {
    let data;
    // SAFETY: reads a field of this CPU's own block.
    unsafe {
        asm!("mov {}, gs:[{}]", out(reg) data, const SCHEDULER_OFFSET, options(nostack, preserves_flags, readonly));
    }
    data
}

/// Notes which thread runs here from now on, for [`thread`].
///
/// # Safety
/// The scheduler is the only caller, with interrupts off: it follows the pointer.
pub unsafe fn set_thread(record: *const ()) {
    // SAFETY: one store to this CPU's own block.
    unsafe {
        asm!("mov gs:[{}], {}", const THREAD_OFFSET, in(reg) record, options(nostack, preserves_flags));
    }
}

/// What [`set_thread`] noted; null before. Right wherever it is asked: a thread that moves to another CPU is the
/// running one there too.
pub fn thread() -> *const () {
    let record;
    // SAFETY: reads a field of this CPU's own block.
    unsafe {
        asm!("mov {}, gs:[{}]", out(reg) record, const THREAD_OFFSET, options(nostack, preserves_flags, readonly));
    }
    record
}

/// Records that a lock of `rank` is held; false when one of the same or a higher rank is held already.
/// Debug builds only; the caller has preemption off.
pub fn push_rank(rank: u8) -> bool {
    // Between slot and count, a handler's own locks would take the slot, and leave their rank in it.
    interrupts::without(|| {
        let block = block();
        let count = block.held_count.load(Ordering::Relaxed) as usize;
        let ordered = block.held_ranks[..count].iter().all(|held| held.load(Ordering::Relaxed) < rank);
        if let Some(slot) = block.held_ranks.get(count) {
            slot.store(rank, Ordering::Relaxed);
            block.held_count.store(count as u8 + 1, Ordering::Relaxed);
        }
        ordered
    })
}

/// Forgets a held lock; locks may be released in any order.
pub fn pop_rank(rank: u8) {
    interrupts::without(|| {
        let block = block();
        let count = block.held_count.load(Ordering::Relaxed) as usize;
        let held = &block.held_ranks[..count];
        if let Some(at) = held.iter().rposition(|slot| slot.load(Ordering::Relaxed) == rank) {
            for i in at..count - 1 {
                held[i].store(held[i + 1].load(Ordering::Relaxed), Ordering::Relaxed);
            }
            block.held_count.store(count as u8 - 1, Ordering::Relaxed);
        }
    });
}

/// As [`thread`], of another CPU: right at some moment, and for good once that CPU was stopped.
pub fn thread_on(cpu: usize) -> *const () {
    BLOCKS.get(cpu).map_or(core::ptr::null(), |block| block.thread.load(Ordering::Acquire).cast_const())
}

/// Ranks of the spin locks that `cpu` holds, in the order they were taken; debug builds only. Of another CPU it is
/// a hint, unless that was stopped.
pub fn held_ranks(cpu: usize) -> impl Iterator<Item = u8> {
    BLOCKS.get(cpu).into_iter().flat_map(|block| {
        let count = usize::from(block.held_count.load(Ordering::Relaxed)).min(MAX_HELD_LOCKS);
        block.held_ranks[..count].iter().map(|rank| rank.load(Ordering::Relaxed))
    })
}

/// How many interrupts and exceptions are being handled here, one inside the other.
pub fn trap_depth() -> u8 {
    byte_at::<TRAP_DEPTH_OFFSET>()
}
