//! The devices. A driver finds its device, says in words what is missing, and serves the floors above through
//! `block`, `input` and its own few functions. None of them stops the boot.

mod ahci;
mod ata;
mod hardware;
mod nvme;
pub mod pci;
pub mod power;
mod ps2;
pub mod rtc;

pub use ps2::problem as input_problem;

use crate::block;

/// Finds the devices. Runs as a thread: drivers may wait. `boot_time` is the loader's idea of the time, in seconds
/// since 1970.
pub fn initialise(boot_time: Option<u64>) {
    rtc::initialise(boot_time);
    ps2::initialise();
    pci::initialise();
    nvme::initialise();
    ahci::initialise();
    ata::initialise();
    if block::disks().is_empty() {
        log::warn!("no disk: files are kept in memory only");
    }
}
