//! A random user on a FAT32 volume against the model, with fsck.fat as the judge, and the ends of the world: a full
//! disk, a dead disk, a power cut.

mod disk;
#[path = "../../vfs/tests/model/mod.rs"]
mod model;

use disk::{Disk, NOW};
use fat::Fat;
use model::{Random, Tree};
use std::sync::atomic::Ordering;
use vfs::{FileKind, FileSystem, FsError, OpenMode};

const NAMES: [&str; 6] = ["a", "NOTES.TXT", "readme.md", "Ärger.txt", "a long name with spaces.text", "日本"];

/// A seed, and the sectors of volumes with fewer clusters than FAT32 is to have, and of a cluster: 64 MiB with clusters of
/// 4 KiB, 32 MiB and 512 bytes, 33 MiB, 5 and 2 MiB (which use the old field for their size), 100 MiB and 32 KiB.
const SMALL: [(u64, u64, u64); 6] =
    [(4, 131_072, 8), (5, 65_536, 1), (6, 67_584, 8), (7, 10_240, 1), (8, 4096, 1), (9, 204_800, 64)];

fn mount(disk: &Disk) -> Fat<Disk> {
    Fat::mount(disk.clone(), 256, || NOW).unwrap().0
}

fn write(fs: &mut Fat<Disk>, path: &str, data: &[u8]) -> Result<(), FsError> {
    let file = fs.open(path, OpenMode::Create)?;
    let result = fs.write(file, 0, data);
    fs.close(file)?;
    result
}

#[test]
fn a_random_user_sees_what_the_model_says_and_fsck_is_content() {
    let large = [(1, 70_000, 1), (2, 70_000, 1), (3, 140_000, 2)];
    for (seed, sectors, sectors_per_cluster) in large.into_iter().chain(SMALL) {
        let disk = Disk::formatted(sectors, sectors_per_cluster);
        assert_eq!(disk.complaints(), "");
        let mut tree = Tree::new();
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ seed);
        for round in 0..4 {
            let mut fs = mount(&disk);
            model::run(&mut fs, &mut tree, &NAMES, 250, &mut random);
            // No unmounting: what was closed is safe.
            assert_eq!(disk.complaints(), "", "seed {seed}, round {round}");
        }
        assert!(model::tree(&mut mount(&disk)) == tree, "seed {seed}");
        assert!(disk.read_by_mtools() == tree, "seed {seed}");
    }
}

/// The room of a small volume is what it really has, the boot sector says so still, and it can be used to the last
/// cluster, wherever the search for a free one begins.
#[test]
fn a_small_volume_is_used_to_its_end_and_not_beyond() {
    for (_, sectors, sectors_per_cluster) in SMALL {
        // The next free cluster as the volume says: not known; the first; behind the last, but in the table; behind the
        // table; behind what `fatfs` takes for the end.
        let hints: &[u32] =
            if sectors == 10_240 { &[u32::MAX, 2, 10_060, 65_000, 70_000] } else { &[u32::MAX] };
        for hint in hints {
            let disk = Disk::formatted(sectors, sectors_per_cluster);
            let boot_sector = disk.bytes.lock().unwrap()[..512].to_vec();
            disk.bytes.lock().unwrap()[512 + 492..512 + 496].copy_from_slice(&hint.to_le_bytes());
            let mut fs = mount(&disk);
            let usage = fs.usage().unwrap();
            let room = sectors * 512;
            assert!((room * 9 / 10..room).contains(&usage.total), "{usage:?}");
            assert_eq!(usage.free, usage.total - sectors_per_cluster * 512, "all but the root directory");
            let mut count = 0;
            // Large at first, then single clusters.
            for size in [usage.free / 3, usage.free / 30, usage.free / 300, 100] {
                let data: Vec<u8> = (0..size).map(|index| (index >> 9) as u8 ^ index as u8).collect();
                loop {
                    match write(&mut fs, &format!("file {count}"), &data) {
                        Ok(()) => count += 1,
                        Err(FsError::NoSpace) => break,
                        Err(error) => panic!("{error}"),
                    }
                }
            }
            let left = fs.usage().unwrap().free / (sectors_per_cluster * 512);
            assert!(left < 5, "{left} clusters could not be used");
            // Without a new name, the very last one.
            let file = fs.open("file 0", OpenMode::Write).unwrap();
            let mut size = fs.size(file).unwrap();
            while fs.truncate(file, size + sectors_per_cluster * 512).is_ok() {
                size += sectors_per_cluster * 512;
            }
            fs.close(file).unwrap();
            assert_eq!(fs.usage().unwrap().free, 0);
            assert_eq!(disk.complaints(), "");
            assert_eq!(disk.bytes.lock().unwrap()[..512], boot_sector[..]);
            for index in 0..count {
                fs.remove(&format!("file {index}")).unwrap();
            }
            // The root directory keeps what it grew to. That the figure is right, fsck.fat says.
            assert!(usage.free - fs.usage().unwrap().free < 64 << 10);
            assert_eq!(disk.complaints(), "");
        }
    }
}

#[test]
fn files_carry_their_time_and_the_disk_its_room() {
    let disk = Disk::formatted(70_000, 1);
    let mut fs = mount(&disk);
    let before = fs.usage().unwrap();
    write(&mut fs, "a.txt", &[1; 1000]).unwrap();
    let metadata = fs.metadata("A.TXT").unwrap();
    assert_eq!((metadata.kind, metadata.size, metadata.modified), (FileKind::File, 1000, NOW));
    assert_eq!(fs.usage().unwrap().free, before.free - 1024);
    fs.remove("a.txt").unwrap();
    assert_eq!(fs.usage().unwrap(), before);
}

#[test]
fn names_that_fat_cannot_hold_are_refused_in_words() {
    let disk = Disk::formatted(70_000, 1);
    let mut fs = mount(&disk);
    let too_long = "x".repeat(256);
    for name in
        ["a:b", "what?", "a*", "q\"q", "dot.", "space ", "tab\t", "smile\u{1f600}", &too_long, "a|b", "a\\b"]
    {
        for result in [
            fs.open(name, OpenMode::Create).map(|_| ()),
            fs.create_directory(name),
            write(&mut fs, "ok", b"1").and_then(|()| fs.rename("ok", name)),
        ] {
            assert!(matches!(result, Err(FsError::InvalidName(_))), "{name}: {result:?}");
        }
    }
    assert_eq!(fs.list("").unwrap().len(), 1, "only \"ok\" is there, and it is still there");
    assert_eq!(disk.complaints(), "");
}

#[test]
fn upper_and_lower_case_are_one_name_but_can_be_changed() {
    let disk = Disk::formatted(70_000, 1);
    let mut fs = mount(&disk);
    write(&mut fs, "readme", b"hello").unwrap();
    assert_eq!(fs.create_directory("README"), Err(FsError::AlreadyExists));
    let file = fs.open("ReadMe", OpenMode::Write).unwrap();
    fs.rename("readme", "README").unwrap();
    assert_eq!(fs.list("").unwrap()[0].name, "README");
    fs.write(file, 5, b" world").unwrap();
    fs.close(file).unwrap();
    assert_eq!(model::contents(&mut fs, "README", 100), b"hello world");
    assert_eq!(disk.complaints(), "");
}

#[test]
fn an_open_file_can_be_moved_but_not_removed() {
    let disk = Disk::formatted(70_000, 1);
    let mut fs = mount(&disk);
    fs.create_directory("d").unwrap();
    write(&mut fs, "d/a", b"one").unwrap();
    write(&mut fs, "b", b"two").unwrap();
    let file = fs.open("d/a", OpenMode::Write).unwrap();
    assert_eq!(fs.remove("d/a"), Err(FsError::Busy));
    assert_eq!(fs.rename("b", "d/a"), Err(FsError::Busy));
    fs.rename("d", "e").unwrap();
    fs.write(file, 0, b"ONE").unwrap();
    let again = fs.open("e/A", OpenMode::Read).unwrap();
    let mut buffer = [0; 8];
    assert_eq!(fs.read(again, 0, &mut buffer), Ok(3));
    assert_eq!(&buffer[..3], b"ONE");
    assert!(fs.write(again, 0, b"x").is_err(), "open for reading only");
    fs.close(file).unwrap();
    fs.close(again).unwrap();
    fs.remove("e/a").unwrap();
    assert_eq!(disk.complaints(), "");
}

/// Fills the disk to the last cluster in every way, and finds nothing lost.
#[test]
fn a_full_disk_is_an_error_and_loses_nothing() {
    let disk = Disk::formatted(70_000, 1);
    let mut fs = mount(&disk);
    write(&mut fs, "precious", b"do not lose me").unwrap();
    let free = fs.usage().unwrap().free;
    assert_eq!(write(&mut fs, "too much", &vec![7; free as usize + 1]), Err(FsError::NoSpace));
    write(&mut fs, "most", &vec![7; free as usize - 4 * 512]).unwrap();
    let mut count = 0;
    while write(&mut fs, &format!("small {count}"), &[9; 400]).is_ok() {
        count += 1;
        assert!(count < 20);
    }
    assert_eq!(fs.create_directory("directory"), Err(FsError::NoSpace));
    assert_eq!(write(&mut fs, "precious", &[1; 100_000]), Err(FsError::NoSpace));
    assert_eq!(model::contents(&mut fs, "precious", 100), b"do not lose me");
    assert_eq!(disk.complaints(), "");
    fs.remove("most").unwrap();
    write(&mut fs, "again", &[1; 100_000]).unwrap();
    drop(fs);
    let mut fs = mount(&disk);
    assert_eq!(model::contents(&mut fs, "again", 5000), [1; 100_000]);
    assert_eq!(disk.complaints(), "");
}

#[test]
fn a_directory_of_a_thousand_long_names_works() {
    let disk = Disk::formatted(70_000, 1);
    let mut fs = mount(&disk);
    fs.create_directory("d").unwrap();
    for index in 0..1000 {
        let file = fs.open(&format!("d/a rather long file name {index}.txt"), OpenMode::CreateNew).unwrap();
        fs.close(file).unwrap();
    }
    assert_eq!(fs.list("d").unwrap().len(), 1000);
    assert_eq!(disk.complaints(), "");
}

/// The power fails at every write of a series of changes. The next mount succeeds, what was closed before is there,
/// and after it has put things in order fsck.fat is content but for at most what it would repair without a question.
#[test]
fn a_power_cut_anywhere_leaves_a_volume_that_mounts() {
    let fresh = Disk::formatted(70_000, 1);
    write(&mut mount(&fresh), "before", &[3; 5000]).unwrap();
    let image = fresh.bytes.lock().unwrap().clone();
    for cut in 0..18 {
        let disk = Disk::new(image.clone());
        let mut fs = mount(&disk);
        disk.writes_left.store(cut, Ordering::Relaxed);
        let result = write(&mut fs, "new file with a long name", &[5; 20_000])
            .and_then(|()| fs.create_directory("directory"))
            .and_then(|()| write(&mut fs, "directory/inner", b"inner"));
        if cut < 4 {
            assert!(result.is_err(), "the power was on after {cut} writes");
        }
        drop(fs);
        disk.writes_left.store(u64::MAX, Ordering::Relaxed);
        let (mut fs, report) = Fat::mount(disk.clone(), 256, || NOW).unwrap();
        assert_eq!(model::contents(&mut fs, "before", 4096), [3; 5000], "cut after {cut}");
        for entry in fs.list("").unwrap() {
            if entry.metadata.kind == FileKind::File && entry.metadata.size > 0 {
                model::contents(&mut fs, &entry.name, 4096);
            }
        }
        assert_eq!(disk.complaints(), "", "cut after {cut}: {report:?}");
    }
}

#[test]
fn a_failing_disk_is_an_error_not_a_panic() {
    let disk = Disk::formatted(70_000, 1);
    let mut fs = mount(&disk);
    disk.writes_left.store(0, Ordering::Relaxed);
    assert!(matches!(write(&mut fs, "a", b"1"), Err(FsError::Device(_))));
    assert!(matches!(fs.create_directory("d"), Err(FsError::Device(_))));
    assert!(fs.list("").is_ok());
}

#[test]
fn following_a_chain_costs_few_requests() {
    let disk = Disk::formatted(70_000, 1);
    let mut fs = mount(&disk);
    let data: Vec<u8> = (0..4 << 20).map(|index: u32| (index >> 9) as u8).collect();
    write(&mut fs, "large", &data).unwrap();
    drop(fs);
    let mut fs = mount(&disk);
    let before = disk.requests.load(Ordering::Relaxed);
    assert!(model::contents(&mut fs, "large", 64 << 10) == data);
    let requests = disk.requests.load(Ordering::Relaxed) - before;
    assert!(requests < (4 << 20) >> 15, "{requests} requests for 4 MiB");
}
