//! The global descriptor table and task state segment of each CPU (SDM vol. 3A, 3.4.5 and 8.7).
//!
//! In long mode segments say little more than privilege. The order is fixed by SYSCALL and SYSRET (SDM vol.
//! 2B, SYSRET): kernel code, kernel data, 32-bit user code, user data, user code.

use alloc::boxed::Box;
use core::arch::asm;
use core::cell::UnsafeCell;
use core::mem::size_of;

/// Kernel code selector.
pub const KERNEL_CODE: u16 = 0x08;
/// Kernel data selector.
pub const KERNEL_DATA: u16 = 0x10;
const TASK_STATE: u16 = 0x30;

/// Bytes of an interrupt stack.
const IST_BYTES: usize = 16 * 1024;

/// Interrupt-stack-table indices, 1-based as in a gate descriptor. Faults that can hit with a bad stack
/// pointer, or in the middle of anything, get a stack of their own.
pub mod ist {
    /// Double fault: the kernel stack has overflowed, or worse.
    pub const DOUBLE_FAULT: u8 = 1;
    /// Non-maskable interrupt.
    pub const NMI: u8 = 2;
    /// Machine check.
    pub const MACHINE_CHECK: u8 = 3;
}

/// The 64-bit task state segment (SDM vol. 3A, figure 8-11).
#[repr(C, packed(4))]
struct TaskState {
    reserved_0: u32,
    privilege_stacks: [u64; 3],
    reserved_1: u64,
    interrupt_stacks: [u64; 7],
    reserved_2: u64,
    reserved_3: u16,
    /// Past the segment's limit: no I/O permission bitmap.
    io_map_base: u16,
}

const _: () = assert!(size_of::<TaskState>() == 104);

#[repr(C, align(16))]
struct Stack([u8; IST_BYTES]);

/// What one CPU's segmentation needs; lives for ever.
#[repr(C, align(16))]
struct Tables {
    gdt: [u64; 8],
    task_state: TaskState,
    stacks: [Stack; 3],
}

#[repr(C, packed)]
struct Pointer {
    limit: u16,
    base: u64,
}

/// The boot CPU's tables. They are needed before there is a heap: with the loader's, whose selectors differ,
/// the first fault would reset the machine without a word.
struct BootTables(UnsafeCell<Tables>);

// SAFETY: only `load_on_boot_cpu` reaches inside, on the one CPU that runs then.
unsafe impl Sync for BootTables {}

static BOOT: BootTables = BootTables(UnsafeCell::new(Tables {
    gdt: [0; 8],
    task_state: TaskState {
        reserved_0: 0,
        privilege_stacks: [0; 3],
        reserved_1: 0,
        interrupt_stacks: [0; 7],
        reserved_2: 0,
        reserved_3: 0,
        io_map_base: 0,
    },
    stacks: [const { Stack([0; IST_BYTES]) }; 3],
}));

/// Loads the boot CPU's tables.
///
/// # Safety
/// Called once, before any other CPU runs.
pub unsafe fn load_on_boot_cpu() {
    // SAFETY: by the caller's promise this is the only reference ever made.
    load_tables(unsafe { &mut *BOOT.0.get() });
}

/// Builds another CPU's tables and loads them. Called once on each, after the heap stands.
pub fn load() {
    // Zeroed on the heap directly: 48 KiB would not be welcome on the loader's stack.
    // SAFETY: every field is made of integers, for which all zeroes is a value.
    load_tables(Box::leak(unsafe { Box::<Tables>::new_zeroed().assume_init() }));
}

fn load_tables(tables: &'static mut Tables) {
    for i in 0..tables.stacks.len() {
        let top = core::ptr::from_ref(&tables.stacks[i]) as u64 + IST_BYTES as u64;
        let mut stacks = tables.task_state.interrupt_stacks;
        stacks[i] = top;
        tables.task_state.interrupt_stacks = stacks;
    }
    tables.task_state.io_map_base = size_of::<TaskState>() as u16;

    let base = core::ptr::from_ref(&tables.task_state) as u64;
    tables.gdt = [
        0,
        0x00af_9b00_0000_ffff, // kernel code: present, ring 0, 64-bit, accessed
        0x00cf_9300_0000_ffff, // kernel data: present, ring 0, writable, accessed
        0x00cf_fb00_0000_ffff, // 32-bit user code, unused but part of SYSRET's order
        0x00cf_f300_0000_ffff, // user data
        0x00af_fb00_0000_ffff, // user code: present, ring 3, 64-bit
        // An available 64-bit TSS takes two entries (SDM vol. 3A, figure 8-4).
        (size_of::<TaskState>() as u64 - 1)
            | (base & 0x00ff_ffff) << 16
            | 0x89 << 40
            | (base >> 24 & 0xff) << 56,
        base >> 32,
    ];

    let pointer =
        Pointer { limit: size_of::<[u64; 8]>() as u16 - 1, base: core::ptr::from_ref(&tables.gdt) as u64 };
    // SAFETY: 1. the table lives for ever; 2. its code and data descriptors are the
    // flat ones the CPU runs on now, at the selectors loaded below; 3. GS and FS bases are left alone by
    // loading only DS, ES and SS (loading GS's selector would zero the per-CPU base).
    unsafe {
        asm!(
            "lgdt [{pointer}]",
            "push {code}",
            "lea {scratch}, [rip + 2f]",
            "push {scratch}",
            "retfq",
            "2:",
            "mov ds, {data:x}",
            "mov es, {data:x}",
            "mov ss, {data:x}",
            "ltr {task:x}",
            pointer = in(reg) &raw const pointer,
            code = const KERNEL_CODE,
            data = in(reg) KERNEL_DATA,
            task = in(reg) TASK_STATE,
            scratch = out(reg) _,
        );
    }
}
