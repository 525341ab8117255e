//! Random changes to inputs, in the manner of every fuzzer: bits, bytes, numbers at edges, pieces moved, doubled, cut
//! and joined with another input. Blind: what the changes reach is not looked at.

use crate::MAX_LENGTH;

/// xorshift64*: the same numbers from the same seed everywhere.
pub struct Random(u64);

impl Random {
    /// Numbers from `seed`; the mixing keeps neighbouring seeds apart.
    pub fn new(seed: u64) -> Self {
        Self((seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// A mutant of one of `corpus`, which is not empty.
pub fn mutant(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].clone();
    for _ in 0..1 + random.below(5) {
        change(&mut bytes, corpus, random);
    }
    bytes.truncate(MAX_LENGTH);
    bytes
}

fn change(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    if bytes.is_empty() {
        bytes.extend((0..1 + random.below(64)).map(|_| random.next() as u8));
        return;
    }
    let at = random.below(bytes.len());
    let length = 1 + random.below((bytes.len() - at).min(64));
    match random.below(10) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 | 2 => bytes[at] = random.next() as u8,
        3 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b' ', b'/', 0x1b][random.below(8)],
        4 => {
            // A number at an edge, as formats have them: two, four or eight bytes.
            let edge =
                [0_u64, 1, 0xfff, 0x1000, 0x7fff_ffff, 0xffff_ffff, 1 << 63, u64::MAX][random.below(8)];
            let width = [2, 4, 8][random.below(3)].min(bytes.len() - at);
            bytes[at..at + width].copy_from_slice(&edge.to_le_bytes()[..width]);
        }
        5 => drop(bytes.drain(at..at + length)),
        6 => {
            let copy = bytes[at..at + length].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        7 => bytes.splice(at..at, (0..length).map(|_| random.next() as u8)).for_each(drop),
        8 => {
            let other = &corpus[random.below(corpus.len())];
            bytes.truncate(at);
            bytes.extend_from_slice(&other[random.below(other.len() + 1)..]);
        }
        _ => bytes.truncate(at),
    }
}
