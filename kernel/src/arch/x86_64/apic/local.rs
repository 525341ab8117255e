//! The local APIC (SDM vol. 3A, chapter 11): this CPU's timer, its interrupts to other CPUs, and the
//! acknowledgement of every interrupt. Reached by memory (xAPIC) or, where firmware left x2APIC mode on, by
//! MSRs; leaving that mode is not worth a reset of the APIC, so both are spoken.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::super::msr;
use super::super::trap::vector;

/// Registers by their xAPIC offset (SDM vol. 3A, table 11-1); x2APIC's MSR is 0x800 + offset / 16.
mod register {
    pub const ID: u32 = 0x20;
    pub const TASK_PRIORITY: u32 = 0x80;
    pub const END_OF_INTERRUPT: u32 = 0xb0;
    pub const SPURIOUS: u32 = 0xf0;
    pub const COMMAND_LOW: u32 = 0x300;
    pub const COMMAND_HIGH: u32 = 0x310;
    pub const TIMER: u32 = 0x320;
    pub const LINT0: u32 = 0x350;
    pub const TIMER_INITIAL: u32 = 0x380;
    pub const TIMER_CURRENT: u32 = 0x390;
    pub const TIMER_DIVIDE: u32 = 0x3e0;
}

const APIC_BASE_ENABLE: u64 = 1 << 11;
const APIC_BASE_X2APIC: u64 = 1 << 10;
const SPURIOUS_ENABLE: u32 = 1 << 8;
const MASKED: u32 = 1 << 16;
const PERIODIC: u32 = 1 << 17;
const DIVIDE_BY_16: u32 = 0b0011;
const DELIVERY_NMI: u32 = 0b100 << 8;
const DELIVERY_EXTERNAL: u32 = 0b111 << 8;
const LEVEL_ASSERT: u32 = 1 << 14;
const COMMAND_PENDING: u32 = 1 << 12;

/// Virtual address of the registers, 0 until mapped.
static WINDOW: AtomicU64 = AtomicU64::new(0);
static X2APIC: AtomicBool = AtomicBool::new(false);
static PRESENT: AtomicBool = AtomicBool::new(false);

/// Where the registers lie in physical memory; `None` when the CPU has no local APIC or it is reached by
/// MSRs, so that there is nothing to map.
pub fn physical_base() -> Option<u64> {
    if !super::super::cpu::features().apic {
        return None;
    }
    // SAFETY: CPUID says that there is an APIC, so the MSR exists.
    let base = unsafe { msr::read(msr::APIC_BASE) };
    if base & APIC_BASE_X2APIC != 0 {
        X2APIC.store(true, Ordering::Relaxed);
        PRESENT.store(true, Ordering::Relaxed);
        return None;
    }
    Some(base & 0x000f_ffff_ffff_f000)
}

/// Takes the mapped registers into use.
///
/// # Safety
/// `window` is an uncached mapping of the 4 KiB at [`physical_base`], and stays one.
pub unsafe fn set_window(window: u64) {
    WINDOW.store(window, Ordering::Release);
    PRESENT.store(true, Ordering::Release);
}

/// Whether there is a local APIC and it can be reached.
pub fn is_present() -> bool {
    PRESENT.load(Ordering::Relaxed)
}

fn read(register: u32) -> u32 {
    if X2APIC.load(Ordering::Relaxed) {
        // SAFETY: x2APIC mode is on, and `register` is one of the module's, all of which it has.
        return unsafe { msr::read(0x800 + register / 16) } as u32;
    }
    // SAFETY: callers check `is_present`, so the window is mapped (`set_window`), and the offsets of
    // `register` are aligned and inside its page.
    unsafe { ((WINDOW.load(Ordering::Relaxed) + u64::from(register)) as *const u32).read_volatile() }
}

fn write(register: u32, value: u32) {
    if X2APIC.load(Ordering::Relaxed) {
        // SAFETY: as for reading; the values are this module's and set no reserved bit.
        return unsafe { msr::write(0x800 + register / 16, value.into()) };
    }
    // SAFETY: as for reading.
    unsafe { ((WINDOW.load(Ordering::Relaxed) + u64::from(register)) as *mut u32).write_volatile(value) };
}

/// Switches this CPU's APIC on, its timer still off. `boot_cpu` keeps the legacy controllers' interrupts,
/// which come through the first local line, where no I/O APIC is there to deliver them.
pub fn enable(boot_cpu: bool) {
    if !is_present() {
        return;
    }
    // SAFETY: the MSR exists (`is_present`); setting the enable bit keeps the mode and address.
    unsafe { msr::write(msr::APIC_BASE, msr::read(msr::APIC_BASE) | APIC_BASE_ENABLE) };
    write(register::TASK_PRIORITY, 0);
    write(register::SPURIOUS, SPURIOUS_ENABLE | u32::from(vector::SPURIOUS));
    write(register::TIMER, MASKED);
    let legacy = boot_cpu && !super::io::is_present();
    write(register::LINT0, if legacy { DELIVERY_EXTERNAL } else { MASKED });
}

/// This CPU's APIC id.
pub fn id() -> u32 {
    if !is_present() {
        return 0;
    }
    let raw = read(register::ID);
    if X2APIC.load(Ordering::Relaxed) { raw } else { raw >> 24 }
}

/// Acknowledges the interrupt being handled.
pub fn end_of_interrupt() {
    if is_present() {
        write(register::END_OF_INTERRUPT, 0);
    }
}

/// Lets the timer count down from the largest count, silently: for measuring its speed.
pub fn timer_start_counting() {
    write(register::TIMER_DIVIDE, DIVIDE_BY_16);
    write(register::TIMER, MASKED);
    write(register::TIMER_INITIAL, u32::MAX);
}

/// How far it has counted since.
pub fn timer_elapsed() -> u32 {
    u32::MAX - read(register::TIMER_CURRENT)
}

/// Makes the timer interrupt every `count` of its clock.
pub fn timer_start_periodic(count: u32) {
    timer_start(PERIODIC, count);
}

/// Makes the timer interrupt once, after `count` of its clock.
pub fn timer_start_once(count: u32) {
    timer_start(0, count);
}

/// Stops the timer before its mode changes (SDM vol. 3A, 11.5.4: an initial count of 0 does): a one-shot count of
/// a few clocks must not become a period for a moment. Without this, about one boot in sixty on one CPU hung under
/// QEMU, its debug stub included; that a period of nanoseconds keeps QEMU busy for ever is inferred, not seen.
fn timer_start(mode: u32, count: u32) {
    write(register::TIMER_INITIAL, 0);
    write(register::TIMER_DIVIDE, DIVIDE_BY_16);
    write(register::TIMER, mode | u32::from(vector::TIMER));
    write(register::TIMER_INITIAL, count.max(1));
}

fn command(destination: u32, low: u32) {
    if X2APIC.load(Ordering::Relaxed) {
        let value = u64::from(destination) << 32 | u64::from(low);
        // SAFETY: in x2APIC mode the command register is one 64-bit MSR (SDM vol. 3A, 11.12.9). Writing it
        // waits for nothing (11.12.3): without the fences the other CPU could be told to look at a queue
        // before it can see what was put there.
        unsafe {
            asm!("mfence", "lfence", options(nostack, preserves_flags));
            msr::write(0x800 + register::COMMAND_LOW / 16, value);
        }
        return;
    }
    // The two halves must not be torn by an interrupt handler that sends one itself.
    super::super::interrupts::without(|| {
        // Bounded: an APIC that never takes the command would otherwise stop this CPU.
        for _ in 0..100_000 {
            if read(register::COMMAND_LOW) & COMMAND_PENDING == 0 {
                break;
            }
            core::hint::spin_loop();
        }
        write(register::COMMAND_HIGH, destination << 24);
        write(register::COMMAND_LOW, low);
    });
}

/// Interrupts the CPU whose APIC id is `destination`.
pub fn send(destination: u32, vector: u8) {
    if is_present() {
        command(destination, LEVEL_ASSERT | u32::from(vector));
    }
}

/// Interrupts the CPU whose APIC id is `destination` even where it has interrupts off.
pub fn send_nmi(destination: u32) {
    if is_present() {
        command(destination, LEVEL_ASSERT | DELIVERY_NMI);
    }
}
