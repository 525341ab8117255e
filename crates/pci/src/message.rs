//! Interrupts as memory writes: MSI and MSI-X (PCI, section 6.8).
//!
//! One message serves each function here: its driver looks at the device anyway to see what is new.

use crate::{Address, Capability, ConfigurationSpace, Function, capability};

/// What a device writes where, so that a processor is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// The physical address; below 4 GiB on a PC (Intel SDM vol. 3A, section 11.11.1).
    pub address: u32,
    /// What is written there.
    pub data: u16,
}

/// Message control of MSI, in the upper half of the capability's first register.
const MSI_ENABLE: u32 = 1 << 16;
const MSI_COUNT_ENABLED: u32 = 0b111 << 20;
const MSI_64_BIT: u32 = 1 << 23;
/// Message control of MSI-X.
const MSI_X_LAST: u32 = 0x7ff << 16;
const MSI_X_MASK_ALL: u32 = 1 << 30;
const MSI_X_ENABLE: u32 = 1 << 31;

/// How a function can send messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Registers in the capability itself.
    Msi(Capability),
    /// A table in one of the function's windows.
    MsiX {
        /// The capability.
        capability: Capability,
        /// Which window.
        bar: u8,
        /// Where in the window the table begins; a multiple of 8.
        offset: u32,
        /// How many entries it has; at least 1.
        entries: u16,
    },
}

impl Sender {
    /// The function's way to send messages, MSI-X before MSI; `None` when it has none, or none that makes sense.
    #[must_use]
    pub fn of(space: &impl ConfigurationSpace, function: &Function) -> Option<Self> {
        let find = |kind| function.capabilities.iter().copied().find(|capability| capability.kind == kind);
        let table = find(capability::MSI_X).and_then(|capability| {
            // The table's place is the capability's second register, which must lie inside the 256 bytes.
            let place = space.read(function.address, capability.offset.checked_add(4)?);
            let (bar, offset) = ((place & 0b111) as u8, place & !0b111);
            let control = space.read(function.address, capability.offset);
            let entries = ((control & MSI_X_LAST) >> 16) as u16 + 1;
            (bar < function.layout.bars()).then_some(Self::MsiX { capability, bar, offset, entries })
        });
        // The registers of MSI reach up to 16 bytes behind its first.
        table.or_else(|| find(capability::MSI).filter(|found| found.offset <= 0xf0).map(Self::Msi))
    }

    /// Lets the function send. For MSI-X the first table entry must hold the message by then
    /// ([`table_entry`]); for MSI it is written here.
    pub fn enable(self, space: &impl ConfigurationSpace, address: Address, message: Message) {
        match self {
            Self::Msi(capability) => {
                let control = space.read(address, capability.offset);
                space.write(address, capability.offset + 4, message.address);
                let data_at = if control & MSI_64_BIT != 0 {
                    space.write(address, capability.offset + 8, 0);
                    capability.offset + 12
                } else {
                    capability.offset + 8
                };
                // The register's other half is not ours where the device has 16 bits of data.
                let rest = space.read(address, data_at) & 0xffff_0000;
                space.write(address, data_at, rest | u32::from(message.data));
                space.write(address, capability.offset, control & !MSI_COUNT_ENABLED | MSI_ENABLE);
            }
            Self::MsiX { capability, .. } => {
                let control = space.read(address, capability.offset);
                space.write(address, capability.offset, control & !MSI_X_MASK_ALL | MSI_X_ENABLE);
            }
        }
    }
}

/// The four registers of an MSI-X table entry that sends `message` (PCI, section 6.8.2.6): address, upper address,
/// data, and the mask, off.
#[must_use]
pub const fn table_entry(message: Message) -> [u32; 4] {
    [message.address, 0, message.data as u32, 0]
}
