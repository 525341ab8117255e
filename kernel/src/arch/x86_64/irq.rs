//! Device interrupts: who handles which line, whichever controller delivers it, and which message.
//!
//! A message (MSI) is a write to the local APIC that a PCI device makes by itself: no line, no sharing, no I/O APIC
//! (SDM vol. 3A, 11.11). All go to the boot CPU, as lines do.

use core::fmt;

use super::guarded::Guarded;
use super::trap::vector::{FIRST_MESSAGE, ISA_BASE, MESSAGES};
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
    /// There is no local APIC, or none that a message can name.
    NoMessages,
    /// More devices than there are vectors.
    TooMany,
}

impl fmt::Display for IrqError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchLine => f.write_str("no such interrupt line"),
            Self::Taken(name) => write!(f, "the interrupt line belongs to the {name}"),
            Self::NoMessages => f.write_str("this machine takes no messages"),
            Self::TooMany => f.write_str("too many devices send messages"),
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

/// Who has ISA interrupt `line`.
pub fn name(line: u8) -> Option<&'static str> {
    let handler = HANDLERS.with(|handlers| handlers.get(usize::from(line)).copied().flatten());
    handler.map(|registration| registration.name)
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

/// Handles a message. A value, so that it can know its device; static, for devices stay.
pub type MessageHandler = &'static (dyn Fn() + Sync);

/// Where a device writes what, so that its handler runs (SDM vol. 3A, 11.11.1 and 11.11.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// The physical address.
    pub address: u32,
    /// The data.
    pub data: u16,
}

static MESSAGE_HANDLERS: Guarded<[Option<MessageHandler>; MESSAGES]> = Guarded::new([None; MESSAGES]);

/// The messages' addresses begin here; bits 12 to 19 name the local APIC.
const MESSAGE_BASE: u32 = 0xfee0_0000;

/// A message of its own for a device: edge-triggered, fixed delivery. Like a line's, the handler runs with interrupts
/// off and must only move bytes and wake whoever waits.
pub fn register_message(handler: MessageHandler) -> Result<Message, IrqError> {
    let destination = apic::io::destination();
    if !apic::local::is_present() || destination > 0xff {
        return Err(IrqError::NoMessages);
    }
    let index = MESSAGE_HANDLERS.with(|handlers| {
        let index = handlers.iter().position(Option::is_none).ok_or(IrqError::TooMany)?;
        handlers[index] = Some(handler);
        Ok(index)
    })?;
    Ok(Message { address: MESSAGE_BASE | destination << 12, data: u16::from(FIRST_MESSAGE) + index as u16 })
}

/// Handles the message that came as `vector`.
pub(super) fn handle_message(vector: u8) {
    let index = usize::from(vector - FIRST_MESSAGE);
    match MESSAGE_HANDLERS.with(|handlers| handlers[index]) {
        Some(handler) => handler(),
        None => log::warn!("interrupt message {index}, which no driver has"),
    }
    apic::local::end_of_interrupt();
}
