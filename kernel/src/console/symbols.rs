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
pub struct Symbol(pub u64);

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#018x}", self.0)?;
        match FILE.get().and_then(|elf| elf.symbol_for(self.0)) {
            // The alternate form leaves the hash out.
            Some((name, offset)) => write!(f, "  {:#}+{offset:#x}", demangle(name)),
            None => Ok(()),
        }
    }
}
