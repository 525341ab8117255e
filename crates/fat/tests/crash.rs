//! Power failures. A random user works on a volume; every write and flush is noted. Then the power is taken to have
//! failed at any of them: of the writes since the last flush any part may have reached the disk. The volume must mount,
//! what was committed must be there, and no file may hold bytes of another: each byte that the user writes says whose it
//! is.

mod support;

use blockcache::SECTOR_SIZE;
use fat::Repair;
use std::collections::{BTreeMap, BTreeSet};
use support::Random;
use support::disk::{Disk, Event, Format};
use support::model::{Id, Model, Thing, User, byte, tag};
use support::system::{System, Tree};
use vfs::inode::FileSystem;

/// How often each workload is done, from other random numbers: once takes three seconds, and 60 times is a good night's rest.
const REPETITIONS: u64 = 3;
/// Commits in a workload.
const COMMITS: usize = 24;
/// States of the disk that are looked at for each commit.
const STATES: usize = 40;

const LONG: &str = "a name of more than one hundred and ninety-five characters, which takes seventeen slots or more in a \
directory, so that it can't lie in one sector, and what is to be said about it can only be said with many words, in \
a row";
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

/// The writes of sectors between two flushes, each with the number of operations that were begun when it came.
#[derive(Default)]
struct Epoch {
    writes: Vec<(u64, Vec<u8>, usize)>,
}

/// What the user did since the last commit: the model at first, and after each operation.
struct History {
    states: Vec<Model>,
    epochs: Vec<Epoch>,
}

impl History {
    fn new(committed: Model) -> Self {
        Self { states: vec![committed], epochs: vec![Epoch::default()] }
    }

    /// Takes over what the disk noted during the operation that led to the last state.
    fn note(&mut self, events: Vec<Event>) {
        let operation = self.states.len() - 1;
        for event in events {
            match event {
                Event::Flush => self.epochs.push(Epoch::default()),
                Event::Write(first, data) => {
                    let epoch = self.epochs.last_mut().unwrap();
                    for (sector, bytes) in (first..).zip(data.chunks(SECTOR_SIZE)) {
                        epoch.writes.push((sector, bytes.to_vec(), operation));
                    }
                }
            }
        }
    }
}

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
                disk.writes_left.store(dice.below(8) as u64, std::sync::atomic::Ordering::Relaxed);
                let _ = user.system.fs.commit();
                disk.writes_left.store(u64::MAX, std::sync::atomic::Ordering::Relaxed);
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

/// Does one thing to a volume and the model: "mkdir d", "save d/x 3000", "mv d/x y", "rm y", "rmdir d".
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
            system.rename(from, to).unwrap();
            model.rename(from, to).unwrap();
        }
        ["save", path, size] => {
            let id = model.find(path).or_else(|_| model.create(path, Thing::File(Vec::new()))).unwrap();
            model.versions[id] += 1;
            let size: usize = size.parse().unwrap();
            *model.bytes(id) = (0..size).map(|at| byte(id, model.versions[id], at)).collect();
            system.save(path, model.bytes(id)).unwrap();
        }
        _ => panic!("{action}?"),
    }
}

/// What is done first and committed; then what is done when the power fails, at each moment that there is.
fn script(format: Format, before: &[&str], after: &[&str]) {
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
        let parts = if count <= 9 { 1 << count } else { 600 };
        for part in 0..parts {
            let mut image = durable.clone();
            let mut last = None;
            for (position, (sector, bytes, operation)) in epoch.writes.iter().enumerate() {
                let is_there =
                    if count <= 9 { part >> position & 1 != 0 } else { !dice.once_in(2 + part % 7) };
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
    assert_eq!(system.rename("d", "t"), Err(vfs::FsError::NoSpace));
    assert!(system.fs.would_fit_after_commit());
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
    let created = format!("save {long} 2000");
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

fn operation_before(history: &History, epoch: usize) -> usize {
    let writes = history.epochs[..epoch].iter().rev().flat_map(|epoch| epoch.writes.last());
    writes.map(|write| write.2).next().unwrap_or(0)
}

fn write(image: &mut [u8], sector: u64, bytes: &[u8]) {
    let start = sector as usize * SECTOR_SIZE;
    image[start..start + SECTOR_SIZE].copy_from_slice(bytes);
}

/// Leaves the disk for somebody to look at when a test fails.
struct Evidence<'a> {
    before: Vec<u8>,
    disk: &'a Disk,
    what: &'a str,
    states: &'a [Model],
}

impl Drop for Evidence<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let folder = std::env::temp_dir();
            std::fs::write(folder.join("fat-crash-before.img"), &self.before).unwrap();
            std::fs::write(folder.join("fat-crash-after.img"), self.disk.copy()).unwrap();
            eprintln!("{}, see fat-crash-*.img in {}", self.what, folder.display());
            for state in self.states {
                eprintln!("{:?}", state.paths());
            }
        }
    }
}

/// Mounts what the power failure left, and compares it with what there was.
fn look(image: Vec<u8>, states: &[Model], dice: &mut Random, what: &str) {
    let before = image.clone();
    let disk = Disk::new(image);
    let _evidence = Evidence { before, disk: &disk, what, states };
    if dice.once_in(10) {
        // The power fails again while things are put in order.
        disk.writes_left.store(dice.below(6) as u64, std::sync::atomic::Ordering::Relaxed);
        let _ = fat::Fat::mount(disk.clone(), support::disk::clock);
        disk.writes_left.store(u64::MAX, std::sync::atomic::Ordering::Relaxed);
    }
    let (mut system, report) = System::mount_with_report(&disk);
    assert_eq!(report.damage, None, "{what}");
    let found = system.tree();
    if let Err(problem) = compare(&found, states) {
        panic!("{problem}\n{report}\n{:?}", found.keys().collect::<Vec<_>>());
    }
    assert_eq!(
        fat::check(disk.clone(), Repair::No).unwrap().repairs(),
        0,
        "{what}: not all was put in order"
    );
    if dice.once_in(60) {
        assert_eq!(disk.complaints(), "", "{what}: {report}");
    }
}

/// Whose bytes these are; `None` if they are zeros only.
fn owner(bytes: &[u8]) -> Result<Option<Id>, String> {
    let mut owner: Option<[u8; 4]> = None;
    for word in bytes.chunks(8).filter(|word| word.len() >= 4) {
        let tag: [u8; 4] = word[..4].try_into().unwrap();
        // The beginning of a word may have been written without its end, and the other way round.
        if tag.contains(&0) {
            continue;
        }
        if *owner.get_or_insert(tag) != tag {
            return Err(format!("bytes of {owner:?} and {tag:?} in one file"));
        }
    }
    Ok(owner.map(|tag| tag.iter().rev().fold(0, |id, digit| id * 16 + usize::from(digit % 16))))
}

fn compare(found: &Tree, states: &[Model]) -> Result<(), String> {
    let paths: Vec<BTreeMap<String, Id>> = states
        .iter()
        .map(|model| model.paths().into_iter().map(|(path, id)| (path.to_uppercase(), id)).collect())
        .collect();
    let found: BTreeMap<String, &Option<Vec<u8>>> =
        found.iter().map(|(path, bytes)| (path.to_uppercase(), bytes)).collect();
    let leaf = |path: &str| path.rsplit('/').next().unwrap().to_string();
    let mut leaves: BTreeMap<Id, BTreeSet<String>> = BTreeMap::new();
    for (path, id) in paths.iter().flatten() {
        leaves.entry(*id).or_default().insert(leaf(path));
    }
    let committed = &states[0];
    let is_untouched = |id: Id| {
        id < committed.things.len() && states.iter().all(|state| state.versions[id] == committed.versions[id])
    };
    let mut seen: BTreeMap<Id, u32> = BTreeMap::new();
    for (path, bytes) in &found {
        let name = leaf(path);
        if !leaves.values().any(|names| names.contains(&name)) {
            return Err(format!("{path} was never there"));
        }
        let Some(bytes) = bytes else { continue };
        let Some(id) = owner(bytes)? else {
            // Nothing to be seen of anybody: then somebody of this name must have been so, or is being changed.
            let mut of_name = paths.iter().filter_map(|paths| paths.get(path)).peekable();
            let is_known = of_name.peek().is_some();
            let may_be = of_name.any(|&id| {
                !is_untouched(id)
                    || matches!(&committed.things[id], Thing::File(bytes) if owner(bytes) == Ok(None))
            });
            if is_known && !may_be {
                return Err(format!("{path} lost its contents"));
            }
            continue;
        };
        for (offset, &byte) in bytes.iter().enumerate() {
            if offset % 8 < 4 && byte != 0 && byte != tag(id)[offset % 8] {
                return Err(format!("{path}, which is {id}, has bytes of another at {offset}"));
            }
        }
        if !leaves.get(&id).is_some_and(|names| names.contains(&name)) {
            return Err(format!("{path} holds {id}, which had no such name: {:?}", leaves.get(&id)));
        }
        *seen.entry(id).or_default() += 1;
        if is_untouched(id) && committed.things[id] != Thing::File(bytes.clone()) {
            return Err(format!("{path}, which is {id}, has other contents than were committed"));
        }
    }
    for (path, id) in &paths[0] {
        let is_there = paths.iter().all(|paths| paths.contains_key(path));
        if is_there && !found.contains_key(path) {
            return Err(format!("{path} is missing, which was always there"));
        }
        let Thing::File(bytes) = &committed.things[*id] else { continue };
        let is_kept = paths.iter().all(|paths| paths.values().any(|other| other == id));
        if is_kept && is_untouched(*id) && owner(bytes)?.is_some() && seen.get(id) != Some(&1) {
            return Err(format!("{path}, which is {id}, is there {:?} times", seen.get(id)));
        }
    }
    Ok(())
}
