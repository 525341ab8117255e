//! Tables as tools write them, and tables that nobody wrote.

use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use partitions::{Partition, PartitionDevice, read};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;

struct Disk(Mutex<Vec<u8>>);

impl Disk {
    fn new(sectors: usize) -> Self {
        Self(Mutex::new(vec![0; sectors * SECTOR_SIZE]))
    }

    /// A disk partitioned by sfdisk, or None where that tool is not installed.
    fn by_sfdisk(script: &str) -> Option<Self> {
        let path = std::env::temp_dir().join(format!("quicklime-parts-{}-{}.img", std::process::id(), script.len()));
        std::fs::File::create(&path).unwrap().set_len(20_000 * SECTOR_SIZE as u64).unwrap();
        let mut child =
            Command::new("sfdisk").arg("-q").arg(&path).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        Some(Self(Mutex::new(bytes)))
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

#[test]
fn tables_made_by_sfdisk_are_read() {
    let script = "start=2048, size=4000, type=c\nstart=8000, size=1000, type=83\n";
    let expected = [part(2048, 4000), part(8000, 1000)];
    for label in ["dos", "gpt"] {
        let types = if label == "gpt" { script.replace("type=c", "type=U").replace("type=83", "type=L") } else { script.into() };
        let Some(disk) = Disk::by_sfdisk(&format!("label: {label}\n{types}")) else {
            eprintln!("sfdisk is missing: not tested");
            return;
        };
        assert_eq!(read(&disk).unwrap(), expected, "{label}");
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
    let mut sector = [0; SECTOR_SIZE];
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    for (index, (first, count)) in [(10u32, 20u32), (90, 20), (u32::MAX, u32::MAX), (0, 50)].into_iter().enumerate() {
        let entry = &mut sector[446 + index * 16..][..16];
        entry[4] = 0x0c;
        entry[8..12].copy_from_slice(&first.to_le_bytes());
        entry[12..16].copy_from_slice(&count.to_le_bytes());
    }
    disk.write(0, &sector).unwrap();
    assert_eq!(read(&disk), Ok(vec![part(10, 20)]));
}

#[test]
fn noise_never_panics() {
    let mut random = 0x9876_5432_1234_5678u64;
    for round in 0..20_000u32 {
        let disk = Disk::new(40);
        let mut bytes = disk.0.lock().unwrap();
        for byte in bytes[..3 * SECTOR_SIZE].iter_mut() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            *byte = if random >> 60 == 0 { (random >> 30) as u8 } else { 0 };
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
