//! What operations cost, in requests to the device.

mod support;

use support::disk::{Disk, Format};
use support::system::System;
use vfs::inode::{FileSystem, InodeKind};

#[test]
fn a_name_is_found_without_reading_the_directory_again() {
    let disk = Disk::formatted(Format { width: 32, sectors: 140_000, cluster_sectors: 8 });
    let mut system = System::mount(&disk);
    system.create_directory("d").unwrap();
    let mut most = 0;
    for number in 0..10_000 {
        let before = disk.requests();
        let inode =
            system.create(&format!("d/a rather long file name {number}.txt"), InodeKind::File).unwrap();
        system.forget(inode);
        most = most.max(disk.requests() - before);
        // The table is read once, for the directory's second cluster. One that it grows by is cleared.
        let bound = if number < 100 { 250 } else { 12 };
        assert!(disk.requests() - before <= bound, "creating number {number} took {most} requests");
        if number % 1000 == 0 {
            assert!(system.fs.changed_bytes() < 1 << 20);
            let before = disk.requests();
            system.fs.commit().unwrap();
            let requests = disk.requests() - before;
            assert!(requests < 1000, "{requests} requests to commit a thousand names");
        }
    }
    system.sync();
    assert_eq!(disk.complaints(), "");

    let mut system = System::mount(&disk);
    let d = system.find("d").unwrap();
    let inode = system.fs.lookup(d, "A RATHER LONG FILE NAME 17.TXT").unwrap();
    system.forget(inode);
    let before = disk.requests();
    for number in (0..10_000).rev().step_by(100) {
        let inode = system.fs.lookup(d, &format!("a rather long file name {number}.txt")).unwrap();
        system.forget(inode);
        assert!(system.fs.lookup(d, &format!("no file name {number}.txt")).is_err());
    }
    let requests = disk.requests() - before;
    assert!(requests <= 200, "{requests} requests for a hundred names");
}

#[test]
fn the_end_of_a_large_file_is_found_at_once() {
    // 256 MiB in clusters of 4 KiB, in pieces.
    let disk = Disk::formatted(Format { width: 32, sectors: 600_000, cluster_sectors: 8 });
    let mut system = System::mount(&disk);
    let (large, other) =
        (system.create("large", InodeKind::File).unwrap(), system.create("other", InodeKind::File).unwrap());
    for piece in 1..=64 {
        system.fs.resize(large, piece << 22).unwrap();
        system.fs.resize(other, piece << 12).unwrap();
    }
    system.sync();
    let mut system = System::mount(&disk);
    let large = system.find("large").unwrap();
    let before = disk.requests();
    let size = system.size(large);
    assert_eq!(size, 256 << 20);
    let last = system.fs.extent(large, size - 512).unwrap();
    assert_eq!(last.length, 512);
    let following = disk.requests() - before;
    // 65,536 entries of four bytes, read in windows of 4 KiB.
    assert!(following < 100, "{following} requests to follow the chain");
    let before = disk.requests();
    let mut offset = 0;
    let mut pieces = 0;
    while offset < size {
        offset += system.fs.extent(large, offset).unwrap().length;
        pieces += 1;
    }
    assert_eq!(system.fs.extent(large, size - 512), Ok(last));
    assert_eq!(disk.requests(), before, "where a file lies is remembered");
    assert!(pieces <= 65, "{pieces} pieces");
}

#[test]
fn a_volume_that_was_closed_is_mounted_without_reading_it() {
    let disk = Disk::formatted(Format { width: 32, sectors: 600_000, cluster_sectors: 1 });
    let mut system = System::mount(&disk);
    for number in 0..20 {
        system.save(&format!("file {number}"), &[1; 3000]).unwrap();
    }
    system.sync();
    let before = disk.requests();
    let mut system = System::mount(&disk);
    let inode = system.find("file 7").unwrap();
    assert_eq!(system.size(inode), 3000);
    let requests = disk.requests() - before;
    assert!(requests < 10, "{requests} requests to mount and find a file");
}
