//! What the ports share (AHCI, section 10.1.2).

use super::{Problem, adapter_register as register, port_register};
use crate::hardware::{Machine, Reach, Registers};

const AHCI_ENABLE: u32 = 1 << 31;
const INTERRUPT_ENABLE: u32 = 1 << 1;
const CAN_64_BIT: u32 = 1 << 31;
const CAN_QUEUE: u32 = 1 << 30;
const HAS_OWNERSHIP: u32 = 1 << 0;
const FIRMWARE_OWNS: u32 = 1 << 0;
const SYSTEM_OWNS: u32 = 1 << 1;
/// AHCI, section 10.6.3: firmware that is busy may take two seconds.
const HAND_OVER_MS: u64 = 2_000;

/// An adapter that was taken into use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// Bit n: there is a port n, and its registers are in the window.
    pub ports: u32,
    /// Commands that a port's list holds.
    pub slots: usize,
    /// Whether queued commands work.
    pub queues: bool,
    /// Which memory it can name.
    pub reach: Reach,
}

impl Adapter {
    /// Takes the adapter over from the firmware. It is not reset as a whole: firmware has started the disks' motors, and
    /// each port that has a disk is reset on its own ([`super::Port::open`]).
    ///
    /// # Errors
    /// [`Problem::Absent`].
    pub fn open(registers: &impl Registers, machine: &impl Machine) -> Result<Self, Problem> {
        if registers.length() < port_register::FIRST {
            return Err(Problem::Absent);
        }
        let capabilities = registers.read_u32(register::CAPABILITIES);
        if capabilities == u32::MAX {
            return Err(Problem::Absent);
        }
        if registers.read_u32(register::CAPABILITIES_2) & HAS_OWNERSHIP != 0 {
            let ownership = registers.read_u32(register::OWNERSHIP);
            registers.write_u32(register::OWNERSHIP, ownership | SYSTEM_OWNS);
            // Firmware that keeps it is overruled: that is what the specification says too.
            machine.wait(HAND_OVER_MS, || registers.read_u32(register::OWNERSHIP) & FIRMWARE_OWNS == 0);
        }
        let control = registers.read_u32(register::CONTROL);
        // Interrupts only after every port has its lists.
        registers.write_u32(register::CONTROL, control & !INTERRUPT_ENABLE | AHCI_ENABLE);
        let shown = (registers.length() - port_register::FIRST) / port_register::STRIDE;
        let shown = 1u32.checked_shl(shown as u32).map_or(u32::MAX, |end| end - 1);
        Ok(Self {
            ports: registers.read_u32(register::PORTS) & shown,
            slots: (capabilities >> 8 & 0x1f) as usize + 1,
            queues: capabilities & CAN_QUEUE != 0,
            reach: if capabilities & CAN_64_BIT != 0 { Reach::All } else { Reach::Below4GiB },
        })
    }

    /// Lets the adapter interrupt.
    pub fn enable_interrupts(registers: &impl Registers) {
        registers.write_u32(register::INTERRUPTS, u32::MAX);
        let control = registers.read_u32(register::CONTROL);
        registers.write_u32(register::CONTROL, control | INTERRUPT_ENABLE);
    }
}
