//! Who decides what the tests do: random numbers here, a fuzzer's bytes in the fuzz target.

/// Whoever decides what is done next.
pub trait Decide {
    /// A number below `limit`, which is not 0.
    fn below(&mut self, limit: usize) -> usize;

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}
