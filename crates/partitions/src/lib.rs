//! The partitions of a disk: MBR and GPT, read from sectors that nobody vouches for.
//!
//! Entries that make no sense (empty, beyond the end of the disk, containing the table itself) are left
//! out; a table that makes no sense is none. Extended MBR partitions are not followed: what needs more than four
//! partitions has been GPT for a long time.
//!
//! Sources: UEFI specification 2.10, chapter 5 (GPT and its protective MBR); the MBR's layout as PC firmware reads it.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec;
use alloc::vec::Vec;
use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};

/// A stretch of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// The first sector.
    pub first_sector: u64,
    /// How many sectors, at least one. The last one lies on the disk.
    pub sector_count: u64,
}

/// A partition as a device of its own: sector 0 is its first, and nothing beyond it can be reached.
#[derive(Debug, Clone)]
pub struct PartitionDevice<D> {
    disk: D,
    partition: Partition,
}

impl<D: BlockDevice> PartitionDevice<D> {
    /// The partition `partition` of `disk`.
    pub const fn new(disk: D, partition: Partition) -> Self {
        Self { disk, partition }
    }

    fn sector(&self, first: u64, length: usize) -> Result<u64, DeviceError> {
        let count = length.div_ceil(SECTOR_SIZE) as u64;
        match first.checked_add(count) {
            Some(end) if end <= self.partition.sector_count => Ok(self.partition.first_sector + first),
            _ => Err(DeviceError::OutOfRange),
        }
    }
}

impl<D: BlockDevice> BlockDevice for PartitionDevice<D> {
    fn sector_count(&self) -> u64 {
        self.partition.sector_count
    }

    fn read(&self, first_sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        self.disk.read(self.sector(first_sector, buffer.len())?, buffer)
    }

    fn write(&self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.disk.write(self.sector(first_sector, data.len())?, data)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.disk.flush()
    }
}

const MBR_ENTRIES: usize = 446;
const MBR_ENTRY_SIZE: usize = 16;
/// The type of the one MBR partition that says "look for a GPT".
const PROTECTIVE: u8 = 0xee;
const GPT_HEADER_SECTOR: u64 = 1;
/// More entries, or larger ones, than any tool writes; the bound on what is read.
const GPT_MAX_ENTRIES: u32 = 1024;
const GPT_MAX_ENTRY_SIZE: u32 = 512;

/// The partitions of `disk`, in the table's order; none when the disk has no table. A FAT boot sector ends with the
/// same signature as an MBR, so ask the file system first.
///
/// # Errors
/// The disk's.
pub fn read(disk: &dyn BlockDevice) -> Result<Vec<Partition>, DeviceError> {
    let mut sector = [0; SECTOR_SIZE];
    if disk.sector_count() < 2 {
        return Ok(Vec::new());
    }
    disk.read(0, &mut sector)?;
    if sector[510..] != [0x55, 0xaa] {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in sector[MBR_ENTRIES..510].chunks(MBR_ENTRY_SIZE) {
        let (status, kind) = (entry[0], entry[4]);
        // Code that happens to end with the signature has anything here.
        if status & 0x7f != 0 {
            return Ok(Vec::new());
        }
        if kind == PROTECTIVE {
            return read_gpt(disk);
        }
        let field = |at: usize| u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]);
        if kind != 0 {
            add(&mut found, disk, u64::from(field(8)), u64::from(field(12)));
        }
    }
    Ok(found)
}

fn read_gpt(disk: &dyn BlockDevice) -> Result<Vec<Partition>, DeviceError> {
    let mut header = [0; SECTOR_SIZE];
    disk.read(GPT_HEADER_SECTOR, &mut header)?;
    let u32_at = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
    let header_size = u32_at(12) as usize;
    if !header.starts_with(b"EFI PART") || !(92..=SECTOR_SIZE).contains(&header_size) {
        return Ok(Vec::new());
    }
    // The checksum counts its own field as zero.
    let mut covered = header;
    covered[16..20].fill(0);
    if crc32(&covered[..header_size]) != u32_at(16) {
        return Ok(Vec::new());
    }
    let (entries_sector, count, entry_size) = (u64_at(72), u32_at(80), u32_at(84));
    if count > GPT_MAX_ENTRIES || !(128..=GPT_MAX_ENTRY_SIZE).contains(&entry_size) || entry_size % 8 != 0 {
        return Ok(Vec::new());
    }
    let length = (count * entry_size) as usize;
    let sectors = length.div_ceil(SECTOR_SIZE) as u64;
    match entries_sector.checked_add(sectors) {
        Some(end) if end <= disk.sector_count() && length > 0 => {}
        _ => return Ok(Vec::new()),
    }
    let mut entries = vec![0; sectors as usize * SECTOR_SIZE];
    disk.read(entries_sector, &mut entries)?;
    if crc32(&entries[..length]) != u32_at(88) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in entries[..length].chunks(entry_size as usize) {
        let (kind, rest) = entry.split_at(16);
        if kind.iter().any(|&byte| byte != 0) {
            let field = |at: usize| {
                rest[at..at + 8].iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
            };
            let (first, last) = (field(16), field(24));
            add(&mut found, disk, first, last.saturating_sub(first).saturating_add(1));
        }
    }
    Ok(found)
}

/// Adds a partition that lies on the disk and does not contain the table itself.
fn add(found: &mut Vec<Partition>, disk: &dyn BlockDevice, first_sector: u64, sector_count: u64) {
    let fits = first_sector.checked_add(sector_count).is_some_and(|end| end <= disk.sector_count());
    if fits && first_sector > 0 && sector_count > 0 {
        found.push(Partition { first_sector, sector_count });
    }
}

/// The checksum of GPT: CRC-32 with the reversed polynomial 0xEDB88320, bit by bit, for it runs once over 16 KiB.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ if crc & 1 != 0 { 0xedb8_8320 } else { 0 })
    })
}
