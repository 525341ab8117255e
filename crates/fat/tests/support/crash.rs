//! What a power failure leaves, and whether that is what was promised.

use super::Random;
use super::disk::{Disk, Event, clock};
use super::model::{Id, Model, Thing, tag};
use super::system::{System, Tree};
use blockcache::SECTOR_SIZE;
use fat::{Fat, Repair};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering::Relaxed;

/// The writes of sectors between two flushes, each with the number of operations that were begun when it came.
#[derive(Default)]
pub struct Epoch {
    pub writes: Vec<(u64, Vec<u8>, usize)>,
}

/// What the user did since the last commit: the model at first, and after each operation.
pub struct History {
    pub states: Vec<Model>,
    pub epochs: Vec<Epoch>,
}

impl History {
    pub fn new(committed: Model) -> Self {
        Self { states: vec![committed], epochs: vec![Epoch::default()] }
    }

    /// Takes over what the disk noted during the operation that led to the last state.
    pub fn note(&mut self, events: Vec<Event>) {
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

/// The operation that was under way when an epoch began.
pub fn operation_before(history: &History, epoch: usize) -> usize {
    let writes = history.epochs[..epoch].iter().rev().flat_map(|epoch| epoch.writes.last());
    writes.map(|write| write.2).next().unwrap_or(0)
}

/// Writes a sector into an image.
pub fn write(image: &mut [u8], sector: u64, bytes: &[u8]) {
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
pub fn look(image: Vec<u8>, states: &[Model], dice: &mut Random, what: &str) {
    let before = image.clone();
    let disk = Disk::new(image);
    let _evidence = Evidence { before, disk: &disk, what, states };
    if dice.once_in(10) {
        // The power fails again while things are put in order.
        disk.writes_left.store(dice.below(6) as u64, Relaxed);
        let _ = Fat::mount(disk.clone(), clock);
        disk.writes_left.store(u64::MAX, Relaxed);
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
