//! PCI configuration space through its two ports (PCI Local Bus Specification 3.0, section 3.2.2.3.2): one says which
//! register, the other is it.
//!
//! What is written there can place a device's registers anywhere and let it write to memory. No table of claims
//! catches that: `drivers::pci` is the only caller, moves no window, and lets a device master the bus only for a
//! driver whose buffers are memory of its own.

use super::guarded::Guarded;
use super::port::raw;

const ADDRESS: u16 = 0xcf8;
const DATA: u16 = 0xcfc;
const ENABLE: u32 = 1 << 31;

/// Held from selecting a register to using it.
static SELECTED: Guarded<()> = Guarded::new(());

fn select(bus: u8, device: u8, function: u8, offset: u8) {
    let register = u32::from(bus) << 16
        | u32::from(device & 0x1f) << 11
        | u32::from(function & 7) << 8
        | u32::from(offset & !3);
    // SAFETY: nobody else can claim the port (`port::RESERVED`), and choosing a register changes none.
    unsafe { raw::write_u32(ADDRESS, ENABLE | register) };
}

/// Reads the 32-bit register at `offset`, whose lowest two bits are ignored. All ones where there is nothing.
pub fn read(bus: u8, device: u8, function: u8, offset: u8) -> u32 {
    SELECTED.with(|()| {
        select(bus, device, function, offset);
        // SAFETY: as for selecting; reading configuration registers has no side effects (section 6.2).
        unsafe { raw::read_u32(DATA) }
    })
}

/// Writes the 32-bit register at `offset`, whose lowest two bits are ignored.
pub fn write(bus: u8, device: u8, function: u8, offset: u8, value: u32) {
    SELECTED.with(|()| {
        select(bus, device, function, offset);
        // SAFETY: what the value does is the caller's to answer for, as the head of this file says.
        unsafe { raw::write_u32(DATA, value) };
    });
}
