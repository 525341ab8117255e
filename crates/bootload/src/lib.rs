//! The thinking part of the loader: everything between "these bytes and this memory map are what
//! the machine has" and "jump there", as functions over slices that a host test can call.
//!
//! In the order a boot uses them:
//!
//! | module | question it answers |
//! |---|---|
//! | [`handover`], by [`pvh`] or [`multiboot2`] | what did whoever started us hand over? |
//! | [`memory_map`] | which memory is whose, and where is room? |
//! | [`pack`] | which kernel, modules and command line came in one file? |
//! | [`cmdline`] | which words on the command line are for the loader? |
//! | [`plan`] | where do the kernel's segments go, and with which rights? |
//! | [`requests`] | what does the kernel ask for? |
//! | [`acpi`] | which other processors are there? |
//! | [`page_tables`] | how does the kernel see memory when it starts? |
//! | [`responses`] | what does it get to read? |
//!
//! The protocol is Limine's, base revision 3; its facts stand in that project's `PROTOCOL.md`.
//! Nothing here allocates: the loader has no heap. Everything here takes its input for hostile,
//! because a pack can be damaged and firmware can be wrong: errors come back as [`BootError`],
//! which the loader prints before it halts.
#![no_std]
#![forbid(unsafe_code)]

pub mod acpi;
pub mod arena;
mod bytes;
pub mod cmdline;
mod error;
pub mod framebuffer;
pub mod handover;
pub mod memory_map;
pub mod multiboot2;
pub mod pack;
pub mod page_tables;
pub mod plan;
pub mod pvh;
pub mod requests;
pub mod responses;

pub use error::BootError;

/// Size of a page, in bytes.
pub const PAGE_SIZE: u64 = 4096;

/// Where the higher half direct map starts: the first address of the upper half under 4-level
/// paging, so that it may grow to 64 TiB below the kernel's own areas.
pub const HHDM: u64 = 0xffff_8000_0000_0000;

/// End of the physical memory that the higher half direct map has room for: 64 TiB.
pub const ADDRESS_LIMIT: u64 = 1 << 46;

/// Lowest virtual address a kernel may be linked at, by the protocol.
pub const KERNEL_FLOOR: u64 = 0xffff_ffff_8000_0000;

/// `address` rounded down to a page boundary.
pub const fn page_floor(address: u64) -> u64 {
    address & !(PAGE_SIZE - 1)
}

/// `address` rounded up to a page boundary; `None` past the end of the address space.
pub const fn page_ceiling(address: u64) -> Option<u64> {
    match address.checked_add(PAGE_SIZE - 1) {
        Some(sum) => Some(page_floor(sum)),
        None => None,
    }
}
