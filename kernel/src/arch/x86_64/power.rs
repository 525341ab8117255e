//! The ways out that need no driver: QEMU's exit port, the keyboard controller, and a reset by triple fault.

use core::arch::asm;

use super::port::raw::write_u8;

/// QEMU's `isa-debug-exit` device, where tests put it.
const DEBUG_EXIT: u16 = 0xf4;

/// How long a reset may take.
const RESET_NS: u64 = 100_000_000;

/// Ends QEMU with status `code * 2 + 1`. Only called when the command line asks; on a machine without the
/// device nothing happens.
pub fn debug_exit(code: u8) {
    // SAFETY: port 0xf4 is QEMU's exit device or nothing.
    unsafe { write_u8(DEBUG_EXIT, code) };
}

/// Resets the machine, by the keyboard controller where there is one: for the end, when no driver runs any more.
pub fn reset() -> ! {
    super::keyboard::pulse_reset();
    super::time::busy_wait_ns(RESET_NS);
    triple_fault()
}

/// Resets the machine the last way that always works: an exception with no table to handle it (SDM vol.
/// 3A, 6.15, "Interrupt 8").
pub fn triple_fault() -> ! {
    super::interrupts::disable();
    let empty: [u8; 10] = [0; 10];
    // SAFETY: the machine resets; nothing is used afterwards.
    unsafe { asm!("lidt [{}]", "int3", "2:", "hlt", "jmp 2b", in(reg) &empty, options(noreturn)) };
}
