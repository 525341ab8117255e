//! What a user of a volume notices, one thing at a time: names, attributes, files in use, full disks, failing disks.

mod support;

use std::sync::atomic::Ordering::Relaxed;
use support::disk::{Disk, Format, NOW};
use support::system::System;
use vfs::FsError;
use vfs::inode::{AttributeChange, FileSystem, InodeId, InodeKind, NewInode, Replace, Time};

const SMALL: Format = Format { width: 32, sectors: 10_240, cluster_sectors: 1 };
const FLOPPY: Format = Format { width: 12, sectors: 2880, cluster_sectors: 1 };

fn system(format: Format) -> System {
    System::mount(&Disk::formatted(format))
}

#[test]
fn names_that_fat_cannot_hold_are_refused_in_words() {
    let mut system = system(SMALL);
    system.save("ok", b"1").unwrap();
    for name in ["a:b", "what?", "a*", "q\"q", "dot.", "space ", "tab\t", "a|b", "a\\b", "a<", ">", "\u{7f}"]
    {
        for result in [
            system.create_directory(name),
            system.create(name, InodeKind::File).map(drop),
            system.rename("ok", name),
        ] {
            assert!(matches!(result, Err(FsError::InvalidName(_))), "{name}: {result:?}");
        }
    }
    assert_eq!(system.create_directory(&"ä".repeat(256)), Err(FsError::NameTooLong));
    assert_eq!(system.names(""), ["ok"], "and it is still there");
    let root = system.fs.root();
    let new = |kind| NewInode { name: "x", kind, mode: 0o644, user: 0, group: 0 };
    assert_eq!(system.fs.create(root, &new(InodeKind::Fifo)), Err(FsError::NotPermitted));
    assert_eq!(system.fs.create_link(root, &new(InodeKind::SymbolicLink), "ok"), Err(FsError::NotPermitted));
    system.sync();
    assert_eq!(system.disk.complaints(), "");
}

#[test]
fn all_other_names_come_back_as_they_were_given() {
    let mut system = system(SMALL);
    let longest = "y".repeat(255);
    let names = [
        "UPPER.TXT",
        "lower.txt",
        "MiXed.Txt",
        "other.TXT",
        "UPPER.txt2",
        "smile\u{1f600}.png",
        "日本語のファイル",
        " leading",
        "..dots",
        "a.b.c.d",
        "+,;=[]",
        "o\u{308}",
        "ß",
        &longest,
    ];
    for name in names {
        system.save(name, name.as_bytes()).unwrap();
    }
    system.sync();
    assert_eq!(system.disk.complaints(), "");
    let mut again = System::mount(&system.disk);
    assert_eq!(again.names(""), names);
    for name in names {
        assert_eq!(again.contents(name).unwrap(), name.as_bytes());
        assert_eq!(again.contents(&name.to_uppercase().replace("SS", "ß")).unwrap(), name.as_bytes());
    }
    // The second name that other systems see is one too.
    assert_eq!(again.contents("UPPER~1.TXT").unwrap(), b"UPPER.txt2");
}

#[test]
fn upper_and_lower_case_are_one_name_but_can_be_changed() {
    let mut system = system(SMALL);
    system.save("readme", b"hello").unwrap();
    assert_eq!(system.create_directory("README"), Err(FsError::AlreadyExists));
    let file = system.find("ReadMe").unwrap();
    for (name, text) in [("README", b"HELLO"), ("ReadMe", b"heLlo"), ("readme", b"world")] {
        system.rename("readME", name).unwrap();
        assert_eq!(system.names(""), [name]);
        system.write(file, 0, text).unwrap();
        assert_eq!(system.contents("readme").unwrap(), text);
        system.sync();
    }
    let root = system.fs.root();
    let never = |system: &mut System, to| system.fs.rename(root, "readme", root, to, Replace::Never);
    assert_eq!(never(&mut system, "readme"), Err(FsError::AlreadyExists));
    system.save("other", b"").unwrap();
    assert_eq!(never(&mut system, "other"), Err(FsError::AlreadyExists));
    assert_eq!(never(&mut system, "new"), Ok(()));
    system.sync();
    assert_eq!(system.disk.complaints(), "");
}

#[test]
fn attributes_are_what_fat_can_keep() {
    let mut system = system(SMALL);
    system.save("file", &[1; 1000]).unwrap();
    system.create_directory("directory").unwrap();
    system.create_directory("directory/inner").unwrap();
    let (file, directory) = (system.find("file").unwrap(), system.find("directory").unwrap());
    let found = system.fs.attributes(file).unwrap();
    assert_eq!((found.kind, found.mode, found.size, found.blocks), (InodeKind::File, 0o644, 1000, 2));
    assert_eq!((found.links, found.modified, found.user), (1, NOW, 0));
    let found = system.fs.attributes(directory).unwrap();
    assert_eq!((found.kind, found.mode, found.links), (InodeKind::Directory, 0o755, 3));

    let change = AttributeChange::default();
    let set = |system: &mut System, inode: InodeId, change| system.fs.set_attributes(inode, &change);
    assert_eq!(set(&mut system, file, AttributeChange { mode: Some(0o444), ..change }), Ok(()));
    assert_eq!(set(&mut system, file, AttributeChange { user: Some(0), ..change }), Ok(()));
    assert_eq!(
        set(&mut system, file, AttributeChange { user: Some(5), ..change }),
        Err(FsError::NotPermitted)
    );
    assert_eq!(
        set(&mut system, directory, AttributeChange { mode: Some(0o555), ..change }),
        Err(FsError::NotPermitted)
    );
    let (modified, accessed) =
        (Time { seconds: 1_000_000_001, nanoseconds: 5 }, Time { seconds: 1_100_000_000, nanoseconds: 0 });
    let times = AttributeChange { modified: Some(modified), accessed: Some(accessed), ..change };
    assert_eq!(set(&mut system, file, times), Ok(()));
    system.sync();

    let mut again = System::mount(&system.disk);
    let file = again.find("FILE").unwrap();
    let found = again.fs.attributes(file).unwrap();
    assert_eq!(found.mode, 0o444);
    assert_eq!(found.modified.seconds, 1_000_000_000, "two seconds are the unit");
    assert_eq!(found.accessed.seconds, 1_100_000_000 / 86_400 * 86_400, "the day is");
    assert_eq!(set(&mut again, file, AttributeChange { mode: Some(0o644), ..change }), Ok(()));
    assert_eq!(again.fs.attributes(file).unwrap().mode, 0o644);
}

#[test]
fn a_removed_file_lives_on_while_it_is_used() {
    let mut system = system(SMALL);
    let free = system.fs.room().unwrap().free_blocks;
    system.save("a", &[1; 5000]).unwrap();
    system.save("b", &[2; 5000]).unwrap();
    system.save("d", &[4; 3000]).unwrap();
    system.sync();
    let (a, b) = (system.find("a").unwrap(), system.find("b").unwrap());
    system.remove("a", false).unwrap();
    system.rename("b", "c").unwrap();
    let d = system.find("d").unwrap();
    system.rename("c", "d").unwrap();
    system.fs.commit().unwrap();
    // Others don't get their room, before and after a commit.
    system.save("e", &[5; 20_000]).unwrap();
    system.write(a, 5000, &[1; 700]).unwrap();
    assert_eq!((system.read(a).unwrap(), system.read(d).unwrap()), (vec![1; 5700], vec![4; 3000]));
    assert_eq!((system.read(b).unwrap(), system.contents("d").unwrap()), (vec![2; 5000], vec![2; 5000]));
    assert_eq!(system.fs.lookup(system.fs.root(), "a"), Err(FsError::NotFound));
    system.fs.commit().unwrap();
    // What is lost if the power fails now must be looked for.
    system.fs.rest().unwrap();
    let (mut after, report) = System::mount_with_report(&Disk::new(system.disk.copy()));
    assert!(report.was_dirty && report.lost_clusters == 10 + 6, "{report}");
    assert_eq!(after.names(""), ["e", "d"]);

    for inode in [a, b, d] {
        system.forget(inode);
    }
    assert!(matches!(system.fs.attributes(a), Err(FsError::InvalidInput(_))));
    system.remove("d", false).unwrap();
    system.remove("e", false).unwrap();
    system.sync();
    assert_eq!(system.fs.room().unwrap().free_blocks, free);
    assert_eq!(system.disk.complaints(), "");
}

#[test]
fn a_removed_directory_is_empty_and_nowhere() {
    let mut system = system(SMALL);
    system.create_directory("d").unwrap();
    let d = system.find("d").unwrap();
    system.save("d/x", b"1").unwrap();
    assert_eq!(system.remove("d", true), Err(FsError::NotEmpty));
    assert_eq!(system.remove("d", false), Err(FsError::IsADirectory));
    assert_eq!(system.remove("d/x", true), Err(FsError::NotADirectory));
    system.remove("d/x", false).unwrap();
    system.remove("d", true).unwrap();
    assert_eq!(system.fs.lookup(d, "x"), Err(FsError::NotFound));
    assert_eq!(system.fs.parent(d), Err(FsError::NotFound));
    let new = NewInode { name: "x", kind: InodeKind::File, mode: 0, user: 0, group: 0 };
    assert_eq!(system.fs.create(d, &new), Err(FsError::NotFound));
    system.forget(d);
    system.sync();
    assert_eq!(system.disk.complaints(), "");
}

#[test]
fn directories_move_with_all_that_is_in_them_but_not_into_themselves() {
    let mut system = system(SMALL);
    for path in ["a", "a/b", "a/b/c", "x", "x/full"] {
        system.create_directory(path).unwrap();
    }
    system.save("a/b/c/file", b"deep").unwrap();
    system.save("x/full/file", b"").unwrap();
    let c = system.find("a/b/c").unwrap();
    for to in ["a/b/c/d", "a/b/d", "a/b/c"] {
        assert!(matches!(system.rename("a", to), Err(FsError::InvalidInput(_))), "{to}");
    }
    assert_eq!(system.rename("a/b", "x/full"), Err(FsError::NotEmpty));
    assert_eq!(system.rename("a/b/c/file", "x"), Err(FsError::IsADirectory));
    assert_eq!(system.rename("x/full", "a/b/c/file"), Err(FsError::NotADirectory));
    system.rename("a/b", "x/b").unwrap();
    system.rename("x", "a/x").unwrap();
    assert_eq!(system.contents("a/x/b/c/file").unwrap(), b"deep");
    let b = system.fs.parent(c).unwrap();
    assert_eq!(system.find("a/x/b"), Ok(b));
    system.sync();
    assert_eq!(system.disk.complaints(), "", "each .. leads up");
}

/// Fills volumes to the last cluster, and finds nothing lost.
#[test]
fn a_full_volume_is_an_error_and_loses_nothing() {
    for format in [
        SMALL,
        FLOPPY,
        Format { width: 16, sectors: 9000, cluster_sectors: 1 },
        Format { width: 32, sectors: 204_800, cluster_sectors: 64 },
    ] {
        let mut system = system(format);
        system.save("precious", b"do not lose me").unwrap();
        let room = system.fs.room().unwrap();
        let cluster = u64::from(room.block_size);
        let file = system.create("big", InodeKind::File).unwrap();
        let most = room.free_blocks * cluster;
        assert_eq!(system.resize(file, most + 1), Err(FsError::NoSpace));
        assert_eq!(system.fs.attributes(file).unwrap().size, 0);
        system.resize(file, most).unwrap();
        assert_eq!(system.fs.room().unwrap().free_blocks, 0);
        assert_eq!(system.create_directory("directory"), Err(FsError::NoSpace));
        let precious = system.find("precious").unwrap();
        assert_eq!(system.write(precious, 0, &vec![1; 65_537]), Err(FsError::NoSpace));
        assert_eq!(system.contents("precious").unwrap(), b"do not lose me");
        system.sync();
        assert_eq!(system.disk.complaints(), "", "{format:?}");
        // What is given up can be used, though not before a commit.
        system.fs.resize(file, cluster).unwrap();
        system.commits = false;
        assert_eq!(system.create_directory("directory"), Err(FsError::NoSpace));
        assert!(system.fs.is_changed());
        system.commits = true;
        system.create_directory("directory").unwrap();
        system.sync();
        assert_eq!(system.fs.room().unwrap().free_blocks, most / cluster - 2);
        assert_eq!(system.disk.complaints(), "", "{format:?}");
    }
}

#[test]
fn the_root_of_old_volumes_can_be_full() {
    let mut system = system(FLOPPY);
    let mut count = 0;
    while system.create_directory(&format!("D{count}")) == Ok(()) {
        count += 1;
    }
    assert_eq!(count, 224);
    assert_eq!(system.create_directory("another"), Err(FsError::NoSpace));
    system.create_directory("D0/another").unwrap();
    system.remove("D100", true).unwrap();
    system.save("D100", b"a file").unwrap();
    system.sync();
    assert_eq!(system.disk.complaints(), "");
}

#[test]
fn a_file_can_be_as_large_as_its_size_can_say() {
    let mut system = system(SMALL);
    let file = system.create("a", InodeKind::File).unwrap();
    assert_eq!(system.fs.resize(file, 1 << 32), Err(FsError::TooLarge));
    assert_eq!(system.fs.resize(file, (1 << 32) - 1), Err(FsError::NoSpace));
    assert!(matches!(system.fs.extent(file, 0), Err(FsError::InvalidInput(_))));
    let root = system.fs.root();
    assert_eq!(system.fs.resize(root, 0), Err(FsError::IsADirectory));
    assert!(system.fs.read(file, 0, &mut [0]).is_err());
}

#[test]
fn listing_can_be_interrupted_and_goes_on() {
    let mut system = system(SMALL);
    for number in 0..300 {
        system.save(&format!("a file with number {number}"), b"").unwrap();
    }
    let (mut cursor, mut names) = (0, Vec::new());
    loop {
        let mut count = 0;
        let root = system.fs.root();
        system
            .fs
            .list(root, cursor, &mut |entry| {
                names.push(entry.name.to_string());
                cursor = entry.next;
                count += 1;
                count < 7
            })
            .unwrap();
        if count == 0 {
            break;
        }
        // Between two calls others change the directory.
        let _ = system.remove(&names[names.len() / 2].clone(), false);
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 300);
}

/// The disk fails at each of the writes of a commit; what was not written is written by the next one.
#[test]
fn a_commit_that_failed_is_made_good() {
    for fails_after in 0..14 {
        let mut system = system(SMALL);
        system.save("old", &[1; 3000]).unwrap();
        system.save("gone", &[2; 3000]).unwrap();
        system.sync();
        system.create_directory("directory").unwrap();
        system.rename("old", "directory/new").unwrap();
        system.remove("gone", false).unwrap();
        system.save("another", &[3; 9000]).unwrap();
        system.disk.writes_left.store(fails_after, Relaxed);
        let result = system.fs.commit();
        assert!(result.is_ok() || system.fs.is_changed());
        if fails_after < 5 {
            assert!(matches!(result, Err(FsError::Device(_))));
        }
        assert!(system.names("directory") == ["new"]);
        system.disk.writes_left.store(u64::MAX, Relaxed);
        system.save("more", &[4; 5000]).unwrap();
        system.sync();
        assert_eq!(system.disk.complaints(), "", "after {fails_after}");
        let tree = system.tree();
        assert!(System::mount(&system.disk).tree() == tree);
        assert_eq!(tree["directory/new"], Some(vec![1; 3000]));
    }
}

#[test]
fn nothing_reaches_the_disk_before_a_commit_that_leads_anywhere() {
    let mut system = system(SMALL);
    system.save("a", &[1; 3000]).unwrap();
    system.sync();
    let committed = System::mount(&system.disk).tree();
    system.create_directory("d").unwrap();
    system.save("d/b", &[1; 3000]).unwrap();
    system.rename("a", "c").unwrap();
    let (mut other, report) = System::mount_with_report(&Disk::new(system.disk.copy()));
    assert!(!report.was_dirty && other.tree() == committed);
    system.fs.commit().unwrap();
    let (mut other, report) = System::mount_with_report(&Disk::new(system.disk.copy()));
    assert!(report.was_dirty && report.repairs() == 0 && other.tree() == system.tree());
}
