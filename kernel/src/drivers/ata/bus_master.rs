//! DMA for IDE channels: the part of an IDE controller on the PCI bus that moves a channel's data by itself.
//!
//! The processor writes a table of memory regions, tells the drive a DMA command and starts the channel; an interrupt
//! says when all has moved. Data pass through a buffer of the channel's own, which the device may write to as long as
//! it likes.
//!
//! Source: Programming Interface for Bus Master IDE Controller, revision 1.0.

use alloc::sync::Arc;

use pci::{Function, class};

use crate::arch::port::Ports;
use crate::drivers::pci::{self as bus, Device};
use crate::memory::dma::Dma;
use crate::memory::frames::Zone;

/// The port window of the bus master part.
const WINDOW: u8 = 4;
/// In the class's interface: there is such a part.
const BUS_MASTER: u8 = 1 << 7;
/// In the interface: the first, the second channel is not at the addresses that PCs have always had.
const ELSEWHERE: u8 = 1 << 0 | 1 << 2;

/// Offsets from a channel's half of the window.
mod register {
    pub const COMMAND: u16 = 0;
    pub const STATUS: u16 = 2;
    pub const TABLE: u16 = 4;
    /// From one channel's half to the other's.
    pub const STRIDE: u16 = 8;
}

const START: u8 = 1 << 0;
/// From the drive to memory.
const TO_MEMORY: u8 = 1 << 3;
const FAILED: u8 = 1 << 1;
const INTERRUPT: u8 = 1 << 2;

/// The most that is moved at once.
pub const BUFFER: usize = 64 << 10;
/// A region must not cross a 64 KiB border; pages never do.
const REGION: usize = 4096;
const REGION_BYTES: usize = 8;
const LAST: u32 = 1 << 31;

/// Which way data go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the drive.
    ToMemory,
    /// To the drive.
    ToDrive,
}

/// One channel's half.
pub struct BusMaster {
    ports: Arc<Ports>,
    base: u16,
    table: Dma,
    buffer: Dma,
}

/// The halves of both channels, if there is a controller that moves their data.
pub fn open() -> [Option<BusMaster>; 2] {
    let usable = |function: &&Function| {
        let [class, subclass, interface] = function.class;
        [class, subclass] == class::IDE && interface & BUS_MASTER != 0 && interface & ELSEWHERE == 0
    };
    let Some(function) = bus::functions().iter().find(usable) else { return [None, None] };
    let ports = Device::claim(function, "IDE").and_then(|device| {
        let ports = device.ports(WINDOW, "IDE bus master")?;
        device.master_bus();
        Ok(Arc::new(ports))
    });
    match ports {
        Ok(ports) => [0, 1].map(|channel| BusMaster::new(ports.clone(), channel * register::STRIDE)),
        Err(problem) => {
            log::warn!("IDE disks without DMA: {problem}");
            [None, None]
        }
    }
}

impl BusMaster {
    fn new(ports: Arc<Ports>, base: u16) -> Option<Self> {
        // Both are named with 32 bits.
        let table = Dma::allocate(BUFFER / REGION * REGION_BYTES, Zone::Below4GiB)?;
        let buffer = Dma::allocate(BUFFER, Zone::Below4GiB)?;
        Some(Self { ports, base, table, buffer })
    }

    /// The memory through which data pass.
    pub const fn buffer(&self) -> &Dma {
        &self.buffer
    }

    /// Prepares to move `length` bytes, at most [`BUFFER`]. The drive is told its command next.
    pub fn prepare(&self, length: usize, way: Way) {
        for (index, start) in (0..length).step_by(REGION).enumerate() {
            let count = REGION.min(length - start);
            let last = if start + count == length { LAST } else { 0 };
            self.table.write_u32(index * REGION_BYTES, (self.buffer.address() as usize + start) as u32);
            self.table.write_u32(index * REGION_BYTES + 4, count as u32 | last);
        }
        self.ports.write_u8(self.base + register::COMMAND, 0);
        self.ports.write_u32(self.base + register::TABLE, self.table.address() as u32);
        self.ports.write_u8(self.base + register::COMMAND, direction(way));
        // Writing ones takes note of what was.
        let status = self.ports.read_u8(self.base + register::STATUS);
        self.ports.write_u8(self.base + register::STATUS, status | FAILED | INTERRUPT);
    }

    /// Lets data move.
    pub fn start(&self, way: Way) {
        self.ports.write_u8(self.base + register::COMMAND, direction(way) | START);
    }

    /// Whether the drive has interrupted: all has moved, or something went wrong.
    pub fn is_over(&self) -> bool {
        self.ports.read_u8(self.base + register::STATUS) & (INTERRUPT | FAILED) != 0
    }

    /// Ends the transfer, however far it has come; says whether all has moved as far as this part knows.
    pub fn stop(&self) -> bool {
        let status = self.ports.read_u8(self.base + register::STATUS);
        self.ports.write_u8(self.base + register::COMMAND, 0);
        self.ports.write_u8(self.base + register::STATUS, status | FAILED | INTERRUPT);
        status & FAILED == 0
    }
}

const fn direction(way: Way) -> u8 {
    match way {
        Way::ToMemory => TO_MEMORY,
        Way::ToDrive => 0,
    }
}
