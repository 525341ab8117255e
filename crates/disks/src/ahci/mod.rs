//! AHCI: SATA disks behind a controller that fetches commands from lists in memory.
//!
//! Each port has a list of up to 32 commands; a bit in one register starts one, and goes out when it is over. With
//! disks that queue (NCQ), many run at once and end in any order. [`Adapter`] is what the ports share, [`Port`] one
//! disk with its list, [`frame`] what a command looks like in memory.
//!
//! "AHCI" in citations is the Serial ATA AHCI specification, revision 1.3.1.

mod adapter;
pub mod frame;
mod port;

pub use adapter::Adapter;
pub use port::Port;

/// Registers of the whole adapter (AHCI, section 3.1).
pub mod adapter_register {
    /// What it can do.
    pub const CAPABILITIES: usize = 0x00;
    /// Global control.
    pub const CONTROL: usize = 0x04;
    /// Which ports have news; writing ones takes note.
    pub const INTERRUPTS: usize = 0x08;
    /// Which ports there are.
    pub const PORTS: usize = 0x0c;
    /// More of what it can do.
    pub const CAPABILITIES_2: usize = 0x24;
    /// Whose it is, the firmware's or the system's.
    pub const OWNERSHIP: usize = 0x28;
}

/// Registers of a port, from its own base on (AHCI, section 3.3).
pub mod port_register {
    /// Where the first port's registers are.
    pub const FIRST: usize = 0x100;
    /// From one port to the next.
    pub const STRIDE: usize = 0x80;
    /// Where the command list is, 64 bits.
    pub const LIST: usize = 0x00;
    /// Where answers go, 64 bits.
    pub const ANSWERS: usize = 0x08;
    /// What happened; writing ones takes note.
    pub const INTERRUPTS: usize = 0x10;
    /// What of it interrupts.
    pub const INTERRUPT_ENABLE: usize = 0x14;
    /// Command and status.
    pub const COMMAND: usize = 0x18;
    /// The disk's status and error registers.
    pub const TASK_FILE: usize = 0x20;
    /// What kind of device answered the last reset.
    pub const SIGNATURE: usize = 0x24;
    /// The link's status.
    pub const LINK_STATUS: usize = 0x28;
    /// The link's control.
    pub const LINK_CONTROL: usize = 0x2c;
    /// What went wrong on the link; writing ones takes note.
    pub const LINK_ERRORS: usize = 0x30;
    /// Which queued commands the disk has.
    pub const QUEUED: usize = 0x34;
    /// Which commands the adapter is to fetch.
    pub const ISSUED: usize = 0x38;
}

/// Why an adapter or a port is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Its registers are not where they should be, or read as all ones.
    Absent,
    /// There is no memory for its lists.
    NoMemory,
    /// It does not obey or does not answer.
    TimedOut,
    /// What the disk says of itself can't be used.
    Unsupported(&'static str),
}

impl core::fmt::Display for Problem {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Absent => out.write_str("its registers are not there"),
            Self::NoMemory => out.write_str("there is no memory for its lists"),
            Self::TimedOut => out.write_str("it does not answer"),
            Self::Unsupported(what) => out.write_str(what),
        }
    }
}
