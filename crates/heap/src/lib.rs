//! Slab caches: small objects of a few sizes, each allocated and freed in a handful of instructions, however
//! many are alive.
//!
//! From the outside in: a layout names a [`SizeClass`]; each CPU has a [`FreeList`] per class, which it
//! alone uses, so that the common case takes no lock; behind these stands one [`Cache`] per class, which
//! cuts pages into objects and gives pages that have become empty back. [`guard`] is for builds that check:
//! it finds double frees, overruns and writes after a free.
//!
//! The crate knows addresses as numbers and reaches memory through [`SlabMemory`]. The kernel implements it
//! over real pages, the tests over a map that notices every misuse; so there is no `unsafe` here.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod cache;
pub mod class;
pub mod free_list;
pub mod guard;

pub use cache::{Cache, CacheStatistics};
pub use class::SizeClass;
pub use free_list::FreeList;

/// Bytes in a slab: one page.
pub const SLAB_SIZE: usize = 4096;
/// Bytes at a slab's beginning that describe it: a cache line.
pub const SLAB_HEADER: usize = 64;

/// The memory that slabs live in. Addresses are never 0: that stands for "none".
pub trait SlabMemory {
    /// Reads the word at `address`, a multiple of 8 inside a page from [`SlabMemory::allocate_page`].
    fn load(&self, address: usize) -> usize;
    /// Writes the word at `address`.
    fn store(&self, address: usize, value: usize);
    /// A page, aligned to [`SLAB_SIZE`]; `None` when memory is out.
    fn allocate_page(&self) -> Option<usize>;
    /// Takes back a page from [`SlabMemory::allocate_page`].
    fn free_page(&self, page: usize);
}
