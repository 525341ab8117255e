//! The cache of disk blocks against a flat array, on a disk that fails when it is told to. A reader never sees anything
//! but what was written; after a flush that succeeded the disk has it all.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use blockcache::{BlockDevice, Cache, DeviceError, SECTOR_SIZE};

use crate::Target;
use crate::choices::Choices;

pub const TARGET: Target = Target { name: "blockcache", run, seeds };

/// The fewest blocks that a cache holds.
const CAPACITY: usize = 64;
/// More blocks than that, and not a whole number, so that the last one is cut short.
const SECTORS: usize = 80 * 8 + 3;

struct Disk {
    bytes: Mutex<Vec<u8>>,
    failing: AtomicBool,
}

impl Disk {
    fn range(&self, first: u64, length: usize) -> Result<std::ops::Range<usize>, DeviceError> {
        let start = first as usize * SECTOR_SIZE;
        assert!(length > 0 && length.is_multiple_of(SECTOR_SIZE));
        assert!(start + length <= SECTORS * SECTOR_SIZE, "beyond the disk");
        if self.failing.load(Relaxed) {
            Err(DeviceError::Failed("told to"))
        } else {
            Ok(start..start + length)
        }
    }
}

impl BlockDevice for &Disk {
    fn sector_count(&self) -> u64 {
        SECTORS as u64
    }

    fn read(&self, first: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        let range = self.range(first, buffer.len())?;
        buffer.copy_from_slice(&self.bytes.lock().expect("one thread")[range]);
        Ok(())
    }

    fn write(&self, first: u64, data: &[u8]) -> Result<(), DeviceError> {
        let range = self.range(first, data.len())?;
        self.bytes.lock().expect("one thread")[range].copy_from_slice(data);
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        if self.failing.load(Relaxed) { Err(DeviceError::TimedOut) } else { Ok(()) }
    }
}

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let bytes: Vec<u8> = (0..SECTORS * SECTOR_SIZE).map(|index| (index / 7) as u8).collect();
    let mut model = bytes.clone();
    let disk = Disk { bytes: Mutex::new(bytes), failing: AtomicBool::new(false) };
    let mut cache = Cache::new(&disk, CAPACITY);
    let mut value = 0;
    while !choices.is_empty() {
        let operation = choices.byte();
        let failing = operation >= 230;
        disk.failing.store(failing, Relaxed);
        if operation.is_multiple_of(8) {
            let result = cache.flush();
            assert!(failing || result == Ok(()));
            if result.is_ok() {
                assert!(*disk.bytes.lock().expect("one thread") == model, "flushed");
            }
            continue;
        }
        let offset = choices.below(model.len() + 1000);
        let length = if operation % 8 == 7 { choices.below(20_000) } else { choices.below(256) };
        let fits = offset + length <= model.len();
        if operation % 8 < 4 {
            value = value % 255 + 1;
            let data = vec![value; length];
            let mut result = cache.write(offset as u64, &data);
            if fits && result.is_err() {
                assert!(failing, "{result:?}");
                // Part of it may be there: it is done again on a disk that works.
                disk.failing.store(false, Relaxed);
                result = cache.write(offset as u64, &data);
            }
            assert!(result == if fits { Ok(()) } else { Err(DeviceError::OutOfRange) }, "{result:?}");
            if fits {
                model[offset..offset + length].fill(value);
            }
        } else {
            let mut buffer = vec![0; length];
            match cache.read(offset as u64, &mut buffer) {
                Ok(()) => assert!(fits && buffer == model[offset..offset + length], "read"),
                Err(DeviceError::OutOfRange) => assert!(!fits),
                Err(_) => assert!(failing),
            }
        }
        let statistics = cache.statistics();
        assert!(
            statistics.blocks <= CAPACITY && statistics.dirty_blocks <= statistics.blocks,
            "{statistics:?}"
        );
    }
    disk.failing.store(false, Relaxed);
    assert_eq!(cache.flush(), Ok(()));
    assert!(*disk.bytes.lock().expect("one thread") == model, "in the end");
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![1, 0, 0, 20, 4, 0, 0, 40, 8, 2, 0x20, 0, 200, 231, 0x30, 0, 100, 232, 0],
        vec![7, 0, 9, 0x40, 0, 3, 1, 0x86, 0x50, 255, 4, 1, 0x86, 0xff, 9, 0],
    ]
}
