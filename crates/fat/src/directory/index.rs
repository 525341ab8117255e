//! What is known of a directory, so that finding a name or room for one does not mean reading all of it: for each name a
//! number and its slot, and for each sector which slots are free.

use super::area::Area;
use super::set::Set;
use super::slot::{self, Kind, SLOTS};
use crate::names;
use crate::store::Store;
use alloc::vec::Vec;
use blockcache::BlockDevice;
use hashbrown::HashTable;
use vfs::FsError;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Name {
    hash: u32,
    slot: u16,
}

impl Name {
    /// The table goes by the lowest and the highest bits.
    fn spread(&self) -> u64 {
        let number = u64::from(self.hash).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        number ^ number >> 32
    }
}

/// What is known of a directory.
pub struct Index {
    names: HashTable<Name>,
    /// For each sector, a bit for each slot that is free and may be used.
    free: Vec<u16>,
    /// For each number of slots: no sector before this one has so many free ones in a row. The first is for sets that
    /// take two sectors.
    hints: [u32; SLOTS as usize + 1],
    /// Behind the last slot that was ever used.
    end: u32,
    /// The sectors before this one have nothing but zeros behind the end.
    tidy: u32,
    /// How many files and directories there are.
    pub entries: u32,
    /// How many of them are directories.
    pub directories: u32,
}

impl Index {
    /// Of a directory without room.
    const fn empty() -> Self {
        Self {
            names: HashTable::new(),
            free: Vec::new(),
            hints: [0; SLOTS as usize + 1],
            end: 0,
            tidy: 0,
            entries: 0,
            directories: 0,
        }
    }

    /// Reads all of the directory. `is_held` tells which slots of a sector are not to be used though they are free.
    ///
    /// # Errors
    /// The device's; [`FsError::OutOfMemory`].
    pub fn load<D: BlockDevice>(
        store: &mut Store<D>,
        area: &Area<'_>,
        held: impl Fn(u64) -> u16,
    ) -> Result<Self, FsError> {
        let mut index = Self::empty();
        let mut buffer = names::buffer()?;
        index.grow(area.sectors())?;
        let mut is_end = false;
        for number in 0..area.sectors() {
            let place = area.sector(number)?;
            if !is_end {
                let sector = *store.sector(place)?;
                let mut free = 0;
                for within in 0..SLOTS {
                    let kind = slot::kind(slot::in_sector(&sector, within));
                    if kind == Kind::End {
                        is_end = true;
                        free |= u16::MAX << within;
                        break;
                    }
                    index.end = number * SLOTS + within + 1;
                    match kind {
                        Kind::Free => free |= 1 << within,
                        Kind::File | Kind::Directory => {
                            let set = Set::read(store, area, number * SLOTS + within)?;
                            let hashes = set.hashes(&mut buffer);
                            index.reserve()?;
                            index.insert(hashes, set.slot, kind == Kind::Directory);
                        }
                        _ => {}
                    }
                }
                index.free[number as usize] = free;
            }
            index.free[number as usize] &= !held(place);
        }
        index.tidy = index.end / SLOTS;
        Ok(index)
    }

    /// Bytes that it takes, roughly.
    pub fn size(&self) -> usize {
        256 + self.names.capacity() * (size_of::<Name>() + 1) + self.free.capacity() * 2
    }

    /// The slots whose names may be the one with this number: all of them, and hardly any other.
    pub fn find(&self, hash: u32) -> impl Iterator<Item = u32> {
        let name = Name { hash, slot: 0 };
        self.names
            .iter_hash(name.spread())
            .filter(move |name| name.hash == hash)
            .map(|name| u32::from(name.slot))
    }

    /// Makes sure that one more name can be entered without fail.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn reserve(&mut self) -> Result<(), FsError> {
        self.names.try_reserve(2, Name::spread).map_err(|_| FsError::OutOfMemory)
    }

    /// Enters a name, after [`Index::reserve`].
    pub fn insert(&mut self, hashes: [u32; 2], slot: u32, is_directory: bool) {
        self.entries += 1;
        self.directories += u32::from(is_directory);
        for (number, hash) in hashes.into_iter().enumerate() {
            if number == 0 || hash != hashes[0] {
                let name = Name { hash, slot: slot as u16 };
                self.names.insert_unique(name.spread(), name, Name::spread);
            }
        }
    }

    /// Strikes a name out.
    pub fn remove(&mut self, hashes: [u32; 2], slot: u32, is_directory: bool) {
        self.entries = self.entries.saturating_sub(1);
        self.directories = self.directories.saturating_sub(u32::from(is_directory));
        for hash in hashes {
            let name = Name { hash, slot: slot as u16 };
            if let Ok(entry) = self.names.find_entry(name.spread(), |other| *other == name) {
                entry.remove();
            }
        }
    }

    /// Notes that the directory has so many more sectors, all of them free.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn grow(&mut self, sectors: u32) -> Result<(), FsError> {
        self.free.try_reserve(sectors as usize).map_err(|_| FsError::OutOfMemory)?;
        self.free.resize(self.free.len() + sectors as usize, u16::MAX);
        // Where two sectors are needed, the one before was without a second.
        self.hints[0] = self.hints[0].min((self.free.len() as u32).saturating_sub(sectors + 1));
        Ok(())
    }

    /// The first of `count` free slots in a row: in one sector, or for more than a sector's in an even one and the next.
    pub fn find_room(&mut self, count: u32) -> Option<u32> {
        let sectors = self.free.len() as u32;
        if count > SLOTS {
            for number in (self.hints[0].next_multiple_of(2)..sectors.saturating_sub(1)).step_by(2) {
                let head = self.free[number as usize].leading_ones().min(count - 1);
                let tail = self.free[number as usize + 1].trailing_ones();
                if head > 0 && count - head <= tail {
                    self.hints[0] = number;
                    return Some((number + 1) * SLOTS - head);
                }
            }
            self.hints[0] = sectors;
            return None;
        }
        let first = self.hints[count as usize];
        let found = (first..sectors).find_map(|number| {
            let free = self.free[number as usize];
            let starts = (1..count).fold(free, |starts, shift| starts & free >> shift);
            (starts != 0).then(|| (number, starts.trailing_zeros()))
        });
        let reached = found.map_or(sectors, |(number, _)| number);
        for hint in &mut self.hints[count as usize..] {
            *hint = (*hint).max(reached);
        }
        found.map(|(number, within)| number * SLOTS + within)
    }

    /// Behind the last slot that was ever used.
    pub const fn end(&self) -> u32 {
        self.end
    }

    /// The first sector that is not known to have nothing but zeros behind the end.
    pub const fn tidy(&self) -> u32 {
        self.tidy
    }

    /// Notes that the sectors before `sector` have.
    pub fn set_tidy(&mut self, sector: u32) {
        self.tidy = self.tidy.max(sector);
    }

    /// Takes slots.
    pub fn take(&mut self, first: u32, count: u32) {
        for slot in first..first + count {
            self.free[(slot / SLOTS) as usize] &= !(1 << (slot % SLOTS));
        }
        self.end = self.end.max(first + count);
    }

    /// Gives slots back.
    pub fn release(&mut self, first: u32, count: u32) {
        for slot in first..first + count {
            let sector = slot / SLOTS;
            if let Some(free) = self.free.get_mut(sector as usize) {
                *free |= 1 << (slot % SLOTS);
                for hint in &mut self.hints {
                    *hint = (*hint).min(sector);
                }
                self.hints[0] = self.hints[0].min(sector & !1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_found_in_one_sector_or_an_even_pair() {
        let mut index = Index::empty();
        assert_eq!(index.find_room(1), None);
        index.grow(4).unwrap();
        index.take(0, 3);
        assert_eq!(index.find_room(13), Some(3));
        assert_eq!(index.find_room(14), Some(16));
        assert_eq!(index.find_room(20), Some(3));
        index.take(16, 10);
        assert_eq!(index.find_room(20), Some(32));
        index.take(32, 32);
        assert_eq!(index.find_room(7), Some(3));
        assert_eq!(index.find_room(20), None);
        index.take(3, 10);
        assert_eq!(index.find_room(4), Some(26));
        index.release(5, 6);
        assert_eq!(index.find_room(4), Some(5));
        assert_eq!(index.end(), 64);
    }

    #[test]
    fn names_are_entered_under_both_numbers() {
        let mut index = Index::empty();
        for slot in 0..1000 {
            index.reserve().unwrap();
            index.insert([slot * 7, slot % 10], slot, false);
        }
        assert_eq!(index.find(70).collect::<Vec<_>>(), [10]);
        assert_eq!(index.find(3).count(), 100);
        index.remove([70, 0], 10, false);
        assert_eq!((index.find(70).count(), index.entries), (0, 999));
    }
}
