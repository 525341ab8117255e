//! Paths, the mount tables, and the file systems in memory, each against the model that its own tests use: maps from
//! paths to contents and from names to inodes, and a tree without mounts.

use vfs::inode::FileSystem as _;
use vfs::path::{MAX_NAME, MAX_PATH, below, normalise};
use vfs::tmpfs::{Limits, TmpFs};
use vfs::{MountTable, RamFs};

use crate::Target;
use crate::choices::Choices;

#[path = "../../../crates/vfs/tests/model/mod.rs"]
#[allow(dead_code, reason = "random numbers are for the tests that have no fuzzer")]
mod model;
use model::{Decide, Tree};

#[path = "../../../crates/vfs/tests/inode_model/mod.rs"]
mod inode_model;
use inode_model::{HeapPages, Model, noon};
#[path = "../../../crates/vfs/tests/walk_model/mod.rs"]
mod walk_model;

pub const TARGET: Target = Target { name: "vfs", run, seeds };

const NAMES: [&str; 5] = ["a", "b", "notes.txt", "\u{c4}rger", "a long name with spaces"];

impl Decide for Choices<'_> {
    fn below(&mut self, limit: usize) -> usize {
        Choices::below(self, limit)
    }

    /// What is written matters less than where: one byte says it.
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        vec![self.byte(); length]
    }
}

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    match choices.byte() % 5 {
        0 => paths(&mut choices),
        1 => mounts(&mut choices),
        3 => inodes(&mut choices),
        4 => {
            let mut world = walk_model::World::any(&mut choices);
            while !choices.is_empty() {
                walk_model::check(&mut world, &mut choices);
            }
        }
        _ => {
            let mut fs = RamFs::new(1 << 30, || 1_700_000_000).unwrap();
            let mut tree = Tree::new();
            while !choices.is_empty() {
                model::run(&mut fs, &mut tree, &NAMES, 8, &mut choices);
            }
        }
    }
}

fn inodes(choices: &mut Choices) {
    // Few enough pages and inodes that they run out.
    let (pages, inodes) = (choices.below(40), 1 + choices.below(30));
    let limits = Limits { bytes: 4096 * pages as u64, inodes: inodes as u64 };
    let mut fs = TmpFs::new(HeapPages(|| true), limits, noon).unwrap();
    let mut model = Model::new(fs.root(), pages, inodes);
    while !choices.is_empty() {
        inode_model::run(&mut fs, &mut model, 4, choices);
    }
}

fn paths(choices: &mut Choices) {
    let split = choices.below(64);
    let base = String::from_utf8_lossy(choices.take(split)).into_owned();
    let path = String::from_utf8_lossy(choices.rest()).into_owned();
    let Ok(base) = normalise("/", &base) else { return };
    let Ok(normal) = normalise(&base, &path) else {
        let absurd = path.is_empty()
            || path.contains('\0')
            || path.split('/').any(|part| part.len() > MAX_NAME)
            || base.len() + 1 + path.len() > MAX_PATH;
        assert!(absurd, "{path:?} in {base:?} is refused");
        return;
    };
    // A stack of names says the same.
    let mut stack: Vec<&str> = Vec::new();
    let whole = if path.starts_with('/') { path.clone() } else { format!("{base}/{path}") };
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(stack.pop()),
            name => stack.push(name),
        }
    }
    assert_eq!(normal, format!("/{}", stack.join("/")));
    assert_eq!(normalise("/", &normal), Ok(normal.clone()), "normal form is its own normal form");
    if let Some(rest) = below(&normal, &base) {
        assert_eq!(normalise(&base, if rest.is_empty() { "." } else { rest }), Ok(normal));
    }
}

fn mounts(choices: &mut Choices) {
    const POINTS: [&str; 6] = ["/", "/a", "/a/b", "/ab", "/a/b/c", "/b"];
    const PATHS: [&str; 8] = ["/", "/a", "/a/x", "/a/b", "/a/b/c/d", "/ab/c", "/abc", "/c"];
    let mut table = MountTable::new();
    let mut mounted: Vec<&str> = Vec::new();
    while !choices.is_empty() {
        let point = choices.one_of(&POINTS);
        let is_new = !mounted.contains(&point);
        assert_eq!(table.mount(point, point).is_ok(), is_new);
        if is_new {
            mounted.push(point);
        }
        for path in PATHS {
            // The longest mount point that the path is below answers.
            let expected = mounted
                .iter()
                .filter_map(|point| below(path, point).map(|rest| (*point, rest)))
                .max_by_key(|(point, _)| point.len());
            assert_eq!(table.resolve(path).map(|(point, rest)| (*point, rest)), expected, "{path}");
            let within = mounted.iter().any(|point| below(point, path).is_some());
            assert_eq!(table.has_mount_within(path), within, "{path}");
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        [&[0, 5][..], b"/disk../a//./b/../../c/"].concat(),
        [&[0, 2][..], "/a\u{fc}/\u{65e5}\u{672c}".as_bytes()].concat(),
        vec![1, 0, 3, 1, 2, 5],
        vec![2, 0, 0, 0, 0, 0, 0, 7, 0, 0, 1, 9, 9, 9, 3, 0, 0, 1, 4, 0, 0, 2, 2, 0, 0],
        vec![3, 20, 20, 0, 0, 2, 3, 0, 0, 2, 7, 1, 0, 2, 20, 0, 5, 9, 0, 2, 17, 3, 1, 2, 4, 1, 11, 0, 2, 13],
        vec![4, 3, 8, 0, 0, 1, 0, 1, 5, 2, 1, 1, 3, 0, 2, 1, 4, 9, 0, 3, 1, 7, 2, 5, 1, 0, 1, 6, 3, 2],
    ]
}
