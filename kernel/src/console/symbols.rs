//! Names for addresses in the kernel, from the symbol table of the very file the loader loaded.

use core::fmt;

use elf::Elf;
use rustc_demangle::demangle;

use crate::lock::Once;

static FILE: Once<Elf<'static>> = Once::new();

/// Takes the kernel's file into use; without a readable one, backtraces show bare addresses.
pub fn initialise(file: &'static [u8]) {
    match Elf::parse(file) {
        Ok(elf) => {
            FILE.call_once(|| elf);
        }
        Err(error) => log::warn!("backtraces will have no names: {error}"),
    }
}

/// An address, displayed as `address  function+offset` where the function is known.
#[derive(Clone, Copy)]
pub enum Symbol {
    /// Of the instruction itself.
    At(u64),
    /// Of the instruction a call returns to. After the call of a function that never returns that may be
    /// the next function's, so the name is looked up one byte before.
    ReturnTo(u64),
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, back) = match *self {
            Self::At(address) => (address, 0),
            Self::ReturnTo(address) => (address, 1),
        };
        write!(f, "{address:#018x}")?;
        match FILE.get().and_then(|elf| elf.symbol_for(address.wrapping_sub(back))) {
            // The alternate form leaves the hash out.
            Some((name, offset)) => write!(f, "  {:#}+{:#x}", demangle(name), offset + back),
            None => Ok(()),
        }
    }
}
