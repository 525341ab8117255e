//! PCI configuration space by ports 0xcf8 and 0xcfc: enough to find the display. Source: PCI
//! Local Bus Specification 3.0, sections 3.2.2.3 and 6.1.

use super::port;

const ADDRESS: u16 = 0xcf8;
const DATA: u16 = 0xcfc;
const CLASS_DISPLAY: u32 = 0x03;

/// A function on the bus.
#[derive(Clone, Copy)]
pub struct Function {
    bus: u32,
    device: u32,
    function: u32,
}

impl Function {
    /// Reads the word at `offset` of its configuration space.
    fn read(self, offset: u32) -> u32 {
        port::write_u32(ADDRESS, 1 << 31 | self.bus << 16 | self.device << 11 | self.function << 8 | offset);
        port::read_u32(DATA)
    }

    /// Its first base address, if that is memory.
    pub fn memory_base(self) -> Option<u64> {
        let low = self.read(0x10);
        let high = if low & 0b110 == 0b100 { self.read(0x14) } else { 0 };
        (low & 1 == 0).then_some(u64::from(high) << 32 | u64::from(low & !0xf))
    }
}

/// The functions of the first 8 buses that are displays.
pub fn displays() -> impl Iterator<Item = Function> {
    // Every virtual machine has its display on bus 0; the rest is for pass-through set-ups.
    let devices = (0..8).flat_map(|bus| (0..32).map(move |device| (bus, device)));
    devices.flat_map(|(bus, device)| {
        let first = Function { bus, device, function: 0 };
        // All ones: nobody there. Bit 7 of the header type: it has more than one function.
        let count = match first.read(0) & 0xffff {
            0xffff => 0,
            _ if first.read(0x0c) & 1 << 23 == 0 => 1,
            _ => 8,
        };
        (0..count).map(move |function| Function { bus, device, function }).filter(|function| {
            function.read(0) & 0xffff != 0xffff && function.read(0x08) >> 24 == CLASS_DISPLAY
        })
    })
}
