//! Sessions make sense, and what a disk lost of what was promised is noticed.

use std::collections::HashSet;
use workload::{Fault, History, Operation, Session, Tree};

fn session(seed: u64) -> impl Iterator<Item = Operation> {
    Session::new(seed, 400)
}

fn tree(history: &History) -> Tree {
    history.tree().map(|(path, contents)| (path.to_string(), contents.map(<[u8]>::to_vec))).collect()
}

#[test]
fn a_session_is_the_same_each_time_and_keeps_within_its_bounds() {
    for seed in 0..20 {
        assert!(session(seed).eq(session(seed)));
        assert!(!session(seed).eq(session(seed + 1)));
        assert_eq!(session(seed).last(), Some(Operation::SyncAll));
        let mut history = History::default();
        let mut kinds = HashSet::new();
        for operation in session(seed) {
            let before = tree(&history);
            // Each step is possible where the one before left off: said here once more, by paths alone.
            let parent = |path: &str| {
                path.rsplit_once('/').is_none_or(|(parent, _)| before.get(parent) == Some(&None))
            };
            let is_file = |path: &str| before.get(path).is_some_and(Option::is_some);
            let is_right = match &operation {
                Operation::Create { path, .. } | Operation::MakeDirectory { path } => {
                    !before.contains_key(path) && parent(path)
                }
                Operation::Write { path, .. }
                | Operation::Truncate { path, .. }
                | Operation::Read { path, .. }
                | Operation::Remove { path }
                | Operation::SyncFile { path } => is_file(path),
                Operation::RemoveDirectory { path } => {
                    before.get(path) == Some(&None)
                        && !before.keys().any(|name| name.starts_with(&format!("{path}/")))
                }
                Operation::Rename { from, to } => {
                    before.contains_key(from)
                        && parent(to)
                        && !to.starts_with(&format!("{from}/"))
                        && from != to
                        && (!before.contains_key(to) || is_file(from) && is_file(to))
                }
                Operation::SyncAll => true,
            };
            assert!(is_right, "seed {seed}: {operation}");
            history.apply(&operation);
            kinds.insert(core::mem::discriminant(&operation));
            let bytes: usize = tree(&history).values().flatten().map(Vec::len).sum();
            assert!(bytes < 2 << 20, "{bytes} bytes");
        }
        assert_eq!(kinds.len(), 10, "everything happens");
    }
}

#[test]
fn what_is_there_is_right_at_every_moment() {
    for seed in 0..20 {
        let mut history = History::default();
        for operation in session(seed) {
            let before = tree(&history);
            let expected = history.after(history.promises());
            assert_eq!(expected.faults(&before), []);
            history.apply(&operation);
            if !operation.is_promise() {
                // Whether it reached the disk or not.
                assert_eq!(history.after(history.promises()).faults(&before), [], "seed {seed}, {operation}");
            }
            assert_eq!(
                history.after(history.promises()).faults(&tree(&history)),
                [],
                "seed {seed}, {operation}"
            );
        }
    }
}

#[test]
fn what_was_promised_to_all_is_missed() {
    for seed in 0..10 {
        let history = History::of(session(seed));
        let (whole, expected) = (tree(&history), history.after(history.promises()));
        for path in whole.keys() {
            let mut less = whole.clone();
            less.remove(path);
            assert!(expected.faults(&less).contains(&Fault::Lost(path.clone())), "{path}");
        }
        for (path, contents) in &whole {
            let Some(length) = contents.as_ref().map(Vec::len).filter(|&length| length > 0) else { continue };
            let with = |change: &dyn Fn(&mut Vec<u8>)| {
                let mut changed = whole.clone();
                change(changed.get_mut(path).unwrap().as_mut().unwrap());
                expected.faults(&changed)
            };
            assert!(with(&|bytes| bytes.truncate(length - 1)).contains(&Fault::Lost(path.clone())));
            assert!(with(&|bytes| bytes.push(0)).contains(&Fault::Wrong(path.clone())));
            assert!(with(&|bytes| bytes[length / 2] ^= 1).contains(&Fault::Lost(path.clone())));
        }
        let mut more = whole.clone();
        more.insert("never".into(), Some(Vec::new()));
        assert_eq!(expected.faults(&more), [Fault::Unexpected("never".into())]);
    }
}

#[test]
fn another_files_data_are_recognised() {
    let mut found = 0;
    for seed in 0..10 {
        let history = History::of(session(seed));
        let (whole, expected) = (tree(&history), history.after(history.promises()));
        let large: Vec<&String> = whole
            .iter()
            .filter(|(_, bytes)| bytes.as_ref().is_some_and(|b| b.len() > 600))
            .map(|(p, _)| p)
            .collect();
        for pair in large.windows(2) {
            let stray = whole[pair[1]].as_ref().unwrap()[..512].to_vec();
            if stray.iter().all(|&byte| byte == 0) {
                continue;
            }
            let mut mixed = whole.clone();
            mixed.get_mut(pair[0]).unwrap().as_mut().unwrap()[..512].copy_from_slice(&stray);
            let faults = expected.faults(&mixed);
            found += usize::from(
                faults.iter().any(|fault| matches!(fault, Fault::Foreign(path, _) if path == pair[0])),
            );
        }
    }
    assert!(found > 20, "{found}");
}

/// A file that is replaced has the old or the new contents, and its name is never free.
#[test]
fn a_replaced_name_is_never_free() {
    let path = |name: &str| name.to_string();
    let mut history = History::of([
        Operation::Create { path: path("a"), tag: 1 },
        Operation::Write { path: path("a"), tag: 1, generation: 1, offset: 0, length: 64 },
        Operation::Create { path: path("b"), tag: 2 },
        Operation::Write { path: path("b"), tag: 2, generation: 2, offset: 0, length: 64 },
        Operation::SyncAll,
    ]);
    let before = tree(&history);
    history.apply(&Operation::Rename { from: path("a"), to: path("b") });
    let expected = history.after(1);
    let after = tree(&history);
    assert_eq!(expected.faults(&before), []);
    assert_eq!(expected.faults(&after), []);
    assert_eq!(expected.faults(&Tree::from([(path("a"), before["a"].clone())])), [Fault::Lost(path("b"))]);
    assert_eq!(expected.faults(&Tree::from([(path("b"), before["b"].clone())])), [Fault::Lost(path("a"))]);
    history.apply(&Operation::SyncFile { path: path("b") });
    assert_eq!(history.after(2).faults(&after), []);
    assert!(!history.after(2).faults(&before).is_empty());
}
