//! What is mapped, and what is to be mapped.

use crate::address::{PageSize, PhysicalAddress, VirtualAddress};
use crate::attributes::Attributes;
use crate::error::MapError;

/// A page that is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Where the page begins in virtual memory.
    pub page: VirtualAddress,
    /// Where it begins in physical memory.
    pub physical: PhysicalAddress,
    /// Its size.
    pub size: PageSize,
    /// What it permits and how it is cached.
    pub attributes: Attributes,
}

/// A stretch of virtual memory and the physical memory to put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first virtual address.
    pub start: VirtualAddress,
    /// The first physical address.
    pub physical: PhysicalAddress,
    /// Bytes.
    pub length: u64,
}

/// Whether whole pages of one half make up the span.
pub(crate) fn check_span(start: VirtualAddress, length: u64) -> Result<(), MapError> {
    if !start.is_aligned(PageSize::Size4KiB) || !length.is_multiple_of(PageSize::Size4KiB.bytes()) {
        return Err(MapError::Misaligned);
    }
    match start.checked_add(length.saturating_sub(1)) {
        Some(last) if last.is_upper_half() == start.is_upper_half() => Ok(()),
        _ => Err(MapError::NonCanonical),
    }
}
