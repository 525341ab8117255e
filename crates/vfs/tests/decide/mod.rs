//! Who decides what the tests do: random numbers here, a fuzzer's bytes in the fuzz target.

/// A small random number generator (xorshift), so that a failure can be run again.
pub struct Random(pub u64);

/// Whoever decides what is done next.
pub trait Decide {
    /// A number below `limit`, which is not 0.
    fn below(&mut self, limit: usize) -> usize;

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

impl Decide for Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) as usize % limit
    }
}
