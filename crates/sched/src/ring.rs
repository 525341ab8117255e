//! A queue in a ring of slots whose number is a power of two: the two operations that every thread switch
//! pays for are a handful of instructions each.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

/// First in, first out.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    slots: Vec<Option<T>>,
    /// Values ever taken and ever put; a value's slot is its number modulo the slots'.
    taken: usize,
    put: usize,
}

impl<T> Ring<T> {
    pub const fn new() -> Self {
        Self { slots: Vec::new(), taken: 0, put: 0 }
    }

    pub fn len(&self) -> usize {
        self.put.wrapping_sub(self.taken)
    }

    pub fn is_empty(&self) -> bool {
        self.put == self.taken
    }

    /// Makes room for `count` values in all.
    pub fn reserve(&mut self, count: usize) -> Result<(), TryReserveError> {
        let wanted = count.next_power_of_two();
        if wanted <= self.slots.len() {
            return Ok(());
        }
        let mut slots = Vec::new();
        slots.try_reserve_exact(wanted)?;
        let waiting = self.len();
        slots.extend(core::iter::from_fn(|| self.pop()).map(Some));
        slots.resize_with(wanted, || None);
        *self = Self { slots, taken: 0, put: waiting };
        Ok(())
    }

    /// Appends; grows when [`Ring::reserve`] did not make room.
    #[inline]
    pub fn push(&mut self, value: T) {
        if self.len() == self.slots.len() {
            self.grow();
        }
        let at = self.put & self.slots.len().wrapping_sub(1);
        if let Some(slot) = self.slots.get_mut(at) {
            // The slot is empty; forgetting what it held spares every switch the check for a drop.
            core::mem::forget(slot.replace(value));
            self.put = self.put.wrapping_add(1);
        }
    }

    /// Takes the oldest.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let at = self.taken & self.slots.len().wrapping_sub(1);
        self.taken = self.taken.wrapping_add(1);
        self.slots.get_mut(at)?.take()
    }

    #[cold]
    fn grow(&mut self) {
        self.reserve(self.slots.len() * 2 + 1).expect("room for a thread was reserved when it was made");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::VecDeque;

    #[test]
    fn agrees_with_a_deque() {
        let mut ring = Ring::new();
        let mut model = VecDeque::new();
        let mut seed = 3_u64;
        for step in 0..20_000_u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            match seed >> 60 {
                0 => ring.reserve((seed >> 40) as usize % 40).unwrap(),
                1..=8 => {
                    ring.push(step);
                    model.push_back(step);
                }
                _ => assert_eq!(ring.pop(), model.pop_front()),
            }
            assert_eq!((ring.len(), ring.is_empty()), (model.len(), model.is_empty()));
        }
    }
}
