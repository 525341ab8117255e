//! What files cost, on a disk that is made for it: boot with `bench_storage`. `make bench` has Debian's kernel do the same
//! steps on the same image (xtask/linux/storage.c), so each step here has its like there, with the same name and sizes.
//!
//! It runs before the desktop starts, so that nobody else reads. All is by the clock, but for what is cached: that has a boot
//! of its own under `-icount`, where the time-stamp counter counts instructions and a clock makes no sense.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use ::workload::Random;
use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use vfs::{FsError, OpenMode};

use super::print;
use crate::arch::{cpu, time};
use crate::{fs, workload};

/// Bytes in one call.
const PIECE: usize = 64 << 10;
const LARGE: &str = "/disk/large.bin";
const LARGE_SIZE: u64 = 64 << 20;
/// A file whose chain is long.
const LONG: &str = "/disk/long.bin";
const LONG_SIZE: u64 = 256 << 20;
/// The part of it, at either end, that random reads choose pages from.
const ENDS: u64 = 16 << 20;
const RANDOM_READS: u64 = 500;
const PAGE: usize = 4096;
/// One of four directories on the image with as many names.
const NAMES: &str = "/disk/many/0";
const FILES: u64 = 10_000;
const FILES_IN_DIRECTORY: u64 = 1_000;
/// Longer than this nobody waits for them.
const PATIENCE_NS: u64 = 60_000_000_000;
/// Read over and over, so that all of it is cached.
const CACHED_SIZE: u64 = 1 << 20;
const PASSES: u64 = 20;
/// Room behind the volume that is nobody's, the marker's sector at its end included.
const RAW_SIZE: u64 = 64 << 20;
const TAIL_SIZE: u64 = 65 << 20;

/// A step, with a buffer for one call.
type Step = fn(&mut [u8]) -> Result<(), Trouble>;

/// Why a step could not be done.
enum Trouble {
    File(FsError),
    Disk(DeviceError),
}

impl From<FsError> for Trouble {
    fn from(error: FsError) -> Self {
        Self::File(error)
    }
}

impl From<DeviceError> for Trouble {
    fn from(error: DeviceError) -> Self {
        Self::Disk(error)
    }
}

/// Measures all steps, or only what is `cached`; one that can't be done is told and left out.
pub fn run(cached_only: bool) {
    let mut buffer = Vec::new();
    if buffer.try_reserve_exact(PIECE).is_err() {
        log::error!("no memory for a buffer");
        return;
    }
    buffer.resize(PIECE, 0x5a);
    let steps: [(&str, Step); 6] = [
        ("reading", reading),
        ("listing", listing),
        ("random reading", random_reading),
        ("writing", writing),
        ("the disk itself", raw),
        ("small files", small_files),
    ];
    let last: [(&str, Step); 1] = [("reading what is cached", cached)];
    for &(name, step) in if cached_only { last.as_slice() } else { steps.as_slice() } {
        match step(&mut buffer) {
            Ok(()) => {}
            Err(Trouble::File(error)) => log::error!("{name}: {error}"),
            Err(Trouble::Disk(error)) => log::error!("{name}: {error}"),
        }
    }
    log::info!("done");
}

fn reading(buffer: &mut [u8]) -> Result<(), Trouble> {
    for name in ["storage_read_cold", "storage_read_warm"] {
        let start = time::uptime_ns();
        let file = fs::open(LARGE, OpenMode::Read)?;
        for offset in (0..LARGE_SIZE).step_by(PIECE) {
            file.read(offset, buffer)?;
        }
        print_rate(name, LARGE_SIZE, start);
    }
    Ok(())
}

/// What a byte costs that is there already, beside what it costs to copy it.
fn cached(buffer: &mut [u8]) -> Result<(), Trouble> {
    let file = fs::open(LARGE, OpenMode::Read)?;
    let mut start = 0;
    for pass in 0..=PASSES {
        // The first pass brings it in.
        if pass == 1 {
            start = cpu::time_stamp();
        }
        for offset in (0..CACHED_SIZE).step_by(PIECE) {
            file.read(offset, buffer)?;
        }
    }
    let read = cpu::time_stamp() - start;
    let mut source: Vec<u8> = Vec::new();
    source.try_reserve_exact(CACHED_SIZE as usize).map_err(|_| FsError::OutOfMemory)?;
    source.resize(CACHED_SIZE as usize, 0xa5);
    let start = cpu::time_stamp();
    for _ in 0..PASSES {
        for piece in source.chunks_exact(PIECE) {
            buffer.copy_from_slice(core::hint::black_box(piece));
            core::hint::black_box(&mut *buffer);
        }
    }
    let copied = cpu::time_stamp() - start;
    let kibibytes = PASSES * (CACHED_SIZE >> 10);
    print("storage_reread_of_1_kib", read / kibibytes, "counts");
    print("storage_copy_of_1_kib", copied / kibibytes, "counts");
    Ok(())
}

fn listing(_: &mut [u8]) -> Result<(), Trouble> {
    for name in ["storage_list_5000_cold", "storage_list_5000_warm"] {
        let start = time::uptime_ns();
        let entries = fs::list(NAMES)?;
        print(name, (time::uptime_ns() - start) / 1_000, "us");
        if entries.len() != 5_000 {
            log::error!("{NAMES} has {} names", entries.len());
        }
    }
    Ok(())
}

fn random_reading(buffer: &mut [u8]) -> Result<(), Trouble> {
    let file = fs::open(LONG, OpenMode::Read)?;
    for (name, begin) in [("storage_random_at_start", 0), ("storage_random_at_end", LONG_SIZE - ENDS)] {
        let mut random = Random::new(1);
        let start = time::uptime_ns();
        for _ in 0..RANDOM_READS {
            let page = random.below(ENDS / PAGE as u64);
            file.read(begin + page * PAGE as u64, &mut buffer[..PAGE])?;
        }
        print(name, (time::uptime_ns() - start) / RANDOM_READS, "ns");
    }
    Ok(())
}

fn writing(buffer: &mut [u8]) -> Result<(), Trouble> {
    let start = time::uptime_ns();
    let file = fs::open("/disk/written.bin", OpenMode::CreateNew)?;
    for offset in (0..LARGE_SIZE).step_by(PIECE) {
        file.write(offset, buffer)?;
    }
    fs::sync()?;
    print_rate("storage_write", LARGE_SIZE, start);
    Ok(())
}

/// The disk without a file system, by the same driver.
fn raw(buffer: &mut [u8]) -> Result<(), Trouble> {
    let Ok(disk): Result<Arc<dyn BlockDevice>, _> = workload::marked_disk() else {
        log::error!("no disk has room that is nobody's");
        return Ok(());
    };
    let first = disk.sector_count() - TAIL_SIZE / SECTOR_SIZE as u64;
    let sectors = (PIECE / SECTOR_SIZE) as u64;
    let pieces = RAW_SIZE / PIECE as u64;
    let start = time::uptime_ns();
    for piece in 0..pieces {
        disk.read(first + piece * sectors, buffer)?;
    }
    print_rate("storage_raw_read", RAW_SIZE, start);
    let start = time::uptime_ns();
    for piece in 0..pieces {
        disk.write(first + piece * sectors, buffer)?;
    }
    disk.flush()?;
    print_rate("storage_raw_write", RAW_SIZE, start);
    Ok(())
}

fn small_files(buffer: &mut [u8]) -> Result<(), Trouble> {
    let start = time::uptime_ns();
    for number in 0..FILES {
        let directory = format!("/disk/made{}", number / FILES_IN_DIRECTORY);
        if number % FILES_IN_DIRECTORY == 0 {
            fs::create_directory(&directory)?;
        }
        if time::uptime_ns() - start > PATIENCE_NS {
            log::error!("only {number} small files were made within a minute");
            return Ok(());
        }
        let file = fs::open(&format!("{directory}/file{number}.txt"), OpenMode::CreateNew)?;
        file.write(0, &buffer[..100])?;
    }
    fs::sync()?;
    print("storage_create_10000", (time::uptime_ns() - start) / 1_000_000, "ms");
    Ok(())
}

/// Thousands of bytes in a second.
fn print_rate(name: &str, bytes: u64, start_ns: u64) {
    let passed = (time::uptime_ns() - start_ns).max(1);
    print(name, bytes * 1_000_000 / passed, "kB/s");
}
