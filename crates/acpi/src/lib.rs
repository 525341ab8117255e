//! ACPI tables, read from bytes that nobody vouches for.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

/// Physical memory, as the reader of tables needs it.
pub trait PhysicalMemory {
    /// Copies the bytes from physical `address` on into `buffer`; false when they can't be read.
    fn read(&self, address: u64, buffer: &mut [u8]) -> bool;
}
