//! Configuration space: through memory where ACPI's MCFG says that it is there, else through ports.

use pci::{Address, ConfigurationSpace};

use crate::arch;
use crate::memory::mmio::Mmio;
use crate::platform;

/// The way to the registers.
#[derive(Debug)]
pub enum Space {
    /// Ports 0xcf8 and 0xcfc: one access at a time, on every PC.
    Ports,
    /// The registers of these buses as memory (PCI Express Base Specification, section 7.2.2); ports for the others.
    Memory {
        /// The first byte of `first_bus`.
        window: Mmio,
        /// The first bus in the window.
        first_bus: u8,
    },
}

impl Space {
    /// Finds out which way there is.
    pub fn open() -> Self {
        let Some(mcfg) = platform::firmware().and_then(|firmware| firmware.mcfg) else { return Self::Ports };
        let (base, length) = mcfg.window();
        let window = match Mmio::map(base, length) {
            Ok(window) => window,
            Err(error) => {
                log::warn!("PCI configuration memory at {base:#x} can't be reached: {error}");
                return Self::Ports;
            }
        };
        let space = Self::Memory { window, first_bus: mcfg.first_bus };
        // Firmware has been seen to name addresses at which nothing answers. The host bridge answers for sure, and
        // both ways must say the same of it.
        let host = Address { bus: mcfg.first_bus, device: 0, function: 0 };
        if space.read(host, 0) == Self::Ports.read(host, 0) {
            space
        } else {
            log::warn!("PCI configuration memory at {base:#x} is not what it should be: using ports");
            Self::Ports
        }
    }

    /// In words, for the log.
    pub const fn how(&self) -> &'static str {
        match self {
            Self::Ports => "through ports",
            Self::Memory { .. } => "through memory",
        }
    }

    /// Where a register is in the window.
    fn place(&self, address: Address, offset: u8) -> Option<(&Mmio, usize)> {
        let Self::Memory { window, first_bus } = self else { return None };
        let bus = usize::from(address.bus.checked_sub(*first_bus)?);
        let function = usize::from(address.device) << 3 | usize::from(address.function);
        let at = bus << 20 | function << 12 | usize::from(offset & !3);
        (at + 4 <= window.length()).then_some((window, at))
    }
}

impl ConfigurationSpace for Space {
    fn read(&self, address: Address, offset: u8) -> u32 {
        match self.place(address, offset) {
            Some((window, at)) => window.read_u32(at),
            None => arch::pci::read(address.bus, address.device, address.function, offset),
        }
    }

    fn write(&self, address: Address, offset: u8, value: u32) {
        match self.place(address, offset) {
            Some((window, at)) => window.write_u32(at, value),
            None => arch::pci::write(address.bus, address.device, address.function, offset, value),
        }
    }
}
