//! Which slot has which page of which object.
//!
//! Neighbouring pages are looked for one after the other, so they share a leaf of 64 entries: a run costs one look into
//! the hash table for each leaf, and an addition for each page.

use alloc::vec::Vec;

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
}

impl Index {
    pub const fn new() -> Self {
        Self { table: HashMap::with_hasher(NumberHash), leaves: Vec::new(), free: Vec::new() }
    }

    pub fn find(&self, object: u32, index: u64) -> Option<u32> {
        self.cursor(object).find(self, index)
    }

    /// For looking up pages of one object one after the other. Good until the next change.
    pub fn cursor(&self, object: u32) -> Cursor {
        Cursor { object, leaf: NONE, key: u64::MAX }
    }

    /// The first page of an object from `from` on, below `end`, with its slot.
    pub fn next(&self, object: u32, from: u64, end: u64) -> Option<(u64, u32)> {
        let mut index = from;
        while index < end {
            let behind_leaf = (index / LEAF + 1) * LEAF;
            if let Some(&leaf) = self.table.get(&(object, index / LEAF)) {
                let leaf = &self.leaves[leaf as usize];
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
        let leaf = match self.table.get(&key) {
            Some(&leaf) => leaf,
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
            self.table.remove(&key);
            self.free.push(number);
        }
    }
}

/// Where in its leaf a page is.
const fn place(index: u64) -> usize {
    (index % LEAF) as usize
}

/// Remembers the leaf that was looked into last.
#[derive(Debug)]
pub(super) struct Cursor {
    object: u32,
    leaf: u32,
    key: u64,
}

impl Cursor {
    #[inline]
    pub fn find(&mut self, table: &Index, index: u64) -> Option<u32> {
        if index / LEAF != self.key {
            self.leaf = *table.table.get(&(self.object, index / LEAF))?;
            self.key = index / LEAF;
        }
        let slot = table.leaves[self.leaf as usize].slots[place(index)];
        (slot != NONE).then_some(slot)
    }
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
