//! Requests at random, and what must become of them: the disk is an array.

use disks::queue::Queue;
use disks::{Controller, Operation};
use fastrand::Rng;

use super::{Buffer, Outcome, Pending, World, submit};

/// What a disk must hold, as an array, and requests at random whose outcome it knows.
pub struct Oracle {
    content: Vec<u8>,
    pub random: Rng,
}

impl Oracle {
    /// For a disk that holds `content`.
    pub fn new(content: Vec<u8>, seed: u64) -> Self {
        Self { content, random: Rng::with_seed(seed) }
    }

    /// A request for `count` sectors from `first` on, all that came before it being done.
    pub fn request(&mut self, operation: Operation, first: usize, count: usize) -> Wanted {
        let range = first * 512..(first + count) * 512;
        let mut data = vec![0; range.len()];
        let mut read = None;
        match operation {
            Operation::Write => {
                self.random.fill(&mut data);
                self.content[range].copy_from_slice(&data);
            }
            Operation::Read => read = Some(self.content[range].to_vec()),
            Operation::Flush => {}
        }
        Wanted { operation, first: first as u64, data, read }
    }

    /// At most `most` requests from sector `first` on, as long as `length` says; one in `flush_in` has a flush behind it.
    /// One lies beside the other: what runs at the same time must not overlap.
    pub fn requests(
        &mut self,
        mut first: usize,
        most: usize,
        flush_in: usize,
        length: impl Fn(&mut Rng) -> usize,
    ) -> Vec<Wanted> {
        let mut requests = Vec::new();
        for _ in 0..=self.random.usize(..most) {
            let count = length(&mut self.random);
            if (first + count) * 512 > self.content.len() {
                break;
            }
            let operation = if self.random.bool() { Operation::Write } else { Operation::Read };
            requests.push(self.request(operation, first, count));
            first += count;
            if self.random.usize(..flush_in) == 0 {
                requests.push(self.request(Operation::Flush, 0, 0));
            }
        }
        requests
    }

    pub fn agrees_with(&self, medium: &[u8]) -> bool {
        self.content == medium
    }
}

/// A request of an [`Oracle`].
pub struct Wanted {
    operation: Operation,
    first: u64,
    data: Vec<u8>,
    /// What reading must give.
    read: Option<Vec<u8>>,
}

impl Wanted {
    pub fn submit<C: Controller>(&self, world: &World, queue: &mut Queue<C, Buffer>) -> Pending {
        submit(world, queue, self.operation, self.first, &self.data)
    }

    /// Panics unless it went well and read what it must. `case` tells where it went wrong.
    #[track_caller]
    pub fn check(&self, (result, bytes): Outcome, case: &str) {
        assert_eq!(result, Ok(()), "{case}");
        let bytes = bytes.expect("the memory of what is done");
        // Pages of 4096 bytes, of which the last may be used in part.
        assert!(self.read.as_ref().is_none_or(|read| bytes.starts_with(read)), "{case}: other bytes");
    }
}
