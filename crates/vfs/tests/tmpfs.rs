//! The file system in memory against a model of plain maps, also while memory runs out at any allocation, and what is
//! said of it in words.

mod decide;
mod inode_model;
mod random;
mod scarce;

use fastrand::Rng;
use inode_model::{Answer, Fs, HeapPages, Model, Operation, agree, any_operation, noon, perform};
use scarce::{may_have_page, with_allocations};
use std::cell::Cell;
use std::collections::BTreeSet;
use vfs::FsError;
use vfs::inode::{AttributeChange, FileSystem, InodeId, InodeKind, NewInode, Replace, Time, list_all};
use vfs::tmpfs::{Limits, Page, TmpFs};

fn tmpfs(pages: u64, inodes: u64) -> Fs {
    TmpFs::new(HeapPages(may_have_page), Limits { bytes: pages * 4096 + 4095, inodes }, noon).unwrap()
}

fn make(fs: &mut Fs, directory: InodeId, name: &str, kind: InodeKind) -> Result<InodeId, FsError> {
    fs.create(directory, &NewInode { name, kind, mode: 0o644, user: 7, group: 8 })
}

#[test]
fn a_random_user_sees_what_the_model_says() {
    for seed in 1..30 {
        let mut fs = tmpfs(40, 30);
        let mut model = Model::new(fs.root(), 40, 30);
        inode_model::run(&mut fs, &mut model, 1000, &mut Rng::with_seed(seed * 0x9e37_79b9));
    }
}

#[test]
fn when_memory_runs_out_at_any_allocation_nothing_has_changed() {
    let mut failures = 0;
    for seed in 1..40 {
        let mut random = Rng::with_seed(seed * 0x9e37_79b9);
        let mut fs = tmpfs(1000, 1000);
        let mut model = Model::new(fs.root(), 1000, 1000);
        for step in 0..300 {
            let mut operation = any_operation(&model, &mut random);
            if let Operation::Read(..) = operation {
                // The test's own buffer would fail.
                continue;
            }
            let real = (0..)
                .find_map(|count| {
                    match with_allocations(count, || perform(&mut fs, &model.held, &operation)) {
                        Err(FsError::OutOfMemory) => {
                            failures += 1;
                            model.compare(&mut fs);
                            None
                        }
                        answer => Some(answer),
                    }
                })
                .unwrap();
            // Of a write there may be a part.
            if let (Operation::Write(_, _, data), Ok(Answer::Count(count))) = (&mut operation, &real) {
                data.truncate(*count);
            }
            let modelled = model.apply(&operation);
            assert!(agree(&real, &modelled), "{operation:.60?} at {step}: {real:.60?}, not {modelled:.60?}");
            if let (Ok(real), Ok(modelled)) = (&real, &modelled) {
                model.settle(&operation, real, modelled);
            }
            model.compare(&mut fs);
        }
    }
    assert!(failures > 1000, "memory ran out {failures} times only");
}

#[test]
fn everything_removed_gives_all_room_back() {
    let mut fs = tmpfs(100, 1000);
    let before = fs.room().unwrap();
    let root = fs.root();
    for number in 0..200 {
        let file = make(&mut fs, root, &format!("file {number}"), InodeKind::File).unwrap();
        fs.write(file, number * 1000, b"x").unwrap_or(0);
        fs.forget(file);
    }
    assert_eq!(fs.room().unwrap().free_blocks, 0);
    for number in 0..200 {
        fs.unlink(root, &format!("file {number}")).unwrap();
    }
    assert_eq!(fs.room().unwrap(), before);
    assert_eq!(list_all(&mut fs, root).unwrap(), []);
}

#[test]
fn a_removed_file_lives_until_it_is_forgotten() {
    let mut fs = tmpfs(100, 10);
    let root = fs.root();
    let file = make(&mut fs, root, "a", InodeKind::File).unwrap();
    fs.write(file, 0, b"still here").unwrap();
    fs.unlink(root, "a").unwrap();
    assert_eq!(fs.lookup(root, "a"), Err(FsError::NotFound));
    let mut buffer = [0; 20];
    assert_eq!(fs.read(file, 0, &mut buffer), Ok(10));
    assert_eq!(fs.attributes(file).unwrap().links, 0);
    assert_eq!(fs.room().unwrap().free_blocks, 99);
    fs.forget(file);
    assert_eq!(fs.room().unwrap().free_blocks, 100);
    assert!(matches!(fs.attributes(file), Err(FsError::InvalidInput(_))));
}

#[test]
fn a_removed_directory_takes_nothing_in() {
    let mut fs = tmpfs(100, 10);
    let root = fs.root();
    let directory = make(&mut fs, root, "d", InodeKind::Directory).unwrap();
    fs.remove_directory(root, "d").unwrap();
    assert_eq!(make(&mut fs, directory, "a", InodeKind::File), Err(FsError::NotFound));
    assert_eq!(fs.parent(directory), Err(FsError::NotFound));
    assert_eq!(list_all(&mut fs, directory).unwrap(), []);
}

#[test]
fn a_listing_in_pieces_shows_each_entry_that_stays_once() {
    let mut random = Rng::with_seed(77);
    for _ in 0..50 {
        let mut fs = tmpfs(0, 10_000);
        let root = fs.root();
        let mut names: BTreeSet<String> =
            (0..random.usize(..200)).map(|number| format!("{number}")).collect();
        for name in &names {
            make(&mut fs, root, name, InodeKind::File).unwrap();
        }
        let before = names.clone();
        let mut listed = Vec::new();
        let mut cursor = 0;
        let mut made = 1000;
        loop {
            let mut left = 1 + random.usize(..10);
            let mut ended = true;
            fs.list(root, cursor, &mut |entry| {
                if left == 0 {
                    ended = false;
                    return false;
                }
                left -= 1;
                cursor = entry.next;
                assert!(cursor >= 16, "small cursors are left for `.` and `..`");
                listed.push(entry.name.to_string());
                true
            })
            .unwrap();
            if ended {
                break;
            }
            // Whoever lists renames, as `mv` in a loop does, removes and makes meanwhile.
            for _ in 0..random.usize(..8) {
                made += 1;
                let new_name = format!("{made}");
                let victim = names.iter().nth(random.usize(..names.len().max(1))).cloned();
                match (random.usize(..3), victim) {
                    (0, Some(name)) => {
                        fs.unlink(root, &name).unwrap();
                        names.remove(&name);
                    }
                    (1, Some(name)) => {
                        fs.rename(root, &name, root, &new_name, Replace::Allowed).unwrap();
                        names.remove(&name);
                        names.insert(new_name);
                    }
                    _ => {
                        make(&mut fs, root, &new_name, InodeKind::File).unwrap();
                        names.insert(new_name);
                    }
                }
            }
        }
        let unique: BTreeSet<String> = listed.iter().cloned().collect();
        assert_eq!(unique.len(), listed.len(), "an entry was listed twice");
        assert!(before.intersection(&names).all(|name| unique.contains(name)), "an entry was left out");
        let all: BTreeSet<String> =
            list_all(&mut fs, root).unwrap().into_iter().map(|(name, ..)| name).collect();
        assert_eq!(all, names);
    }
}

#[test]
fn a_directory_of_many_entries_is_no_burden() {
    let mut fs = tmpfs(0, 1 << 20);
    let root = fs.root();
    // With work that grows by the square this would take minutes.
    for number in 0..100_000 {
        let file = make(&mut fs, root, &format!("{number}"), InodeKind::File).unwrap();
        fs.forget(file);
    }
    for number in 0..100_000 {
        let file = fs.lookup(root, &format!("{number}")).unwrap();
        fs.forget(file);
        fs.unlink(root, &format!("{number}")).unwrap();
    }
    assert_eq!(fs.attributes(root).unwrap().size, 0);
}

#[test]
fn times_are_of_what_happened() {
    thread_local!(static NOW: Cell<i64> = const { Cell::new(1) });
    let clock = || Time { seconds: NOW.get(), nanoseconds: 5 };
    let at = |seconds| Time { seconds, nanoseconds: 5 };
    let limits = Limits { bytes: 1 << 20, inodes: 10 };
    let mut fs = TmpFs::new(HeapPages(|| true), limits, clock).unwrap();
    let root = fs.root();
    let file = make(&mut fs, root, "a", InodeKind::File).unwrap();
    let times = |fs: &mut Fs, inode| {
        let Ok(attributes) = fs.attributes(inode) else { panic!("it is there") };
        (attributes.accessed, attributes.modified, attributes.changed)
    };
    NOW.set(2);
    fs.write(file, 0, b"x").unwrap();
    assert_eq!(times(&mut fs, file), (at(1), at(2), at(2)));
    NOW.set(3);
    let read = AttributeChange { accessed: Some(at(3)), ..Default::default() };
    fs.set_attributes(file, &read).unwrap();
    assert_eq!(times(&mut fs, file), (at(3), at(2), at(2)), "having been read is no change");
    NOW.set(4);
    fs.set_attributes(file, &AttributeChange { mode: Some(0o7777), ..Default::default() }).unwrap();
    assert_eq!(times(&mut fs, file), (at(3), at(2), at(4)));
    NOW.set(5);
    fs.rename(root, "a", root, "b", Replace::Allowed).unwrap();
    assert_eq!(times(&mut fs, file), (at(3), at(2), at(5)));
    assert_eq!(times(&mut fs, root), (at(1), at(5), at(5)));
    NOW.set(6);
    fs.link(file, root, "c").unwrap();
    fs.resize(file, 0).unwrap();
    assert_eq!(times(&mut fs, file), (at(3), at(6), at(6)));
}

#[test]
fn a_page_that_was_handed_out_is_the_file() {
    let mut fs = tmpfs(3, 10);
    let root = fs.root();
    let file = make(&mut fs, root, "a", InodeKind::File).unwrap();
    fs.resize(file, 3 * 4096 + 10).unwrap();
    assert!(fs.page(file, 1).is_none(), "what was not written takes no room");
    fs.page_to_write(file, 1).unwrap().write(5, b"by mapping");
    let mut buffer = [0; 10];
    assert_eq!(fs.read(file, 4096 + 5, &mut buffer), Ok(10));
    assert_eq!(&buffer, b"by mapping");
    // Behind the end somebody may write who has mapped the last page: that is not part of the file, ever.
    fs.page_to_write(file, 3).unwrap().write(8, b"abcdef");
    fs.resize(file, 20_000).unwrap();
    assert_eq!(fs.read(file, 3 * 4096 + 8, &mut buffer), Ok(10));
    assert_eq!(&buffer, b"ab\0\0\0\0\0\0\0\0");
    assert!(matches!(fs.page_to_write(file, 5), Err(FsError::InvalidInput(_))));
    assert!(fs.page_to_write(file, 0).is_ok());
    assert_eq!(fs.page_to_write(file, 2).err(), Some(FsError::NoSpace));
}

#[test]
fn a_new_file_does_not_get_the_number_of_the_one_just_removed() {
    let mut fs = tmpfs(0, 1000);
    let root = fs.root();
    let mut recent: Vec<InodeId> = Vec::new();
    for _ in 0..1000 {
        let file = make(&mut fs, root, "log", InodeKind::File).unwrap();
        assert!(!recent.iter().rev().take(60).any(|&other| other == file));
        recent.push(file);
        fs.forget(file);
        fs.unlink(root, "log").unwrap();
    }
    assert!(recent.iter().all(|id| id.0 < 200), "numbers are used again in the end");
}

#[test]
fn the_largest_file_ends_where_positions_end() {
    let mut fs = tmpfs(10, 10);
    let root = fs.root();
    let file = make(&mut fs, root, "a", InodeKind::File).unwrap();
    let last = i64::MAX as u64;
    assert_eq!(fs.resize(file, last + 1), Err(FsError::TooLarge));
    assert_eq!(fs.write(file, last, b"x"), Err(FsError::TooLarge));
    assert_eq!(fs.write(file, last - 1, b"xy"), Ok(1));
    assert_eq!(fs.write(file, 0, b""), Ok(0));
    assert_eq!(fs.attributes(file).unwrap().size, last);
    assert_eq!(fs.room().unwrap().free_blocks, 9);
    fs.resize(file, 0).unwrap();
    assert_eq!(fs.room().unwrap().free_blocks, 10);
}
