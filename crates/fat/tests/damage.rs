//! Damaged and hostile volumes: mounting says what is wrong, or puts it in order, or what can be read is read; nothing
//! panics, nothing runs for ever, and what can't be put in order is not touched. The disk of these tests panics when it
//! is asked for anything beyond its end.

mod support;

use fat::{Fat, Geometry, MountError, NotFat, Repair, Report};
use std::sync::atomic::Ordering::Relaxed;
use support::Random;
use support::disk::{Disk, Format, clock};
use support::system::System;
use vfs::FsError;
use vfs::inode::{FileSystem, InodeKind, list_all};

const SMALL: Format = Format { width: 32, sectors: 10_240, cluster_sectors: 1 };
const FORMATS: [Format; 4] = [
    Format { width: 12, sectors: 1500, cluster_sectors: 1 },
    Format { width: 16, sectors: 5000, cluster_sectors: 1 },
    SMALL,
    Format { width: 32, sectors: 4096, cluster_sectors: 4 },
];

/// A volume with some files and directories on it.
fn volume(format: Format) -> Disk {
    let disk = Disk::formatted(format);
    let mut system = System::mount(&disk);
    system.save("a", &[7; 3000]).unwrap();
    system.create_directory("d").unwrap();
    system.save("d/b", &[7; 3000]).unwrap();
    system.create_directory("d/e").unwrap();
    system.save("d/e/a name that is long.txt", &[7; 3000]).unwrap();
    system.sync();
    assert_eq!(disk.complaints(), "");
    disk
}

/// Where things lie on it.
struct Places {
    table: usize,
    second_table: usize,
    root: usize,
    data: usize,
    cluster_size: usize,
}

fn places(disk: &Disk) -> Places {
    let geometry = Geometry::parse(disk.copy()[..512].try_into().unwrap(), 1 << 40).unwrap();
    let data = geometry.data_sector as usize * 512;
    Places {
        table: geometry.table_sector as usize * 512,
        second_table: geometry.copy_sector(1) as usize * 512,
        root: match geometry.root {
            fat::geometry::Root::Fixed { sector, .. } => sector as usize * 512,
            fat::geometry::Root::Cluster(cluster) => geometry.sector_of(cluster) as usize * 512,
        },
        data,
        cluster_size: geometry.cluster_size() as usize,
    }
}

/// Marks a FAT32 volume as not closed.
fn soil(disk: &Disk) {
    disk.patch(0x41, &[1]);
}

/// Sets an entry of a FAT32 volume's tables.
fn link(disk: &Disk, cluster: u32, next: u32) {
    let places = places(disk);
    for table in [places.table, places.second_table] {
        disk.patch(table + cluster as usize * 4, &next.to_le_bytes());
    }
}

fn mount(disk: &Disk) -> Result<Report, MountError> {
    Fat::mount(disk.clone(), clock).map(|(_, report)| report)
}

#[test]
fn what_is_no_fat_is_named() {
    for bytes in [vec![0; 1 << 20], vec![0; 512], Vec::new()] {
        assert_eq!(mount(&Disk::new(bytes)).err(), Some(MountError::NotFat(NotFat::NoFileSystem)));
    }
    let disk = volume(SMALL);
    disk.patch(3, b"EXFAT   ");
    assert_eq!(mount(&disk).err(), Some(MountError::NotFat(NotFat::Other("an exFAT file system"))));
    let disk = volume(SMALL);
    disk.bytes.lock().unwrap().truncate(9000 * 512);
    let error = mount(&disk).err().unwrap();
    assert_eq!(error, MountError::NotFat(NotFat::Invalid("it claims to be larger than the disk")));
    assert!(error.to_string().contains("larger than the disk"));
}

/// Every number of the boot sector that is not as it should be is refused or does no harm.
#[test]
fn boot_sectors_are_proven() {
    for format in FORMATS {
        let pristine = volume(format).copy();
        for offset in 11..90 {
            for value in [0, 1, 2, 3, 0x7f, 0x80, 0xf0, 0xff] {
                let disk = Disk::new(pristine.clone());
                disk.patch(offset, &[value]);
                if let Ok((mut fs, _)) = Fat::mount(disk.clone(), clock) {
                    let root = fs.root();
                    let _ = list_all(&mut fs, root);
                    let _ = fs.room();
                }
            }
        }
    }
}

const SHARED: &str = "a cluster belongs to two files, or a chain is a loop";

/// Damage that can't be put in order is named, the rest can be read, and the disk stays as it is.
#[test]
fn what_is_crossed_is_read_only() {
    // The chains, in the order in which the volume allocates: 2 the root, 3..8 a, 9 d, 10..15 d/b, 16 d/e, 17.. the last.
    for (cluster, next, words, readable) in [
        (2, 2, SHARED, 0),
        (3, 3, SHARED, 0),
        (9, 10, SHARED, 2),
        (10, 17, SHARED, 2),
        (4, 10, SHARED, 2),
        (16, 9, SHARED, 0),
    ] {
        let disk = volume(SMALL);
        link(&disk, cluster, next);
        soil(&disk);
        let before = disk.copy();
        let (mut system, report) = System::mount_with_report(&disk);
        assert_eq!(report.damage, Some(words), "{cluster} to {next}");
        assert!(system.fs.is_read_only());
        assert_eq!(system.create_directory("new"), Err(FsError::ReadOnly));
        assert_eq!(system.remove("a", false), Err(FsError::ReadOnly));
        let mut found = 0;
        for path in ["a", "d/b", "d/e/a name that is long.txt"] {
            if let Ok(bytes) = system.contents(path) {
                assert_eq!(bytes.len(), 3000);
                found += 1;
            }
        }
        assert!(found >= readable, "{cluster} to {next}: {found} files can be read");
        assert_eq!((system.fs.commit(), system.fs.rest()), (Ok(()), Ok(())));
        assert!(disk.copy() == before, "the disk was written");
    }
}

/// What an interrupted system may leave, and more: it is put in order, counted, and fsck.fat is content.
#[test]
fn what_can_be_put_in_order_is() {
    type Damage = (&'static str, fn(&Disk), fn(&Report) -> u32, u32);
    let cases: &[Damage] = &[
        ("a lost chain", |disk| link(disk, 5000, 0x0fff_ffff), |report| report.lost_clusters, 1),
        (
            "a chain that is too long",
            |disk| {
                link(disk, 8, 5000);
                link(disk, 5000, 0x0fff_ffff)
            },
            |report| report.cut_chains,
            1,
        ),
        ("a chain that is too short", |disk| link(disk, 4, 0x0fff_ffff), |report| report.shortened_files, 1),
        ("a chain into free space", |disk| link(disk, 4, 0), |report| report.shortened_files, 1),
        ("a chain out of the volume", |disk| link(disk, 4, 0x00ff_ffff), |report| report.cut_chains, 1),
        (
            "a chain into a bad cluster",
            |disk| {
                link(disk, 4, 6000);
                link(disk, 6000, 0x0fff_fff7)
            },
            |report| report.shortened_files,
            1,
        ),
        ("a directory's chain into free space", |disk| link(disk, 9, 7000), |report| report.cut_chains, 1),
        (
            "an impossible beginning of a file",
            |disk| patch_entry(disk, 0, 26, &[0xff, 0xff]),
            |report| report.lost_beginnings,
            1,
        ),
        (
            "an impossible beginning of a directory",
            |disk| patch_entry(disk, 1, 26, &[0xff, 0xff]),
            |report| report.lost_beginnings,
            1,
        ),
        (
            "no .. ",
            |disk| disk.patch(places(disk).data + 7 * 512 + 32 + 26, &[5]),
            |report| report.mended_directories,
            1,
        ),
        (
            "a blank directory",
            |disk| disk.patch(places(disk).data + 14 * 512, &[0; 512]),
            |report| report.mended_directories,
            1,
        ),
        ("a piece of a name", |disk| patch_entry(disk, 2, 0, &LONELY), |report| report.stray_slots, 1),
        (
            "something behind the end",
            |disk| patch_entry(disk, 5, 0, b"GARBAGE TXT"),
            |report| report.stray_slots,
            1,
        ),
        (
            "a renaming that did not happen",
            |disk| patch_entry(disk, 0, 12, &[0x48]),
            |report| report.settled_renames,
            1,
        ),
        (
            "a renaming that did",
            |disk| {
                copy_entry(disk, 0, 2);
                patch_entry(disk, 0, 12, &[0x48])
            },
            |report| report.settled_renames,
            1,
        ),
        (
            "tables that differ",
            |disk| disk.patch(places(disk).second_table + 6000 * 4, &[3]),
            |report| report.differing_sectors,
            1,
        ),
        ("a wrong count", |disk| disk.patch(512 + 488, &[9, 9]), |_| 1, 1),
    ];
    for (what, damage, count, expected) in cases {
        let disk = volume(SMALL);
        damage(&disk);
        soil(&disk);
        let looked = fat::check(disk.clone(), Repair::No).unwrap();
        assert!(looked.was_dirty && disk.copy()[0x41] == 1, "looking is not writing");
        let (mut system, report) = System::mount_with_report(&disk);
        assert_eq!((report.damage, count(&report)), (None, *expected), "{what}: {report}");
        assert_eq!(report.repairs(), looked.repairs(), "{what}");
        assert_eq!(disk.complaints(), "", "{what}: {report}");
        assert!(!system.fs.is_read_only() && !mount(&disk).unwrap().was_dirty);
        let tree = system.tree();
        assert!(tree.values().flatten().all(|bytes| bytes.iter().all(|&byte| byte == 7)), "{what}");
        assert_eq!(fat::check(disk.clone(), Repair::No).unwrap().repairs(), 0, "{what}");
    }
}

/// A piece of a long name that belongs to nothing.
const LONELY: [u8; 32] = [
    0x41, b'x', 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0x55, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff,
];

/// Changes the root's slot number `slot`.
fn patch_entry(disk: &Disk, slot: usize, offset: usize, bytes: &[u8]) {
    disk.patch(places(disk).root + slot * 32 + offset, bytes);
}

fn copy_entry(disk: &Disk, from: usize, to: usize) {
    let start = places(disk).root + from * 32;
    let mut entry = disk.copy()[start..start + 32].to_vec();
    entry[0] = b'Z';
    patch_entry(disk, to, 0, &entry);
}

/// A clean volume is believed to be sound; what is found to be broken later makes it read-only, and the next one who
/// mounts it looks.
#[test]
fn damage_that_shows_late_is_noted() {
    let disk = volume(SMALL);
    link(&disk, 4, 0);
    let mut system = System::mount(&disk);
    system.save("new", b"not lost").unwrap();
    let a = system.find("a").unwrap();
    assert_eq!(system.fs.extent(a, 2048), Err(FsError::Damaged("a chain of clusters leads into free space")));
    assert!(system.fs.is_read_only() && system.fs.damage().is_some());
    assert_eq!(system.save("b", b""), Err(FsError::ReadOnly));
    assert_eq!(system.contents("d/b").unwrap(), [7; 3000]);
    // What was changed before is still kept.
    system.fs.commit().unwrap();
    system.fs.rest().unwrap();
    let (mut system, report) = System::mount_with_report(&disk);
    assert_eq!((report.was_dirty, report.shortened_files, report.damage), (true, 1, None));
    assert_eq!(system.contents("new").unwrap(), b"not lost");
    assert_eq!(disk.complaints(), "");
}

/// Reads and lists everything, and changes a little.
fn use_it(fs: &mut Fat<Disk>) {
    let mut directories = vec![(fs.root(), 0)];
    let root = fs.root();
    let mut count = 0;
    while let Some((directory, depth)) = directories.pop() {
        for (name, _, kind) in list_all(fs, directory).unwrap_or_default() {
            count += 1;
            let Ok(inode) = fs.lookup(directory, &name) else { continue };
            let _ = fs.attributes(inode);
            let _ = fs.parent(inode).map(|parent| fs.forget(parent));
            if kind == InodeKind::Directory && depth < 6 {
                directories.push((inode, depth + 1));
            } else {
                let _ = fs.extent(inode, 0);
                let _ = fs.extent(inode, 2048);
                let _ = fs.resize(inode, 5000);
                let _ = fs.touch(inode);
            }
            let change = vfs::inode::NewInode { name: "new", kind, mode: 0o644, user: 0, group: 0 };
            if count < 200 {
                let _ = fs.create(directory, &change);
                let _ = fs.rename(directory, &name, root, "moved", vfs::inode::Replace::Allowed);
                let _ = fs.unlink(root, "moved");
                let _ = fs.remove_directory(root, "moved");
            }
            if kind != InodeKind::Directory {
                fs.forget(inode);
            }
        }
    }
    let _ = fs.room();
    let _ = fs.commit();
    let _ = fs.rest();
    let _ = fs.commit();
}

/// Random bytes in the places that matter: boot sector, tables, directories; on volumes that were closed and others.
#[test]
fn random_damage_never_panics() {
    let mut random = Random(0x0ddb_a11d_ecaf_bad1);
    for format in FORMATS {
        let pristine = volume(format);
        let places = places(&pristine);
        let pristine = pristine.copy();
        let (mut clean, mut mended, mut read_only) = (0, 0, 0);
        for _ in 0..250 {
            let disk = Disk::new(pristine.clone());
            let is_dirty = random.once_in(2);
            if is_dirty {
                disk.patch(if format.width == 32 { 0x41 } else { 0x25 }, &[1]);
            }
            for _ in 0..1 + random.below(4) {
                let place = match random.below(5) {
                    0 => random.below(96),
                    1 => places.table + random.below(30 * format.width as usize / 8),
                    2 => places.second_table + random.below(30 * format.width as usize / 8),
                    3 => places.root + random.below(512),
                    _ => places.data + random.below(18) * places.cluster_size + random.below(128),
                };
                let value = [0, 1, 0xff, 0x80, 0x40, random.below(256) as u8][random.below(6)];
                disk.patch(place, &[value]);
            }
            let before = disk.copy();
            match Fat::mount(disk.clone(), clock) {
                Ok((mut fs, report)) => {
                    use_it(&mut fs);
                    if report.damage.is_some() {
                        read_only += 1;
                        assert!(disk.copy() == before, "a damaged disk was written");
                    } else if report.was_dirty {
                        mended += 1;
                    } else {
                        clean += 1;
                    }
                }
                Err(_) => assert!(disk.copy() == before, "a disk that is not mounted was written"),
            }
            assert!(disk.requests() < 100_000, "it hardly ends");
        }
        assert!(clean > 30 && mended > 20 && read_only > 0, "{format:?}: {clean}, {mended}, {read_only}");
    }
}

/// A repair makes sound what it says it made sound, whatever was broken.
#[test]
fn random_damage_that_is_mended_satisfies_fsck() {
    let mut random = Random(0x5eed_0fd0_0dad);
    for format in FORMATS {
        let pristine = volume(format);
        let places = places(&pristine);
        let pristine = pristine.copy();
        for _ in 0..25 {
            let disk = Disk::new(pristine.clone());
            disk.patch(if format.width == 32 { 0x41 } else { 0x25 }, &[1]);
            for _ in 0..1 + random.below(3) {
                // Not the first entries, which are no clusters'.
                let start = 3 * format.width as usize / 8;
                let place = places.table + start + random.below(25 * format.width as usize / 8);
                disk.patch(place, &[random.below(256) as u8]);
            }
            let Ok(report) = mount(&disk) else { continue };
            if report.damage.is_none() {
                assert_eq!(disk.complaints(), "", "{format:?}: {report}");
                assert_eq!(fat::check(disk.clone(), Repair::No).unwrap().repairs(), 0, "{format:?}");
            }
        }
    }
}

#[test]
fn a_dirty_volume_on_a_dead_disk_is_not_mounted() {
    let disk = volume(SMALL);
    link(&disk, 5000, 0x0fff_ffff);
    soil(&disk);
    disk.writes_left.store(0, Relaxed);
    assert!(matches!(mount(&disk), Err(MountError::Unusable(FsError::Device(_)))));
    disk.writes_left.store(u64::MAX, Relaxed);
    assert_eq!(mount(&disk).unwrap().lost_clusters, 1);
}
