//! Walks through links and mounts, and the file system in memory, each against the model that its own tests use: a tree
//! without mounts, and maps from names to inodes.

use vfs::FileSystem as _;
use vfs::tmpfs::{Limits, TmpFs};

use crate::Target;
use crate::choices::Choices;

#[path = "../../../crates/vfs/tests/decide/mod.rs"]
#[allow(dead_code, reason = "random numbers are for the tests that have no fuzzer")]
mod decide;
use decide::Decide;

#[path = "../../../crates/vfs/tests/inode_model/mod.rs"]
mod inode_model;
use inode_model::{HeapPages, Model, noon};
#[path = "../../../crates/vfs/tests/walk_model/mod.rs"]
mod walk_model;

pub const TARGET: Target = Target { name: "vfs", run, seeds };

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
    if choices.byte().is_multiple_of(2) {
        let mut world = walk_model::World::any(&mut choices);
        while !choices.is_empty() {
            walk_model::check(&mut world, &mut choices);
        }
    } else {
        inodes(&mut choices);
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

fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![1, 20, 20, 0, 0, 2, 3, 0, 0, 2, 7, 1, 0, 2, 20, 0, 5, 9, 0, 2, 17, 3, 1, 2, 4, 1, 11, 0, 2, 13],
        vec![0, 3, 8, 0, 0, 1, 0, 1, 5, 2, 1, 1, 3, 0, 2, 1, 4, 9, 0, 3, 1, 7, 2, 5, 1, 0, 1, 6, 3, 2],
    ]
}
