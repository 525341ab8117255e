//! Copying, moving and deleting, step by step, on files that may fail at any step: nothing is ever lost.

mod support;

use std::collections::BTreeSet;

use apps::files::{Choice, Job, Kind, Progress};
use support::FakeFiles;
use ui::{DateTime, FileError};

fn now() -> DateTime {
    DateTime::from_unix(1_795_171_433)
}

fn some_files() -> FakeFiles {
    let mut files = FakeFiles::default();
    files.put("/disk/a/one.txt", "first");
    files.put("/disk/a/deep/two.bin", vec![7; 200_000]);
    files.put("/disk/a/deep/three", "");
    files.put_directory("/disk/a/empty");
    files.put("/disk/b/one.txt", "another first");
    files.put("/tmp/t/four", vec![9; 70_000]);
    files
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(from, to)| (from.to_string(), to.to_string())).collect()
}

/// Runs to the end, answering each conflict with `choice`.
fn run(job: &mut Job, files: &mut FakeFiles, choice: Choice) {
    for _ in 0..10_000 {
        match job.step(files) {
            Progress::Working => {}
            Progress::Conflict(..) => job.answer(choice, false),
            Progress::Failed(path, error) => panic!("{path}: {error}"),
            Progress::Done => return,
        }
    }
    panic!("it never ends");
}

#[test]
fn folders_are_copied_whole() {
    let mut files = some_files();
    let mut job = Job::transfer(&pairs(&[("/disk/a", "/disk/b/a")]), false, now());
    run(&mut job, &mut files, Choice::Skip);
    for path in ["one.txt", "deep/two.bin", "deep/three"] {
        assert_eq!(files.files[&format!("/disk/a/{path}")], files.files[&format!("/disk/b/a/{path}")]);
    }
    assert!(files.exists("/disk/b/a/empty"));
    let (done, total) = job.progress();
    assert_eq!((done, total), (total, total), "what was counted is what was done");
    assert_eq!((total.items, total.bytes), (6, 200_005));
    assert_eq!(job.finished(), pairs(&[("/disk/a", "/disk/b/a")]));
}

#[test]
fn a_move_to_another_file_system_copies_then_deletes() {
    let mut files = some_files();
    let before = files.tree();
    let mut job = Job::transfer(&pairs(&[("/tmp/t", "/disk/t")]), true, now());
    run(&mut job, &mut files, Choice::Skip);
    assert_eq!(files.files["/disk/t/four"], vec![9; 70_000]);
    assert!(!files.exists("/tmp/t"));
    let mut job = Job::transfer(&pairs(&[("/disk/t", "/tmp/t")]), true, now());
    run(&mut job, &mut files, Choice::Skip);
    assert_eq!(files.tree(), before, "and back again");
}

#[test]
fn conflicts_are_settled_as_asked() {
    let copy = |choice| {
        let mut files = some_files();
        let mut job = Job::transfer(&pairs(&[("/disk/a/one.txt", "/disk/b/one.txt")]), false, now());
        run(&mut job, &mut files, choice);
        let read =
            |path: &str| files.files.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        (read("/disk/b/one.txt").unwrap(), read("/disk/b/one (2).txt"))
    };
    assert_eq!(copy(Choice::Replace), ("first".into(), None));
    assert_eq!(copy(Choice::KeepBoth), ("another first".into(), Some("first".into())));
    assert_eq!(copy(Choice::Skip), ("another first".into(), None));
}

#[test]
fn folders_join_and_what_is_skipped_stays_behind() {
    let mut files = some_files();
    files.put("/disk/c/a/one.txt", "old");
    let mut job = Job::transfer(&pairs(&[("/disk/a", "/disk/c/a")]), true, now());
    let mut asked = Vec::new();
    loop {
        match job.step(&mut files) {
            Progress::Working => {}
            Progress::Conflict(path, may_replace) => {
                assert!(may_replace);
                job.answer(if path == "/disk/c/a" { Choice::Replace } else { Choice::Skip }, false);
                asked.push(path);
            }
            Progress::Failed(path, error) => panic!("{path}: {error}"),
            Progress::Done => break,
        }
    }
    assert_eq!(asked, ["/disk/c/a", "/disk/c/a/one.txt"]);
    assert_eq!(files.files["/disk/a/one.txt"], b"first");
    assert_eq!(files.files["/disk/c/a/one.txt"], b"old");
    assert!(files.exists("/disk/c/a/deep/two.bin") && !files.exists("/disk/a/deep"));
}

#[test]
fn an_answer_may_be_for_all_that_follow() {
    let mut files = some_files();
    files.put("/disk/b/three", "old");
    let list = [("/disk/a/one.txt", "/disk/b/one.txt"), ("/disk/a/deep/three", "/disk/b/three")];
    let mut job = Job::transfer(&pairs(&list), false, now());
    let mut asked = 0;
    loop {
        match job.step(&mut files) {
            Progress::Conflict(..) => {
                asked += 1;
                job.answer(Choice::Replace, true);
            }
            Progress::Done => break,
            _ => {}
        }
    }
    assert_eq!(asked, 1);
    assert_eq!(
        (files.files["/disk/b/one.txt"].as_slice(), files.files["/disk/b/three"].as_slice()),
        (&b"first"[..], &b""[..])
    );
}

#[test]
fn a_folder_does_not_go_into_itself() {
    for moves in [true, false] {
        let mut files = some_files();
        let before = files.tree();
        let mut job = Job::transfer(&pairs(&[("/disk/a", "/disk/a/deep/a")]), moves, now());
        let failed = loop {
            match job.step(&mut files) {
                Progress::Working => {}
                other => break other,
            }
        };
        assert_eq!(failed, Progress::Failed("/disk/a".into(), FileError::Unsupported));
        job.cancel(&mut files);
        assert_eq!(job.step(&mut files), Progress::Done);
        assert_eq!(files.tree(), before);
    }
}

#[test]
fn the_trash_gives_back_what_it_took() {
    let mut files = some_files();
    let before = files.tree();
    let paths = ["/disk/a", "/tmp/t", "/disk/b/one.txt"].map(String::from);
    let mut job = Job::trash(&paths, now());
    run(&mut job, &mut files, Choice::Skip);
    assert!(paths.iter().all(|path| !files.exists(path)));
    let info = String::from_utf8(files.files["/disk/.Trash/info/t"].clone()).unwrap();
    assert_eq!(info, "path=/tmp/t\ndate=2026-11-20 10:43:53\n");
    // Another of the same name gets one of its own.
    files.put("/disk/a/other", "x");
    let mut second = Job::trash(&["/disk/a".into()], now());
    run(&mut second, &mut files, Choice::Skip);
    assert!(files.exists("/disk/.Trash/files/a (2)/other"));
    // The folder it was in may be gone by now.
    files.directories.remove("/disk/b");
    let names = ["a", "t", "one.txt"].map(String::from);
    run(&mut Job::restore(&names, now()), &mut files, Choice::Skip);
    let outside = |files: &FakeFiles| {
        let mut tree = files.tree();
        tree.retain(|path, _| !path.starts_with("/disk/.Trash"));
        tree
    };
    assert_eq!(outside(&files), before);
    assert_eq!(
        files.files.keys().filter(|path| path.contains("/info/")).count(),
        1,
        "of what is still there"
    );
}

#[test]
fn deleting_takes_everything_and_counting_nothing() {
    let mut files = some_files();
    let before = files.tree();
    let mut count = Job::count(&["/disk/a".into()], now());
    run(&mut count, &mut files, Choice::Skip);
    assert_eq!((count.kind(), count.progress().1.items), (Kind::Count, 6));
    assert_eq!(files.tree(), before);
    run(&mut Job::delete(&["/disk/a".into()], now()), &mut files, Choice::Skip);
    assert!(!files.exists("/disk/a") && files.exists("/disk/b/one.txt"));
}

#[test]
fn a_full_disk_leaves_no_half_file() {
    let mut files = some_files();
    files.room = 150_000;
    let before = files.tree();
    let mut job = Job::transfer(&pairs(&[("/disk/a", "/disk/copy")]), false, now());
    loop {
        match job.step(&mut files) {
            Progress::Failed(path, FileError::NoSpace) => {
                assert_eq!(path, "/disk/a/deep/two.bin");
                job.cancel(&mut files);
            }
            Progress::Done => break,
            _ => {}
        }
    }
    assert_eq!(files.tree(), before);
    assert_eq!(files.room, 150_000);
}

/// The contents of everything that is a file by its own name.
fn contents(files: &FakeFiles) -> BTreeSet<Vec<u8>> {
    files.files.iter().filter(|(path, _)| !path.contains("/info/")).map(|(_, bytes)| bytes.clone()).collect()
}

/// Whatever is done, wherever it fails, and however the user goes on: every contents that was there is there (but for
/// what was to be replaced or deleted), and no half file is left.
#[test]
fn nothing_is_lost_wherever_it_fails() {
    type Make = fn() -> Job;
    let jobs: [Make; 6] = [
        || Job::transfer(&pairs(&[("/disk/a", "/disk/b/a"), ("/tmp/t", "/disk/b/t")]), false, now()),
        || Job::transfer(&pairs(&[("/disk/a", "/tmp/a"), ("/tmp/t", "/disk/b/t")]), true, now()),
        || Job::transfer(&pairs(&[("/disk/a", "/disk/b/a")]), true, now()),
        || Job::trash(&["/disk/a".into(), "/tmp/t".into()], now()),
        || Job::transfer(&pairs(&[("/disk/a/one.txt", "/disk/b/one.txt")]), true, now()),
        || Job::transfer(&pairs(&[("/tmp/t/four", "/disk/b/one.txt")]), true, now()),
    ];
    for (number, make) in jobs.into_iter().enumerate() {
        for fails_after in 0..40 {
            for way in ["retry", "skip", "cancel"] {
                let mut files = some_files();
                let before = contents(&files);
                files.fails_after = Some((fails_after, FileError::Device));
                let mut job = make();
                let mut has_failed = false;
                for step in 0.. {
                    assert!(step < 1000, "it never ends");
                    match job.step(&mut files) {
                        Progress::Working => {}
                        Progress::Conflict(..) => job.answer(Choice::KeepBoth, false),
                        Progress::Failed(..) => {
                            // The disk is well again.
                            files.fails_after = None;
                            has_failed = true;
                            match way {
                                "retry" => job.retry(&mut files),
                                "skip" => job.skip(&mut files),
                                _ => job.cancel(&mut files),
                            }
                        }
                        Progress::Done => break,
                    }
                }
                let case = format!("job {number}, failing after {fails_after}, then {way}");
                // A half file that could not be removed, for the disk was ill, is removed when the user goes on.
                let parts = files.files.keys().filter(|path| path.ends_with(".part")).count();
                assert_eq!(parts, 0, "{case}: a half file is left");
                let lost: Vec<_> = before.difference(&contents(&files)).map(|bytes| bytes.len()).collect();
                assert!(lost.is_empty(), "{case}: lost files of {lost:?} bytes");
                let infos = files.files.keys().filter(|path| path.contains("/info/")).count();
                let trashed = files.files.keys().chain(&files.directories);
                let trashed = trashed
                    .filter(|path| path.rsplit_once('/').is_some_and(|(d, _)| d.ends_with("Trash/files")));
                assert!(infos >= trashed.count(), "{case}: something in the trash has no way back");
                if !has_failed {
                    break;
                }
            }
        }
    }
}

/// Cancelling a copy at any step leaves the files as they were.
#[test]
fn cancelling_leaves_no_trace() {
    for at in 0..40 {
        for moves in [false, true] {
            let mut files = some_files();
            let before = files.tree();
            let mut job = Job::transfer(&pairs(&[("/disk/a", "/tmp/a")]), moves, now());
            let mut is_deleting = false;
            for _ in 0..at {
                job.step(&mut files);
                is_deleting |= files.tree().len() < before.len() || !files.exists("/disk/a/one.txt");
            }
            let is_done = !job.finished().is_empty() || is_deleting;
            job.cancel(&mut files);
            while job.step(&mut files) != Progress::Done {}
            // Once all is copied, cancelling a move only stops the deleting: both may be there, nothing is lost.
            if !is_done && !files.exists("/tmp/a/one.txt") {
                assert_eq!(files.tree(), before, "after {at} steps");
            }
            assert!(contents(&files).is_superset(&contents(&some_files())));
        }
    }
}
