//! Who wakes when: a binary heap by deadline that also knows where each sleeper stands in it, so that a
//! sleeper woken early is taken out in O(log n) and no stale entry is ever left behind.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

const ABSENT: usize = usize::MAX;

#[derive(Debug)]
struct Entry<T> {
    deadline: u64,
    slot: usize,
    value: T,
}

/// Sleepers by deadline. A sleeper is known by a small number, its slot, and is in the heap at most once.
#[derive(Debug)]
pub struct TimerHeap<T> {
    heap: Vec<Entry<T>>,
    /// Where each slot's entry stands in `heap`.
    position: Vec<usize>,
}

impl<T> Default for TimerHeap<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> TimerHeap<T> {
    /// An empty heap without room.
    pub const fn new() -> Self {
        Self { heap: Vec::new(), position: Vec::new() }
    }

    /// Makes room for slots below `slots`, so that [`TimerHeap::insert`] never allocates.
    pub fn reserve(&mut self, slots: usize) -> Result<(), TryReserveError> {
        self.heap.try_reserve(slots.saturating_sub(self.heap.len()))?;
        self.position.try_reserve(slots.saturating_sub(self.position.len()))?;
        if self.position.len() < slots {
            self.position.resize(slots, ABSENT);
        }
        Ok(())
    }

    /// Adds a sleeper. Gives the value back when `slot` has no room reserved or sleeps already.
    pub fn insert(&mut self, slot: usize, deadline: u64, value: T) -> Result<(), T> {
        if self.position.get(slot) != Some(&ABSENT) {
            return Err(value);
        }
        self.heap.push(Entry { deadline, slot, value });
        self.position[slot] = self.heap.len() - 1;
        self.sift_up(self.heap.len() - 1);
        Ok(())
    }

    /// Takes a sleeper out before its time; `None` when it does not sleep.
    pub fn remove(&mut self, slot: usize) -> Option<T> {
        let at = *self.position.get(slot)?;
        (at != ABSENT).then(|| self.remove_at(at))
    }

    /// Takes out one sleeper whose deadline is not after `now`, the earliest first.
    pub fn pop_due(&mut self, now: u64) -> Option<T> {
        (self.next_deadline()? <= now).then(|| self.remove_at(0))
    }

    /// The earliest deadline.
    pub fn next_deadline(&self) -> Option<u64> {
        self.heap.first().map(|entry| entry.deadline)
    }

    fn remove_at(&mut self, at: usize) -> T {
        let entry = self.heap.swap_remove(at);
        self.position[entry.slot] = ABSENT;
        if let Some(moved) = self.heap.get(at) {
            self.position[moved.slot] = at;
            self.sift_down(at);
            self.sift_up(at);
        }
        entry.value
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.position[self.heap[a].slot] = a;
        self.position[self.heap[b].slot] = b;
    }

    fn sift_up(&mut self, mut at: usize) {
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.heap[parent].deadline <= self.heap[at].deadline {
                return;
            }
            self.swap(at, parent);
            at = parent;
        }
    }

    fn sift_down(&mut self, mut at: usize) {
        loop {
            let children = 2 * at + 1..(2 * at + 3).min(self.heap.len());
            let Some(least) = children.min_by_key(|&child| self.heap[child].deadline) else { return };
            if self.heap[at].deadline <= self.heap[least].deadline {
                return;
            }
            self.swap(at, least);
            at = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use fastrand::Rng;

    /// Random operations against a map from slot to deadline.
    #[test]
    fn agrees_with_a_map() {
        let mut heap = TimerHeap::new();
        heap.reserve(50).unwrap();
        let mut model: BTreeMap<usize, u64> = BTreeMap::new();
        let mut random = Rng::with_seed(7);
        let mut random = |below: u64| random.u64(..below);
        for _ in 0..50_000 {
            let slot = random(50) as usize;
            match random(4) {
                0 | 1 => {
                    let deadline = random(1_000);
                    let inserted = heap.insert(slot, deadline, slot).is_ok();
                    assert_eq!(inserted, !model.contains_key(&slot));
                    model.entry(slot).or_insert(deadline);
                }
                2 => assert_eq!(heap.remove(slot), model.remove(&slot).map(|_| slot)),
                _ => {
                    let now = random(1_000);
                    let due = heap.pop_due(now);
                    let earliest = model.values().min().copied();
                    assert_eq!(due.is_some(), earliest.is_some_and(|d| d <= now));
                    if let Some(slot) = due {
                        assert_eq!(model.remove(&slot), earliest);
                    }
                }
            }
            assert_eq!(heap.next_deadline(), model.values().min().copied());
        }
    }

    #[test]
    fn a_slot_without_room_is_refused() {
        let mut heap = TimerHeap::new();
        assert_eq!(heap.insert(3, 1, "x"), Err("x"));
        heap.reserve(4).unwrap();
        assert_eq!(heap.insert(3, 1, "x"), Ok(()));
        assert_eq!(heap.insert(3, 2, "y"), Err("y"));
    }
}
