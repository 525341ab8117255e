//! Which requests become one command.
//!
//! Only those that wait are looked at: while the controller has a slot to spare, nobody waits for a neighbour. The first
//! one's turn it is; others that lie right behind or before it on the disk come along, wherever in the queue they are.
//! Requests that overlap have no order among each other anyway.

use super::{Entry, Queue, Waiter};
use crate::{Controller, Limits, Operation, Segment};

/// The unit of memory in which some controllers name it.
const PAGE: u64 = 4096;

/// What a request or command moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub sectors: u64,
    pub pieces: usize,
}

impl Size {
    pub fn of(segments: &[Segment]) -> Self {
        let bytes: u64 = segments.iter().map(|segment| u64::from(segment.length)).sum();
        Self { sectors: bytes / 512, pieces: segments.len() }
    }

    const fn with(self, other: Self) -> Self {
        Self { sectors: self.sectors + other.sectors, pieces: self.pieces + other.pieces }
    }

    fn fits(self, limits: Limits) -> bool {
        self.sectors <= u64::from(limits.sectors) && self.pieces <= limits.segments
    }
}

/// Where a neighbour lies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Behind,
}

impl<C: Controller, B: Waiter> Queue<C, B> {
    /// Takes along those that wait and lie beside the request `index`, which waits no more. Gives the first of them
    /// all; each leads to the next.
    pub(super) fn gather(&mut self, index: usize) -> usize {
        let (mut first, mut last) = (index, index);
        let Some(mut size) = self.entry(index).filter(|entry| entry.can_be_merged()).map(|entry| entry.size)
        else {
            return index;
        };
        while let Some((place, side)) = self.neighbour(first, last, size) {
            let Some(found) = self.waiting.remove(place) else { break };
            let Some(entry) = self.entry(found) else { break };
            size = size.with(entry.size);
            match side {
                Side::Before => {
                    entry.next = Some(first);
                    first = found;
                }
                Side::Behind => {
                    if let Some(entry) = self.entry(last) {
                        entry.next = Some(found);
                    }
                    last = found;
                }
            }
        }
        first
    }

    /// Which of those that wait lies beside the requests from `first` to `last` and fits into their command.
    fn neighbour(&self, first: usize, last: usize, size: Size) -> Option<(usize, Side)> {
        let (first, last) = (self.entries.get(first)?.as_ref()?, self.entries.get(last)?.as_ref()?);
        let limits = self.limits;
        self.waiting.iter().enumerate().find_map(|(place, &index)| {
            let entry = self.entries.get(index)?.as_ref()?;
            let request = &entry.request;
            let same = request.unit == first.request.unit && request.operation == first.request.operation;
            if !same || !entry.can_be_merged() || !size.with(entry.size).fits(limits) {
                return None;
            }
            if last.end() == Some(request.first_sector) && joins(last, entry, limits) {
                Some((place, Side::Behind))
            } else if entry.end() == Some(first.request.first_sector) && joins(entry, first, limits) {
                Some((place, Side::Before))
            } else {
                None
            }
        })
    }
}

impl<B> Entry<B> {
    fn can_be_merged(&self) -> bool {
        !self.alone && !self.single && self.request.operation != Operation::Flush
    }

    /// The sector behind its last.
    fn end(&self) -> Option<u64> {
        self.request.first_sector.checked_add(self.size.sectors)
    }
}

/// Whether one command can name the memory of both, one after the other.
fn joins<B: Waiter>(earlier: &Entry<B>, later: &Entry<B>, limits: Limits) -> bool {
    if !limits.whole_pages {
        return true;
    }
    let ends = earlier.request.owner.segments().last();
    let begins = later.request.owner.segments().first();
    let at_border = |address: u64| address.is_multiple_of(PAGE);
    ends.is_some_and(|piece| at_border(piece.address.wrapping_add(u64::from(piece.length))))
        && begins.is_some_and(|piece| at_border(piece.address))
}
