//! Disks in memory, from images that the loader put beside the kernel: a machine without a disk that is driven, such as
//! one that booted from a stick, has files nevertheless. What is written lasts until power-off.

use alloc::format;
use alloc::sync::Arc;

use blockcache::{BlockDevice, DeviceError};
use disks::overlay::{self, Overlay};

use crate::block::{self, Copied, Permanence};
use crate::boot::info::Module;
use crate::memory;
use crate::sync::Mutex;

/// The part of memory that what is written may take, as files at `/` may.
const MEMORY_PART: u64 = 4;
/// What the path of a module ends with that is a disk's image.
const SUFFIX: &str = ".img";

struct RamDisk(Mutex<Overlay<'static>>);

/// Registers the modules that are images of disks. They come after the machine's own disks.
pub fn initialise(modules: &[Option<Module>]) {
    for module in modules.iter().flatten().filter(|module| module.path.ends_with(SUFFIX)) {
        let limit = (memory::statistics().total / MEMORY_PART) as usize;
        let disk = Overlay::new(module.bytes, overlay::size_of(module.bytes), limit);
        if disk.sector_count() == 0 {
            log::warn!("{} holds no disk", module.path);
            continue;
        }
        let model = format!("memory ({})", module.path);
        let disk = RamDisk(Mutex::new(disk));
        let disk = Arc::new(Copied(disk));
        disk.0.0.list(module.path);
        block::register(model, disk, Permanence::UntilPowerOff);
    }
}

impl BlockDevice for RamDisk {
    fn sector_count(&self) -> u64 {
        self.0.lock().sector_count()
    }

    fn read(&self, first_sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        self.0.lock().read(first_sector, buffer)
    }

    fn write(&self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.0.lock().write(first_sector, data)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        Ok(())
    }
}
