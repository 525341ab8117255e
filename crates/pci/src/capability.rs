//! The list of capabilities (PCI, section 6.7).

use alloc::vec::Vec;

use crate::function::Layout;
use crate::{Address, ConfigurationSpace, register};

/// In the status register: there is a list.
const HAS_LIST: u32 = 1 << 20;
/// The first offset behind the header.
const FIRST: u8 = 0x40;
/// Entries take at least four bytes, so no honest list is longer.
const LONGEST: usize = (256 - FIRST as usize) / 4;

/// An entry of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// Which, by the numbers in this module.
    pub kind: u8,
    /// Where it is in configuration space: a multiple of 4, at least 0x40.
    pub offset: u8,
}

/// Message signalled interrupts (PCI, section 6.8.1).
pub const MSI: u8 = 0x05;
/// The device's maker decides; virtio uses it.
pub const VENDOR: u8 = 0x09;
/// PCI Express.
pub const EXPRESS: u8 = 0x10;
/// Message signalled interrupts with a table (PCI, section 6.8.2).
pub const MSI_X: u8 = 0x11;

impl Capability {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.kind {
            0x01 => "power",
            MSI => "MSI",
            VENDOR => "vendor's",
            0x0d => "bridge identity",
            EXPRESS => "PCI Express",
            MSI_X => "MSI-X",
            0x12 => "SATA",
            0x13 => "advanced features",
            _ => "other",
        }
    }
}

/// Reads the list. One that leads out of its part of the configuration space, or back, is cut there.
pub(crate) fn list(space: &impl ConfigurationSpace, address: Address, layout: Layout) -> Vec<Capability> {
    let mut found: Vec<Capability> = Vec::new();
    if layout == Layout::Other || space.read(address, register::COMMAND) & HAS_LIST == 0 {
        return found;
    }
    let [mut next, ..] = space.read(address, register::CAPABILITIES).to_le_bytes();
    while found.len() < LONGEST {
        // The lowest two bits are reserved: software masks them.
        let offset = next & !3;
        if offset < FIRST || found.iter().any(|earlier| earlier.offset == offset) {
            break;
        }
        let [kind, following, ..] = space.read(address, offset).to_le_bytes();
        // All ones: the device went away, or never had an entry there.
        if kind == 0xff {
            break;
        }
        found.push(Capability { kind, offset });
        next = following;
    }
    found
}
