//! The part of an IDE controller that moves a channel's data by itself: it is given a table of regions, told which way,
//! and started after the drive has its command. The drive's interrupt says when all has moved.

use super::bus_master_register as register;
use super::plan::{Aside, Plan};
use crate::hardware::{Machine, Memory, PhysicalMemory, Ports, Reach};
use crate::{Operation, Segment};

const START: u8 = 1 << 0;
/// From the drive to memory.
const TO_MEMORY: u8 = 1 << 3;
const FAILED: u8 = 1 << 1;
const INTERRUPT: u8 = 1 << 2;

const TABLE_BYTES: usize = 4096;
const ENTRY_BYTES: usize = 8;
/// In an entry's second half.
const LAST: u32 = 1 << 31;
/// Memory for detours: what one command moves at most when none of its memory can be shown.
const ASIDE_BYTES: usize = 256 << 10;
/// Bytes that are copied at a time.
const COPIED: usize = 512;

/// How a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is heard.
    UnderWay,
    /// The drive has interrupted.
    Interrupted,
    /// The bus has failed.
    Failed,
}

/// One channel's half.
#[derive(Debug)]
pub struct BusMaster<P, Mem> {
    ports: P,
    base: u16,
    /// A page, which crosses no border.
    table: Mem,
    aside: Mem,
    plan: Plan,
}

impl<P: Ports, Mem: Memory> BusMaster<P, Mem> {
    /// With all memory that it needs; `None` when there is none.
    pub fn new(ports: P, base: u16, machine: &impl Machine<Memory = Mem>) -> Option<Self> {
        // Both are named with 32 bits.
        let table = machine.allocate(TABLE_BYTES, Reach::Below4GiB)?;
        let aside = machine.allocate(ASIDE_BYTES, Reach::Below4GiB)?;
        Some(Self { ports, base, table, aside, plan: Plan::new()? })
    }

    /// Prepares to move what stands from byte `from` on, at most `most` bytes; gives how many it will be, whole sectors. The
    /// drive is told its command next.
    pub fn prepare(
        &mut self,
        segments: &[Segment],
        from: usize,
        most: usize,
        operation: Operation,
        memory: &impl PhysicalMemory,
    ) -> usize {
        let aside = Aside { address: self.aside.address(), length: ASIDE_BYTES };
        self.plan.make(segments, from, most, aside);
        if operation == Operation::Write {
            self.for_each_detour(|address, at, bytes| {
                memory.copy_out(address, bytes);
                self.aside.write(at, bytes);
            });
        }
        let regions = self.plan.regions();
        for (index, region) in regions.iter().enumerate() {
            let last = if index + 1 == regions.len() { LAST } else { 0 };
            self.table.write_u32(index * ENTRY_BYTES, region.address);
            // 64 KiB are written as 0.
            self.table.write_u32(index * ENTRY_BYTES + 4, region.length & 0xffff | last);
        }
        self.write_u8(register::COMMAND, 0);
        self.ports.write_u32(self.base + register::TABLE, self.table.address() as u32);
        self.write_u8(register::COMMAND, way(operation));
        self.take_note();
        self.plan.length()
    }

    /// Lets data move.
    pub fn start(&self, operation: Operation) {
        self.write_u8(register::COMMAND, way(operation) | START);
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        match self.ports.read_u8(self.base + register::STATUS) & (FAILED | INTERRUPT) {
            0 => Progress::UnderWay,
            INTERRUPT => Progress::Interrupted,
            _ => Progress::Failed,
        }
    }

    /// Ends the transfer, however far it has come: no memory is touched any more.
    pub fn stop(&self) {
        self.write_u8(register::COMMAND, 0);
        self.take_note();
    }

    /// Brings to the request what was read elsewhere.
    pub fn deliver(&self, memory: &impl PhysicalMemory) {
        self.for_each_detour(|address, at, bytes| {
            self.aside.read(at, bytes);
            memory.copy_in(address, bytes);
        });
    }

    /// Calls `copy` with where some bytes are in the request's memory, where aside, and room for them.
    fn for_each_detour(&self, copy: impl Fn(u64, usize, &mut [u8])) {
        let mut bytes = [0; COPIED];
        for detour in self.plan.detours() {
            for start in (0..detour.length).step_by(COPIED) {
                let here = &mut bytes[..COPIED.min(detour.length - start)];
                copy(detour.address + start as u64, detour.at + start, here);
            }
        }
    }

    fn write_u8(&self, register: u16, value: u8) {
        self.ports.write_u8(self.base + register, value);
    }

    /// Writing ones takes note of what was.
    fn take_note(&self) {
        let status = self.ports.read_u8(self.base + register::STATUS);
        self.write_u8(register::STATUS, status | FAILED | INTERRUPT);
    }
}

const fn way(operation: Operation) -> u8 {
    match operation {
        Operation::Read => TO_MEMORY,
        Operation::Write | Operation::Flush => 0,
    }
}
