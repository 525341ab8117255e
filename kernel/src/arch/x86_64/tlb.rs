//! The page-table base and cached translations of the running CPU (SDM vol. 3A, 4.10).

use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering};

use paging::{PhysicalAddress, context};

use super::cpu;

const CR4_CONTEXT_IDS: u64 = 1 << 17;

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
    use_context_ids();
}

/// Whether CPUs keep the translations of several address spaces apart. QEMU's emulator can't; what depends on this is tested
/// in `crates/paging` against a processor that is simulated, and has never run on one that can.
pub fn has_context_ids() -> bool {
    let features = cpu::features();
    context::are_usable(features.context_ids, features.global_pages)
}

/// Switches identifiers on, where there are some. The kernel's table is loaded: its address has no low bits, as the switch
/// demands (SDM vol. 3A, 4.10.1).
fn use_context_ids() {
    if has_context_ids() {
        // SAFETY: CPUID reports the bit, long mode is on, and CR3's low 12 bits are 0: identifier 0 goes on as before.
        unsafe {
            asm!("mov {0}, cr4", "or {0}, {1}", "mov cr4, {0}", out(reg) _, in(reg) CR4_CONTEXT_IDS, options(nostack));
        }
    }
}

/// Puts this CPU under the table at `root`, in `context`.
///
/// # Safety
/// The table maps in its upper half what the kernel's own does, and stays until another one is loaded. The context is one that
/// `crates/paging` gave for this CPU and that table.
pub unsafe fn load(root: PhysicalAddress, context: context::Context) {
    let value = context.control_register_3(root);
    // SAFETY: the caller's promise.
    unsafe { asm!("mov cr3, {}", in(reg) value, options(nostack, preserves_flags)) };
}

/// Puts this CPU back under the kernel's own table.
pub fn load_kernel_table() {
    let root = PhysicalAddress::new_truncate(KERNEL_TABLE.load(Ordering::Acquire));
    // SAFETY: `set_kernel_table`'s caller promised that this table maps everything in use.
    unsafe { load(root, context::Context::kernel(has_context_ids())) };
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
        use_context_ids();
    }
}

/// Forgets the page around `address` on this CPU, be it global or this address space's (SDM vol. 3A, 4.10.4.1: INVLPG, which also
/// drops what is remembered of this address space's tables).
pub fn flush_page(address: u64) {
    // SAFETY: forgetting a translation only makes the CPU walk the tables again. The address need not be mapped.
    unsafe { asm!("invlpg [{}]", in(reg) address, options(nostack, preserves_flags)) };
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
