//! Disk controllers as state machines: requests in, register accesses and completions out.
//!
//! [`queue`] keeps the requests to one controller: how many run at once, which are tried again, when a controller that
//! stops answering is reset and when it is given up. A [`Controller`] is what a driver makes of its hardware; [`nvme`],
//! [`ahci`], [`ide`] and [`virtio`] are four. [`ata`] is what all ATA disks have in common, [`overlay`] a disk in memory,
//! [`native`] what is to be done where sectors are longer than 512 bytes.
//!
//! Nothing here sleeps or knows the kernel: registers and memory come in as the traits of [`hardware`], so that the
//! tests drive it with models of the devices, which can be as ill-behaved as a test needs.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

pub mod ahci;
pub mod ata;
pub mod hardware;
pub mod ide;
pub mod native;
pub mod nvme;
pub mod overlay;
pub mod queue;
pub mod virtio;

use core::fmt;

/// What a disk is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Sectors into memory.
    Read,
    /// Memory into sectors.
    Write,
    /// Everything whose writing has finished onto the medium. Writes that are still under way are not meant.
    Flush,
}

/// A piece of memory that a device reads or writes, contiguous in physical addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The physical address.
    pub address: u64,
    /// The length in bytes.
    pub length: u32,
}

/// One order to a controller.
#[derive(Clone, Copy, Debug)]
pub struct Command<'a> {
    /// Which of the controller's disks.
    pub unit: usize,
    /// What to do.
    pub operation: Operation,
    /// The first sector of 512 bytes; 0 for a flush.
    pub first_sector: u64,
    /// The memory, a whole number of sectors in sum; none for a flush.
    pub segments: &'a [Segment],
    /// Nothing else runs beside this one: it is being found out which command a disk stumbles over.
    pub alone: bool,
}

impl Command<'_> {
    /// How many bytes it moves.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| u64::from(segment.length)).sum()
    }
}

/// Why a command did not do what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No answer in time.
    TimedOut,
    /// The disk says why, here in words.
    Reported(&'static str),
    /// As [`Fault::Reported`], and trying again is pointless.
    Refused(&'static str),
    /// The controller stopped answering, and a reset did not bring it back.
    GivenUp,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => out.write_str("it does not answer"),
            Self::Reported(words) | Self::Refused(words) => out.write_str(words),
            Self::GivenUp => out.write_str("it stopped answering and a reset did not help"),
        }
    }
}

/// What a controller can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Commands at once, at least 1. A command's slot is a number below this.
    pub depth: usize,
    /// Sectors in one command.
    pub sectors: u32,
    /// Segments in one command.
    pub segments: usize,
    /// Which memory it reaches.
    pub reach: hardware::Reach,
    /// Whether it takes commands with memory that it does not reach nevertheless, and sees to the copying.
    pub copies_the_rest: bool,
    /// Whether all pieces of memory but the first begin, and all but the last end, at the border of a page of 4 KiB.
    pub whole_pages: bool,
    /// Whether a flush must have the controller to itself.
    pub flush_alone: bool,
}

/// News from a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The command in this slot is over.
    Finished(usize, Result<(), Fault>),
    /// The controller has stopped over an error and does nothing more before a [`Controller::reset`]. The culprit is
    /// named if known; all other commands under way are to be given again.
    Stopped(Option<(usize, Fault)>),
}

/// A controller and its disks.
pub trait Controller {
    /// What it can take. The same at all times.
    fn limits(&self) -> Limits;

    /// Gives it a command that fits the limits, in a slot that is free.
    ///
    /// # Errors
    /// The command can't be given.
    fn start(&mut self, slot: usize, command: &Command<'_>) -> Result<(), Fault>;

    /// Fetches news, until there is none. Does not wait: interrupt handlers call this.
    fn poll(&mut self) -> Option<Event>;

    /// Puts it into its first state. When this is over, and also when it fails, as far as software can bring that
    /// about, it touches no memory of the commands that were under way. Waits, for a bounded time.
    ///
    /// # Errors
    /// It does not come back.
    fn reset(&mut self) -> Result<(), Fault>;
}
