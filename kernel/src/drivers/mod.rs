//! The devices. A driver finds its device, says in words what is missing, and serves the floors above through
//! `block`, `input` and its own few functions. None of them stops the boot.

mod ahci;
mod hardware;
mod ide;
mod nvme;
pub mod pci;
pub mod power;
mod ps2;
mod ram_disk;
pub mod rtc;
mod virtio;

pub use ps2::problem as input_problem;

use crate::block;
use crate::boot::BootInfo;

/// Finds the devices. Runs as a thread: drivers may wait.
pub fn initialise(boot: &BootInfo) {
    rtc::initialise(boot.boot_time);
    ps2::initialise();
    virtio::initialise();
    nvme::initialise();
    ahci::initialise();
    ide::initialise();
    ram_disk::initialise(&boot.modules);
    if block::disks().is_empty() {
        log::warn!("no disk: files are kept in memory only");
    }
}
