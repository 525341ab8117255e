//! IDE: two drives on a channel, which share its registers, so that one command runs at a time.
//!
//! A [`Channel`] moves data by DMA straight between a drive and the memory of the requests: the bus master is shown that
//! memory as a list of regions ([`plan`]). What it can't be shown takes a detour through memory of the channel's own. Where
//! DMA is not to be had, or turned out not to work, the processor moves the data, some sectors at each interrupt.
//!
//! "ATA" in citations is ATA/ATAPI-6 (T13/1410D), "Bus Master" the Programming Interface for Bus Master IDE Controller,
//! revision 1.0, as the Intel 82371AB (PIIX4) has it.

mod bus_master;
mod channel;
pub mod plan;
mod probe;
mod task_file;

pub use channel::{Channel, Drive};

use core::fmt;

/// Registers of the command block (ATA, section 6).
pub mod register {
    /// 16 bits of data at a time.
    pub const DATA: u16 = 0;
    /// Why a command failed.
    pub const ERROR: u16 = 1;
    /// How many sectors.
    pub const COUNT: u16 = 2;
    /// The sector's number: the lowest byte.
    pub const LBA_LOW: u16 = 3;
    /// The next one.
    pub const LBA_MIDDLE: u16 = 4;
    /// The next one.
    pub const LBA_HIGH: u16 = 5;
    /// Which drive, and four more bits of the number.
    pub const DEVICE: u16 = 6;
    /// How the drive is. Reading it acknowledges its interrupt.
    pub const STATUS: u16 = 7;
    /// What it is to do.
    pub const COMMAND: u16 = 7;
}

/// Registers of a channel's half of the bus master window (Bus Master, section 2).
pub mod bus_master_register {
    /// Goes, and which way.
    pub const COMMAND: u16 = 0;
    /// How it went; writing ones takes note.
    pub const STATUS: u16 = 2;
    /// Where the table is, 32 bits.
    pub const TABLE: u16 = 4;
    /// From one channel's half to the other's.
    pub const STRIDE: u16 = 8;
}

/// A channel's registers.
#[derive(Debug)]
pub struct Windows<P> {
    /// The command block, eight ports.
    pub command: P,
    /// The control block, one port.
    pub control: P,
    /// The bus master window, and where in it the channel's half begins.
    pub bus_master: Option<(P, u16)>,
}

/// What is in a drive's place.
#[derive(Clone, Debug)]
pub enum Found {
    /// No drive, or one that is no disk.
    Nothing,
    /// A disk.
    Disk(Drive),
    /// A disk that can't be used, and why not.
    Unusable(&'static str),
}

/// There is no memory for a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

impl fmt::Display for NoMemory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("there is no memory for its commands")
    }
}
