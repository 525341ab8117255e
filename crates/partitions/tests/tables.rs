//! Tables as tools write them, and tables that nobody wrote.

use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use fastrand::Rng;
use partitions::{Partition, PartitionDevice, read};
use std::sync::Mutex;

struct Disk(Mutex<Vec<u8>>);

impl Disk {
    fn new(sectors: usize) -> Self {
        Self(Mutex::new(vec![0; sectors * SECTOR_SIZE]))
    }
}

impl BlockDevice for Disk {
    fn sector_count(&self) -> u64 {
        (self.0.lock().unwrap().len() / SECTOR_SIZE) as u64
    }

    fn read(&self, first: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        let start = first as usize * SECTOR_SIZE;
        let bytes = self.0.lock().unwrap();
        buffer.copy_from_slice(bytes.get(start..start + buffer.len()).ok_or(DeviceError::OutOfRange)?);
        Ok(())
    }

    fn write(&self, first: u64, data: &[u8]) -> Result<(), DeviceError> {
        let start = first as usize * SECTOR_SIZE;
        self.0.lock().unwrap()[start..start + data.len()].copy_from_slice(data);
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        Ok(())
    }
}

fn part(first_sector: u64, sector_count: u64) -> Partition {
    Partition { first_sector, sector_count }
}

/// CRC-32 as the GPT has it, by the remainder of a long division of all bits: slow, and plain to see.
fn crc32(bytes: &[u8]) -> u32 {
    let mut bits: Vec<bool> =
        bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 != 0)).collect();
    bits.extend([false; 32]);
    for bit in &mut bits[..32] {
        *bit = !*bit;
    }
    for start in 0..bits.len() - 32 {
        if bits[start] {
            for (offset, bit) in bits[start..=start + 32].iter_mut().enumerate() {
                *bit ^= 0x1_04c1_1db7u64 >> (32 - offset) & 1 != 0;
            }
        }
    }
    let remainder = &bits[bits.len() - 32..];
    !remainder.iter().enumerate().fold(0, |value, (place, &bit)| value | u32::from(bit) << place)
}

fn write_mbr(disk: &Disk, entries: &[(u8, u32, u32)]) {
    let mut sector = [0; SECTOR_SIZE];
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    for (entry, (kind, first, count)) in sector[446..510].chunks_mut(16).zip(entries) {
        entry[4] = *kind;
        entry[8..12].copy_from_slice(&first.to_le_bytes());
        entry[12..16].copy_from_slice(&count.to_le_bytes());
    }
    disk.write(0, &sector).unwrap();
}

/// A GPT with 128 entries in sectors 2 to 33, as every tool makes it.
fn write_gpt(disk: &Disk, partitions: &[Partition]) {
    write_mbr(disk, &[(0xee, 1, u32::MAX)]);
    let mut entries = vec![0; 128 * 128];
    for (entry, partition) in entries.chunks_mut(128).zip(partitions) {
        entry[..16].fill(0x5a);
        entry[32..40].copy_from_slice(&partition.first_sector.to_le_bytes());
        entry[40..48].copy_from_slice(&(partition.first_sector + partition.sector_count - 1).to_le_bytes());
    }
    disk.write(2, &entries).unwrap();
    let mut header = [0; SECTOR_SIZE];
    header[..8].copy_from_slice(b"EFI PART");
    header[8..12].copy_from_slice(&0x1_0000u32.to_le_bytes());
    header[12..16].copy_from_slice(&92u32.to_le_bytes());
    header[72..80].copy_from_slice(&2u64.to_le_bytes());
    header[80..84].copy_from_slice(&128u32.to_le_bytes());
    header[84..88].copy_from_slice(&128u32.to_le_bytes());
    header[88..92].copy_from_slice(&crc32(&entries).to_le_bytes());
    let checksum = crc32(&header[..92]);
    header[16..20].copy_from_slice(&checksum.to_le_bytes());
    disk.write(1, &header).unwrap();
}

#[test]
fn both_kinds_of_table_are_read() {
    assert_eq!(
        crc32(b"123456789"),
        0xcbf4_3926,
        "the test's own checksum, against the published check value"
    );
    let disk = Disk::new(20_000);
    write_mbr(&disk, &[(0x0c, 2048, 4000), (0, 0, 0), (0x83, 8000, 1000)]);
    assert_eq!(read(&disk), Ok(vec![part(2048, 4000), part(8000, 1000)]));
    write_gpt(&disk, &[part(2048, 4000), part(8000, 1000), part(19_000, 1001)]);
    assert_eq!(read(&disk), Ok(vec![part(2048, 4000), part(8000, 1000)]), "the third ends beyond the disk");
}

#[test]
fn a_gpt_with_a_wrong_checksum_is_none() {
    let disk = Disk::new(20_000);
    for place in [SECTOR_SIZE + 40, 2 * SECTOR_SIZE + 32] {
        write_gpt(&disk, &[part(2048, 4000)]);
        disk.0.lock().unwrap()[place] ^= 1;
        assert_eq!(read(&disk), Ok(vec![]));
    }
}

#[test]
fn a_disk_without_a_table_has_no_partitions() {
    assert_eq!(read(&Disk::new(100)), Ok(vec![]));
    assert_eq!(read(&Disk::new(0)), Ok(vec![]));
    let disk = Disk::new(100);
    disk.write(0, &[0xff; SECTOR_SIZE]).unwrap();
    assert_eq!(read(&disk), Ok(vec![]));
}

#[test]
fn partitions_beyond_the_disk_are_left_out() {
    let disk = Disk::new(100);
    write_mbr(&disk, &[(0x0c, 10, 20), (0x0c, 90, 20), (0x0c, u32::MAX, u32::MAX), (0x0c, 0, 50)]);
    assert_eq!(read(&disk), Ok(vec![part(10, 20)]));
}

#[test]
fn noise_never_panics() {
    let mut random = Rng::with_seed(0x9876_5432_1234_5678);
    for round in 0..20_000u32 {
        let disk = Disk::new(40);
        let mut bytes = disk.0.lock().unwrap();
        for byte in bytes[..3 * SECTOR_SIZE].iter_mut() {
            *byte = if random.u8(..16) == 0 { random.u8(..) } else { 0 };
        }
        bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
        if round % 2 == 0 {
            bytes[450] = 0xee;
            bytes[446] = 0;
            bytes[512..520].copy_from_slice(b"EFI PART");
        }
        drop(bytes);
        for partition in read(&disk).unwrap() {
            assert!(partition.first_sector + partition.sector_count <= 40);
        }
    }
}

#[test]
fn a_partition_ends_where_it_ends() {
    let disk = Disk::new(100);
    let device = PartitionDevice::new(disk, part(10, 5));
    device.write(4, &[7; SECTOR_SIZE]).unwrap();
    let mut buffer = [0; SECTOR_SIZE];
    device.read(4, &mut buffer).unwrap();
    assert_eq!(buffer, [7; SECTOR_SIZE]);
    assert_eq!(device.read(5, &mut buffer), Err(DeviceError::OutOfRange));
    assert_eq!(device.write(4, &[0; 2 * SECTOR_SIZE]), Err(DeviceError::OutOfRange));
    assert_eq!(device.read(u64::MAX, &mut buffer), Err(DeviceError::OutOfRange));
}
