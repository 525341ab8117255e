//! The set of free frames, and where aligned blocks of them begin: buddy orders over the bitmap.
//!
//! A block of order k is 2^k free frames whose first number is a multiple of 2^k. No block is written down
//! anywhere: what is a block follows from the bits. A word that is all ones is a block of order 6, and a single
//! bit one height up; 64 of those in a word are a block of order 12, and so on. Inside a word, orders 0 to 5
//! are found by folding it onto itself. So that the right word is found without looking at the others, each
//! height has, for each of these orders, a tree of the words that hold such a block.
//!
//! A frame that comes or goes changes trees only when it changes the largest block of its word, and the next
//! height only when it fills or breaks a whole word: 64 frames one after the other touch the height above
//! once or twice.

use crate::tree::{Tree, mask, words};

const BITS: usize = u64::BITS as usize;
/// Orders that one height tells apart.
const ORDERS: usize = BITS.trailing_zeros() as usize;
/// Heights: 64^4 frames are 64 GiB. Beyond that there are only more words at the top.
const HEIGHTS: usize = 4;

/// For each order inside a word, the bits at which a block may begin.
const STARTS: [u64; ORDERS] = [
    !0,
    0x5555_5555_5555_5555,
    0x1111_1111_1111_1111,
    0x0101_0101_0101_0101,
    0x0001_0001_0001_0001,
    0x0000_0001_0000_0001,
];

/// One height: a bit stands for 64^height frames, and is set when all of them are free.
struct Height<'a> {
    bits: Tree<'a>,
    /// For the orders from 1 on, the words of `bits` that hold such a block. For order 0 the tree over `bits` itself
    /// knows.
    holding: [Tree<'a>; ORDERS - 1],
}

/// The free frames.
pub(crate) struct Blocks<'a> {
    heights: [Height<'a>; HEIGHTS],
}

/// The first bits of all blocks of `order` (below 6) in a word.
const fn blocks_in(word: u64, order: usize) -> u64 {
    let (mut blocks, mut below) = (word, 0);
    while below < order {
        blocks &= blocks >> (1 << below);
        below += 1;
        blocks &= STARTS[below];
    }
    blocks
}

/// How many of the orders 0 to 6 have a block in the word: 0 when it is empty, 7 when it is full.
#[inline]
fn orders_in(word: u64) -> usize {
    if word == !0 {
        return ORDERS + 1;
    }
    let mut blocks = word;
    for order in 0..ORDERS {
        if blocks == 0 {
            return order;
        }
        blocks &= blocks >> (1 << order) & STARTS.get(order + 1).copied().unwrap_or(1);
    }
    ORDERS
}

impl<'a> Blocks<'a> {
    /// The largest order that is told: 32 GiB of frames in one piece.
    pub(crate) const MAX_ORDER: u32 = (HEIGHTS * ORDERS - 1) as u32;

    /// Words that the set of frames `0 .. frames` takes.
    pub(crate) const fn words(frames: usize) -> usize {
        let (mut members, mut sum, mut height) = (frames, 0, 0);
        while height < HEIGHTS {
            let holders = members.div_ceil(BITS);
            sum += words(members) + (ORDERS - 1) * words(holders);
            members = holders;
            height += 1;
        }
        sum
    }

    /// No free frame among `0 .. frames`; `None` when `storage` has fewer than [`Self::words`].
    pub(crate) fn new(storage: &'a mut [u64], frames: usize) -> Option<Self> {
        let (mut rest, mut members) = (storage, frames);
        let mut tree = |members: usize| {
            let (words, others) = core::mem::take(&mut rest).split_at_mut_checked(words(members))?;
            rest = others;
            Tree::new(words, members)
        };
        let mut height = || {
            let holders = members.div_ceil(BITS);
            let bits = tree(members)?;
            members = holders;
            let holding = [tree(holders)?, tree(holders)?, tree(holders)?, tree(holders)?, tree(holders)?];
            Some(Height { bits, holding })
        };
        Some(Self { heights: [height()?, height()?, height()?, height()?] })
    }

    /// The 64 frames of word `index`: a bit for each that is free.
    #[inline]
    pub(crate) fn word(&self, index: usize) -> u64 {
        self.heights[0].bits.word(index)
    }

    /// Whether the frame is free.
    #[inline]
    pub(crate) fn contains(&self, frame: usize) -> bool {
        self.heights[0].bits.contains(frame)
    }

    /// The first free frame at or above `start`.
    #[inline]
    pub(crate) fn first_from(&self, start: usize) -> Option<usize> {
        self.heights[0].bits.first_from(start)
    }

    /// The highest frame in `start..end` that is not free.
    pub(crate) fn last_gap(&self, start: usize, end: usize) -> Option<usize> {
        self.heights[0].bits.last_gap(start, end)
    }

    /// The first block of `order` that begins at or above `start`.
    pub(crate) fn first_block_from(&self, order: u32, start: usize) -> Option<usize> {
        let (height, order) = (order as usize / ORDERS, order as usize % ORDERS);
        let scale = height * ORDERS;
        let Height { bits, holding } = self.heights.get(height)?;
        let start = start.div_ceil(1 << scale);
        let Some(holding) = order.checked_sub(1).and_then(|above_0| holding.get(above_0)) else {
            return Some(bits.first_from(start)? << scale);
        };
        let index = start / BITS;
        let here = blocks_in(bits.word(index), order) & (!0 << (start % BITS));
        let (index, blocks) = if here != 0 {
            (index, here)
        } else {
            let index = holding.first_from(index + 1)?;
            (index, blocks_in(bits.word(index), order))
        };
        Some((index * BITS + blocks.trailing_zeros() as usize) << scale)
    }

    /// Frees the frames `bits` of word `index`.
    #[inline]
    pub(crate) fn set(&mut self, index: usize, bits: u64) {
        let members = &mut self.heights[0].bits;
        let before = members.word(index);
        members.set(index, bits);
        follow(&mut self.heights, index, before, before | bits);
    }

    /// Takes the frames `bits` of word `index`.
    #[inline]
    pub(crate) fn clear(&mut self, index: usize, bits: u64) {
        let members = &mut self.heights[0].bits;
        let before = members.word(index);
        members.clear(index, bits);
        follow(&mut self.heights, index, before, before & !bits);
    }

    /// Frees all frames of the words `start..end`: as [`Self::set`] on each, in a fraction of the time.
    pub(crate) fn fill_words(&mut self, start: usize, end: usize) {
        let (mut first, mut behind) = (start, end);
        let mut heights = &mut self.heights[..];
        while let [Height { bits, holding }, above @ ..] = heights {
            // Here the words `first..behind` become all ones...
            bits.fill_words(first, behind);
            holding.iter_mut().for_each(|tree| tree.fill(first, behind));
            // ... and above as many bits become ones: a part of a word at each end, and whole words between.
            let (whole, end_whole) = (first.div_ceil(BITS), behind / BITS);
            for index in first / BITS..behind.div_ceil(BITS) {
                if !(whole..end_whole).contains(&index)
                    && let Some(height) = above.first_mut()
                {
                    let (before, new) = (height.bits.word(index), mask(index, first, behind));
                    height.bits.set(index, new);
                    follow(above, index, before, before | new);
                }
            }
            if whole >= end_whole {
                return;
            }
            (first, behind) = (whole, end_whole);
            heights = above;
        }
    }
}

/// Brings everything above up to date after a word of the lowest of `heights` has changed.
#[inline]
fn follow(heights: &mut [Height<'_>], index: usize, before: u64, after: u64) {
    let (old, new) = (orders_in(before), orders_in(after));
    if old != new {
        follow_changed(heights, index, (before, old), (after, new));
    }
}

/// The rest of [`follow`], for each height whose word has another largest block than before.
fn follow_changed(heights: &mut [Height<'_>], index: usize, before: (u64, usize), after: (u64, usize)) {
    let (mut index, mut heights, (mut before, mut old), (mut after, mut new)) =
        (index, heights, before, after);
    while old != new {
        let [Height { holding, .. }, above @ ..] = heights else { return };
        let bit = 1 << (index % BITS);
        for (order, tree) in (1..).zip(holding) {
            match (order < old, order < new) {
                (false, true) => tree.set(index / BITS, bit),
                (true, false) => tree.clear(index / BITS, bit),
                _ => {}
            }
        }
        if (before == !0) == (after == !0) {
            return;
        }
        let is_full = after == !0;
        let Some(Height { bits, .. }) = above.first_mut() else { return };
        index /= BITS;
        before = bits.word(index);
        if is_full {
            bits.set(index, bit);
        } else {
            bits.clear(index, bit);
        }
        after = bits.word(index);
        (old, new) = (orders_in(before), orders_in(after));
        heights = above;
    }
}
