//! Bytes between interrupt handlers and the reader: a fixed ring, for a handler can't allocate.

use ps2::Source;

/// A byte, where it came from and when.
#[derive(Clone, Copy)]
pub struct Sample {
    pub source: Source,
    pub byte: u8,
    pub at_ns: u64,
}

/// What the reader finds.
pub enum Item {
    /// A byte.
    Sample(Sample),
    /// Bytes were lost here.
    Overrun,
}

/// Two seconds of a mouse at full speed.
const CAPACITY: usize = 1024;

pub struct Ring {
    samples: [Sample; CAPACITY],
    first: usize,
    count: usize,
    overrun: bool,
}

impl Ring {
    pub const fn new() -> Self {
        let nothing = Sample { source: Source::Keyboard, byte: 0, at_ns: 0 };
        Self { samples: [nothing; CAPACITY], first: 0, count: 0, overrun: false }
    }

    /// Adds a byte. With no room, everything that waits goes: bytes with a hole in them would be misread.
    pub fn push(&mut self, sample: Sample) {
        if self.count == CAPACITY {
            self.first = 0;
            self.count = 0;
            self.overrun = true;
        }
        self.samples[(self.first + self.count) % CAPACITY] = sample;
        self.count += 1;
    }

    pub fn pop(&mut self) -> Option<Item> {
        if core::mem::take(&mut self.overrun) {
            return Some(Item::Overrun);
        }
        if self.count == 0 {
            return None;
        }
        let sample = self.samples[self.first];
        self.first = (self.first + 1) % CAPACITY;
        self.count -= 1;
        Some(Item::Sample(sample))
    }
}
