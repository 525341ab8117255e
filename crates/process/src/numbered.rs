//! Values by number, at a cost that does not grow with how many there are.
//!
//! Numbers are given out next fit: the search goes on behind the number given last, so one that was freed is not
//! used again before all others were, and who holds a stale number is told so rather than shown a stranger. The
//! entries stand in chunks of 64, each with a word of what is in use; a word above says which chunks are full.
//! Finding a number thus looks at a few words; finding an entry is two indices. Chunks come and go one at a time:
//! nothing is ever moved, and memory that cannot be had is an error.

use alloc::vec::Vec;
use core::ops::Range;

/// Entries of a chunk: the bits of a word.
const CHUNK: usize = u64::BITS as usize;
/// Chunks that one word of `full` stands for.
const WORD: usize = u64::BITS as usize;
/// Words of `full`.
const WORDS: usize = 8;
/// Numbers there can be at most, from 0.
pub const MOST_NUMBERS: u32 = (CHUNK * WORD * WORDS) as u32;

/// Why nothing was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnterError {
    /// Every number is in use, or the one asked for is, or it lies behind the limit.
    NoNumber,
    /// No memory for another chunk.
    OutOfMemory,
}

#[derive(Clone, Debug)]
struct Chunk<T> {
    /// A bit for each entry in use.
    used: u64,
    /// [`CHUNK`] of them, or none while the chunk has no memory.
    entries: Vec<Option<T>>,
}

/// Values by number.
#[derive(Clone, Debug)]
pub struct Numbered<T> {
    chunks: Vec<Chunk<T>>,
    /// A bit for each chunk whose entries are all in use.
    full: [u64; WORDS],
    /// Where the search for a free number begins.
    next: u32,
    /// The numbers there are.
    numbers: Range<u32>,
}

impl<T> Numbered<T> {
    /// None yet. Of the range, only numbers below [`MOST_NUMBERS`] will be given out.
    pub fn new(numbers: Range<u32>) -> Self {
        let numbers = numbers.start..numbers.end.min(MOST_NUMBERS);
        Self { chunks: Vec::new(), full: [0; WORDS], next: numbers.start, numbers }
    }

    /// The value of a number.
    #[inline]
    pub fn get(&self, number: u32) -> Option<&T> {
        self.chunks.get(number as usize / CHUNK)?.entries.get(number as usize % CHUNK)?.as_ref()
    }

    /// As [`Numbered::get`], to change it.
    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.chunks.get_mut(number as usize / CHUNK)?.entries.get_mut(number as usize % CHUNK)?.as_mut()
    }

    /// All, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.chunks.iter().enumerate().flat_map(|(chunk, at)| {
            let numbered = move |(index, value)| ((chunk * CHUNK + index) as u32, value);
            at.entries
                .iter()
                .enumerate()
                .map(numbered)
                .filter_map(|(number, value)| Some((number, value.as_ref()?)))
        })
    }

    /// Enters a value under a free number, the next behind that given last.
    pub fn add(&mut self, value: T) -> Result<u32, EnterError> {
        let number = self.next_free(self.next).or_else(|| self.next_free(self.numbers.start));
        let number = number.ok_or(EnterError::NoNumber)?;
        self.enter(number, value)?;
        let left = self.next as usize / CHUNK;
        self.next = number + 1;
        if left != self.next as usize / CHUNK {
            self.give_back(left);
        }
        Ok(number)
    }

    /// Enters a value under the number that its caller chose.
    #[inline]
    pub fn enter(&mut self, number: u32, value: T) -> Result<(), EnterError> {
        if !self.numbers.contains(&number) || self.get(number).is_some() {
            return Err(EnterError::NoNumber);
        }
        let (at, index) = (number as usize / CHUNK, number as usize % CHUNK);
        self.back_with_memory(at)?;
        let chunk = &mut self.chunks[at];
        chunk.entries[index] = Some(value);
        chunk.used |= 1 << index;
        if chunk.used == u64::MAX {
            self.full[at / WORD] |= 1 << (at % WORD);
        }
        Ok(())
    }

    /// Takes a value out. Its number is free.
    #[inline]
    pub fn remove(&mut self, number: u32) -> Option<T> {
        let (at, index) = (number as usize / CHUNK, number as usize % CHUNK);
        let chunk = self.chunks.get_mut(at)?;
        let value = chunk.entries.get_mut(index)?.take()?;
        chunk.used &= !(1 << index);
        if let Some(full) = self.full.get_mut(at / WORD) {
            *full &= !(1 << (at % WORD));
        }
        if chunk.used == 0 {
            self.give_back(at);
        }
        Some(value)
    }

    /// Begins the next search at the lowest number.
    pub fn search_from_start(&mut self) {
        self.next = self.numbers.start;
    }

    /// The lowest free number from `from` on.
    fn next_free(&self, from: u32) -> Option<u32> {
        let mut at = from as usize / CHUNK;
        // The chunk that the search begins in may have free numbers on the wrong side only.
        let used = self.chunks.get(at).map_or(0, |chunk| chunk.used);
        let behind = !used & u64::MAX << (from as usize % CHUNK);
        let number = if behind != 0 {
            at * CHUNK + behind.trailing_zeros() as usize
        } else {
            at = self.next_chunk_with_room(at + 1)?;
            let used = self.chunks.get(at).map_or(0, |chunk| chunk.used);
            at * CHUNK + used.trailing_ones() as usize
        };
        (number < self.numbers.end as usize).then_some(number as u32)
    }

    /// The first chunk from `from` on that is not full.
    fn next_chunk_with_room(&self, from: usize) -> Option<usize> {
        let first = from / WORD;
        let mut mask = u64::MAX << (from % WORD);
        for (word, &full) in self.full.iter().enumerate().skip(first) {
            let room = !full & mask;
            if room != 0 {
                return Some(word * WORD + room.trailing_zeros() as usize);
            }
            mask = u64::MAX;
        }
        None
    }

    fn back_with_memory(&mut self, at: usize) -> Result<(), EnterError> {
        if at >= self.chunks.len() {
            let missing = at + 1 - self.chunks.len();
            self.chunks.try_reserve(missing).map_err(|_| EnterError::OutOfMemory)?;
            self.chunks.resize_with(at + 1, || Chunk { used: 0, entries: Vec::new() });
        }
        let entries = &mut self.chunks[at].entries;
        if entries.is_empty() {
            entries.try_reserve_exact(CHUNK).map_err(|_| EnterError::OutOfMemory)?;
            entries.resize_with(CHUNK, || None);
        }
        Ok(())
    }

    /// Frees an empty chunk, unless the next number comes from it: else every second step would take its memory
    /// anew.
    #[cold]
    fn give_back(&mut self, at: usize) {
        if at != self.next as usize / CHUNK
            && let Some(chunk) = self.chunks.get_mut(at)
            && chunk.used == 0
        {
            chunk.entries = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;
    use std::collections::BTreeMap;

    /// What it should do: the first free number behind the last one given, going round.
    fn expected(model: &BTreeMap<u32, u32>, next: u32, numbers: Range<u32>) -> Option<u32> {
        (next..numbers.end).chain(numbers).find(|number| !model.contains_key(number))
    }

    #[test]
    fn agrees_with_a_map_and_a_search_one_by_one() {
        for (first, limit, seed) in [(1, 7_u32, 1), (0, 64, 2), (65, 200, 3), (1, 5_000, 4)] {
            let mut numbered = Numbered::new(first..limit);
            let mut model = BTreeMap::new();
            let mut next = first;
            let mut random = Rng::with_seed(seed);
            let mut random = |below: u32| random.u32(..below);
            for round in 0..20_000 {
                // Waves, so that it is full at times and empty at others.
                let adds = if round / (2 * limit + 50) % 2 == 0 { 7 } else { 3 };
                match random(10) {
                    draw if draw < adds => {
                        let number = expected(&model, next, first..limit);
                        assert_eq!(numbered.add(round), number.ok_or(EnterError::NoNumber));
                        if let Some(number) = number {
                            model.insert(number, round);
                            next = number + 1;
                        }
                    }
                    9 => {
                        let number = random(limit + 3);
                        let free = (first..limit).contains(&number) && !model.contains_key(&number);
                        assert_eq!(numbered.enter(number, round).is_ok(), free);
                        if free {
                            model.insert(number, round);
                        }
                    }
                    _ => {
                        let number = random(limit);
                        assert_eq!(numbered.remove(number), model.remove(&number));
                    }
                }
                let probe = random(limit);
                assert_eq!(numbered.get(probe), model.get(&probe));
            }
            let all: Vec<(u32, u32)> = numbered.iter().map(|(number, &value)| (number, value)).collect();
            assert_eq!(all, model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_came_and_went_leaves_no_memory() {
        let mut numbered = Numbered::new(0..MOST_NUMBERS);
        for round in 0..100_000 {
            let number = numbered.add(round).unwrap();
            numbered.remove(number);
        }
        let chunks_with_memory = numbered.chunks.iter().filter(|chunk| !chunk.entries.is_empty()).count();
        assert!(chunks_with_memory <= 1, "{chunks_with_memory} chunks for nothing");
    }

    #[test]
    fn all_numbers_can_be_given_out() {
        let mut numbered = Numbered::new(0..u32::MAX);
        (0..MOST_NUMBERS).for_each(|number| assert_eq!(numbered.add(()), Ok(number)));
        assert_eq!(numbered.add(()), Err(EnterError::NoNumber));
        numbered.remove(12_345);
        assert_eq!(numbered.add(()), Ok(12_345));
    }
}
