//! Partition tables. A disk as a tool would leave it, with patches; then checksums are made right, so that what they
//! guard is reached. A partition lies on its disk, and nobody reaches beyond it through [`PartitionDevice`].

use std::sync::Mutex;

use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use partitions::{Partition, PartitionDevice, read};

use crate::Target;
use crate::choices::{Choices, patches};

pub const TARGET: Target = Target { name: "partitions", run, seeds };

const SECTORS: u64 = 64;

/// A disk that says it is longer than what it can read, and notes what is asked for.
struct Disk {
    bytes: Vec<u8>,
    sectors: u64,
    asked: Mutex<Vec<(u64, usize)>>,
}

impl BlockDevice for &Disk {
    fn sector_count(&self) -> u64 {
        self.sectors
    }

    fn read(&self, first: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        let sectors = buffer.len() / SECTOR_SIZE;
        assert!(buffer.len().is_multiple_of(SECTOR_SIZE));
        assert!(first.checked_add(sectors as u64).is_some_and(|end| end <= self.sectors), "beyond the disk");
        if let Ok(mut asked) = self.asked.lock() {
            asked.push((first, sectors));
        }
        let bytes = usize::try_from(first)
            .ok()
            .and_then(|first| self.bytes.get(first.checked_mul(SECTOR_SIZE)?..)?.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(DeviceError::Failed("a bad sector"))?);
        Ok(())
    }

    fn write(&self, _: u64, _: &[u8]) -> Result<(), DeviceError> {
        Err(DeviceError::ReadOnly)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        Ok(())
    }
}

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let kind = choices.byte();
    let sectors = if kind & 2 == 0 { SECTORS } else { choices.number() };
    let (first, count) = (choices.number(), 1 + choices.below(5));
    let mut bytes = if kind & 1 == 0 { mbr() } else { gpt() };
    let size = 4096.min(bytes.len());
    for (place, byte) in patches(choices.rest(), size) {
        bytes[place] = byte;
    }
    if kind & 4 == 0 {
        seal(&mut bytes);
    }
    let disk = Disk { bytes, sectors, asked: Mutex::new(Vec::new()) };
    let Ok(found) = read(&&disk) else { return };
    for Partition { first_sector, sector_count } in found {
        assert!(first_sector > 0 && sector_count > 0);
        assert!(first_sector.checked_add(sector_count).is_some_and(|end| end <= sectors), "beyond the disk");
        let device = PartitionDevice::new(&disk, Partition { first_sector, sector_count });
        assert_eq!(device.sector_count(), sector_count);
        disk.asked.lock().expect("no thread but this one").clear();
        let fits = first.checked_add(count as u64).is_some_and(|end| end <= sector_count);
        let result = device.read(first, &mut vec![0; count * SECTOR_SIZE]);
        let asked = disk.asked.lock().expect("no thread but this one");
        if fits {
            assert_eq!(asked[..], [(first_sector + first, count)]);
        } else {
            assert!(asked.is_empty() && result == Err(DeviceError::OutOfRange));
        }
    }
}

fn mbr() -> Vec<u8> {
    let mut disk = vec![0; SECTORS as usize * SECTOR_SIZE];
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    for (index, (first, count)) in [(1u32, 20u32), (30, 10)].into_iter().enumerate() {
        let entry = &mut disk[446 + index * 16..][..16];
        entry[4] = 0x0c;
        entry[8..12].copy_from_slice(&first.to_le_bytes());
        entry[12..16].copy_from_slice(&count.to_le_bytes());
    }
    disk
}

/// Eight entries of 128 bytes from sector 2 on, two of them used.
fn gpt() -> Vec<u8> {
    let mut disk = mbr();
    disk[446 + 4] = 0xee;
    let header = &mut disk[SECTOR_SIZE..2 * SECTOR_SIZE];
    header[..8].copy_from_slice(b"EFI PART");
    header[12..16].copy_from_slice(&92u32.to_le_bytes());
    header[72..80].copy_from_slice(&2u64.to_le_bytes());
    header[80..84].copy_from_slice(&8u32.to_le_bytes());
    header[84..88].copy_from_slice(&128u32.to_le_bytes());
    for (index, (first, last)) in [(8u64, 20u64), (21, 60)].into_iter().enumerate() {
        let entry = &mut disk[2 * SECTOR_SIZE + index * 128..][..128];
        entry[..16].fill(0x5a);
        entry[32..40].copy_from_slice(&first.to_le_bytes());
        entry[40..48].copy_from_slice(&last.to_le_bytes());
    }
    disk
}

/// Puts right checksums where the header says that there are entries.
fn seal(disk: &mut [u8]) {
    let number = |disk: &[u8], at: usize| {
        let bytes = &disk[SECTOR_SIZE + at..];
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize
    };
    let (start, length) = (number(disk, 72), number(disk, 80).saturating_mul(number(disk, 84)));
    let entries = start.checked_mul(SECTOR_SIZE).and_then(|start| disk.get(start..)?.get(..length));
    if let Some(sum) = entries.map(crc32) {
        disk[SECTOR_SIZE + 88..][..4].copy_from_slice(&sum.to_le_bytes());
    }
    disk[SECTOR_SIZE + 16..][..4].fill(0);
    let sum = disk[SECTOR_SIZE..].get(..number(disk, 12).min(SECTOR_SIZE)).map_or(0, crc32);
    disk[SECTOR_SIZE + 16..][..4].copy_from_slice(&sum.to_le_bytes());
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ if crc & 1 != 0 { 0xedb8_8320 } else { 0 })
    })
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![0, 3, 2],
        vec![1, 3, 2],
        vec![1, 0, 1, 0x48, 2, 9],
        vec![2, 40, 1, 1, 0xc6, 1, 9],
        vec![5, 0, 1],
    ]
}
