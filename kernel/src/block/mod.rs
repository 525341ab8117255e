//! The disks of the machine: drivers register them, file systems look through them.

mod queued;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use blockcache::BlockDevice;

use crate::sync::Mutex;

pub use queued::Controlled;

/// How long what is written lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permanence {
    /// It is there at the next boot.
    Kept,
    /// It is in memory.
    UntilPowerOff,
}

/// A disk.
#[derive(Clone)]
pub struct Disk {
    /// What messages call it: "disk 0".
    pub name: String,
    /// What its maker calls it.
    pub model: String,
    /// The disk itself.
    pub device: Arc<dyn BlockDevice>,
    /// How long what is written to it lasts.
    pub permanence: Permanence,
}

static DISKS: Mutex<Vec<Disk>> = Mutex::new(Vec::new());

/// Adds a disk that a driver found.
pub fn register(model: String, device: Arc<dyn BlockDevice>, permanence: Permanence) {
    let mut disks = DISKS.lock();
    let name = alloc::format!("disk {}", disks.len());
    log::info!("{name}: {model}, {} MiB", device.sector_count() >> 11);
    disks.push(Disk { name, model, device, permanence });
}

/// The disks, in the order in which they were found.
pub fn disks() -> Vec<Disk> {
    DISKS.lock().clone()
}
