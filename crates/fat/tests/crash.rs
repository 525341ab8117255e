//! Power failures. A random user works on a volume; every write and flush is noted. Then the power is taken to have
//! failed at any of them: of the writes since the last flush any part may have reached the disk. The volume must mount,
//! what was committed must be there, and no file may hold bytes of another: each byte that the user writes says whose it
//! is.

mod support;

use std::sync::atomic::Ordering::Relaxed;
use support::crash::{History, look, operation_before, write};
use support::disk::{Disk, Format};
use support::model::{Model, User};
use support::system::System;
use support::{LONG, Random};
use vfs::inode::FileSystem;

/// How often each workload is done, from other random numbers: once takes three seconds, and 60 times is a good night's rest.
const REPETITIONS: u64 = 3;
/// Commits in a workload.
const COMMITS: usize = 24;
/// States of the disk that are looked at for each commit.
const STATES: usize = 40;

const NAMES: [&str; 9] =
    ["a", "B.TXT", "readme.md", "ReadMe.MD", "a long name with spaces.text", "Ärger", "d", "e", LONG];

const FORMATS: [Format; 5] = [
    Format { width: 12, sectors: 700, cluster_sectors: 1 },
    // Whose table has entries in two sectors.
    Format { width: 12, sectors: 1500, cluster_sectors: 1 },
    Format { width: 12, sectors: 900, cluster_sectors: 4 },
    Format { width: 16, sectors: 4600, cluster_sectors: 1 },
    Format { width: 32, sectors: 800, cluster_sectors: 1 },
];

#[test]
fn a_power_failure_at_any_moment_loses_nothing_that_was_committed() {
    let mut states = 0;
    for repetition in 0..REPETITIONS {
        for (number, format) in (1..).zip(FORMATS) {
            states += workload(format, repetition * 1000 + number);
        }
    }
    assert!(states > 5000, "only {states} states were looked at");
}

fn workload(format: Format, seed: u64) -> usize {
    let disk = Disk::formatted(format);
    let mut durable = disk.copy();
    let mut system = System::mount(&disk);
    // Commits are this test's business.
    system.commits = false;
    let mut user = User::new(&mut system, Model::default(), seed, &NAMES, 6000);
    let mut dice = Random(seed ^ 0x5eed_1e55_c0ff_ee00);
    let mut looked_at = 0;
    disk.start_log();
    for commit in 0..COMMITS {
        let mut history = History::new(user.model.clone());
        if dice.once_in(3) {
            user.system.fs.rest().unwrap();
            history.note(disk.start_log());
        }
        for _ in 0..1 + dice.below(12) {
            // A write belongs to the operation that it is part of.
            user.step();
            history.states.push(user.model.clone());
            history.note(disk.start_log());
            if dice.once_in(20) {
                // A disk that fails for a while.
                disk.writes_left.store(dice.below(8) as u64, Relaxed);
                let _ = user.system.fs.commit();
                disk.writes_left.store(u64::MAX, Relaxed);
                history.note(disk.start_log());
            }
        }
        if dice.once_in(4) {
            user.let_go();
        }
        user.system.fs.commit().unwrap();
        history.note(disk.start_log());
        looked_at +=
            judge(&history, &mut durable, &mut dice, &format!("{format:?}, seed {seed}, commit {commit}"));
        assert!(durable == disk.copy(), "the log is not what the disk has");
    }
    looked_at
}

/// Looks at some of the states in which the power may have failed, and leaves `durable` as it is at the end.
fn judge(history: &History, durable: &mut [u8], dice: &mut Random, what: &str) -> usize {
    let total: usize = history.epochs.iter().map(|epoch| epoch.writes.len() + 1).sum();
    let mut looked_at = 0;
    for (number, epoch) in history.epochs.iter().enumerate() {
        let share = (STATES * (epoch.writes.len() + 1)).div_ceil(total) + 2;
        for _ in 0..share.min(epoch.writes.len() + 2) {
            // Up to some moment, some of the writes.
            let cut = dice.below(epoch.writes.len() + 1);
            let missing = [0, 2, 3, 8][dice.below(4)];
            let mut image = durable.to_vec();
            for (sector, bytes, _) in &epoch.writes[..cut] {
                if missing == 0 || !dice.once_in(missing) {
                    write(&mut image, *sector, bytes);
                }
            }
            let operation = match cut.checked_sub(1) {
                Some(last) => epoch.writes[last].2,
                None => operation_before(history, number),
            };
            let what = format!("{what}, epoch {number}, {cut} writes");
            look(image, &history.states[..=operation], dice, &what);
            looked_at += 1;
        }
        for (sector, bytes, _) in &epoch.writes {
            write(durable, *sector, bytes);
        }
    }
    looked_at
}
