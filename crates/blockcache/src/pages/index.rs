//! Which slot has which page of which object.
//!
//! Neighbouring pages are looked for one after the other, so they share a leaf of 64 entries, and the leaf that was looked
//! into last is remembered: a run costs one look into the hash table for each leaf, and an addition for each page.

use alloc::vec::Vec;
use core::cell::Cell;
use core::ops::Range;

use hashbrown::HashMap;

use super::OutOfMemory;
use super::slots::NONE;

const LEAF: u64 = 64;

#[derive(Debug)]
struct Leaf {
    slots: [u32; LEAF as usize],
    taken: u32,
}

impl Leaf {
    const EMPTY: Self = Self { slots: [NONE; LEAF as usize], taken: 0 };
}

/// Pages of all objects.
#[derive(Debug)]
pub(super) struct Index {
    /// Object and number of the page over 64, to leaf.
    table: HashMap<(u32, u64), u32, NumberHash>,
    leaves: Vec<Leaf>,
    free: Vec<u32>,
    /// A leaf that is in the table, and whose.
    recent: Cell<Recent>,
}

#[derive(Clone, Copy, Debug)]
struct Recent {
    object: u32,
    leaf: u32,
    key: u64,
}

impl Recent {
    /// No page's: numbers of pages over 64 are smaller.
    const NOBODY: Self = Self { object: NONE, leaf: NONE, key: u64::MAX };
}

impl Index {
    pub const fn new() -> Self {
        Self {
            table: HashMap::with_hasher(NumberHash),
            leaves: Vec::new(),
            free: Vec::new(),
            recent: Cell::new(Recent::NOBODY),
        }
    }

    #[inline]
    pub fn find(&self, object: u32, index: u64) -> Option<u32> {
        let slot = self.leaf(object, index / LEAF)?.slots[place(index)];
        (slot != NONE).then_some(slot)
    }

    /// The first page of a range that is not there. Of a full leaf no page is looked at.
    pub fn first_absent(&self, object: u32, range: Range<u64>) -> Option<u64> {
        let mut index = range.start;
        while index < range.end {
            let Some(leaf) = self.leaf(object, index / LEAF) else { return Some(index) };
            let behind_leaf = (index / LEAF + 1).saturating_mul(LEAF).min(range.end);
            if u64::from(leaf.taken) < LEAF {
                let absent = (index..behind_leaf).find(|&index| leaf.slots[place(index)] == NONE);
                if absent.is_some() {
                    return absent;
                }
            }
            index = behind_leaf;
        }
        None
    }

    #[inline]
    fn leaf(&self, object: u32, key: u64) -> Option<&Leaf> {
        let recent = self.recent.get();
        let leaf = if (recent.object, recent.key) == (object, key) {
            recent.leaf
        } else {
            let leaf = *self.table.get(&(object, key))?;
            self.recent.set(Recent { object, leaf, key });
            leaf
        };
        self.leaves.get(leaf as usize)
    }

    /// The first page of an object from `from` on, below `end`, with its slot.
    pub fn next(&self, object: u32, from: u64, end: u64) -> Option<(u64, u32)> {
        let mut index = from;
        while index < end {
            let behind_leaf = (index / LEAF + 1) * LEAF;
            if let Some(leaf) = self.leaf(object, index / LEAF) {
                let found = (index..behind_leaf.min(end)).find(|index| leaf.slots[place(*index)] != NONE);
                if let Some(index) = found {
                    return Some((index, leaf.slots[place(index)]));
                }
            }
            index = behind_leaf;
        }
        None
    }

    pub fn enter(&mut self, object: u32, index: u64, slot: u32) -> Result<(), OutOfMemory> {
        let key = (object, index / LEAF);
        let recent = self.recent.get();
        let known = if (recent.object, recent.key) == key {
            Some(recent.leaf)
        } else {
            self.table.get(&key).copied()
        };
        let leaf = match known {
            Some(leaf) => leaf,
            None => {
                self.table.try_reserve(1).map_err(|_| OutOfMemory)?;
                let leaf = match self.free.pop() {
                    Some(leaf) => leaf,
                    None => {
                        self.leaves.try_reserve(1).map_err(|_| OutOfMemory)?;
                        // So that giving a leaf back never allocates.
                        let missing = self.leaves.len() + 1 - self.free.len();
                        self.free.try_reserve(missing).map_err(|_| OutOfMemory)?;
                        self.leaves.push(Leaf::EMPTY);
                        (self.leaves.len() - 1) as u32
                    }
                };
                self.table.insert(key, leaf);
                leaf
            }
        };
        self.recent.set(Recent { object, leaf, key: key.1 });
        let leaf = &mut self.leaves[leaf as usize];
        leaf.slots[place(index)] = slot;
        leaf.taken += 1;
        Ok(())
    }

    pub fn remove(&mut self, object: u32, index: u64) {
        let key = (object, index / LEAF);
        let Some(&number) = self.table.get(&key) else { return };
        let leaf = &mut self.leaves[number as usize];
        if core::mem::replace(&mut leaf.slots[place(index)], NONE) == NONE {
            return;
        }
        leaf.taken -= 1;
        if leaf.taken == 0 {
            self.recent.set(Recent::NOBODY);
            self.table.remove(&key);
            self.free.push(number);
        }
    }
}

/// Where in its leaf a page is.
const fn place(index: u64) -> usize {
    (index % LEAF) as usize
}

/// Hashing of numbers: multiplication by a large odd one spreads them over the upper bits. Fit for numbers that nobody
/// chooses to collide, such as those of pages and inodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct NumberHash;

impl core::hash::BuildHasher for NumberHash {
    type Hasher = Multiplier;

    fn build_hasher(&self) -> Multiplier {
        Multiplier(0)
    }
}

/// The golden ratio over 2^64 (Knuth, The Art of Computer Programming, volume 3, section 6.4).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// See [`NumberHash`].
#[derive(Clone, Copy, Debug)]
pub struct Multiplier(u64);

impl core::hash::Hasher for Multiplier {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(GOLDEN);
    }
}
