//! One CPU's queue of threads that want to run: a list for each level, the most urgent first, each in the order
//! its threads came.
//!
//! The lists are linked through the threads themselves, so that putting and taking never allocate, cost a handful
//! of instructions, and cost the same whether two threads wait or ten thousand.

use crate::level::{LEVELS, Level};

/// A handle to a thread, with room for one link. A thread is in one queue at a time, and whoever holds that
/// queue's lock owns the link.
pub trait Linked: Copy {
    /// The link.
    fn next(self) -> Option<Self>;
    /// Sets the link.
    fn set_next(self, next: Option<Self>);
}

#[derive(Debug)]
struct List<T> {
    head: Option<T>,
    tail: Option<T>,
}

impl<T> List<T> {
    const EMPTY: Self = Self { head: None, tail: None };
}

/// Threads that want to run on one CPU.
#[derive(Debug)]
pub struct MultilevelQueue<T> {
    lists: [List<T>; LEVELS],
    /// A bit for each list that is not empty.
    occupied: u32,
    len: usize,
}

const _: () = assert!(LEVELS <= u32::BITS as usize);

impl<T: Linked> Default for MultilevelQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Linked> MultilevelQueue<T> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self { lists: [const { List::EMPTY }; LEVELS], occupied: 0, len: 0 }
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

    /// Queues a thread, which is in no queue, behind the others of its level.
    #[inline]
    pub fn push(&mut self, thread: T, level: Level) {
        thread.set_next(None);
        let list = &mut self.lists[level.index()];
        match list.tail.replace(thread) {
            Some(last) => last.set_next(Some(thread)),
            None => list.head = Some(thread),
        }
        self.occupied |= 1 << level.index();
        self.len += 1;
    }

    /// Takes the first thread, by level and order, that `may_run`, and tells its level; the others keep their
    /// places. A thread can be queued while it is still leaving another CPU; it may not run here until then.
    #[inline]
    pub fn pop_if(&mut self, may_run: impl Fn(T) -> bool) -> Option<(T, Level)> {
        let level = self.best()?;
        let list = &mut self.lists[level.index()];
        let first = list.head?;
        // Nearly always the first may.
        if !may_run(first) {
            return self.pop_later(may_run);
        }
        list.head = first.next();
        if list.head.is_none() {
            list.tail = None;
            self.occupied &= !(1 << level.index());
        }
        self.len -= 1;
        Some((first, level))
    }

    /// Queues `thread`, whose level is `own`, behind those of the best level that waits, or behind its like if that
    /// is lower, and takes the first that `may_run` in its place. `None` if nobody waits; `thread` is not queued
    /// then.
    #[inline]
    pub fn rotate(&mut self, thread: T, own: Level, may_run: impl Fn(T) -> bool) -> Option<(T, Level)> {
        let best = self.best()?;
        let list = &mut self.lists[best.index()];
        let first = list.head?;
        if best < own || !may_run(first) {
            self.push(thread, best.max(own));
            return self.pop_if(may_run);
        }
        // One list, which stays occupied; appended first, so that it is never empty in between.
        thread.set_next(None);
        if let Some(last) = list.tail.replace(thread) {
            last.set_next(Some(thread));
        }
        list.head = first.next();
        Some((first, best))
    }

    #[cold]
    fn pop_later(&mut self, may_run: impl Fn(T) -> bool) -> Option<(T, Level)> {
        (0..LEVELS).find_map(|index| {
            let level = Level::from_index(index);
            self.take_from(level, &may_run).map(|thread| (thread, level))
        })
    }

    /// Takes the first of a level that `may_run`.
    fn take_from(&mut self, level: Level, may_run: &impl Fn(T) -> bool) -> Option<T> {
        let list = &mut self.lists[level.index()];
        let mut before: Option<T> = None;
        let mut at = list.head?;
        while !may_run(at) {
            before = Some(at);
            at = at.next()?;
        }
        let next = at.next();
        match before {
            Some(before) => before.set_next(next),
            None => list.head = next,
        }
        if next.is_none() {
            list.tail = before;
        }
        if list.head.is_none() {
            self.occupied &= !(1 << level.index());
        }
        self.len -= 1;
        Some(at)
    }

    /// Lifts everybody who waits on a feedback level to the top one, in order.
    pub fn boost(&mut self) {
        let top = Level::TOP_FEEDBACK.index();
        for level in top + 1..LEVELS {
            let lifted = core::mem::replace(&mut self.lists[level], List::EMPTY);
            let Some(first) = lifted.head else { continue };
            self.occupied = self.occupied & !(1 << level) | 1 << top;
            match core::mem::replace(&mut self.lists[top].tail, lifted.tail) {
                Some(last) => last.set_next(Some(first)),
                None => self.lists[top].head = Some(first),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::VecDeque;
    use core::cell::Cell;

    const THREADS: usize = 40;

    std::thread_local! {
        static LINKS: [Cell<Option<usize>>; THREADS] = const { [const { Cell::new(None) }; THREADS] };
    }

    impl Linked for usize {
        fn next(self) -> Option<Self> {
            LINKS.with(|links| links[self].get())
        }

        fn set_next(self, next: Option<Self>) {
            LINKS.with(|links| links[self].set(next));
        }
    }

    /// What the queue should be: a deque for each level.
    #[derive(Default)]
    struct Model {
        levels: [VecDeque<usize>; LEVELS],
    }

    impl Model {
        fn take(&mut self, may_run: impl Fn(usize) -> bool) -> Option<(usize, Level)> {
            self.levels.iter_mut().enumerate().find_map(|(index, level)| {
                let at = level.iter().position(|&thread| may_run(thread))?;
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
        let mut queue = MultilevelQueue::new();
        let mut model = Model::default();
        let mut seed = 11_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..200_000 {
            match random(13) {
                0..=5 => {
                    let thread = random(THREADS as u64) as usize;
                    let level = Level::from_index(random(LEVELS as u64) as usize);
                    if !model.levels.iter().any(|waiting| waiting.contains(&thread)) {
                        queue.push(thread, level);
                        model.levels[level.index()].push_back(thread);
                    }
                }
                6..=8 => assert_eq!(queue.pop_if(|_| true), model.take(|_| true)),
                9 => {
                    let thread = random(THREADS as u64) as usize;
                    let own = Level::from_index(random(LEVELS as u64) as usize);
                    if model.levels.iter().any(|waiting| waiting.contains(&thread)) {
                        continue;
                    }
                    let best = model.levels.iter().position(|l| !l.is_empty()).map(Level::from_index);
                    let expected = best.and_then(|best| {
                        model.levels[best.max(own).index()].push_back(thread);
                        model.take(|_| true)
                    });
                    assert_eq!(queue.rotate(thread, own, |_| true), expected);
                }
                10..=11 => {
                    let divisor = 1 + random(5) as usize;
                    let may_run = |thread: usize| thread.is_multiple_of(divisor);
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
}
