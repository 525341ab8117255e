//! A set of small numbers as a bitmap with summaries: "the first member from here on" in a few steps.
//!
//! Level 0 has a bit per member. A bit of level n + 1 says whether the word below it at level n has any
//! bit set. Four levels of 64 reach 64^4 bits (64 GiB of 4 KiB frames) from a single top word; beyond
//! that the top level has more words, which are scanned one by one.

use crate::steps;

/// Levels of the tree; the top one has a single word up to 2^24 members.
const LEVELS: usize = 4;
const BITS: usize = u64::BITS as usize;

/// The set. Bits behind the universe's end are never set.
pub(crate) struct Tree<'a> {
    levels: [&'a mut [u64]; LEVELS],
}

/// Words that each level needs for a universe of `members`.
const fn level_words(members: usize) -> [usize; LEVELS] {
    let mut words = [0; LEVELS];
    let mut bits = members;
    let mut level = 0;
    while level < LEVELS {
        bits = bits.div_ceil(BITS);
        words[level] = bits;
        level += 1;
    }
    words
}

/// Words that a tree over `members` needs in all.
pub(crate) const fn words(members: usize) -> usize {
    let words = level_words(members);
    words[0] + words[1] + words[2] + words[3]
}

/// The bits of word `word` that lie in `start..end`.
pub(crate) const fn mask(word: usize, start: usize, end: usize) -> u64 {
    let low = word * BITS;
    let mut mask = !0;
    if start > low {
        mask &= !0 << (start - low);
    }
    if end < low + BITS {
        mask &= !(!0 << (end - low));
    }
    mask
}

impl<'a> Tree<'a> {
    /// An empty set of numbers below `members` in `storage`; `None` when that has too few words.
    pub(crate) fn new(storage: &'a mut [u64], members: usize) -> Option<Self> {
        let [zero, one, two, three] = level_words(members);
        let storage = storage.get_mut(..words(members))?;
        storage.fill(0);
        let (level0, rest) = storage.split_at_mut_checked(zero)?;
        let (level1, rest) = rest.split_at_mut_checked(one)?;
        let (level2, rest) = rest.split_at_mut_checked(two)?;
        let (level3, _) = rest.split_at_mut_checked(three)?;
        Some(Self { levels: [level0, level1, level2, level3] })
    }

    /// Word `index` of level 0; zero behind the end.
    #[inline]
    pub(crate) fn word(&self, index: usize) -> u64 {
        steps::count();
        self.levels[0].get(index).copied().unwrap_or(0)
    }

    #[inline]
    pub(crate) fn contains(&self, member: usize) -> bool {
        self.word(member / BITS) >> (member % BITS) & 1 == 1
    }

    /// Sets bits of word `index`, and of the summaries where the word was empty.
    #[inline]
    pub(crate) fn set(&mut self, mut index: usize, mut bits: u64) {
        if bits == 0 {
            return;
        }
        for level in &mut self.levels {
            steps::count();
            let Some(word) = level.get_mut(index) else { return };
            let was_empty = *word == 0;
            *word |= bits;
            if !was_empty {
                return;
            }
            bits = 1 << (index % BITS);
            index /= BITS;
        }
    }

    /// Sets all bits of the words `start..end`, and of the summaries over them.
    pub(crate) fn fill_words(&mut self, start: usize, end: usize) {
        let [members, summaries @ ..] = &mut self.levels;
        if let Some(words) = members.get_mut(start..end) {
            words.fill(!0);
        }
        let (mut start, mut end) = (start, end);
        for level in summaries {
            for index in start / BITS..end.div_ceil(BITS) {
                if let Some(word) = level.get_mut(index) {
                    *word |= mask(index, start, end);
                }
            }
            (start, end) = (start / BITS, end.div_ceil(BITS));
        }
    }

    /// Adds the members `start..end`.
    pub(crate) fn fill(&mut self, start: usize, end: usize) {
        let (whole, end_whole) = (start.div_ceil(BITS), end / BITS);
        if whole < end_whole {
            self.fill_words(whole, end_whole);
        }
        for index in [start / BITS, end / BITS] {
            if !(whole..end_whole).contains(&index) && start < end {
                self.set(index, mask(index, start, end));
            }
        }
    }

    /// Clears bits of word `index`, and of the summaries where the word has become empty.
    #[inline]
    pub(crate) fn clear(&mut self, mut index: usize, mut bits: u64) {
        for level in &mut self.levels {
            steps::count();
            let Some(word) = level.get_mut(index) else { return };
            *word &= !bits;
            if *word != 0 {
                return;
            }
            bits = 1 << (index % BITS);
            index /= BITS;
        }
    }

    /// The smallest member at or above `start`: climbs until a word has a bit to the right of the way
    /// up, then descends along the lowest bits.
    #[inline]
    pub(crate) fn first_from(&self, start: usize) -> Option<usize> {
        let mut position = start;
        for height in 0..LEVELS {
            steps::count();
            let index = position / BITS;
            let bits = self.levels[height].get(index)? & (!0 << (position % BITS));
            if bits != 0 {
                return self.descend(height, index, bits);
            }
            position = index + 1;
        }
        let top = LEVELS - 1;
        let index = (position..self.levels[top].len()).find(|&index| self.levels[top][index] != 0)?;
        self.descend(top, index, self.levels[top][index])
    }

    /// The lowest member below bit `bits` (not 0) of word `index` at `height`.
    fn descend(&self, height: usize, index: usize, bits: u64) -> Option<usize> {
        let mut found = index * BITS + bits.trailing_zeros() as usize;
        for level in self.levels[..height].iter().rev() {
            steps::count();
            found = found * BITS + level.get(found)?.trailing_zeros() as usize;
        }
        Some(found)
    }

    /// The highest number in `start..end` that is not a member: where a search for a run may go on.
    pub(crate) fn last_gap(&self, start: usize, end: usize) -> Option<usize> {
        for index in (start / BITS..end.div_ceil(BITS)).rev() {
            let gaps = !self.word(index) & mask(index, start, end);
            if gaps != 0 {
                return Some(index * BITS + (BITS - 1 - gaps.leading_zeros() as usize));
            }
        }
        None
    }
}
