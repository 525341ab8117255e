//! What may be done with a page, and how the processor caches it.

use bitflags::bitflags;

bitflags! {
    /// What a mapping permits. Reading is always permitted; everything else must be asked for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Access: u8 {
        /// Writes.
        const WRITE = 1 << 0;
        /// Instruction fetches.
        const EXECUTE = 1 << 1;
        /// Ring 3 may do what the other flags permit.
        const USER = 1 << 2;
        /// The mapping is the same in every address space, so that a change of CR3 keeps it
        /// (SDM vol. 3A, section 4.10.2.4).
        const GLOBAL = 1 << 3;
        /// A note of the kernel's, in a bit that processors ignore: the page may be written, but is shared until then. A
        /// write, which faults because WRITE is missing, makes a copy.
        const COPY_ON_WRITE = 1 << 4;
    }
}

/// The memory type of a page. The number of each is its entry of the page attribute table, as in [`PAT_LAYOUT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cache {
    /// Ordinary memory.
    WriteBack = 0,
    /// Reads are cached, writes go through.
    WriteThrough = 1,
    /// Device registers: neither cached nor speculated, in program order.
    Uncached = 3,
    /// Framebuffers: writes are collected into bursts, reads are slow.
    WriteCombining = 5,
}

/// What IA32_PAT (MSR 277H) must hold on every processor for [`Cache`] to be true: WB, WT, UC-, UC, WP, WC, UC-, UC
/// from entry 0 up. The first four are what the processor resets to (SDM vol. 3A, section 11.12.4), and all
/// of them are what the Limine protocol sets, so that no page changes its type while a CPU is between the
/// loader's tables and ours.
pub const PAT_LAYOUT: u64 = 0x0007_0105_0007_0406;

/// All there is to say about a mapping besides the addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attributes {
    /// What it permits.
    pub access: Access,
    /// How it is cached.
    pub cache: Cache,
}

impl Attributes {
    /// Write-back memory with these permissions.
    #[must_use]
    pub const fn memory(access: Access) -> Self {
        Self { access, cache: Cache::WriteBack }
    }

    /// The same permissions with another memory type.
    #[must_use]
    pub const fn cached(self, cache: Cache) -> Self {
        Self { access: self.access, cache }
    }
}
