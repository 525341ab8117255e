//! Damaged FAT32 volumes: a small one with files, patches to its boot sector, tables and directories, and then somebody
//! who uses what can be mounted. Nothing panics or runs for ever, no sector beyond the volume is touched, and a volume
//! that is damaged is not written.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use fat::Fat;
use vfs::{FileKind, FileSystem, OpenMode};

use crate::Target;
use crate::choices::{Choices, patches};

pub const TARGET: Target = Target { name: "fat", run, seeds };

/// 2026-11-20 12:00 UTC.
const NOW: u64 = 1_795_176_000;
/// Reserved sectors, sectors of each of two tables, and clusters of one sector.
const RESERVED: usize = 4;
const TABLE: usize = 1;
const CLUSTERS: usize = 100;
const DATA: usize = RESERVED + 2 * TABLE;
const SECTORS: usize = DATA + CLUSTERS;
/// Requests that a user of a volume of 106 sectors may cause, far above what is seen.
const PATIENCE: u64 = 200_000;

#[derive(Clone)]
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    requests: Arc<AtomicU64>,
    written: Arc<AtomicBool>,
}

impl Disk {
    fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: Arc::new(Mutex::new(bytes)), requests: Arc::default(), written: Arc::default() }
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn range(&self, first: u64, length: usize) -> std::ops::Range<usize> {
        assert!(self.requests.fetch_add(1, Relaxed) < PATIENCE, "it never ends");
        let start = first as usize * SECTOR_SIZE;
        assert!(start + length <= SECTORS * SECTOR_SIZE, "beyond the volume");
        start..start + length
    }
}

impl BlockDevice for Disk {
    fn sector_count(&self) -> u64 {
        SECTORS as u64
    }

    fn read(&self, first: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        let range = self.range(first, buffer.len());
        buffer.copy_from_slice(&self.bytes()[range]);
        Ok(())
    }

    fn write(&self, first: u64, data: &[u8]) -> Result<(), DeviceError> {
        let range = self.range(first, data.len());
        self.written.store(true, Relaxed);
        self.bytes()[range].copy_from_slice(data);
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        Ok(())
    }
}

/// The volume as it is before the damage: made once, by the code under test itself on an empty one.
fn pristine() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let disk = Disk::new(empty());
        let mut fs = Fat::mount(disk.clone(), 16, || NOW).expect("an empty volume").0;
        fs.create_directory("d").expect("room");
        fs.create_directory("d/e").expect("room");
        for path in ["a", "d/b", "d/e/a name that is long.txt"] {
            let file = fs.open(path, OpenMode::Create).expect("room");
            fs.write(file, 0, &[7; 1200]).expect("room");
            fs.close(file).expect("open");
        }
        fs.sync().expect("a disk that works");
        drop(fs);
        disk.bytes().clone()
    })
}

/// An empty FAT32 volume, by the specification. (It has too few clusters to be called one by Microsoft's rule, which is
/// what mkfs.fat makes of small disks too.)
fn empty() -> Vec<u8> {
    let mut bytes = vec![0; SECTORS * SECTOR_SIZE];
    let mut put = |offset: usize, value: &[u8]| bytes[offset..offset + value.len()].copy_from_slice(value);
    put(0, b"\xeb\x58\x90QUICKLIM");
    put(11, &(SECTOR_SIZE as u16).to_le_bytes());
    put(13, &[1, RESERVED as u8, 0, 2]);
    put(21, &[0xf8]);
    put(32, &(SECTORS as u32).to_le_bytes());
    put(36, &(TABLE as u32).to_le_bytes());
    put(44, &2u32.to_le_bytes());
    put(48, &[1, 0, 2, 0]);
    put(64, &[0x80, 0, 0x29]);
    put(71, b"FUZZ       FAT32   ");
    put(510, &[0x55, 0xaa]);
    let info = SECTOR_SIZE;
    put(info, b"RRaA");
    put(info + 484, b"rrAa");
    put(info + 488, &(CLUSTERS as u32 - 1).to_le_bytes());
    put(info + 492, &3u32.to_le_bytes());
    put(info + 510, &[0x55, 0xaa]);
    for copy in 0..2 {
        let table = (RESERVED + copy * TABLE) * SECTOR_SIZE;
        put(table, &0x0fff_fff8u32.to_le_bytes());
        put(table + 4, &0x0fff_ffffu32.to_le_bytes());
        put(table + 8, &0x0fff_ffffu32.to_le_bytes());
    }
    bytes
}

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let count = choices.below(12);
    let damage = choices.take(3 * count);
    let mut bytes = pristine().to_vec();
    // The first table's copy is worth no patches of its own; the directories lie in the first clusters.
    for (place, byte) in patches(damage, 90 + 400 + 16 * SECTOR_SIZE) {
        let place = match place {
            0..90 => place,
            90..490 => RESERVED * SECTOR_SIZE + place - 90,
            _ => DATA * SECTOR_SIZE + place - 490,
        };
        bytes[place] = byte;
    }
    let disk = Disk::new(bytes);
    match Fat::mount(disk.clone(), 16, || NOW) {
        Err(_) => assert!(!disk.written.load(Relaxed), "a volume that is not mounted was written"),
        Ok((mut fs, report)) => {
            use_it(&mut fs, &mut choices);
            let _ = fs.sync();
            assert!(report.damage.is_none() || !disk.written.load(Relaxed), "a damaged volume was written");
        }
    }
}

/// Lists and reads all there is, then does what the bytes say.
fn use_it(fs: &mut Fat<Disk>, choices: &mut Choices) {
    let mut paths: Vec<String> =
        ["a", "d", "d/b", "d/e", "d/e/a name that is long.txt", "new", "d/new"].map(Into::into).into();
    let mut directories = vec![String::new()];
    while let Some(directory) = directories.pop() {
        for entry in fs.list(&directory).unwrap_or_default() {
            let path = if directory.is_empty() { entry.name } else { format!("{directory}/{}", entry.name) };
            if entry.metadata.kind == FileKind::Directory && path.len() < 60 {
                directories.push(path.clone());
            } else if let Ok(file) = fs.open(&path, OpenMode::Read) {
                let _ = fs.read(file, 0, &mut [0; 3000]);
                let _ = fs.close(file);
            }
            if paths.len() < 20 {
                paths.push(path);
            }
        }
    }
    for _ in 0..40 {
        if choices.is_empty() {
            break;
        }
        let operation = choices.byte();
        let path = paths[choices.below(paths.len())].clone();
        match operation % 8 {
            0 => drop(fs.create_directory(&path)),
            1 => drop(fs.remove(&path)),
            2 => drop(fs.rename(&path, &paths[choices.below(paths.len())])),
            3 => drop(fs.metadata(&path)),
            4 => drop(fs.usage()),
            _ => {
                let mode = choices.one_of(&[
                    OpenMode::Write,
                    OpenMode::Create,
                    OpenMode::Replace,
                    OpenMode::CreateNew,
                ]);
                let Ok(file) = fs.open(&path, mode) else { continue };
                let offset = choices.below(6000) as u64;
                match choices.byte() % 4 {
                    0 => drop(fs.truncate(file, offset)),
                    1 => drop(fs.read(file, offset, &mut [0; 700])),
                    _ => drop(fs.write(file, offset, &vec![9; 10 * choices.below(200)])),
                }
                let _ = fs.size(file);
                let _ = fs.close(file);
            }
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![0, 5, 5, 1, 1, 50, 2, 100, 2, 0, 5, 1, 1, 3, 2, 3],
        // A status byte that says dirty, a chain that is a loop, an entry's first cluster.
        vec![1, 65, 0, 1, 1, 3],
        vec![1, 90 + 12, 0, 3, 5, 0, 0, 0, 0, 2, 9],
        vec![2, 4, 2, 90, 36, 2, 3, 1, 1],
    ]
}
