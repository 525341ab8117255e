//! What the first 64 bytes of a function's configuration space say (PCI, section 6.1 and 6.2).

use alloc::vec::Vec;

use crate::capability::{self, Capability};
use crate::{Address, ConfigurationSpace};

/// Offsets of the registers that all functions have.
pub mod register {
    /// Vendor in the lower half, device in the upper.
    pub const IDENTITY: u8 = 0x00;
    /// Command in the lower half, status in the upper.
    pub const COMMAND: u8 = 0x04;
    /// Revision, interface, subclass, class.
    pub const CLASS: u8 = 0x08;
    /// Cache line, latency, header type, self-test.
    pub const HEADER: u8 = 0x0c;
    /// The first of the base address registers.
    pub const BAR: u8 = 0x10;
    /// In a bridge's header: primary, secondary and subordinate bus.
    pub const BUSES: u8 = 0x18;
    /// Where the list of capabilities begins.
    pub const CAPABILITIES: u8 = 0x34;
    /// Interrupt line, interrupt pin.
    pub const INTERRUPT: u8 = 0x3c;
}

/// Bits of the command register (PCI, section 6.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command(pub u16);

impl Command {
    /// The function answers in port space.
    pub const PORTS: Self = Self(1 << 0);
    /// The function answers in memory space.
    pub const MEMORY: Self = Self(1 << 1);
    /// The function may read and write memory by itself.
    pub const BUS_MASTER: Self = Self(1 << 2);
    /// The function does not raise its interrupt line.
    pub const NO_LINE: Self = Self(1 << 10);

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Sets these bits of the function's command register, and clears the bits `off`.
    pub fn apply(self, space: &impl ConfigurationSpace, address: Address, off: Self) {
        let command = space.read(address, register::COMMAND) as u16;
        // The upper half is the status, whose bits are cleared by writing ones: write zeros.
        space.write(address, register::COMMAND, u32::from(command & !off.0 | self.0));
    }
}

/// What kind of header follows the first 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A device.
    Device,
    /// A bridge to another PCI bus, whose number this is.
    Bridge {
        /// The bus behind it.
        secondary: u8,
    },
    /// A CardBus bridge, or one that was invented later.
    Other,
}

impl Layout {
    /// How many base address registers such a header has.
    #[must_use]
    pub const fn bars(self) -> u8 {
        match self {
            Self::Device => 6,
            Self::Bridge { .. } => 2,
            Self::Other => 0,
        }
    }
}

/// A function of a device, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Where it is.
    pub address: Address,
    /// Who made it, by the PCI SIG's list.
    pub vendor: u16,
    /// What its maker calls it.
    pub device: u16,
    /// Class, subclass and programming interface.
    pub class: [u8; 3],
    /// Its maker's count of versions.
    pub revision: u8,
    /// What follows in its header.
    pub layout: Layout,
    /// The interrupt line that firmware noted; `None` for 255, "not connected", and where there is no pin.
    pub line: Option<u8>,
    /// Its capabilities, in the order of the list.
    pub capabilities: Vec<Capability>,
}

impl Function {
    /// Reads the header at `address`; `None` when nothing answers. The second value says whether the device has
    /// more functions than this.
    pub(crate) fn read(space: &impl ConfigurationSpace, address: Address) -> Option<(Self, bool)> {
        let identity = space.read(address, register::IDENTITY);
        let (vendor, device) = (identity as u16, (identity >> 16) as u16);
        // Nobody has these numbers: nothing answers, or a device that is still asleep.
        if vendor == 0xffff || vendor == 0 {
            return None;
        }
        let [revision, interface, subclass, class] = space.read(address, register::CLASS).to_le_bytes();
        let [_, _, header, _] = space.read(address, register::HEADER).to_le_bytes();
        let layout = match header & 0x7f {
            0 => Layout::Device,
            1 => Layout::Bridge { secondary: space.read(address, register::BUSES).to_le_bytes()[1] },
            _ => Layout::Other,
        };
        let [line, pin, ..] = space.read(address, register::INTERRUPT).to_le_bytes();
        let function = Self {
            address,
            vendor,
            device,
            class: [class, subclass, interface],
            revision,
            layout,
            line: (line != 0xff && (1..=4).contains(&pin)).then_some(line),
            capabilities: capability::list(space, address, layout),
        };
        Some((function, header & 0x80 != 0))
    }
}
