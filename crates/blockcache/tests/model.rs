//! The cache against a plain array of bytes, on a disk that can be told to fail.

use blockcache::{BLOCK_SIZE, BlockDevice, Cache, DeviceError, SECTOR_SIZE};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

struct Disk {
    bytes: Mutex<Vec<u8>>,
    failing: AtomicBool,
    /// A sector that can't be read; none at the end of all numbers.
    bad_sector: AtomicU64,
    requests: AtomicU64,
    /// (first sector, sectors) of every write, in order.
    writes: Mutex<Vec<(u64, usize)>>,
}

impl Disk {
    fn new(sectors: usize) -> Self {
        let bytes = (0..sectors * SECTOR_SIZE).map(|index| (index / 7) as u8).collect();
        Self {
            bytes: Mutex::new(bytes),
            failing: AtomicBool::new(false),
            bad_sector: AtomicU64::new(u64::MAX),
            requests: AtomicU64::new(0),
            writes: Mutex::new(Vec::new()),
        }
    }

    fn range(&self, first_sector: u64, length: usize) -> Result<std::ops::Range<usize>, DeviceError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if self.failing.load(Ordering::Relaxed) {
            return Err(DeviceError::Failed("told to"));
        }
        let start = first_sector as usize * SECTOR_SIZE;
        assert!(length > 0 && length.is_multiple_of(SECTOR_SIZE));
        assert!(start + length <= self.bytes.lock().unwrap().len(), "beyond the end");
        Ok(start..start + length)
    }
}

impl BlockDevice for &Disk {
    fn sector_count(&self) -> u64 {
        (self.bytes.lock().unwrap().len() / SECTOR_SIZE) as u64
    }

    fn read(&self, first_sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        let range = self.range(first_sector, buffer.len())?;
        let bad = self.bad_sector.load(Ordering::Relaxed);
        if (first_sector..first_sector + (buffer.len() / SECTOR_SIZE) as u64).contains(&bad) {
            return Err(DeviceError::Failed("bad sector"));
        }
        buffer.copy_from_slice(&self.bytes.lock().unwrap()[range]);
        Ok(())
    }

    fn write(&self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        let range = self.range(first_sector, data.len())?;
        self.bytes.lock().unwrap()[range].copy_from_slice(data);
        self.writes.lock().unwrap().push((first_sector, data.len() / SECTOR_SIZE));
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        Ok(())
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) as usize % limit
    }
}

/// Random reads and writes of all sizes, more blocks than fit, on a disk that ends inside a block; now and then the
/// disk fails for a while. The reader never sees anything but what was written, and in the end the disk has it all.
#[test]
fn reads_see_every_write_and_the_disk_gets_them_all() {
    let sectors = 300 * 8 + 3;
    let disk = Disk::new(sectors);
    let mut model = disk.bytes.lock().unwrap().clone();
    let mut cache = Cache::new(&disk, 64);
    let mut random = Random(0x1357_9bdf_0246_8ace);
    for step in 0..40_000 {
        let length = match random.below(10) {
            0 => random.below(5 * BLOCK_SIZE),
            1 => BLOCK_SIZE,
            _ => random.below(64),
        };
        let mut offset = random.below(model.len() - length + 1);
        if length == BLOCK_SIZE {
            offset -= offset % BLOCK_SIZE;
        }
        let failing = random.below(50) == 0;
        disk.failing.store(failing, Ordering::Relaxed);
        match random.below(20) {
            0 => {
                let result = cache.flush();
                if !failing {
                    assert_eq!(result, Ok(()));
                    assert!(*disk.bytes.lock().unwrap() == model, "flushed at {step}");
                }
            }
            1..8 => {
                let data: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
                match cache.write(offset as u64, &data) {
                    Ok(()) => model[offset..offset + length].copy_from_slice(&data),
                    Err(error) => {
                        assert!(failing, "{error} at {step}");
                        // Part of it may be there: do it again on a disk that works.
                        disk.failing.store(false, Ordering::Relaxed);
                        cache.write(offset as u64, &data).unwrap();
                        model[offset..offset + length].copy_from_slice(&data);
                    }
                }
            }
            _ => {
                let mut buffer = vec![0; length];
                match cache.read(offset as u64, &mut buffer) {
                    Ok(()) => assert!(buffer == model[offset..offset + length], "read at {step}"),
                    Err(error) => assert!(failing, "{error} at {step}"),
                }
            }
        }
        let statistics = cache.statistics();
        assert!(statistics.blocks <= 64 && statistics.dirty_blocks <= 16, "{statistics:?}");
    }
    disk.failing.store(false, Ordering::Relaxed);
    cache.flush().unwrap();
    assert!(*disk.bytes.lock().unwrap() == model);
}

#[test]
fn small_reads_of_a_cached_block_ask_the_disk_once() {
    let disk = Disk::new(1024);
    let mut cache = Cache::new(&disk, 64);
    for offset in (0..BLOCK_SIZE as u64).step_by(4) {
        cache.read(offset, &mut [0; 4]).unwrap();
    }
    assert_eq!(disk.requests.load(Ordering::Relaxed), 1);
}

#[test]
fn a_sequential_reader_is_read_ahead_of() {
    let disk = Disk::new(128 * 8);
    let mut cache = Cache::new(&disk, 256);
    for block in 0..128u64 {
        cache.read(block * BLOCK_SIZE as u64, &mut [0; BLOCK_SIZE]).unwrap();
    }
    let requests = disk.requests.load(Ordering::Relaxed);
    assert!(requests <= 10, "128 blocks in {requests} requests");
    // One that jumps about fetches no more than it asks for.
    let before = cache.statistics();
    let far = Disk::new(128 * 8);
    let mut cache = Cache::new(&far, 256);
    for block in [90u64, 10, 50, 30] {
        cache.read(block * BLOCK_SIZE as u64, &mut [0; 4]).unwrap();
    }
    assert_eq!(cache.statistics().blocks, 4, "{before:?}");
}

#[test]
fn a_bad_sector_costs_its_own_block_only() {
    let disk = Disk::new(128 * 8);
    disk.bad_sector.store(100 * 8 + 3, Ordering::Relaxed);
    let mut cache = Cache::new(&disk, 256);
    for block in 0..128u64 {
        let result = cache.read(block * BLOCK_SIZE as u64, &mut [0; 4]);
        assert_eq!(result.is_ok(), block != 100, "block {block}");
    }
}

#[test]
fn changes_reach_the_disk_in_the_order_they_were_last_made() {
    let disk = Disk::new(1024);
    let mut cache = Cache::new(&disk, 64);
    let block = |number: u64| number * BLOCK_SIZE as u64;
    cache.write(block(9), &[1; 4]).unwrap(); // a directory entry
    cache.write(block(50), &[2; 2 * BLOCK_SIZE]).unwrap(); // two blocks of data
    cache.write(block(3), &[3; 4]).unwrap(); // the allocation table
    cache.write(block(9), &[4; 4]).unwrap(); // the entry's size
    cache.flush().unwrap();
    assert_eq!(*disk.writes.lock().unwrap(), [(50 * 8, 16), (3 * 8, 8), (9 * 8, 8)]);
}

#[test]
fn a_failed_flush_loses_nothing() {
    let disk = Disk::new(64);
    let mut cache = Cache::new(&disk, 64);
    cache.write(100, b"precious").unwrap();
    disk.failing.store(true, Ordering::Relaxed);
    assert_eq!(cache.flush(), Err(DeviceError::Failed("told to")));
    disk.failing.store(false, Ordering::Relaxed);
    assert_eq!(cache.flush(), Ok(()));
    assert_eq!(&disk.bytes.lock().unwrap()[100..108], b"precious");
}

#[test]
fn beyond_the_end_is_an_error() {
    let disk = Disk::new(9);
    let mut cache = Cache::new(&disk, 64);
    let end = 9 * SECTOR_SIZE as u64;
    assert_eq!(cache.read(end - 4, &mut [0; 4]), Ok(()));
    for offset in [end - 3, end, u64::MAX - 2, u64::MAX] {
        assert_eq!(cache.read(offset, &mut [0; 4]), Err(DeviceError::OutOfRange));
        assert_eq!(cache.write(offset, &[0; 4]), Err(DeviceError::OutOfRange));
    }
}
