//! Damaged and hostile volumes: mounting says what is wrong, or what can be read is read; nothing panics, nothing runs
//! for ever, and a volume that is not mounted, or for reading only, is not touched.

mod disk;
#[path = "../../vfs/tests/model/mod.rs"]
#[allow(dead_code, reason = "only its random numbers are needed here")]
mod model;

use disk::{Disk, NOW};
use fat::{Fat, Geometry, MountError, NotFat32};
use model::{Decide, Random};
use std::sync::atomic::Ordering;
use vfs::{FileKind, FileSystem, FsError, OpenMode};

/// A volume with some files and directories on it.
fn volume() -> Disk {
    volume_of(70_000)
}

/// One of so many sectors, which are its clusters.
fn volume_of(sectors: u64) -> Disk {
    let disk = Disk::formatted(sectors, 1);
    let mut fs = Fat::mount(disk.clone(), 64, || NOW).unwrap().0;
    fs.create_directory("d").unwrap();
    fs.create_directory("d/e").unwrap();
    for path in ["a", "d/b", "d/e/a name that is long.txt"] {
        let file = fs.open(path, OpenMode::Create).unwrap();
        fs.write(file, 0, &[7; 3000]).unwrap();
        fs.close(file).unwrap();
    }
    disk
}

fn mount(disk: &Disk) -> Result<Fat<Disk>, MountError> {
    Fat::mount(disk.clone(), 64, || NOW).map(|(fs, _)| fs)
}

fn patch(disk: &Disk, offset: usize, bytes: &[u8]) {
    disk.bytes.lock().unwrap()[offset..offset + bytes.len()].copy_from_slice(bytes);
}

/// Reads and lists everything, and changes a little.
fn use_it(fs: &mut Fat<Disk>) {
    let mut directories = vec![String::new()];
    while let Some(directory) = directories.pop() {
        for entry in fs.list(&directory).unwrap_or_default() {
            let path = if directory.is_empty() { entry.name } else { format!("{directory}/{}", entry.name) };
            match entry.metadata.kind {
                FileKind::Directory if path.len() < 200 => directories.push(path),
                FileKind::Directory => {}
                FileKind::File => {
                    if let Ok(file) = fs.open(&path, OpenMode::Read) {
                        let _ = fs.read(file, 0, &mut [0; 5000]);
                        let _ = fs.close(file);
                    }
                    if let Ok(file) = fs.open(&path, OpenMode::Write) {
                        let _ = fs.read(file, 0, &mut [0; 5000]);
                        let _ = fs.write(file, 100, b"changed");
                        let _ = fs.close(file);
                    }
                    let _ = fs.rename(&path, "moved");
                    let _ = fs.remove("moved");
                }
            }
        }
    }
    let _ = fs.create_directory("new");
    let _ = fs.usage();
}

#[test]
fn what_is_no_fat32_is_named() {
    let blank = Disk::new(vec![0; 1 << 20]);
    assert_eq!(mount(&blank).err(), Some(MountError::NotFat32(NotFat32::NoFileSystem)));
    assert_eq!(mount(&Disk::new(vec![0; 512])).err(), Some(MountError::NotFat32(NotFat32::NoFileSystem)));
    assert_eq!(mount(&Disk::new(Vec::new())).err(), Some(MountError::NotFat32(NotFat32::NoFileSystem)));
    let disk = volume();
    patch(&disk, 3, b"EXFAT   ");
    assert_eq!(mount(&disk).err(), Some(MountError::NotFat32(NotFat32::Other("an exFAT file system"))));
    let disk = volume();
    disk.bytes.lock().unwrap().truncate(20_000 * 512);
    let error = mount(&disk).err().unwrap();
    assert_eq!(error, MountError::NotFat32(NotFat32::Invalid("it claims to be larger than the disk")));
    assert!(error.to_string().contains("larger than the disk"));
}

#[test]
fn older_tables_are_named() {
    for (width, clusters, name) in [("12", 64, "a FAT12 file system"), ("16", 1, "a FAT16 file system")] {
        let disk = Disk::formatted_as(width, 32_768, clusters);
        assert_eq!(mount(&disk).err(), Some(MountError::NotFat32(NotFat32::Other(name))));
    }
}

/// `fatfs` multiplies the table's length in 32 bits, and an overflow would be a panic.
#[test]
fn a_table_too_long_for_its_reader_is_refused() {
    let disk = volume();
    let mut sector: [u8; 512] = disk.bytes.lock().unwrap()[..512].try_into().unwrap();
    sector[32..36].copy_from_slice(&0xf000_0000_u32.to_le_bytes());
    for (sectors, is_valid) in [(1u32 << 20, false), ((1 << 20) - 1, true)] {
        sector[36..40].copy_from_slice(&sectors.to_le_bytes());
        sector[13] = 128;
        let result = Geometry::parse(&sector, 1 << 41);
        assert_eq!(result.is_ok(), is_valid, "{result:?}");
    }
}

const LOOP: &str = "a cluster belongs to two files, or a chain is a loop";

#[test]
fn broken_directories_are_named_and_the_disk_is_left_alone() {
    // The chains, in the order in which the volume above allocates: 2 root, 3 d, 4 e, 5.. a.
    for (cluster, next, words) in [
        (2, 2, LOOP),
        (3, 4, LOOP),
        (4, 0x00ff_ffff, "a chain of clusters leads out of the volume"),
        (4, 0, "a chain of clusters leads into free space"),
    ] {
        let (disk, before) = volume_with_entry(cluster, next);
        let error = mount(&disk).err();
        assert_eq!(error, Some(MountError::Unusable(FsError::Damaged(words))), "{cluster} to {next}");
        assert!(*disk.bytes.lock().unwrap() == before, "the disk was written");
    }
}

/// A volume with another number in its table, and its bytes.
fn volume_with_entry(cluster: u32, next: u32) -> (Disk, Vec<u8>) {
    let disk = volume();
    patch(&disk, 32 * 512 + cluster as usize * 4, &next.to_le_bytes());
    let bytes = disk.bytes.lock().unwrap().clone();
    (disk, bytes)
}

/// The file `a` is broken: all else can be read, nothing can be changed, and the disk stays as it is.
#[test]
fn a_broken_file_leaves_the_rest_readable() {
    for (next, words, is_readable) in [
        (5u32, LOOP, false),
        (0x00ff_ffff, "a chain of clusters leads out of the volume", false),
        (1, "a chain of clusters leads out of the volume", false),
        (0, "a chain of clusters leads into free space", false),
        (0x0fff_ffff, "a file's chain is shorter than its size", false),
        (0x0fff_fff7, "a chain of clusters leads into a bad cluster", false),
        // Into d/b, which is as long.
        (12, LOOP, true),
    ] {
        let (disk, before) = volume_with_entry(5, next);
        let (mut fs, report) = Fat::mount(disk.clone(), 64, || NOW).unwrap();
        assert_eq!((report.damage, report.directories, report.files), (Some(words), 3, 3));
        let names: Vec<String> = fs.list("").unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["d", "a"]);
        assert_eq!(model::contents(&mut fs, "d/b", 700), [7; 3000]);
        assert_eq!(model::contents(&mut fs, "d/e/a name that is long.txt", 700), [7; 3000]);
        let file = fs.open("a", OpenMode::Read).unwrap();
        let result = fs.read(file, 0, &mut [0; 4000]);
        if is_readable {
            assert_eq!(result, Ok(3000));
        } else {
            assert_eq!(result, Err(FsError::Damaged("the file's chain of clusters is broken")));
        }
        for mode in [OpenMode::Write, OpenMode::Create, OpenMode::Replace] {
            assert_eq!(fs.open("d/b", mode), Err(FsError::ReadOnly));
        }
        assert_eq!(fs.create_directory("new"), Err(FsError::ReadOnly));
        assert_eq!(fs.remove("a"), Err(FsError::ReadOnly));
        assert_eq!(fs.rename("a", "b"), Err(FsError::ReadOnly));
        assert_eq!(fs.write(file, 0, b"x"), Err(FsError::InvalidInput("the file is open for reading only")));
        let usage = fs.usage().unwrap();
        // The root, d, e, and three files of six clusters each; the one that a chain is led into free space by is free.
        assert_eq!(usage.total - usage.free, (if next == 0 { 20 } else { 21 }) * 512);
        assert_eq!((fs.close(file), fs.sync()), (Ok(()), Ok(())));
        assert!(*disk.bytes.lock().unwrap() == before, "the disk was written");
    }
}

/// Random bytes in the places that matter: boot sector, tables, directories.
#[test]
fn random_damage_never_panics() {
    // FAT32 as it is to be, and one with too few clusters.
    for sectors in [70_000, 40_000] {
        let pristine = volume_of(sectors).bytes.lock().unwrap().clone();
        random_damage(&pristine);
    }
}

fn random_damage(pristine: &[u8]) {
    let data = 32 * 512 + 2 * u32::from_le_bytes(pristine[36..40].try_into().unwrap()) as usize * 512;
    let mut random = Random(0x0ddb_a11d_ecaf_bad1);
    let (mut mounted, mut read_only) = (0, 0);
    for _ in 0..120 {
        let disk = Disk::new(pristine.to_vec());
        for _ in 0..1 + random.below(4) {
            let place = match random.below(4) {
                0 => random.below(96),
                1 => 32 * 512 + random.below(30 * 4),
                // Root, d and e.
                _ => data + random.below(3 * 512),
            };
            patch(&disk, place, &[[0, 1, 0xff, 0x80, random.below(256) as u8][random.below(5)]]);
        }
        let untouched = || disk.writes_left.load(Ordering::Relaxed) == u64::MAX;
        match Fat::mount(disk.clone(), 64, || NOW) {
            Ok((mut fs, report)) => {
                use_it(&mut fs);
                if report.damage.is_some() {
                    read_only += 1;
                    assert!(untouched(), "a damaged disk was written");
                } else {
                    mounted += 1;
                }
            }
            Err(_) => assert!(untouched(), "a damaged disk was written"),
        }
    }
    assert!(mounted > 10, "only {mounted} of the volumes could be used at all");
    assert!(read_only > 10, "only {read_only} of the volumes could be read");
}

#[test]
fn an_interrupted_system_is_cleaned_up_after() {
    let disk = volume();
    // Marked dirty, a lost cluster, tables that differ, a wrong count of free clusters.
    patch(&disk, 0x41, &[1]);
    patch(&disk, 32 * 512 + 5000 * 4, &0x0fff_ffffu32.to_le_bytes());
    patch(&disk, 512 + 488, &7u32.to_le_bytes());
    let table = u32::from_le_bytes(disk.bytes.lock().unwrap()[36..40].try_into().unwrap()) as usize * 512;
    patch(&disk, 32 * 512 + table + 6000 * 4, &0x0fff_ffffu32.to_le_bytes());
    let (mut fs, report) = Fat::mount(disk.clone(), 64, || NOW).unwrap();
    assert!(report.was_dirty && report.copies_differ);
    assert_eq!(report.lost_clusters, 1);
    assert_eq!((report.directories, report.files), (3, 3));
    assert_eq!(fs.usage().unwrap().free, u64::from(report.free_clusters) * 512);
    assert_eq!(disk.complaints(), "");
    // On a volume that was closed properly, a lost cluster may be a file that somebody wants to recover.
    patch(&disk, 32 * 512 + 5000 * 4, &0x0fff_ffffu32.to_le_bytes());
    let (_, report) = Fat::mount(disk.clone(), 64, || NOW).unwrap();
    assert_eq!((report.was_dirty, report.lost_clusters), (false, 1));
    assert_eq!(disk.bytes.lock().unwrap()[32 * 512 + 5000 * 4], 0xff);
}
