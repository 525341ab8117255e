//! One CPU's queue of threads that want to run: a list for each level, the most urgent first, each in the order
//! its threads came.
//!
//! The lists are linked through an array by the threads' slots, so that putting and taking are a few
//! instructions, and lifting a whole level costs the same whether one thread stands there or ten thousand.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

use crate::level::{LEVELS, Level};

/// The end of a list.
const NIL: u32 = u32::MAX;

#[derive(Debug)]
struct Entry<T> {
    thread: Option<T>,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct List {
    head: u32,
    tail: u32,
}

const EMPTY: List = List { head: NIL, tail: NIL };

/// Threads that want to run on one CPU. `T` is a handle to a thread; its slot is a small number no other thread
/// has.
///
/// Room is reserved when a thread is created ([`MultilevelQueue::reserve`]), so that waking one never
/// allocates: it happens in interrupt handlers.
#[derive(Debug)]
pub struct MultilevelQueue<T> {
    entries: Vec<Entry<T>>,
    lists: [List; LEVELS],
    /// A bit for each list that is not empty.
    occupied: u32,
    len: usize,
}

const _: () = assert!(LEVELS <= u32::BITS as usize);

impl<T> Default for MultilevelQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> MultilevelQueue<T> {
    /// An empty queue without room.
    pub const fn new() -> Self {
        Self { entries: Vec::new(), lists: [EMPTY; LEVELS], occupied: 0, len: 0 }
    }

    /// Makes room for threads whose slots are below `slots`.
    pub fn reserve(&mut self, slots: usize) -> Result<(), TryReserveError> {
        self.entries.try_reserve(slots.saturating_sub(self.entries.len()))?;
        if self.entries.len() < slots {
            self.entries.resize_with(slots, || Entry { thread: None, next: NIL });
        }
        Ok(())
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.occupied == 0
    }

    /// The most urgent level on which somebody waits.
    pub fn best(&self) -> Option<Level> {
        (self.occupied != 0).then(|| Level::from_index(self.occupied.trailing_zeros() as usize))
    }

    /// Queues a thread behind the others of its level. Gives it back when its slot has no room or is queued
    /// already.
    #[inline]
    pub fn push(&mut self, slot: usize, thread: T, level: Level) -> Result<(), T> {
        let Some(entry) = self.entries.get_mut(slot).filter(|entry| entry.thread.is_none()) else {
            return Err(thread);
        };
        // The slot is empty; forgetting what it held spares every switch the check for a drop.
        core::mem::forget(entry.thread.replace(thread));
        entry.next = NIL;
        let list = &mut self.lists[level.index()];
        let before = core::mem::replace(&mut list.tail, slot as u32);
        match self.entries.get_mut(before as usize) {
            Some(last) => last.next = slot as u32,
            None => list.head = slot as u32,
        }
        self.occupied |= 1 << level.index();
        self.len += 1;
        Ok(())
    }

    /// Takes the first thread of the most urgent level, and tells the level.
    #[inline]
    pub fn pop(&mut self) -> Option<(T, Level)> {
        if self.occupied == 0 {
            return None;
        }
        let level = Level::from_index(self.occupied.trailing_zeros() as usize);
        self.pop_at(level).map(|thread| (thread, level))
    }

    #[inline]
    fn pop_at(&mut self, level: Level) -> Option<T> {
        let list = &mut self.lists[level.index()];
        let entry = self.entries.get_mut(list.head as usize)?;
        list.head = entry.next;
        if list.head == NIL {
            list.tail = NIL;
            self.occupied &= !(1 << level.index());
        }
        self.len -= 1;
        entry.thread.take()
    }

    /// Takes the first thread, by level and order, that `may_run`; the others keep their places. A thread can be
    /// queued while it is still leaving another CPU; it may not run here until then.
    #[inline]
    pub fn pop_if(&mut self, may_run: impl Fn(&T) -> bool) -> Option<(T, Level)> {
        if self.occupied == 0 {
            return None;
        }
        let level = Level::from_index(self.occupied.trailing_zeros() as usize);
        let head = self.entries.get(self.lists[level.index()].head as usize)?;
        // Nearly always the first may.
        if head.thread.as_ref().is_some_and(&may_run) {
            return self.pop_at(level).map(|thread| (thread, level));
        }
        (level.index()..LEVELS).find_map(|index| {
            let level = Level::from_index(index);
            self.take_from(level, &may_run).map(|thread| (thread, level))
        })
    }

    /// Takes the first of a level that `may_run`.
    #[cold]
    fn take_from(&mut self, level: Level, may_run: &impl Fn(&T) -> bool) -> Option<T> {
        let mut before = NIL;
        let mut at = self.lists[level.index()].head;
        loop {
            let entry = self.entries.get(at as usize)?;
            let next = entry.next;
            if entry.thread.as_ref().is_some_and(may_run) {
                match self.entries.get_mut(before as usize) {
                    Some(entry) => entry.next = next,
                    None => self.lists[level.index()].head = next,
                }
                if next == NIL {
                    self.lists[level.index()].tail = before;
                }
                if self.lists[level.index()].head == NIL {
                    self.occupied &= !(1 << level.index());
                }
                self.len -= 1;
                return self.entries.get_mut(at as usize)?.thread.take();
            }
            before = at;
            at = next;
        }
    }

    /// Lifts everybody who waits on a feedback level to the top one, in order.
    pub fn boost(&mut self) {
        let top = Level::TOP_FEEDBACK.index();
        for level in top + 1..LEVELS {
            let lifted = core::mem::replace(&mut self.lists[level], EMPTY);
            if lifted.head == NIL {
                continue;
            }
            self.occupied = self.occupied & !(1 << level) | 1 << top;
            let before = core::mem::replace(&mut self.lists[top].tail, lifted.tail);
            match self.entries.get_mut(before as usize) {
                Some(last) => last.next = lifted.head,
                None => self.lists[top].head = lifted.head,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::VecDeque;

    /// What the queue should be: a deque for each level.
    #[derive(Default)]
    struct Model {
        levels: [VecDeque<usize>; LEVELS],
    }

    impl Model {
        fn take(&mut self, may_run: impl Fn(&usize) -> bool) -> Option<(usize, Level)> {
            self.levels.iter_mut().enumerate().find_map(|(index, level)| {
                let at = level.iter().position(&may_run)?;
                Some((level.remove(at)?, Level::from_index(index)))
            })
        }

        fn boost(&mut self) {
            let top = Level::TOP_FEEDBACK.index();
            for index in top + 1..LEVELS {
                let lifted = core::mem::take(&mut self.levels[index]);
                self.levels[top].extend(lifted);
            }
        }
    }

    #[test]
    fn agrees_with_a_deque_for_each_level() {
        const SLOTS: u64 = 40;
        let mut queue = MultilevelQueue::new();
        queue.reserve(SLOTS as usize).unwrap();
        let mut model = Model::default();
        let mut seed = 11_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..200_000 {
            match random(12) {
                0..=5 => {
                    let slot = random(SLOTS) as usize;
                    let level = Level::from_index(random(LEVELS as u64) as usize);
                    let queued = model.levels.iter().any(|l| l.contains(&slot));
                    assert_eq!(queue.push(slot, slot, level).is_err(), queued);
                    if !queued {
                        model.levels[level.index()].push_back(slot);
                    }
                }
                6..=8 => assert_eq!(queue.pop(), model.take(|_| true)),
                9..=10 => {
                    let divisor = 1 + random(5) as usize;
                    let may_run = |slot: &usize| slot.is_multiple_of(divisor);
                    assert_eq!(queue.pop_if(may_run), model.take(may_run));
                }
                _ => {
                    queue.boost();
                    model.boost();
                }
            }
            let waiting: usize = model.levels.iter().map(VecDeque::len).sum();
            let best = model.levels.iter().position(|l| !l.is_empty()).map(Level::from_index);
            assert_eq!((queue.len(), queue.is_empty(), queue.best()), (waiting, waiting == 0, best));
        }
    }

    #[test]
    fn a_slot_without_room_is_refused() {
        let mut queue = MultilevelQueue::new();
        assert_eq!(queue.push(0, "x", Level::TOP_FEEDBACK), Err("x"));
        queue.reserve(1).unwrap();
        assert_eq!(queue.push(0, "x", Level::TOP_FEEDBACK), Ok(()));
        assert_eq!(queue.push(0, "y", Level::TOP_FEEDBACK), Err("y"));
    }
}
