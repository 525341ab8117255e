//! A function in the hands of its driver: its windows as typed values, its interrupts, its leave to use memory.

use core::fmt;

use alloc::boxed::Box;

use paging::MapError;
use pci::bar::{self, Window};
use pci::message::{self, Message, Sender};
use pci::virtio::{self, Structure};
use pci::{Command, Function};

use super::{Bus, DRIVEN, bus};
use crate::arch::irq::{self, IrqError};
use crate::arch::port::{self, ClaimError, Ports};
use crate::memory::mmio::Mmio;

/// Why a driver does not get what it needs of its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Another driver has the device.
    Taken,
    /// There is no such window, or not of this kind.
    NoWindow(u8),
    /// The window can't be mapped.
    Map(MapError),
    /// The ports belong to another driver.
    Ports(ClaimError),
    /// The device sends no messages.
    NoMessages,
    /// The processor takes none.
    Interrupt(IrqError),
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => out.write_str("another driver has it"),
            Self::NoWindow(index) => write!(out, "its window {index} is missing"),
            Self::Map(error) => write!(out, "its registers can't be mapped: {error}"),
            Self::Ports(error) => write!(out, "{error}"),
            Self::NoMessages => out.write_str("it sends no messages"),
            Self::Interrupt(error) => write!(out, "{error}"),
        }
    }
}

/// A function that a driver has claimed. For good: devices stay.
pub struct Device {
    bus: &'static Bus,
    function: &'static Function,
}

impl Device {
    /// Claims a function for the driver of this name.
    ///
    /// # Errors
    /// [`Problem::Taken`].
    pub fn claim(function: &'static Function, driver: &'static str) -> Result<Self, Problem> {
        let bus = bus();
        let mut driven = DRIVEN.lock();
        if driven.iter().any(|(address, _)| *address == function.address) {
            return Err(Problem::Taken);
        }
        driven.push((function.address, driver));
        Ok(Self { bus, function })
    }

    /// The registers in memory window `index`.
    ///
    /// # Errors
    /// [`Problem::NoWindow`], [`Problem::Map`].
    pub fn memory(&self, index: u8) -> Result<Mmio, Problem> {
        let Some(Window::Memory { base, length }) = bar::measure(&self.bus.space, self.function, index)
        else {
            return Err(Problem::NoWindow(index));
        };
        self.enable(Command::MEMORY);
        Mmio::map(base, length).map_err(Problem::Map)
    }

    /// Where a virtio device has its registers.
    pub fn virtio_structures(&self) -> impl Iterator<Item = Structure> {
        virtio::structures(&self.bus.space, self.function)
    }

    /// The registers in port window `index`.
    ///
    /// # Errors
    /// [`Problem::NoWindow`], [`Problem::Ports`].
    pub fn ports(&self, index: u8, owner: &'static str) -> Result<Ports, Problem> {
        let Some(Window::Ports { base, count }) = bar::measure(&self.bus.space, self.function, index) else {
            return Err(Problem::NoWindow(index));
        };
        self.enable(Command::PORTS);
        port::claim(base, count, owner).map_err(Problem::Ports)
    }

    /// Lets the function read and write memory by itself. From here on what the driver tells it decides what
    /// happens to memory: addresses come from `memory::dma` alone.
    pub fn master_bus(&self) {
        // Its line stays silent: nobody would acknowledge it.
        self.enable(Command::BUS_MASTER.with(Command::NO_LINE));
    }

    /// Has the function's interrupts sent to `handler`, as messages.
    ///
    /// # Errors
    /// [`Problem::NoMessages`], [`Problem::Interrupt`], or why its table can't be reached; its driver then polls.
    pub fn send_messages(&self, handler: Box<dyn Fn() + Sync>) -> Result<(), Problem> {
        let space = &self.bus.space;
        let sender = Sender::of(space, self.function).ok_or(Problem::NoMessages)?;
        let table = match sender {
            Sender::MsiX { bar, offset, .. } => Some((self.memory(bar)?, offset as usize)),
            Sender::Msi(_) => None,
        };
        let entry_at = |index: usize| {
            let (window, offset) = table.as_ref()?;
            (offset + 16 <= window.length()).then_some((window, offset + 4 * index))
        };
        if table.is_some() && entry_at(0).is_none() {
            return Err(Problem::NoMessages);
        }
        let irq::Message { address, data } =
            irq::register_message(Box::leak(handler)).map_err(Problem::Interrupt)?;
        let message = Message { address, data };
        for (index, value) in message::table_entry(message).into_iter().enumerate() {
            if let Some((window, at)) = entry_at(index) {
                window.write_u32(at, value);
            }
        }
        sender.enable(space, self.function.address, message);
        Ok(())
    }

    fn enable(&self, what: Command) {
        what.apply(&self.bus.space, self.function.address, Command(0));
    }
}
