//! Reading ELF64 files that nobody vouches for.
//!
//! Three callers share this crate: the loader reads the kernel's program headers, the kernel
//! looks up names for its own backtrace in the file it was loaded from, and `exec` reads
//! programs from a disk. All of them hold bytes from outside, so every offset, count and length
//! in the file is a claim to be checked against the bytes that are there, with arithmetic that
//! cannot wrap. Nothing here allocates and nothing here panics: a panic handler can use it.
//!
//! [`Elf::parse`] checks the file header and that the program header table lies in the file; all
//! else is checked when it is asked for, so that a file without sections still loads. Only
//! little-endian x86-64 files are accepted.
//!
//! Source for layouts and constants: System V ABI, generic edition, chapters 4 and 5; its AMD64
//! supplement for the machine number.
#![no_std]
#![forbid(unsafe_code)]

mod bytes;
mod file;
mod section;
mod segment;
mod symbol;

pub use file::{Elf, ElfError, ElfKind};
pub use section::{Section, SectionKind, Sections};
pub use segment::{Permissions, Segment, SegmentKind, Segments};
pub use symbol::{Symbol, SymbolKind, Symbols};
