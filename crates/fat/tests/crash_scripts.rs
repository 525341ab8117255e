//! Power failures during certain series of changes: after each part of the writes that may have reached the disk, if
//! these are few; else after many.

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use support::crash::{History, look, operation_before, write};
use support::disk::{Disk, Format};
use support::model::{Model, Thing, byte};
use support::system::System;
use support::{LONG, Random};
use vfs::FsError;
use vfs::inode::FileSystem;

/// Does one thing to a volume and the model: "mkdir d", "save d/x 3000", "resize d/x 1000", "mv d/x y", "rm y", "rmdir d"; or
/// "fail 3": a commit on a disk that takes three writes and refuses the others.
fn act(system: &mut System, model: &mut Model, action: &str) {
    let words: Vec<&str> = action.split(' ').collect();
    match words[..] {
        ["mkdir", path] => {
            system.create_directory(path).unwrap();
            model.create(path, Thing::Directory(BTreeMap::new())).unwrap();
        }
        ["rm", path] => {
            system.remove(path, false).unwrap();
            model.remove(path, false).unwrap();
        }
        ["rmdir", path] => {
            system.remove(path, true).unwrap();
            model.remove(path, true).unwrap();
        }
        ["mv", from, to] => {
            system.rename(from, to).unwrap_or_else(|error| panic!("{action}: {error:?}"));
            model.rename(from, to).unwrap();
        }
        ["save", path, size] => {
            let id = model.find(path).or_else(|_| model.create(path, Thing::File(Vec::new()))).unwrap();
            model.versions[id] += 1;
            let size: usize = size.parse().unwrap();
            *model.bytes(id) = (0..size).map(|at| byte(id, model.versions[id], at)).collect();
            system.save(path, model.bytes(id)).unwrap();
        }
        ["resize", path, size] => {
            let id = model.find(path).unwrap();
            model.versions[id] += 1;
            let size: usize = size.parse().unwrap();
            model.bytes(id).resize(size, 0);
            let inode = system.find(path).unwrap();
            system.resize(inode, size as u64).unwrap();
            system.forget(inode);
        }
        ["fail", writes] => {
            system.disk.writes_left.store(writes.parse().unwrap(), Relaxed);
            let _ = system.fs.commit();
            system.disk.writes_left.store(u64::MAX, Relaxed);
        }
        _ => panic!("{action}?"),
    }
}

/// What is done first and committed; then what is done when the power fails, at each moment that there is.
fn script(format: Format, before: &[&str], after: &[&str]) {
    script_of_parts(format, before, after, 600);
}

/// The same, with at most so many parts of what was written between two flushes.
fn script_of_parts(format: Format, before: &[&str], after: &[&str], most: usize) {
    let disk = Disk::formatted(format);
    let mut system = System::mount(&disk);
    let mut model = Model::default();
    before.iter().for_each(|action| act(&mut system, &mut model, action));
    system.sync();
    system.commits = false;
    let mut durable = disk.copy();
    let mut history = History::new(model.clone());
    disk.start_log();
    for action in after {
        act(&mut system, &mut model, action);
        history.states.push(model.clone());
        history.note(disk.start_log());
    }
    system.fs.commit().unwrap();
    history.note(disk.start_log());
    let mut dice = Random(0x0dd5_eed5);
    for (number, epoch) in history.epochs.iter().enumerate() {
        let count = epoch.writes.len();
        // All parts of what was written, if there are not too many; else many.
        let all = 1_usize.checked_shl(count as u32).filter(|&all| all <= most);
        let parts = all.unwrap_or(most);
        for part in 0..parts {
            let mut image = durable.clone();
            let mut last = None;
            for (position, (sector, bytes, operation)) in epoch.writes.iter().enumerate() {
                let is_there = match all {
                    Some(_) => part >> position & 1 != 0,
                    None => !dice.once_in(2 + part % 7),
                };
                if is_there {
                    write(&mut image, *sector, bytes);
                    last = Some(*operation);
                }
            }
            let operation = last.unwrap_or_else(|| operation_before(&history, number));
            let what = format!("{after:?}, epoch {number}, part {part:b} of {count} writes");
            look(image, &history.states[..=operation], &mut dice, &what);
        }
        for (sector, bytes, _) in &epoch.writes {
            write(&mut durable, *sector, bytes);
        }
    }
    // Without a power failure all is as it was done, and the volume is marked as sound.
    system.sync();
    assert!(system.tree() == model.tree(), "{after:?}: {:?}", system.tree().keys());
    assert_eq!(disk.complaints(), "", "{after:?}");
}

/// More writes than a commit of any of these scripts has.
const WRITES: usize = 16;

/// The same with a commit in between that fails, at any of its writes.
fn script_with_failure(format: Format, before: &[&str], first: &[&str], then: &[&str]) {
    for writes in 0..WRITES {
        script_of_parts(format, before, &[first, &[&format!("fail {writes}")], then].concat(), 32);
    }
}

const PLAIN: Format = Format { width: 32, sectors: 800, cluster_sectors: 1 };

/// Fifteen files with names of one slot each: with two more, the next name lies in another sector.
fn filling(folder: &str) -> Vec<String> {
    (0..15).map(|number| format!("save {folder}FILL{number} 0")).collect()
}

fn strings<'a>(list: &'a [String], rest: &[&'a str]) -> Vec<&'a str> {
    list.iter().map(String::as_str).chain(rest.iter().copied()).collect()
}

#[test]
fn a_file_moved_out_of_a_directory_that_is_removed_is_found_somewhere() {
    script(PLAIN, &["mkdir d", "save d/x 3000"], &["mv d/x y", "rmdir d"]);
    script(PLAIN, &["mkdir d", "mkdir d/e", "save d/e/x 3000"], &["mv d/e/x y", "rmdir d/e", "rmdir d"]);
    // So that the new name does not lie in the sector where the directory's is.
    let filled = strings(&filling(""), &["mkdir d", "save d/x 3000"]).join("|");
    let filled: Vec<&str> = filled.split('|').collect();
    script(PLAIN, &filled, &["mv d/x y", "rmdir d"]);
    script(PLAIN, &filled, &["mv d/x y", "rmdir d", "save z 2000", "mv y z"]);
}

#[test]
fn a_directory_that_is_replaced_takes_nothing_along() {
    let fill = filling("");
    let before = strings(&fill, &["mkdir t", "save t/x 3000", "mkdir d", "save d/y 2000"]);
    script(PLAIN, &before, &["mv t/x y", "rm y", "mv d e"]);
    // What can't be done at once is refused, and can be done after a commit.
    let disk = Disk::formatted(PLAIN);
    let mut system = System::mount(&disk);
    let mut model = Model::default();
    before.iter().for_each(|action| act(&mut system, &mut model, action));
    system.sync();
    system.commits = false;
    act(&mut system, &mut model, "mv t/x y");
    assert_eq!(system.rename("d", "t"), Err(FsError::NoSpace));
    assert!(system.fs.is_changed());
    system.fs.commit().unwrap();
    act(&mut system, &mut model, "mv d t");
    system.sync();
    assert!(system.tree() == model.tree() && disk.complaints().is_empty());
    script(PLAIN, &strings(&fill, &["mkdir t", "mkdir d", "save d/y 2000"]), &["mv d t"]);
}

#[test]
fn names_in_two_sectors_come_and_go_whole() {
    let long = LONG.replace(' ', "_");
    let renamed = format!("mv a {long}");
    let back = format!("mv {long} b");
    let removed = format!("rm {long}");
    script(PLAIN, &["save a 3000"], &[&renamed]);
    script(PLAIN, &["save a 3000", &renamed], &[&back]);
    script(PLAIN, &["save a 3000", &renamed], &[&removed]);
    script(PLAIN, &["save a 3000", &renamed, "save b 1000"], &[&back]);
    // In the midst of others, so that no end of the directory hides what is half there.
    let hole = (0..45).map(|number| format!("save FILL{number} 0"));
    let hole: Vec<String> = hole.chain((10..36).map(|number| format!("rm FILL{number}"))).collect();
    script(PLAIN, &strings(&hole, &["save a 3000"]), &[&renamed]);
    script(PLAIN, &strings(&hole, &["save a 3000", &renamed]), &[&back]);
    script(PLAIN, &strings(&hole, &["save a 3000", &renamed]), &[&removed]);
    let created = format!("save {long} 2000");
    script(PLAIN, &strings(&hole, &[]), &[&created]);
    script(PLAIN, &["save a 3000"], &[&created]);
}

#[test]
fn a_name_that_is_spelled_differently_stays_one_name() {
    for size in ["0", "700"] {
        // The long spelling does not fit where the short one is.
        let fill = filling("");
        let save = format!("save readme.md {size}");
        script(PLAIN, &strings(&fill, &[&save]), &["mv readme.md ReadMe.MD"]);
        script(PLAIN, &[&save], &["mv readme.md ReadMe.MD"]);
        script(PLAIN, &strings(&fill, &[&save, "save other 100"]), &["mv readme.md ReadMe.MD", "rm other"]);
        // Nor if its contents are others by then.
        for new in ["0", "2000"] {
            let again = format!("save ReadMe.MD {new}");
            script(PLAIN, &strings(&fill, &[&save]), &["mv readme.md ReadMe.MD", &again]);
        }
    }
}

/// FAT12 has entries that lie in two sectors. Torn, this one would lead into a file.
#[test]
fn a_torn_entry_of_the_table_is_mended() {
    let format = Format { width: 12, sectors: 1500, cluster_sectors: 1 };
    // Cluster 341 is such a one; 342 stays free.
    let room = format!("save most {}", 339 * 512);
    let mut before: Vec<String> =
        [&room, "mkdir d", "save gap 512", "save behind 30000"].map(ToString::to_string).into();
    before.extend((0..14).map(|number| format!("save d/F{number} 0")));
    before.push("rm gap".to_string());
    script(format, &strings(&before, &[]), &["save d/new 100"]);
    script(format, &strings(&before, &[]), &["save d/new 100", "save most 1000"]);
}

#[test]
fn what_is_removed_or_cut_is_whole_or_gone() {
    script(PLAIN, &["save a 3000", "save b 2000"], &["rm a"]);
    script(PLAIN, &["save a 3000", "save b 2000"], &["mv a b"]);
    script(PLAIN, &["save a 3000", "save b 2000"], &["rm a", "save c 5000"]);
    script(PLAIN, &["mkdir d", "mkdir e", "save d/a 3000"], &["mv d/a e/b", "mv e d/e"]);
}

#[test]
fn what_got_another_name_in_its_sector_moves_on_before_a_commit() {
    // The first entry of the new name is never on the disk: the old name is what is held, and must be found until the last.
    let before = ["save a 3000", "save b 0", "mkdir d"];
    for first in ["mv a b", "mv a c"] {
        let second = format!("mv {} d/e", first.rsplit(' ').next().unwrap());
        script(PLAIN, &before, &[first, &second]);
    }
    // One that the disk never had may go where it likes.
    script(PLAIN, &before, &["save new 500", "mv new newer", "mv newer d/newest"]);
    script(PLAIN, &before, &["mv a b"]);
}

/// The old name of what is renamed twice is the one on the disk, and must stay there until the last one is.
#[test]
fn what_is_renamed_again_before_a_commit_is_found_somewhere() {
    let before = ["mkdir d", "mkdir e", "save a 3000", "save b 2000", "save d/c 1000", "save x 700"];
    let fill = filling("");
    let long = LONG.replace(' ', "_");
    let to_long = format!("mv t {long}");
    let from_long = format!("mv {long} d/t");
    let series: [&[&str]; 16] = [
        // Within a sector, then out of it.
        &["mv a t", "mv t d/t"],
        &["mv a t", "mv t u", "mv u d/t"],
        &["mv a x", "mv x d/x"],
        &["mv a t", "mv t d/c"],
        &["mv d/c d/t", "mv d/t t", "mv t e/t"],
        // The middle name's slots were another's, and those of a longer name were many others'.
        &["mv a d/a", "mv b a-longer-name-than-that.text", "mv a-longer-name-than-that.text e/t"],
        &[
            "mv a t",
            "mv b u",
            "mv x v",
            "save a-name-that-takes-several-slots.text 600",
            "mv a-name-that-takes-several-slots.text d/n",
        ],
        &[
            "rm a",
            "rm b",
            "save a-name-that-takes-several-slots.text 600",
            "mv a-name-that-takes-several-slots.text d/n",
        ],
        &["mv a d/c", "mv d/c e/c"],
        // One that was replaced had been renamed itself.
        &["mv a d/t", "mv b d/t", "mv d/t e/t"],
        &["mv a x", "mv b x", "mv x d/x", "mv d/x y"],
        &["mv a d/t", "mv d/t t", "mv t e/t", "rm e/t"],
        // Another spelling in the same slots.
        &["mv a A-B", "mv A-B a-b", "mv a-b A-b", "mv A-b t"],
        // Names in two sectors.
        &["mv a t", &to_long],
        &["mv a t", &to_long, &from_long],
        // A directory that was renamed where it is, what was in it, and then it is removed.
        &["mv d f", "mv f/c g", "rmdir f"],
    ];
    for after in series {
        script(PLAIN, &before, after);
        script(PLAIN, &strings(&fill, &before), after);
    }
    // The middle name was another's, in two sectors.
    let long_before = ["mkdir d", "save a 3000", &format!("save {long} 2000"), "save b 700"];
    for after in [
        &[&to_long.replace(" t ", " a ")[..], &from_long][..],
        &["mv a t", &to_long, &format!("mv {long} t")],
    ] {
        script(PLAIN, &long_before, after);
    }
    // The long name's slots held several short ones.
    let neighbours = ["mkdir d", "save a 3000", "save b 2000", "save x 700", "save y 900"];
    let moved = ["mv a t", "mv b u", "mv x v", "mv y w", "save a-name-that-takes-four-slots.text 600"];
    script(PLAIN, &neighbours, &[&moved[..], &["mv a-name-that-takes-four-slots.text d/n"]].concat());
}

/// What can't be kept safe at once waits for a commit, and nothing is lost on the way.
#[test]
fn a_name_that_was_taken_again_is_not_needed_elsewhere() {
    for (first, refused) in [
        (&["mv a t", "mv b a"][..], ("t", "d/t")),
        (&["mv notes.md Notes.MD"], ("Notes.MD", "d/n")),
        (&["mv a d/t"], ("b", "a")),
    ] {
        let before = ["mkdir d", "save a 3000", "save b 2000", "save notes.md 900"];
        script(PLAIN, &before, first);
        let disk = Disk::formatted(PLAIN);
        let (mut system, mut model) = (System::mount(&disk), Model::default());
        before.iter().for_each(|action| act(&mut system, &mut model, action));
        system.sync();
        system.commits = false;
        first.iter().for_each(|action| act(&mut system, &mut model, action));
        assert_eq!(system.rename(refused.0, refused.1), Err(FsError::NoSpace), "{first:?}, {refused:?}");
        assert!(system.fs.is_changed());
        system.fs.commit().unwrap();
        act(&mut system, &mut model, &format!("mv {} {}", refused.0, refused.1));
        system.sync();
        assert!(system.tree() == model.tree() && disk.complaints().is_empty());
    }
}

/// A commit that fails leaves nobody knowing what of it is on the disk. What is done afterwards must fit to all that may be.
#[test]
fn a_commit_that_fails_is_made_up_for_by_the_next() {
    let before = ["mkdir d", "save a 3000", "save b 2000"];
    // The table may have the longer chain already.
    script_with_failure(PLAIN, &before, &["resize a 6000"], &["resize a 3000"]);
    script_with_failure(PLAIN, &before, &["save new 3000"], &["resize new 1000"]);
    // What a name led to may be free already: then the name must not be written again.
    script_with_failure(PLAIN, &before, &["mv a d/a", "rm d/a"], &[]);
    script_with_failure(PLAIN, &before, &["mv a d/a", "save d/a 700"], &["save c 3000"]);
    script_with_failure(PLAIN, &before, &["mv a d/a"], &["rm d/a"]);
    script_with_failure(PLAIN, &before, &["rm a"], &["save a 700", "save d/c 3000"]);
}
