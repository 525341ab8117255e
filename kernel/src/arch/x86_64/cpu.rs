//! The running CPU: what it can do, how it is set up, how it stops.

use core::arch::asm;
use core::arch::x86_64::{__cpuid, __cpuid_count};
use core::sync::atomic::{AtomicUsize, Ordering};

use spin::Once;

use super::msr;

pub use super::percpu::{MAX_CPUS, id};

/// Features the kernel asks about (SDM vol. 2A, CPUID).
#[derive(Clone, Copy, Debug, Default)]
pub struct Features {
    /// There is a local APIC.
    pub apic: bool,
    /// Machine checks are exceptions.
    pub machine_check: bool,
    /// Translations may be global.
    pub global_pages: bool,
    /// Supervisor mode can be kept from executing user pages.
    pub smep: bool,
    /// Supervisor mode can be kept from touching user pages.
    pub smap: bool,
    /// Descriptor-table instructions can be kept from user mode.
    pub umip: bool,
    /// Pages can be non-executable.
    pub no_execute: bool,
    /// 1 GiB pages.
    pub gigabyte_pages: bool,
    /// Translations of several address spaces are told apart by process-context identifiers.
    pub context_ids: bool,
    /// It makes random numbers (RDRAND).
    pub random: bool,
}

static FEATURES: Once<Features> = Once::new();
static COUNT: AtomicUsize = AtomicUsize::new(1);

/// What the boot CPU can do; the others are taken to be its like.
pub fn features() -> Features {
    *FEATURES.call_once(detect)
}

fn detect() -> Features {
    let highest = __cpuid(0).eax;
    let basic = __cpuid(1);
    let structured = (highest >= 7).then(|| __cpuid_count(7, 0));
    let (structured_b, structured_c) = structured.map_or((0, 0), |leaf| (leaf.ebx, leaf.ecx));
    let extended = if __cpuid(0x8000_0000).eax >= 0x8000_0001 { __cpuid(0x8000_0001).edx } else { 0 };
    Features {
        apic: basic.edx & 1 << 9 != 0,
        machine_check: basic.edx & 1 << 7 != 0,
        global_pages: basic.edx & 1 << 13 != 0,
        smep: structured_b & 1 << 7 != 0,
        smap: structured_b & 1 << 20 != 0,
        umip: structured_c & 1 << 2 != 0,
        no_execute: extended & 1 << 20 != 0,
        context_ids: basic.ecx & 1 << 17 != 0,
        gigabyte_pages: extended & 1 << 26 != 0,
        random: basic.ecx & 1 << 30 != 0,
    }
}

/// Attempts before the processor's generator of random numbers counts as broken (Intel SDM volume 1, section 7.3.17.1).
const RANDOM_ATTEMPTS: u32 = 10;

/// A random number from the processor; `None` where it makes none.
pub fn random() -> Option<u64> {
    if !features().random {
        return None;
    }
    for _ in 0..RANDOM_ATTEMPTS {
        let (value, is_good): (u64, u8);
        // SAFETY: the processor has the instruction, which writes a register and the flags.
        unsafe {
            asm!("rdrand {}", "setc {}", out(reg) value, out(reg_byte) is_good, options(nomem, nostack));
        }
        if is_good != 0 {
            return Some(value);
        }
    }
    None
}

/// The processor's own name, 48 bytes padded with NUL or blanks; empty where it has none.
pub fn brand() -> [u8; 48] {
    let mut name = [0; 48];
    if __cpuid(0x8000_0000).eax >= 0x8000_0004 {
        for (leaf, chunk) in (0x8000_0002..=0x8000_0004).zip(name.chunks_exact_mut(16)) {
            let part = __cpuid(leaf);
            for (register, bytes) in
                [part.eax, part.ebx, part.ecx, part.edx].into_iter().zip(chunk.chunks_exact_mut(4))
            {
                bytes.copy_from_slice(&register.to_le_bytes());
            }
        }
    }
    name
}

const CR0_MONITOR_COPROCESSOR: u64 = 1 << 1;
const CR0_EMULATION: u64 = 1 << 2;
const CR0_TASK_SWITCHED: u64 = 1 << 3;
const CR0_NUMERIC_ERROR: u64 = 1 << 5;
const CR0_WRITE_PROTECT: u64 = 1 << 16;
const CR4_MACHINE_CHECK: u64 = 1 << 6;
const CR4_GLOBAL_PAGES: u64 = 1 << 7;
const CR4_OSFXSR: u64 = 1 << 9;
const CR4_OSXMMEXCPT: u64 = 1 << 10;
const CR4_UMIP: u64 = 1 << 11;
const CR4_OSXSAVE: u64 = 1 << 18;
const CR4_SMEP: u64 = 1 << 20;
const CR4_SMAP: u64 = 1 << 21;
const EFER_NO_EXECUTE: u64 = 1 << 11;

/// Sets this CPU's control registers the way the kernel needs them, whatever firmware and loader left.
pub fn initialise() {
    let features = features();
    // SAFETY: 1. paging, long mode and the privilege rings are left as they are; 2. write protection holds
    // because kernel mappings say what is written (the loader maps the image by its segments); 3. every
    // bit set in CR4 and EFER is one CPUID reports; 4. the PAT's entries 0–3 keep their reset meaning, and
    // nothing maps by entries 4–7 but the loader, whose layout this is.
    unsafe {
        let mut cr0: u64;
        asm!("mov {}, cr0", out(reg) cr0, options(nomem, nostack, preserves_flags));
        cr0 |= CR0_MONITOR_COPROCESSOR | CR0_NUMERIC_ERROR | CR0_WRITE_PROTECT;
        cr0 &= !(CR0_EMULATION | CR0_TASK_SWITCHED);
        asm!("mov cr0, {}", in(reg) cr0, options(nostack, preserves_flags));

        let mut cr4: u64;
        asm!("mov {}, cr4", out(reg) cr4, options(nomem, nostack, preserves_flags));
        cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
        // The context switch saves FXSAVE's state only: with OSXSAVE on, programs would use registers
        // that nobody saves. Firmware may have left it on.
        cr4 &= !CR4_OSXSAVE;
        for (has, bit) in [
            // Without it a machine check resets the machine in silence.
            (features.machine_check, CR4_MACHINE_CHECK),
            (features.global_pages, CR4_GLOBAL_PAGES),
            (features.umip, CR4_UMIP),
            (features.smep, CR4_SMEP),
            (features.smap, CR4_SMAP),
        ] {
            if has {
                cr4 |= bit;
            }
        }
        asm!("mov cr4, {}", in(reg) cr4, options(nostack, preserves_flags));
        asm!("fninit", options(nomem, nostack));

        if features.no_execute {
            msr::write(msr::EFER, msr::read(msr::EFER) | EFER_NO_EXECUTE);
        }
        msr::write(msr::PAT, paging::PAT_LAYOUT);
    }
}

/// How many CPUs run.
pub fn count() -> usize {
    COUNT.load(Ordering::Acquire)
}

pub(super) fn set_count(count: usize) {
    COUNT.store(count, Ordering::Release);
}

/// Stops this CPU for ever.
pub fn halt_forever() -> ! {
    super::interrupts::disable();
    loop {
        // SAFETY: affects no memory.
        unsafe { asm!("hlt", options(nomem, nostack)) };
    }
}

/// The time-stamp counter's frequency in Hz, if the CPU tells (SDM vol. 2A, CPUID leaves 15H and 16H).
pub fn nominal_time_stamp_hz() -> Option<u64> {
    let highest = __cpuid(0).eax;
    if highest >= 0x15 {
        let ratio = __cpuid(0x15);
        let hz = u64::from(ratio.ecx) * u64::from(ratio.ebx);
        if ratio.eax != 0 && hz != 0 {
            return Some(hz / u64::from(ratio.eax));
        }
    }
    let base_mhz = if highest >= 0x16 { u64::from(__cpuid(0x16).eax & 0xffff) } else { 0 };
    (base_mhz != 0).then_some(base_mhz * 1_000_000)
}

/// The time-stamp counter.
pub fn time_stamp() -> u64 {
    // SAFETY: RDTSC exists on every x86-64 CPU, and CR4.TSD is clear in ring 0 anyway.
    unsafe { core::arch::x86_64::_rdtsc() }
}
