//! PCI configuration space, read from devices that nobody vouches for.
//!
//! [`enumerate`] walks the buses once, through bridges, and describes every function that answers: what it is, where
//! its registers were put, which capabilities it has. A driver then measures the windows it uses ([`bar::measure`]),
//! has the device's interrupts sent as messages ([`message`]), and switches bus mastering on. Whatever the registers
//! say, every walk ends and every answer is a value: bridges that lead back are entered once, capability lists that
//! bite their own tail are cut.
//!
//! Reading and writing a register is the caller's [`ConfigurationSpace`]: ports or memory in the kernel, a table of
//! bytes in the tests. "PCI" in citations is the PCI Local Bus Specification, revision 3.0.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

pub mod bar;
pub mod capability;
pub mod class;
mod function;
pub mod message;
pub mod virtio;
mod walk;

pub use capability::Capability;
pub use function::{Command, Function, register};
pub use walk::enumerate;

use core::fmt;

/// Where a function is. Segment 0, the only one of a PC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// 0 to 255.
    pub bus: u8,
    /// 0 to 31.
    pub device: u8,
    /// 0 to 7.
    pub function: u8,
}

impl Address {
    /// The address of these numbers; `None` when a device or function has no such number.
    #[must_use]
    pub const fn new(bus: u8, device: u8, function: u8) -> Option<Self> {
        if device < 32 && function < 8 { Some(Self { bus, device, function }) } else { None }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:02x}:{:02x}.{}", self.bus, self.device, self.function)
    }
}

/// The registers of all functions. What is not there reads as all ones, and writing it does nothing.
pub trait ConfigurationSpace {
    /// Reads the 32 bits at `offset`, a multiple of 4 below 256.
    fn read(&self, address: Address, offset: u8) -> u32;

    /// Writes the 32 bits at `offset`, a multiple of 4 below 256.
    fn write(&self, address: Address, offset: u8, value: u32);
}
