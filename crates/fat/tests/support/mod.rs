//! What the tests of this crate share. Not each of them needs all of it.
#![allow(dead_code)]

pub mod crash;
pub mod disk;
pub mod model;
pub mod system;

/// A name that takes more slots than a sector has.
pub const LONG: &str = "a name of more than one hundred and ninety-five characters, which takes seventeen slots or more in a \
directory, so that it can't lie in one sector, and what is to be said about it can only be said with many words, in \
a row";

/// A small random number generator (xorshift), so that a failure can be run again.
pub struct Random(pub u64);

impl Random {
    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) as usize % limit
    }

    /// Whether something happens that happens once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}
