//! Device interrupt lines: who handles which, whichever controller delivers them.

use core::fmt;

use super::guarded::Guarded;
use super::trap::vector::ISA_BASE;
use super::{apic, pic};

/// ISA lines.
pub const LINES: usize = 16;

/// A handler: runs on the CPU that took the interrupt, with interrupts off. It must only move bytes and
/// wake whoever waits.
pub type Handler = fn();

/// Why a line can't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IrqError {
    /// There are sixteen lines, and line 2 joins the two controllers.
    NoSuchLine,
    /// This driver has it.
    Taken(&'static str),
}

impl fmt::Display for IrqError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchLine => f.write_str("no such interrupt line"),
            Self::Taken(name) => write!(f, "the interrupt line belongs to the {name}"),
        }
    }
}

#[derive(Clone, Copy)]
struct Registration {
    name: &'static str,
    handler: Handler,
}

static HANDLERS: Guarded<[Option<Registration>; LINES]> = Guarded::new([None; LINES]);

/// Sends ISA interrupt `line` to `handler` and lets it through.
pub fn register_isa(line: u8, name: &'static str, handler: Handler) -> Result<(), IrqError> {
    if usize::from(line) >= LINES || line == 2 {
        return Err(IrqError::NoSuchLine);
    }
    HANDLERS.with(|handlers| match &mut handlers[usize::from(line)] {
        Some(registration) => Err(IrqError::Taken(registration.name)),
        free => {
            *free = Some(Registration { name, handler });
            Ok(())
        }
    })?;
    if apic::io::is_present() {
        apic::io::route_isa(line, ISA_BASE + line);
    } else {
        pic::unmask(line);
    }
    Ok(())
}

pub(super) fn handle(line: u8) {
    // Copied out, so that the handler runs without the table's lock.
    let registration = HANDLERS.with(|handlers| handlers[usize::from(line)]);
    match registration {
        Some(registration) => (registration.handler)(),
        None => log::warn!("interrupt on line {line}, which no driver has"),
    }
}

pub(super) fn end_of_interrupt(line: u8) {
    if apic::io::is_present() {
        apic::local::end_of_interrupt();
    } else {
        pic::end_of_interrupt(line);
    }
}
