//! The disks of the machine: drivers register them, file systems look through them.
//!
//! A disk takes requests on slices, which wait ([`BlockDevice`]), and requests on page frames, of which many may be under
//! way ([`AsyncDevice`]). For controllers that move data by themselves both are jobs (`job`) of requests (`requests`) in
//! one queue; what moves data by the processor copies (`copied`).

mod buffer;
mod copied;
mod job;
mod keeper;
mod queued;
mod requests;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use blockcache::{BlockDevice, DeviceError};
use frames::Frame;

use crate::sync::Mutex;

pub use copied::Copied;
pub use job::Pending;
pub use queued::Shape;
pub use requests::Controlled;

/// Sectors in a page frame.
pub const FRAME_SECTORS: u64 = 8;

/// Owns the frames of a transfer while it is under way, and hears how it went.
///
/// When a device is given up with a transfer under way, it may still use the frames: then the owner hears of the failure, but
/// is never dropped, and the frames stay its own for good.
pub trait Owner: Send + Sync {
    /// The transfer is over: said once, by a thread that may sleep.
    fn finished(&self, result: Result<(), DeviceError>);
}

/// A disk that moves data between its sectors and page frames while the caller goes on.
///
/// Requests under way have no order among each other, merge with their neighbours, and a flush covers those that were over
/// when it was submitted. Devices whose data the processor moves are done when submitting returns.
pub trait AsyncDevice: BlockDevice {
    /// Reads sectors from `first_sector` on into the frames, one after the other, or writes them from there. What of the
    /// last frame lies behind the end of the disk is left alone. The frames were given out, stay `owner`'s until the
    /// transfer is over, and hold bytes that may change at any time. Waits only for room among the requests.
    ///
    /// # Errors
    /// What keeps the transfer from beginning; `owner` is then dropped without having heard of it.
    fn submit(
        &self,
        transfer: Transfer,
        first_sector: u64,
        frames: &[Frame],
        owner: Arc<dyn Owner>,
    ) -> Result<Pending, DeviceError>;

    /// As [`BlockDevice::flush`], without waiting.
    ///
    /// # Errors
    /// As [`AsyncDevice::submit`].
    fn submit_flush(&self, owner: Arc<dyn Owner>) -> Result<Pending, DeviceError>;
}

/// Which way data go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// From the disk into memory.
    Read,
    /// From memory onto the disk.
    Write,
}

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
    pub device: Arc<dyn AsyncDevice>,
    /// How long what is written to it lasts.
    pub permanence: Permanence,
}

static DISKS: Mutex<Vec<Disk>> = Mutex::new(Vec::new());

/// Adds a disk that a driver found.
pub fn register(model: String, device: Arc<dyn AsyncDevice>, permanence: Permanence) {
    let mut disks = DISKS.lock();
    let name = alloc::format!("disk {}", disks.len());
    log::info!("{name}: {model}, {} MiB", device.sector_count() >> 11);
    disks.push(Disk { name, model, device, permanence });
}

/// The disks, in the order in which they were found.
pub fn disks() -> Vec<Disk> {
    DISKS.lock().clone()
}

/// The disk of this number, in the order in which they were found.
pub fn disk(number: usize) -> Option<Arc<dyn AsyncDevice>> {
    DISKS.lock().get(number).map(|disk| disk.device.clone())
}

/// There is no memory for a request.
const NO_MEMORY: DeviceError = DeviceError::Failed("no memory for the transfer");
