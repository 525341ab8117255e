//! A random user on volumes made by mkfs.fat, against a model, with fsck.fat and mtools as the judges.

mod support;

use support::LONG;
use support::disk::{Disk, Format};
use support::model::{Model, User};
use support::system::System;
use vfs::inode::FileSystem;

const NAMES: [&str; 11] = [
    "a",
    "NOTES.TXT",
    "notes.txt",
    "readme.md",
    "ReadMe.MD",
    "Ärger.txt",
    "a long name with spaces.text",
    "a long name with more spaces.text",
    "日本",
    ".profile",
    LONG,
];

const FORMATS: [Format; 12] = [
    Format { width: 12, sectors: 700, cluster_sectors: 1 },
    Format { width: 12, sectors: 2880, cluster_sectors: 1 },
    Format { width: 12, sectors: 8000, cluster_sectors: 8 },
    Format { width: 12, sectors: 40_000, cluster_sectors: 64 },
    Format { width: 16, sectors: 9000, cluster_sectors: 1 },
    Format { width: 16, sectors: 40_000, cluster_sectors: 4 },
    Format { width: 16, sectors: 300_000, cluster_sectors: 64 },
    Format { width: 32, sectors: 4096, cluster_sectors: 1 },
    Format { width: 32, sectors: 70_000, cluster_sectors: 1 },
    Format { width: 32, sectors: 67_584, cluster_sectors: 8 },
    Format { width: 32, sectors: 140_000, cluster_sectors: 2 },
    Format { width: 32, sectors: 204_800, cluster_sectors: 64 },
];

#[test]
fn a_random_user_sees_what_the_model_says_and_fsck_is_content() {
    for (seed, format) in (1..).zip(FORMATS) {
        let disk = Disk::formatted(format);
        let mut model = Model::default();
        for round in 0..3 {
            let mut system = System::mount(&disk);
            let mut user = User::new(&mut system, model, seed * 100 + round, &NAMES, 20_000);
            for _ in 0..300 {
                user.step();
                if user.random.once_in(25) {
                    user.system.fs.commit().unwrap();
                }
            }
            user.let_go();
            model = user.model;
            assert!(system.tree() == model.tree(), "{format:?}, round {round}");
            system.sync();
            assert_eq!(disk.complaints(), "", "{format:?}, round {round}");
            assert!(disk.read_by_mtools() == model.tree(), "{format:?}, round {round}");
        }
        let (mut system, report) = System::mount_with_report(&disk);
        assert!(!report.was_dirty && system.tree() == model.tree());
    }
}

/// Volumes whose sectors are larger than the disk's.
#[test]
fn large_sectors_are_no_difference() {
    for (width, size, sectors) in [(12, "1024", 8000), (16, "2048", 140_000), (32, "4096", 140_000)] {
        let format = Format { width, sectors, cluster_sectors: 1 };
        let disk = Disk::formatted_with(format, &["-S", size]);
        let mut system = System::mount(&disk);
        let mut user = User::new(&mut system, Model::default(), u64::from(width), &NAMES, 20_000);
        (0..200).for_each(|_| user.step());
        user.let_go();
        let model = user.model;
        system.sync();
        assert_eq!(disk.complaints(), "", "{format:?}");
        assert!(System::mount(&disk).tree() == model.tree());
    }
}
