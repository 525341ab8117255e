//! Model-specific registers (SDM vol. 4).

use core::arch::asm;

/// Local APIC base and mode.
pub const APIC_BASE: u32 = 0x1b;
/// Memory types of the page attribute table's eight entries (SDM vol. 3A, 12.12.2).
pub const PAT: u32 = 0x277;
/// Extended features: syscall, no-execute.
pub const EFER: u32 = 0xc000_0080;
/// Base of `gs:` accesses.
pub const GS_BASE: u32 = 0xc000_0101;

/// Reads a register.
///
/// # Safety
/// The CPU has the register; otherwise it raises #GP.
pub unsafe fn read(register: u32) -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: the caller's promise; reading has no effect on memory.
    unsafe {
        asm!("rdmsr", in("ecx") register, out("eax") low, out("edx") high, options(nomem, nostack, preserves_flags));
    }
    u64::from(high) << 32 | u64::from(low)
}

/// Writes a register.
///
/// # Safety
/// The CPU has the register, takes the value, and what the register governs stays sound.
pub unsafe fn write(register: u32, value: u64) {
    // SAFETY: the caller's promise. Not `nomem`: some registers change how memory is reached.
    unsafe {
        asm!("wrmsr", in("ecx") register, in("eax") value as u32, in("edx") (value >> 32) as u32, options(nostack, preserves_flags));
    }
}
