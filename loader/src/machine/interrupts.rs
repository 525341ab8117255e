//! Silence: the protocol wants every external interrupt masked when the kernel starts.

use bootload::acpi::Madt;

use super::port;
use super::registers::Registers;

/// Masks the legacy controllers, and in the I/O APICs what would reach a processor as an ordinary
/// interrupt; system management and non-maskable interrupts are the firmware's.
pub fn mask_all(madt: Option<&Madt>) {
    port::write_u8(0x21, 0xff);
    port::write_u8(0xa1, 0xff);
    for io_apic in madt.into_iter().flat_map(Madt::io_apics).filter_map(Registers::at) {
        mask_io_apic(io_apic);
    }
}

/// Source: Intel 82093AA I/O APIC data sheet.
fn mask_io_apic(io_apic: Registers) {
    const SELECT: u64 = 0x00;
    const WINDOW: u64 = 0x10;
    const VERSION: u32 = 1;
    const FIRST_ENTRY: u32 = 0x10;
    const MASKED: u32 = 1 << 16;

    io_apic.write(SELECT, VERSION);
    let last = io_apic.read(WINDOW) >> 16 & 0xff;
    for entry in 0..=last {
        io_apic.write(SELECT, FIRST_ENTRY + 2 * entry);
        let low = io_apic.read(WINDOW);
        // Delivery mode fixed or lowest priority.
        if low >> 8 & 0b111 <= 1 {
            io_apic.write(WINDOW, low | MASKED);
        }
    }
}
