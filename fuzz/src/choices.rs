//! A fuzzer's bytes as decisions: which operation, on what, with which number. Every sequence of bytes means
//! something, and a small change of the bytes is a small change of what happens, so that a fuzzer gets on.

/// Decisions still to be taken. At the end every answer is the first, or zero.
pub struct Choices<'a> {
    rest: &'a [u8],
}

impl<'a> Choices<'a> {
    /// Decisions from these bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all is decided.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// A number below `limit`, by as few bytes as can say it; 0 for a limit of 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let width = match limit {
            0..=1 => return 0,
            2..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            _ => 4,
        };
        self.take(width).iter().fold(0, |number, &byte| number << 8 | usize::from(byte)) % limit
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A number of 64 bits: small, at an edge, or any.
    pub fn number(&mut self) -> u64 {
        match self.byte() {
            small @ 0..=191 => u64::from(small),
            edge @ 192..=223 => (1_u64 << (2 * (edge - 192))).wrapping_sub(u64::from(edge & 1)),
            224..=239 => u64::MAX - u64::from(self.byte()),
            _ => self.take(8).iter().fold(0, |number, &byte| number << 8 | u64::from(byte)),
        }
    }

    /// The next `count` bytes, or what is left.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }
}

/// Patches for a larger thing, as pairs of a place and a byte, up to the pair of which half is missing: how damage to an
/// image is said in a few bytes.
pub fn patches(bytes: &[u8], size: usize) -> impl Iterator<Item = (usize, u8)> {
    bytes
        .as_chunks::<3>()
        .0
        .iter()
        .map(move |patch| (usize::from(u16::from_le_bytes([patch[0], patch[1]])) % size.max(1), patch[2]))
}
