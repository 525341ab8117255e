//! Base address registers: where a function's registers are, and how much room they take (PCI, section 6.2.5).

use crate::{Address, Command, ConfigurationSpace, Function, register};

const PORTS: u32 = 1 << 0;
const PORT_FLAGS: u32 = 0b11;
const MEMORY_FLAGS: u32 = 0b1111;
const WIDTH: u32 = 0b110;
const WIDTH_64: u32 = 0b100;

/// A stretch of addresses at which a function answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// I/O ports.
    Ports {
        /// The first.
        base: u16,
        /// How many.
        count: u16,
    },
    /// Memory addresses.
    Memory {
        /// The first.
        base: u64,
        /// How many bytes.
        length: u64,
    },
}

/// Where window `index` begins, as firmware placed it, without disturbing the function; `None` when the register is
/// not used or not placed. The flag says whether it lies in port space.
#[must_use]
pub fn base(space: &impl ConfigurationSpace, function: &Function, index: u8) -> Option<(u64, bool)> {
    if index >= function.layout.bars() {
        return None;
    }
    let offset = register::BAR + 4 * index;
    let low = space.read(function.address, offset);
    if low == 0 || low == u32::MAX || is_upper_half(space, function, index) {
        return None;
    }
    let base = if low & PORTS != 0 {
        u64::from(low & !PORT_FLAGS)
    } else {
        u64::from(low & !MEMORY_FLAGS) | upper(space, function, index, low) << 32
    };
    (base != 0).then_some((base, low & PORTS != 0))
}

/// Where window `index` is and how long; `None` when there is none, when firmware did not place it, or when what the
/// registers say can't be true.
///
/// For a moment the function does not answer at its windows, so this is for whoever drives it, before it works:
/// enumerating does not measure, for firmware or the boot screen may be using the device.
#[must_use]
pub fn measure(space: &impl ConfigurationSpace, function: &Function, index: u8) -> Option<Window> {
    let (base, is_ports) = base(space, function, index)?;
    let address = function.address;
    let offset = register::BAR + 4 * index;
    let command = space.read(address, register::COMMAND) as u16;
    Command(0).apply(space, address, Command::PORTS.with(Command::MEMORY));
    let low_mask = probe(space, address, offset);
    let is_64 = !is_ports && low_mask & WIDTH == WIDTH_64 && index + 1 < function.layout.bars();
    let high_mask = if is_64 { probe(space, address, offset + 4) } else { u32::MAX };
    Command(command).apply(space, address, Command(0));
    if is_ports {
        // Devices for 16 bits of port numbers may leave the upper half of the mask zero.
        let mask = low_mask & !PORT_FLAGS | 0xffff_0000;
        let length = (!mask).checked_add(1).filter(|&length| length.is_power_of_two())?;
        let end = base.checked_add(u64::from(length))?;
        let count = u16::try_from(length).ok()?;
        return (end <= 0x1_0000).then_some(Window::Ports { base: base as u16, count });
    }
    let mask = u64::from(low_mask & !MEMORY_FLAGS) | u64::from(high_mask) << 32;
    let length = (!mask).checked_add(1).filter(|&length| length.is_power_of_two())?;
    let aligned = base.is_multiple_of(length);
    (aligned && base.checked_add(length).is_some()).then_some(Window::Memory { base, length })
}

/// Writes ones, reads which of them stay, and puts the old value back.
fn probe(space: &impl ConfigurationSpace, address: Address, offset: u8) -> u32 {
    let kept = space.read(address, offset);
    space.write(address, offset, u32::MAX);
    let mask = space.read(address, offset);
    space.write(address, offset, kept);
    mask
}

/// Whether the register is the second one of a 64-bit pair.
fn is_upper_half(space: &impl ConfigurationSpace, function: &Function, index: u8) -> bool {
    let mut at = 0;
    while at < index {
        let low = space.read(function.address, register::BAR + 4 * at);
        at += if low & PORTS == 0 && low & WIDTH == WIDTH_64 { 2 } else { 1 };
    }
    at != index
}

fn upper(space: &impl ConfigurationSpace, function: &Function, index: u8, low: u32) -> u64 {
    if low & WIDTH == WIDTH_64 && index + 1 < function.layout.bars() {
        u64::from(space.read(function.address, register::BAR + 4 * (index + 1)))
    } else {
        0
    }
}
