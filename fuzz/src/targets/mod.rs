//! The targets, one for each thing that can go wrong on its own.

pub mod acpi;
pub mod calendar;
pub mod cmdline;
pub mod elf;
pub mod fat;
pub mod frames;
pub mod handover;
pub mod heap;
pub mod keyboard;
pub mod pack;
pub mod pages;
pub mod paging;
pub mod partitions;
pub mod process;
pub mod ps2;
pub mod requests;
pub mod sched;
pub mod shell;
pub mod term;
pub mod vfs;
