//! This kernel's registers, memory and clock, as crate `disks` asks for them.

use disks::hardware::{Machine, Memory, NarrowRegisters, PhysicalMemory, Ports, Reach, Registers};

use frames::{FRAME_SIZE, Frame};

use crate::arch::{port, time};
use crate::memory::dma::{self, Dma};
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

impl Ports for port::Ports {
    fn read_u8(&self, offset: u16) -> u8 {
        Self::read_u8(self, offset)
    }

    fn write_u8(&self, offset: u16, value: u8) {
        Self::write_u8(self, offset, value);
    }

    fn write_u32(&self, offset: u16, value: u32) {
        Self::write_u32(self, offset, value);
    }

    fn read_u16s(&self, offset: u16, words: &mut [u16]) {
        Self::read_u16s(self, offset, words);
    }

    fn write_u16s(&self, offset: u16, words: &[u16]) {
        Self::write_u16s(self, offset, words);
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

impl PhysicalMemory for ThisMachine {
    fn copy_out(&self, address: u64, buffer: &mut [u8]) {
        let mut rest = buffer;
        for_each_frame(address, rest.len(), |frame, offset, length| {
            let (now, later) = core::mem::take(&mut rest).split_at_mut(length);
            dma::read_frame(frame, offset, now);
            rest = later;
        });
    }

    fn copy_in(&self, address: u64, bytes: &[u8]) {
        let mut rest = bytes;
        for_each_frame(address, bytes.len(), |frame, offset, length| {
            let (now, later) = rest.split_at(length);
            dma::write_frame(frame, offset, now);
            rest = later;
        });
    }
}

/// Calls `part` with each frame that has some of `length` bytes, where they begin in it, and how many they are.
fn for_each_frame(address: u64, length: usize, mut part: impl FnMut(Frame, usize, usize)) {
    let (mut address, mut left) = (address, length);
    while left > 0 {
        let offset = (address % FRAME_SIZE) as usize;
        let here = left.min(FRAME_SIZE as usize - offset);
        part(Frame::containing(address), offset, here);
        address += here as u64;
        left -= here;
    }
}
