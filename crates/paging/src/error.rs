//! Why a change of page tables is refused.

/// Why a change was refused. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapError {
    /// An address or a length is no multiple of the page's size.
    Misaligned,
    /// The span leaves canonical addresses, or crosses from the lower half to the upper.
    NonCanonical,
    /// The span leaves the physical addresses that an entry can hold.
    BeyondPhysical,
    /// Something is mapped there.
    AlreadyMapped,
    /// Nothing is mapped there.
    NotMapped,
    /// A page larger than the one asked for is mapped there, and sticks out.
    HugePageInTheWay,
    /// There is no frame for a table.
    OutOfMemory,
}

impl core::fmt::Display for MapError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::Misaligned => "not a multiple of the page size",
            Self::NonCanonical => "not in canonical addresses",
            Self::BeyondPhysical => "beyond physical addresses",
            Self::AlreadyMapped => "mapped already",
            Self::NotMapped => "not mapped",
            Self::HugePageInTheWay => "a larger page is mapped there",
            Self::OutOfMemory => "no frame for a page table",
        })
    }
}
