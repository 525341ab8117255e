//! Switching off and resetting.
//!
//! Off: ACPI's soft-off state S5, through the PM1 control registers (ACPI 6.5, sections 4.8.3.2 and 7.4.2.6). Reset:
//! the FADT's reset register, then the keyboard controller, then a triple fault; each for machines on which the one
//! before does nothing. What is not yet on the disks must be put there before: these functions end everything.

use acpi::{AddressSpace, Fadt, GenericAddress, SleepType};

use crate::arch::{self, port, time};
use crate::drivers::ps2;
use crate::memory::mmio::Mmio;
use crate::platform;

/// PM1 control: the machine's events go to the system rather than to firmware.
const SCI_ENABLED: u16 = 1 << 0;
/// PM1 control: go to the state that the sleep type names.
const SLEEP_ENABLE: u16 = 1 << 13;
/// Firmware takes its time to hand over; 3 s is what the specification's authors allow in their own code.
const HAND_OVER_POLLS: u32 = 300;
const POLL_NS: u64 = 10_000_000;
/// How long a machine may take to obey.
const OBEY_NS: u64 = 500_000_000;

/// Switches the machine off. Returns, with the reason in words, when it does not.
pub fn power_off() -> &'static str {
    let firmware = platform::firmware();
    let Some((fadt, soft_off)) =
        firmware.and_then(|firmware| Some((firmware.fadt.as_ref()?, firmware.soft_off?)))
    else {
        return "ACPI does not say how: switch the machine off by hand";
    };
    let Some(control) = fadt.pm1a_control.and_then(Pm1Control::open) else {
        return "the power control register can't be reached: switch the machine off by hand";
    };
    take_over(fadt, &control);
    let second = fadt.pm1b_control.and_then(Pm1Control::open);
    control.enter(soft_off.a);
    if let Some(second) = second {
        second.enter(soft_off.b);
    }
    time::busy_wait_ns(OBEY_NS);
    "the machine does not obey: switch it off by hand"
}

/// Resets the machine.
pub fn reboot() -> ! {
    if let Some(reset) = platform::firmware().and_then(|firmware| firmware.fadt.as_ref()?.reset) {
        write_reset(reset.register, reset.value);
        time::busy_wait_ns(OBEY_NS);
    }
    ps2::pulse_reset();
    time::busy_wait_ns(OBEY_NS);
    arch::power::triple_fault()
}

/// A PM1 control register in I/O space, where every PC has it.
struct Pm1Control(port::Ports);

impl Pm1Control {
    fn open(address: GenericAddress) -> Option<Self> {
        port::claim(address.port()?, 2, "power control").ok().map(Self)
    }

    fn enter(&self, sleep_type: u8) {
        let rest = self.0.read_u16(0) & !SleepType::CONTROL_MASK;
        let state = rest | SleepType::control_bits(sleep_type);
        // Two writes: some chipsets want to see the type before the order (ACPI 6.5, section 16.1.6).
        self.0.write_u16(0, state);
        self.0.write_u16(0, state | SLEEP_ENABLE);
    }
}

/// Takes power management over from the firmware, where it has it.
fn take_over(fadt: &Fadt, control: &Pm1Control) {
    if fadt.smi_command == 0 || control.0.read_u16(0) & SCI_ENABLED != 0 {
        return;
    }
    let command = u16::try_from(fadt.smi_command).ok().and_then(|base| port::claim(base, 1, "firmware").ok());
    let Some(command) = command else { return };
    command.write_u8(0, fadt.acpi_enable);
    for _ in 0..HAND_OVER_POLLS {
        if control.0.read_u16(0) & SCI_ENABLED != 0 {
            return;
        }
        time::busy_wait_ns(POLL_NS);
    }
    log::warn!("the firmware does not hand over power management");
}

fn write_reset(register: GenericAddress, value: u8) {
    match register.space {
        AddressSpace::Port => {
            if let Some(ports) = register.port().and_then(|base| port::claim(base, 1, "reset").ok()) {
                ports.write_u8(0, value);
            }
        }
        AddressSpace::Memory => {
            if let Ok(window) = Mmio::map(register.address, 1) {
                window.write_u8(0, value);
            }
        }
        // PCI configuration space is arch's; the machines that reset by it also do by the ways below.
        AddressSpace::PciConfiguration | AddressSpace::Other(_) => {}
    }
}
