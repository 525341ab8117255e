//! Damaged FAT32 volumes: a small one with files, patches to its boot sector, tables and directories, and then somebody
//! who uses what can be mounted. Nothing panics or runs for ever, no sector beyond the volume is touched, and a volume
//! that is damaged is not written. One that was not closed is put in order at mounting, and is in order ever after, even
//! if the disk fails halfway.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use fat::{Fat, Repair};
use vfs::inode::{FileSystem, InodeId, InodeKind, NewInode, Replace, Time, list_all};

use crate::Target;
use crate::choices::{Choices, patches};

pub const TARGET: Target = Target { name: "fat", run, seeds };

/// 2026-11-20 12:00 UTC.
const NOW: Time = Time { seconds: 1_795_176_000, nanoseconds: 0 };
/// Reserved sectors, sectors of each of two tables, and clusters of one sector.
const RESERVED: usize = 4;
const TABLE: usize = 1;
const CLUSTERS: usize = 100;
const DATA: usize = RESERVED + 2 * TABLE;
const SECTORS: usize = DATA + CLUSTERS;
/// Where the boot sector says whether the volume was closed.
const STATUS: usize = 0x41;
/// Requests that a user of a volume of 106 sectors may cause, far above what is seen.
const PATIENCE: u64 = 200_000;

#[derive(Clone)]
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    requests: Arc<AtomicU64>,
    written: Arc<AtomicBool>,
    /// How many more writes the disk takes.
    writes_left: Arc<AtomicU64>,
}

impl Disk {
    fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes: Arc::new(Mutex::new(bytes)),
            requests: Arc::default(),
            written: Arc::default(),
            writes_left: Arc::new(AtomicU64::new(u64::MAX)),
        }
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
        match self.writes_left.load(Relaxed) {
            0 => return Err(DeviceError::Failed("the power is off")),
            left => self.writes_left.store(left - 1, Relaxed),
        }
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
        let mut fs = Fat::mount(disk.clone(), || NOW).expect("an empty volume").0;
        let mut make = |directory, name, kind| {
            let inode = fs.create(directory, &new(name, kind)).expect("room");
            if kind == InodeKind::File {
                fs.resize(inode, 1200).expect("room");
            }
            inode
        };
        let d = make(InodeId(1), "d", InodeKind::Directory);
        let e = make(d, "e", InodeKind::Directory);
        make(InodeId(1), "a", InodeKind::File);
        make(d, "b", InodeKind::File);
        make(e, "a name that is long.txt", InodeKind::File);
        fs.commit().expect("a disk that works");
        fs.rest().expect("a disk that works");
        drop(fs);
        disk.bytes().clone()
    })
}

fn new(name: &str, kind: InodeKind) -> NewInode<'_> {
    NewInode { name, kind, mode: 0o644, user: 0, group: 0 }
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
    let first = choices.byte();
    let damage = choices.take(3 * usize::from(first % 32));
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
    if first >= 128 {
        bytes[STATUS] |= 1;
    }
    let disk = Disk::new(bytes);
    let Ok((mut fs, report)) = Fat::mount(disk.clone(), || NOW) else {
        assert!(!disk.written.load(Relaxed), "a volume that is not mounted was written");
        return;
    };
    use_it(&mut fs, &mut choices, &disk);
    let is_sound = report.was_dirty && report.damage.is_none();
    if is_sound {
        assert_eq!(fs.damage(), None, "what was put in order is damaged");
    }
    let _ = fs.commit();
    let _ = fs.rest();
    assert!(report.damage.is_none() || !disk.written.load(Relaxed), "a damaged volume was written");
    disk.writes_left.store(u64::MAX, Relaxed);
    if is_sound {
        let left = fat::check(disk.clone(), Repair::Yes).expect("a volume that was mounted before");
        assert_eq!(left.damage, None, "what was put in order is damaged now");
        assert_eq!(fat::check(disk, Repair::No).expect("a volume").repairs(), 0, "it is not in order yet");
    }
}

/// Lists all there is, then does what the bytes say.
fn use_it(fs: &mut Fat<Disk>, choices: &mut Choices, disk: &Disk) {
    let mut names: Vec<String> =
        ["a", "d", "b", "e", "a name that is long.txt", "A Name", "new", &"n".repeat(230)]
            .map(Into::into)
            .into();
    let mut inodes = vec![fs.root()];
    let mut at = 0;
    while at < inodes.len() && inodes.len() < 30 {
        for (name, _, _) in list_all(fs, inodes[at]).unwrap_or_default() {
            inodes.extend(fs.lookup(inodes[at], &name));
            if names.len() < 20 {
                names.push(name);
            }
        }
        at += 1;
    }
    for _ in 0..60 {
        if choices.is_empty() {
            break;
        }
        let operation = choices.byte();
        let inode = inodes[choices.below(inodes.len())];
        let name = names[choices.below(names.len())].clone();
        match operation % 12 {
            0 => inodes.extend(fs.create(inode, &new(&name, InodeKind::Directory))),
            1 | 2 => inodes.extend(fs.create(inode, &new(&name, InodeKind::File))),
            3 => drop(fs.unlink(inode, &name)),
            4 => drop(fs.remove_directory(inode, &name)),
            5 | 6 => {
                let (to, new_name) =
                    (inodes[choices.below(inodes.len())], &names[choices.below(names.len())]);
                let _ = fs.rename(inode, &name, to, new_name, Replace::Allowed);
            }
            7 => {
                let _ = fs.attributes(inode);
                let _ = fs.parent(inode).map(|parent| fs.forget(parent));
                let _ = fs.room();
            }
            8 => drop(fs.commit()),
            9 => {
                let _ = fs.rest();
                if choices.byte().is_multiple_of(4) {
                    disk.writes_left.store(choices.below(40) as u64, Relaxed);
                }
            }
            10 if inodes.len() > 1 => fs.forget(inodes.swap_remove(1 + choices.below(inodes.len() - 1))),
            _ => {
                let size = choices.below(9000) as u64;
                let _ = fs.resize(inode, size);
                let _ = fs.extent(inode, size.saturating_sub(1) / 512 * 512);
                let _ = fs.touch(inode);
            }
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![0, 1, 0, 6, 11, 7, 200, 8, 5, 0, 2, 0, 1, 8, 9, 1],
        vec![128, 1, 0, 5, 11, 3, 1, 9, 9, 8, 3, 0, 0, 5, 1, 2, 0, 7, 8],
        // A status byte that says dirty, a chain that is a loop, an entry's first cluster.
        vec![1, 65, 0, 1, 1, 3],
        vec![1, 90 + 12, 0, 3, 5, 0, 0, 0, 0, 2, 9],
        vec![130, 4, 2, 90, 36, 2, 3, 1, 1],
    ]
}
