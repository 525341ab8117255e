//! Processor: what it can do, and its model-specific registers.

use core::arch::asm;
use core::arch::x86_64::__cpuid;

use bootload::page_tables::{PAT, PagingFeatures};

const IA32_APIC_BASE: u32 = 0x1b;
const IA32_PAT: u32 = 0x277;
/// The local APIC is on.
const APIC_ENABLED: u64 = 1 << 11;
/// It is spoken to through model-specific registers.
const APIC_X2: u64 = 1 << 10;

fn has(leaf: u32, pick: fn(core::arch::x86_64::CpuidResult) -> u32, bit: u32) -> bool {
    // Leaves come in two ranges, each of which starts with the number of its last.
    let last = __cpuid(leaf & 0x8000_0000).eax;
    last >= leaf && pick(__cpuid(leaf)) & 1 << bit != 0
}

/// What page tables may make use of.
pub fn paging_features() -> PagingFeatures {
    PagingFeatures {
        gib_pages: has(0x8000_0001, |leaf| leaf.edx, 26),
        no_execute: has(0x8000_0001, |leaf| leaf.edx, 20),
        pat: has(1, |leaf| leaf.edx, 16),
    }
}

/// Whether a hypervisor says that it is one.
pub fn is_virtual() -> bool {
    has(1, |leaf| leaf.ecx, 31)
}

/// The id of this processor's local APIC.
pub fn lapic_id() -> u32 {
    match x2apic_is_on() {
        // Leaf 0Bh has the full id; the mode implies the leaf.
        true => __cpuid(0xb).edx,
        false => __cpuid(1).ebx >> 24,
    }
}

/// The physical address of the local APIC's registers, if there is one and it is on.
pub fn lapic_base() -> Option<u64> {
    let base = has(1, |leaf| leaf.edx, 9).then(|| read_msr(IA32_APIC_BASE))?;
    (base & APIC_ENABLED != 0).then_some(base & 0x000f_ffff_ffff_f000)
}

/// Whether the local APIC is in x2APIC mode.
pub fn x2apic_is_on() -> bool {
    has(1, |leaf| leaf.edx, 9) && read_msr(IA32_APIC_BASE) & APIC_X2 != 0
}

/// Sets up the page attribute table as the protocol lays it out.
pub fn load_pat(features: PagingFeatures) {
    if features.pat {
        write_msr(IA32_PAT, PAT);
    }
}

fn read_msr(msr: u32) -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: private, and called for registers only that CPUID says are there; reading them has
    // no effect.
    unsafe {
        asm!("rdmsr", in("ecx") msr, out("eax") low, out("edx") high, options(nomem, nostack, preserves_flags))
    };
    u64::from(high) << 32 | u64::from(low)
}

fn write_msr(msr: u32, value: u64) {
    // SAFETY: private, and called for two registers only: the PAT, whose entry 0 stays write-back,
    // and that is the only one that the loader's own page tables use; and the interrupt command
    // register in x2APIC mode, which is no memory.
    unsafe {
        asm!("wrmsr", in("ecx") msr, in("eax") value as u32, in("edx") (value >> 32) as u32,
            options(nostack, preserves_flags));
    }
}

/// Writes the interrupt command register of a local APIC in x2APIC mode.
pub fn write_x2apic_command(target: u32, command: u32) {
    const X2APIC_ICR: u32 = 0x830;
    write_msr(X2APIC_ICR, u64::from(target) << 32 | u64::from(command));
}

/// Stops this processor for good.
pub fn halt() -> ! {
    loop {
        // SAFETY: stops until an interrupt, of which only the non-maskable is possible: then again.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}
