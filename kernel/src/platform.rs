//! The machine as firmware describes it: ACPI's tables read once, the interrupt controllers mapped and
//! handed to `arch`, the rest kept for drivers.

use acpi::{Fadt, Madt, Mcfg, Polarity, SleepType, Tables, Trigger};

use crate::arch::apic::io::IsaRoute;
use crate::arch::{self, apic};
use crate::lock::Once;
use crate::memory::mmio::Mmio;
use crate::memory::physical::FirmwareMemory;

/// Bytes of a local APIC's registers.
const LOCAL_APIC_BYTES: u64 = 4096;
/// Bytes of an I/O APIC's two windows and what lies between them.
const IO_APIC_BYTES: u64 = 0x20;

/// What drivers may want to know of ACPI.
#[derive(Clone, Debug)]
pub struct Firmware {
    /// Power management and reset registers.
    pub fadt: Option<Fadt>,
    /// What to write to switch the machine off.
    pub soft_off: Option<SleepType>,
    /// Where PCI's configuration space lies in memory.
    pub mcfg: Option<Mcfg>,
}

static FIRMWARE: Once<Firmware> = Once::new();

/// What ACPI said; `None` before [`initialise`].
pub fn firmware() -> Option<&'static Firmware> {
    FIRMWARE.get()
}

/// Reads the tables and takes the interrupt controllers into use. Whatever is missing, the machine still
/// runs: without an I/O APIC by the legacy controllers, without a local APIC on one CPU.
pub fn initialise(rsdp: Option<u64>) {
    let memory = FirmwareMemory;
    let tables = match rsdp.map(|address| Tables::find(&memory, address)) {
        Some(Ok(tables)) => Some(tables),
        Some(Err(error)) => {
            log::warn!("ACPI can't be read: {error}");
            None
        }
        None => {
            log::warn!("the loader found no ACPI: no power-off, interrupts by the legacy controllers");
            None
        }
    };
    let madt = tables.as_ref().and_then(|tables| match tables.madt(&memory) {
        Ok(madt) => Some(madt),
        Err(error) => {
            log::warn!("ACPI does not describe the interrupt controllers: {error}");
            None
        }
    });
    let fadt = tables.as_ref().and_then(|tables| tables.fadt(&memory).ok());
    let soft_off = tables.as_ref().zip(fadt.as_ref()).and_then(|(t, fadt)| t.soft_off(&memory, fadt).ok());
    let mcfg = tables.as_ref().and_then(|tables| tables.mcfg(&memory).ok());
    FIRMWARE.call_once(|| Firmware { fadt, soft_off, mcfg });

    map_local_apic();
    // Without a local APIC nothing can receive what an I/O APIC sends.
    if apic::local::is_present()
        && let Some(madt) = &madt
    {
        map_io_apics(madt);
    }
    arch::smp::initialise_interrupt_controllers();
}

fn map_local_apic() {
    let Some(base) = apic::local::physical_base() else { return };
    match Mmio::claim(base, LOCAL_APIC_BYTES) {
        // SAFETY: the window is uncached (`Mmio`), maps the page `physical_base` names, and is never unmapped.
        Ok(window) => unsafe { apic::local::set_window(window.address() as u64) },
        Err(error) => log::warn!("the local APIC can't be reached: {error}"),
    }
}

fn map_io_apics(madt: &Madt) {
    for controller in &madt.io_apics {
        match Mmio::claim(controller.address.into(), IO_APIC_BYTES) {
            // SAFETY: uncached and never unmapped, as above, at the address the MADT gives for an I/O APIC;
            // `Mmio` has made sure that it is not memory.
            Ok(window) => unsafe { apic::io::add(window.address() as u64, controller.interrupt_base) },
            Err(error) => log::warn!("I/O APIC {} can't be reached: {error}", controller.id),
        }
    }
    for line in 0..16 {
        let found = madt.isa_interrupt(line);
        let route = IsaRoute {
            gsi: found.interrupt,
            level: found.trigger == Trigger::Level,
            active_low: found.polarity == Polarity::Low,
        };
        apic::io::set_isa_route(line, route);
    }
}
