//! Virtio: a disk that a virtual machine's host offers, made for guests that know that they are guests.
//!
//! Requests lie in memory: a header, the data, a byte for the outcome. Descriptors name these pieces; a ring says which
//! descriptors are new, another which are done with. `ring` keeps both, `block` makes a [`crate::Controller`] of
//! them. Where registers are, the PCI function's capabilities say (crate `pci`, module `virtio`).
//!
//! "Virtio" in citations is Virtual I/O Device (VIRTIO), version 1.2. Devices that speak only the older, "legacy"
//! language are not driven; transitional ones speak both.

mod block;
mod ring;

pub use block::Block;

/// Registers that all devices have (Virtio, section 4.1.4.3).
pub mod register {
    /// Which 32 of the device's features are shown.
    pub const DEVICE_FEATURE_SELECT: usize = 0x00;
    /// The features it offers.
    pub const DEVICE_FEATURE: usize = 0x04;
    /// Which 32 of the driver's features are written.
    pub const DRIVER_FEATURE_SELECT: usize = 0x08;
    /// The features the driver takes.
    pub const DRIVER_FEATURE: usize = 0x0c;
    /// The message for changes of the configuration, 16 bits.
    pub const CONFIGURATION_VECTOR: usize = 0x10;
    /// How far the setting up has come, 8 bits; writing 0 resets.
    pub const STATUS: usize = 0x14;
    /// Changes when the device's own registers do, 8 bits.
    pub const GENERATION: usize = 0x15;
    /// Which queue the following are about, 16 bits.
    pub const QUEUE_SELECT: usize = 0x16;
    /// Its places, 16 bits.
    pub const QUEUE_SIZE: usize = 0x18;
    /// Its message, 16 bits.
    pub const QUEUE_VECTOR: usize = 0x1a;
    /// Switches it on, 16 bits.
    pub const QUEUE_ENABLE: usize = 0x1c;
    /// Where its doorbell is, 16 bits, in units that the capability gives.
    pub const QUEUE_NOTIFY: usize = 0x1e;
    /// Where its descriptors are, 64 bits.
    pub const QUEUE_DESCRIPTORS: usize = 0x20;
    /// Where the ring of what is new is, 64 bits.
    pub const QUEUE_AVAILABLE: usize = 0x28;
    /// Where the ring of what is done with is, 64 bits.
    pub const QUEUE_USED: usize = 0x30;
    /// Bytes of all of them.
    pub const LENGTH: usize = 0x38;
}

/// Registers of a disk (Virtio, section 5.2.4).
pub mod disk_register {
    /// Its size in sectors of 512 bytes, 64 bits.
    pub const CAPACITY: usize = 0x00;
    /// The most bytes in one piece of memory.
    pub const SIZE_MAX: usize = 0x08;
    /// The most pieces of memory in a request.
    pub const SEGMENTS_MAX: usize = 0x0c;
    /// Bytes of a sector as the disk itself counts.
    pub const BLOCK_SIZE: usize = 0x14;
    /// Bytes of all that is looked at.
    pub const LENGTH: usize = 0x18;
}

/// Features by number of the bit.
pub mod feature {
    /// [`super::disk_register::SIZE_MAX`] counts.
    pub const SIZE_MAX: u32 = 1;
    /// [`super::disk_register::SEGMENTS_MAX`] counts.
    pub const SEGMENTS_MAX: u32 = 2;
    /// It can't be written.
    pub const READ_ONLY: u32 = 5;
    /// [`super::disk_register::BLOCK_SIZE`] counts.
    pub const BLOCK_SIZE: u32 = 6;
    /// It has a cache that can be flushed.
    pub const FLUSH: u32 = 9;
    /// A descriptor may name a table of descriptors.
    pub const INDIRECT: u32 = 28;
    /// It speaks as version 1 says.
    pub const VERSION_1: u32 = 32;
}

/// The windows of a device.
#[derive(Clone, Copy, Debug)]
pub struct Windows<R> {
    /// What all devices have.
    pub common: R,
    /// The doorbells.
    pub notify: R,
    /// From one doorbell to the next, in bytes.
    pub notify_stride: u32,
    /// What only disks have.
    pub disk: R,
}

/// Why a device is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Its registers are not where they should be.
    Absent,
    /// It can't do something that this driver needs.
    Unsupported(&'static str),
    /// There is no memory for its rings.
    NoMemory,
    /// It does not come out of a reset.
    TimedOut,
}

impl core::fmt::Display for Problem {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Absent => out.write_str("its registers are not there"),
            Self::Unsupported(what) => out.write_str(what),
            Self::NoMemory => out.write_str("there is no memory for its rings"),
            Self::TimedOut => out.write_str("it does not come out of its reset"),
        }
    }
}
