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
//! * [`table`]: a tree of tables as a value, and the trait for the memory that it lives in; [`walk`] goes down it.
//! * [`map`], [`unmap`], [`protect`], [`split`]: what is done to pages; [`error`] says why not, [`mapping`] to what.
//! * [`stale`]: the duty to flush; [`context`]: when an address space's translations may be kept.
//!
//! "SDM" is Intel's Software Developer's Manual; its volume 3A, chapter 4 "Paging" is what is built here.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod address;
pub mod attributes;
pub mod context;
pub mod entry;
pub mod error;
pub mod map;
pub mod mapping;
pub mod protect;
pub mod split;
pub mod stale;
pub mod table;
pub mod unmap;
pub mod walk;

pub use address::{PageSize, PhysicalAddress, VirtualAddress};
pub use attributes::{Access, Attributes, Cache, PAT_LAYOUT};
pub use error::MapError;
pub use mapping::{Mapping, Span};
pub use stale::{Retired, Stale};
pub use table::{PageTable, TableMemory};
