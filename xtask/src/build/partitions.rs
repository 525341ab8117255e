//! Partition tables around a volume: what fdisk and its like would write.

use crate::error::{Result, fail};

const SECTOR: usize = 512;
/// Where the partition begins: at 1 MiB, as all tools of today do it.
pub const START: usize = 1 << 20;

/// How a disk is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Not at all: the volume is the disk.
    None,
    /// The table of 1983, in the first sector.
    Mbr,
    /// The one of UEFI, with a copy at the end.
    Gpt,
}

impl Table {
    /// The disk with this table whose one partition holds `volume`.
    pub fn around(self, volume: Vec<u8>) -> Result<Vec<u8>> {
        if self == Self::None {
            return Ok(volume);
        }
        let sectors = volume.len() / SECTOR;
        let mut disk = vec![0; START];
        disk.extend_from_slice(&volume);
        disk.resize(disk.len() + START, 0);
        let last = disk.len() / SECTOR - 1;
        let Ok(whole) = u32::try_from(last) else { fail!("the disk is too large for an MBR") };
        match self {
            // 0x0c: FAT32 by sector numbers; Quicklime and Linux look at the volume itself.
            Self::Mbr => write_mbr(&mut disk, 0x0c, (START / SECTOR) as u32, sectors as u32),
            _ => {
                write_mbr(&mut disk, 0xee, 1, whole);
                write_gpt(&mut disk, (START / SECTOR) as u64, sectors as u64);
            }
        }
        Ok(disk)
    }

    /// The volume in a disk that [`Self::around`] made.
    pub fn volume(self, disk: &[u8]) -> &[u8] {
        if self == Self::None { disk } else { &disk[START..disk.len() - START] }
    }
}

fn write_mbr(disk: &mut [u8], kind: u8, start: u32, count: u32) {
    let entry = &mut disk[446..462];
    entry[4] = kind;
    entry[8..12].copy_from_slice(&start.to_le_bytes());
    entry[12..16].copy_from_slice(&count.to_le_bytes());
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
}

/// UEFI specification 2.10, section 5.3: a head and 128 entries of 128 bytes, at both ends.
fn write_gpt(disk: &mut [u8], start: u64, count: u64) {
    const ENTRIES: usize = 128 * 128;
    let last = (disk.len() / SECTOR) as u64 - 1;
    let entry_sectors = (ENTRIES / SECTOR) as u64;
    let mut entries = vec![0; ENTRIES];
    // Microsoft basic data, EBD0A0A2-B9E5-4433-87C0-68B6B72699C7.
    entries[..16].copy_from_slice(&[
        0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44, 0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7,
    ]);
    entries[16..32].copy_from_slice(b"Quicklime matrix");
    entries[32..40].copy_from_slice(&start.to_le_bytes());
    entries[40..48].copy_from_slice(&(start + count - 1).to_le_bytes());
    for (own, other, table) in [(1, last, 2), (last, 1, last - entry_sectors)] {
        let mut head = Vec::from(*b"EFI PART\0\0\x01\0\x5c\0\0\0\0\0\0\0\0\0\0\0");
        for word in [own, other, 2 + entry_sectors, last - entry_sectors - 1] {
            head.extend(word.to_le_bytes());
        }
        head.extend(b"Quicklime's disk");
        head.extend(table.to_le_bytes());
        head.extend(128_u32.to_le_bytes());
        head.extend(128_u32.to_le_bytes());
        head.extend(crc32(&entries).to_le_bytes());
        let sum = crc32(&head);
        head[16..20].copy_from_slice(&sum.to_le_bytes());
        disk[own as usize * SECTOR..][..head.len()].copy_from_slice(&head);
        disk[table as usize * SECTOR..][..ENTRIES].copy_from_slice(&entries);
    }
}

/// The CRC of Ethernet, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use blockcache::{BlockDevice, DeviceError};

    struct Disk(Vec<u8>);

    impl BlockDevice for Disk {
        fn sector_count(&self) -> u64 {
            (self.0.len() / SECTOR) as u64
        }

        fn read(&self, first: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
            buffer.copy_from_slice(&self.0[first as usize * SECTOR..][..buffer.len()]);
            Ok(())
        }

        fn write(&self, _: u64, _: &[u8]) -> Result<(), DeviceError> {
            Err(DeviceError::OutOfRange)
        }

        fn flush(&self) -> Result<(), DeviceError> {
            Ok(())
        }
    }

    type Result<T, E> = std::result::Result<T, E>;

    #[test]
    fn the_kernels_reader_finds_the_partition() {
        let volume: Vec<u8> = (0..3 << 20).map(|at: u32| (at >> 9) as u8).collect();
        assert_eq!(Table::None.around(volume.clone()).unwrap(), volume);
        for table in [Table::Mbr, Table::Gpt] {
            let mut disk = table.around(volume.clone()).unwrap();
            assert_eq!(table.volume(&disk), volume);
            let found = partitions::read(&Disk(disk.clone())).unwrap();
            assert_eq!(found.len(), 1, "{table:?}");
            assert_eq!((found[0].first_sector, found[0].sector_count), (2048, 6144), "{table:?}");
            disk[510] = 0;
            assert!(partitions::read(&Disk(disk)).unwrap().is_empty() || table == Table::Gpt);
        }
    }
}
