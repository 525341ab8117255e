//! The entries of one directory: found by name through a hash table, and listed in the order in which they were
//! entered, newest first.
//!
//! Each entry has a number, higher than all before it, which is also its cursor. A listing goes downwards, so whoever
//! renames or makes files while listing them does not meet them again, and comes to an end. A removed entry leaves a
//! gap, for removing must not need memory; gaps are closed when they are more than the entries.

use crate::FsError;
use crate::inode::InodeId;
use alloc::string::String;
use alloc::vec::Vec;
use hashbrown::HashTable;

/// The number of the first entry. Those below are left to whoever lists `.` and `..` in front of what is in here.
const FIRST: u64 = 16;

/// So many gaps are always borne.
const GAPS: usize = 16;

/// A name in a directory.
pub struct Entry {
    /// The name, without slashes.
    pub name: String,
    /// What it stands for.
    pub inode: InodeId,
}

struct Slot {
    number: u64,
    /// None is a gap.
    entry: Option<Entry>,
}

#[derive(Clone, Copy)]
struct Key {
    hash: u64,
    number: u64,
}

/// What a directory holds.
pub struct Directory {
    /// By number.
    slots: Vec<Slot>,
    index: HashTable<Key>,
    /// The number of the next entry.
    next: u64,
}

impl Directory {
    /// Without entries, which takes no memory.
    pub const fn new() -> Self {
        Self { slots: Vec::new(), index: HashTable::new(), next: FIRST }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// What `name` stands for.
    pub fn get(&self, name: &str) -> Option<InodeId> {
        let key = *self.index.find(hash(name), |key| self.is_named(key, name))?;
        Some(self.slots[self.place(key.number)?].entry.as_ref()?.inode)
    }

    /// Makes room for one more entry, so that the next [`Directory::insert`] needs no memory.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn reserve(&mut self) -> Result<(), FsError> {
        self.slots.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        self.index.try_reserve(1, |key| key.hash).map_err(|_| FsError::OutOfMemory)
    }

    /// Adds an entry, for which [`Directory::reserve`] made room, under a name that is not taken.
    pub fn insert(&mut self, entry: Entry) {
        let key = Key { hash: hash(&entry.name), number: self.next };
        self.next += 1;
        self.slots.push(Slot { number: key.number, entry: Some(entry) });
        self.index.insert_unique(key.hash, key, |key| key.hash);
    }

    /// Lets a name stand for another inode; its cursor stays.
    pub fn replace(&mut self, name: &str, inode: InodeId) {
        let key = self.index.find(hash(name), |key| self.is_named(key, name)).copied();
        if let Some(place) = key.and_then(|key| self.place(key.number))
            && let Some(entry) = &mut self.slots[place].entry
        {
            entry.inode = inode;
        }
    }

    /// Takes the entry `name` out.
    pub fn remove(&mut self, name: &str) {
        let Some(key) = self.index.find(hash(name), |key| self.is_named(key, name)).copied() else { return };
        if let Ok(found) = self.index.find_entry(key.hash, |other| other.number == key.number) {
            found.remove();
        }
        if let Some(place) = self.place(key.number) {
            self.slots[place].entry = None;
        }
        if self.slots.len() > 2 * self.len() + GAPS {
            self.slots.retain(|slot| slot.entry.is_some());
        }
    }

    /// The entries that a listing from `cursor` on still has to show, each with the cursor behind it. 0 is the start.
    pub fn list(&self, cursor: u64) -> impl Iterator<Item = (u64, &Entry)> {
        let end = match cursor {
            0 => self.slots.len(),
            _ => self.slots.partition_point(|slot| slot.number < cursor),
        };
        self.slots[..end].iter().rev().filter_map(|slot| Some((slot.number, slot.entry.as_ref()?)))
    }

    fn is_named(&self, key: &Key, name: &str) -> bool {
        let entry = self.place(key.number).and_then(|place| self.slots[place].entry.as_ref());
        entry.is_some_and(|entry| entry.name == name)
    }

    fn place(&self, number: u64) -> Option<usize> {
        // Without gaps in front a number is a place.
        let guess = usize::try_from(number - FIRST).ok()?;
        match self.slots.get(guess) {
            Some(slot) if slot.number == number => Some(guess),
            _ => self.slots.binary_search_by_key(&number, |slot| slot.number).ok(),
        }
    }
}

/// FNV-1a, and its bits stirred once more, because the table looks at the highest and the lowest.
fn hash(name: &str) -> u64 {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
