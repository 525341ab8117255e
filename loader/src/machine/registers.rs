//! Interrupt controllers' registers in memory: the local APIC and the I/O APICs.

use bootload::handover::REACHABLE;

/// A page or so of registers.
#[derive(Clone, Copy)]
pub struct Registers(u64);

impl Registers {
    /// Registers of the local or an I/O APIC at `base`, as the processor or the MADT says. None
    /// beyond the loader's reach, or where memory would be.
    pub fn at(base: u64) -> Option<Self> {
        /// Both kinds stand in the hole below 4 GiB; nothing else does that the loader would harm.
        const HOLE: u64 = 0xfe00_0000;
        ((HOLE..REACHABLE - 0x1000).contains(&base) && base.is_multiple_of(16)).then_some(Self(base))
    }

    /// Reads the register at `offset`, below 4096.
    pub fn read(self, offset: u64) -> u32 {
        // SAFETY: `at` has seen to it that this is mapped and no memory of Rust's.
        unsafe { ((self.0 + (offset & 0xffc)) as *const u32).read_volatile() }
    }

    /// Writes the register at `offset`, below 4096.
    pub fn write(self, offset: u64, value: u32) {
        // SAFETY: as in `read`; the controllers write to no memory.
        unsafe { ((self.0 + (offset & 0xffc)) as *mut u32).write_volatile(value) };
    }
}
