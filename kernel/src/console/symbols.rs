//! Names for addresses in the kernel, from the symbol table of the very file the loader loaded.

use alloc::format;
use alloc::string::String;
use core::fmt;

use elf::{Elf, SymbolKind};
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

/// A function of the kernel, displayed by its name.
#[derive(Clone, Copy, Debug)]
pub struct NamedFunction {
    name: &'static str,
    /// The address of its first instruction.
    pub start: u64,
}

impl fmt::Display for NamedFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The alternate form leaves the hash out.
        write!(f, "{:#}", demangle(self.name))
    }
}

/// The function that `address` is in.
pub fn function_at(address: u64) -> Option<NamedFunction> {
    let (name, offset) = FILE.get()?.symbol_for(address)?;
    Some(NamedFunction { name, start: address - offset })
}

/// The name of the static variable that `address` is in.
pub fn variable_at(address: u64) -> Option<String> {
    let symbols = FILE.get()?.symbols();
    let holds = |symbol: &elf::Symbol| {
        symbol.kind == SymbolKind::Object
            && address.checked_sub(symbol.address).is_some_and(|offset| offset < symbol.size)
    };
    let name = symbols.name(&symbols.into_iter().find(holds)?)?;
    Some(format!("{:#}", demangle(name)))
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

impl Symbol {
    fn address(self) -> u64 {
        match self {
            Self::At(address) | Self::ReturnTo(address) => address,
        }
    }

    /// The function's name as the linker knows it, and how far into it the address is.
    fn name(self) -> Option<(&'static str, u64)> {
        let back = u64::from(matches!(self, Self::ReturnTo(_)));
        let (name, offset) = FILE.get()?.symbol_for(self.address().wrapping_sub(back))?;
        Some((name, offset + back))
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#018x}", self.address())?;
        match self.name() {
            // The alternate form leaves the hash out.
            Some((name, offset)) => write!(f, "  {:#}+{offset:#x}", demangle(name)),
            None => Ok(()),
        }
    }
}

/// As [`Symbol`], displayed by its function alone, where that is known.
pub struct Function(pub Symbol);

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.name() {
            Some((name, offset)) => write!(f, "{:#}+{offset:#x}", demangle(name)),
            None => write!(f, "{:#x}", self.0.address()),
        }
    }
}
