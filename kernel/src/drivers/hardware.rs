//! This kernel's registers, memory and clock, as crate `disks` asks for them.

use disks::hardware::{Machine, Memory, NarrowRegisters, Reach, Registers};

use crate::arch::time;
use crate::memory::dma::Dma;
use crate::memory::frames::Zone;
use crate::memory::mmio::Mmio;
use crate::task;

impl Registers for Mmio {
    fn length(&self) -> usize {
        Self::length(self)
    }

    fn read_u32(&self, offset: usize) -> u32 {
        Self::read_u32(self, offset)
    }

    fn write_u32(&self, offset: usize, value: u32) {
        Self::write_u32(self, offset, value);
    }
}

impl NarrowRegisters for Mmio {
    fn read_u8(&self, offset: usize) -> u8 {
        Self::read_u8(self, offset)
    }

    fn write_u8(&self, offset: usize, value: u8) {
        Self::write_u8(self, offset, value);
    }

    fn read_u16(&self, offset: usize) -> u16 {
        Self::read_u16(self, offset)
    }

    fn write_u16(&self, offset: usize, value: u16) {
        Self::write_u16(self, offset, value);
    }
}

impl Memory for Dma {
    fn address(&self) -> u64 {
        Self::address(self)
    }

    fn length(&self) -> usize {
        Self::length(self)
    }

    fn read(&self, offset: usize, buffer: &mut [u8]) {
        Self::read(self, offset, buffer);
    }

    fn write(&self, offset: usize, bytes: &[u8]) {
        Self::write(self, offset, bytes);
    }

    fn read_u32(&self, offset: usize) -> u32 {
        Self::read_u32(self, offset)
    }

    fn write_u32(&self, offset: usize, value: u32) {
        Self::write_u32(self, offset, value);
    }
}

/// The machine around a controller. Its waits sleep, so controllers are opened and reset by threads.
#[derive(Clone, Copy, Debug)]
pub struct ThisMachine;

impl Machine for ThisMachine {
    type Memory = Dma;

    fn allocate(&self, bytes: usize, reach: Reach) -> Option<Dma> {
        let zone = match reach {
            Reach::All => Zone::All,
            Reach::Below4GiB => Zone::Below4GiB,
        };
        Dma::allocate(bytes, zone)
    }

    fn now_ns(&self) -> u64 {
        time::uptime_ns()
    }

    fn pause(&self) {
        task::sleep_ms(1);
    }
}
