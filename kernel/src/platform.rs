//! The machine as ACPI describes it: interrupt controllers mapped and handed to `arch`.

use crate::arch::{self, apic};
use crate::memory::mmio::Mmio;

/// Bytes of a local APIC's registers.
const LOCAL_APIC_BYTES: u64 = 4096;

/// Finds the interrupt controllers. Whatever is missing, the machine still runs: without an I/O APIC by the
/// legacy controllers, without a local APIC on one CPU.
pub fn initialise_interrupts(_rsdp: Option<u64>) {
    if let Some(base) = apic::local::physical_base() {
        match Mmio::map(base, LOCAL_APIC_BYTES) {
            // SAFETY: the window is uncached (`Mmio`), maps the page `physical_base` names, and is never unmapped.
            Ok(window) => unsafe { apic::local::set_window(window.address() as u64) },
            Err(error) => log::warn!("the local APIC can't be reached: {error}"),
        }
    }
    arch::smp::initialise_interrupt_controllers();
}
