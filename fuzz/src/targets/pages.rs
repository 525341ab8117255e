//! The page cache on a disk that answers late, in any order, wrongly and in halves, against a map that says what each page
//! must read as: the world of its own tests, in which a fuzzer decides. Also how far a reader is read ahead of.

use std::cell::RefCell;
use std::collections::BTreeSet;

use blockcache::pages::{READ_AHEAD_MAX, ReadAhead};

use crate::Target;
use crate::choices::Choices;

#[path = "../../../crates/blockcache/tests/world/mod.rs"]
mod world;
use world::World;

pub const TARGET: Target = Target { name: "pages", run, seeds };

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    match choices.byte() {
        255 => read_ahead(&mut choices),
        // None fails, every one does, or one in so many.
        failing => {
            let choices = RefCell::new(choices);
            let decide = |limit| choices.borrow_mut().below(limit as usize) as u64;
            let mut world = World::new(u64::from(failing % 8), decide);
            while !choices.borrow().is_empty() {
                world.step();
            }
            world.settle();
        }
    }
}

/// Whatever a reader does, no window is larger than the largest, and pages in front of one that goes on are asked for once.
fn read_ahead(choices: &mut Choices<'_>) {
    let mut reader = ReadAhead::new();
    let mut asked = BTreeSet::new();
    let mut next = 0_u64;
    while !choices.is_empty() {
        let (first, count) = match choices.byte() {
            0..=199 => (next, 1 + choices.below(16) as u64),
            _ => {
                asked.clear();
                (choices.number(), choices.below(16) as u64)
            }
        };
        if let Some(range) = reader.advance(first, count) {
            assert!(range.start <= range.end && range.end - range.start <= READ_AHEAD_MAX, "{range:?}");
            for page in range {
                assert!(asked.insert(page), "page {page} is asked for twice");
            }
        }
        next = first.saturating_add(count);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let reads_and_writes: Vec<u8> = (0..600_u16).map(|number| (number * 7 % 251) as u8).collect();
    let mut far: Vec<u8> = vec![255];
    far.extend((0..80).flat_map(|_| [1, 3]));
    vec![
        [&[0][..], &reads_and_writes].concat(),
        [&[2][..], &reads_and_writes].concat(),
        // Written, written out, read, held, cut.
        vec![7, 8, 0, 5, 8, 0, 6, 13, 0, 0, 1, 1, 16, 0, 0, 0, 1, 0, 0, 5, 19, 0, 6, 21, 0, 0, 0],
        far,
    ]
}
