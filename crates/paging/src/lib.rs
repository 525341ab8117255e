//! Four-level page tables of x86-64: one walker, behind a trait for the memory that tables live in.
//!
//! The kernel implements [`TableMemory`] over its direct map; the tests implement it over a `HashMap`,
//! so that every rule of this crate is checked on the host. What a processor may still remember after a
//! change comes back as a value, [`Stale`], which insists on being flushed before emptied tables are
//! used again.
//!
//! * [`address`]: virtual (canonical) and physical addresses, page sizes.
//! * [`attributes`]: what may be done with a page and how it is cached; the PAT layout.
//! * [`entry`]: the bits of an entry, with their place in the manual.
//! * [`table`]: map, unmap, protect, translate.
//! * [`stale`]: the duty to flush.
//!
//! "SDM" is Intel's Software Developer's Manual; its volume 3A, chapter 4 "Paging" is what is built here.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod address;
pub mod attributes;
pub mod entry;
pub mod stale;
pub mod table;

pub use address::{PageSize, PhysicalAddress, VirtualAddress};
pub use attributes::{Access, Attributes, Cache, PAT_LAYOUT};
pub use stale::{Retired, Stale};
pub use table::{MapError, Mapping, PageTable, Span, TableMemory};
