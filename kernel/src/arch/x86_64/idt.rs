//! The interrupt descriptor table, one for all CPUs: 256 gates to the stubs (SDM vol. 3A, 6.10–6.14).

use core::arch::asm;
use core::mem::size_of;

use spin::Once;

use super::gdt::{self, ist};
use super::stubs;

/// A 64-bit gate descriptor (SDM vol. 3A, figure 6-8).
#[derive(Clone, Copy)]
#[repr(C)]
struct Gate {
    offset_low: u16,
    selector: u16,
    interrupt_stack: u8,
    attributes: u8,
    offset_middle: u16,
    offset_high: u32,
    reserved: u32,
}

const _: () = assert!(size_of::<Gate>() == 16);

/// Present, ring 0, interrupt gate: interrupts go off on entry.
const INTERRUPT_GATE: u8 = 0x8e;

impl Gate {
    fn new(handler: u64, interrupt_stack: u8) -> Self {
        Self {
            offset_low: handler as u16,
            selector: gdt::KERNEL_CODE,
            interrupt_stack,
            attributes: INTERRUPT_GATE,
            offset_middle: (handler >> 16) as u16,
            offset_high: (handler >> 32) as u32,
            reserved: 0,
        }
    }
}

#[repr(C, packed)]
struct Pointer {
    limit: u16,
    base: u64,
}

static TABLE: Once<[Gate; 256]> = Once::new();

/// Loads the table on this CPU, building it the first time. `gdt` comes first: the gates name its code
/// selector, and those for double fault, NMI and machine check its interrupt stacks.
pub fn load() {
    let table = TABLE.call_once(|| {
        core::array::from_fn(|vector| {
            let stack = match vector {
                2 => ist::NMI,
                8 => ist::DOUBLE_FAULT,
                18 => ist::MACHINE_CHECK,
                _ => 0,
            };
            Gate::new(stubs::address(vector), stack)
        })
    });
    let pointer = Pointer { limit: size_of::<[Gate; 256]>() as u16 - 1, base: table.as_ptr() as u64 };
    // SAFETY: the table is static and complete; each gate leads to a stub that keeps every register.
    unsafe { asm!("lidt [{}]", in(reg) &raw const pointer, options(readonly, nostack, preserves_flags)) };
}
