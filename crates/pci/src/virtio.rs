//! Where a virtio device has its registers: capabilities of the vendor's kind say it (Virtual I/O Device (VIRTIO),
//! version 1.2, section 4.1.4).

use crate::{ConfigurationSpace, Function, capability};

/// Who is behind all virtio devices, by the PCI SIG's list.
pub const VENDOR: u16 = 0x1af4;
/// A disk, by the numbers since version 1.
pub const BLOCK: u16 = 0x1042;
/// A disk that also speaks as before version 1.
pub const TRANSITIONAL_BLOCK: u16 = 0x1001;

/// What registers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What all devices have.
    Common,
    /// Doorbells, this many bytes apart from one unit to the next.
    Notify {
        /// Bytes.
        stride: u32,
    },
    /// What this kind of device has.
    Device,
}

/// A stretch of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Structure {
    /// What they are for.
    pub kind: Kind,
    /// Which of the function's windows.
    pub bar: u8,
    /// Where in the window they begin.
    pub offset: u32,
    /// How many bytes.
    pub length: u32,
}

/// The structures of a function, in the order of its capabilities: of two of a kind the first is the one to use. Those of
/// other kinds, and those that can't be, are left out.
pub fn structures(space: &impl ConfigurationSpace, function: &Function) -> impl Iterator<Item = Structure> {
    let of_vendor = function.capabilities.iter().filter(|found| found.kind == capability::VENDOR);
    of_vendor.filter_map(|found| {
        let read = |at: u8| Some(space.read(function.address, found.offset.checked_add(at)?));
        let [_, _, bytes, kind] = read(0)?.to_le_bytes();
        let [bar, ..] = read(4)?.to_le_bytes();
        let (offset, length) = (read(8)?, read(12)?);
        let kind = match kind {
            1 if bytes >= 16 => Kind::Common,
            2 if bytes >= 20 => Kind::Notify { stride: read(16)? },
            4 if bytes >= 16 => Kind::Device,
            _ => return None,
        };
        (bar < function.layout.bars()).then_some(Structure { kind, bar, offset, length })
    })
}
