//! NVM Express: a disk that takes commands from rings in memory.
//!
//! One ring of commands for administration, one for reading and writing, each with a ring of answers; a doorbell
//! register for each ring says how far it was filled or emptied. An answer's phase bit changes with every round, so
//! that a new one is told from an old one without asking the device. [`command`] builds commands and reads answers,
//! `ring` keeps the rings, `controller` makes a [`crate::Controller`] of them.
//!
//! "NVMe" in citations is the NVM Express Base Specification, revision 1.4.

pub mod command;
mod controller;
mod ring;

pub use controller::{Namespace, Nvme};

/// Register offsets (NVMe, section 3.1).
pub mod register {
    /// Capabilities, 64 bits.
    pub const CAPABILITIES: usize = 0x00;
    /// Configuration.
    pub const CONFIGURATION: usize = 0x14;
    /// Status.
    pub const STATUS: usize = 0x1c;
    /// Lengths of the administration rings.
    pub const ADMIN_LENGTHS: usize = 0x24;
    /// Where the ring of administration commands is, 64 bits.
    pub const ADMIN_COMMANDS: usize = 0x28;
    /// Where the ring of its answers is, 64 bits.
    pub const ADMIN_ANSWERS: usize = 0x30;
    /// The first doorbell.
    pub const DOORBELLS: usize = 0x1000;
}

/// Why a controller is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Its registers are not where they should be, or read as all ones.
    Absent,
    /// It can't do something that this driver needs.
    Unsupported(&'static str),
    /// There is no memory for its rings.
    NoMemory,
    /// It does not become ready, or does not answer a command.
    TimedOut,
    /// It refuses a command that sets it up, for this reason.
    Refused(&'static str),
}

impl core::fmt::Display for Problem {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Absent => out.write_str("its registers are not there"),
            Self::Unsupported(what) => out.write_str(what),
            Self::NoMemory => out.write_str("there is no memory for its rings"),
            Self::TimedOut => out.write_str("it does not answer"),
            Self::Refused(why) => write!(out, "it refuses to be set up: {why}"),
        }
    }
}
