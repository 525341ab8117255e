//! One CPU's queue of threads that want to run: a list for each level, the most urgent first, each in the order
//! its threads came.
//!
//! The lists are linked through the threads themselves, so that putting and taking never allocate, cost a handful
//! of instructions, and cost the same whether two threads wait or ten thousand. Each is a circle of which the last
//! thread is known, and the first is the one after it: one word a list, and a thread that goes from the running one
//! to the last while the first goes to run, which is what a yield does, is four stores without a branch.

use core::num::NonZeroU32;

use crate::level::{LEVELS, Level};

/// A handle to a thread, with room for one link. A thread is in one queue at a time, and whoever holds that
/// queue's lock owns the link.
pub trait Linked: Copy + PartialEq {
    /// The link, as it was last set. Asked only of threads in a queue.
    fn next(self) -> Self;
    /// Sets the link.
    fn set_next(self, next: Self);
}

/// A bit that stands for a list behind the last, which is always empty: a search for the first list always ends at
/// one, so finding none is no case of its own.
const SENTINEL: NonZeroU32 = NonZeroU32::new(1 << LEVELS).unwrap();
/// As many lists as a mask has bits, so that no index needs a check.
const LISTS: usize = u32::BITS as usize;
const _: () = assert!(LEVELS < LISTS);

/// Threads that want to run on one CPU.
#[derive(Debug)]
pub struct MultilevelQueue<T> {
    /// The last thread of each list.
    lists: [Option<T>; LISTS],
    /// A bit for each list that is not empty, and the sentinel's.
    occupied: NonZeroU32,
}

impl<T: Linked> Default for MultilevelQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Linked> MultilevelQueue<T> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self { lists: [const { None }; LISTS], occupied: SENTINEL }
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.occupied == SENTINEL
    }

    /// The most urgent level on which somebody waits.
    pub fn best(&self) -> Option<Level> {
        (!self.is_empty()).then(|| Level::from_index(self.first_list()))
    }

    /// Those who wait, by level and order.
    pub fn iter(&self) -> impl Iterator<Item = T> {
        self.lists[..LEVELS].iter().flatten().flat_map(|&last| {
            core::iter::successors(Some(last.next()), move |&at| (at != last).then(|| at.next()))
        })
    }

    /// Index of the first list that is not empty, or the sentinel's.
    #[inline]
    fn first_list(&self) -> usize {
        self.occupied.trailing_zeros() as usize
    }

    /// Queues a thread, which is in no queue, behind the others of its level.
    #[inline]
    pub fn push(&mut self, thread: T, level: Level) {
        let list = &mut self.lists[level.index()];
        match *list {
            Some(last) => {
                thread.set_next(last.next());
                last.set_next(thread);
            }
            None => {
                thread.set_next(thread);
                self.occupied |= 1 << level.index();
            }
        }
        *list = Some(thread);
    }

    /// Takes the first thread, by level and order, that `may_run`, and tells its level; the others keep their
    /// places. A thread can be queued while it is still leaving another CPU; it may not run here until then.
    pub fn pop_if(&mut self, may_run: impl Fn(T) -> bool) -> Option<(T, Level)> {
        (0..LEVELS).find_map(|list| Some((self.take_from(list, &may_run)?, Level::from_index(list))))
    }

    /// As [`Self::pop_if`], but `None` unless the very first may run, which it nearly always may.
    #[inline]
    pub fn pop_first(&mut self, may_run: impl Fn(T) -> bool) -> Option<(T, Level)> {
        let best = self.first_list();
        let last = self.lists[best]?;
        let first = last.next();
        if !may_run(first) {
            return None;
        }
        if first == last {
            self.lists[best] = None;
            self.clear(best);
        } else {
            last.set_next(first.next());
        }
        Some((first, Level::from_index(best)))
    }

    /// For a thread that yields, while nobody waits on a better level than its `own` (a level's number, or a larger
    /// one): queues it behind those of the best level that waits, and takes the first of them in its place. Tells
    /// also that level's number. `None`, and nothing has changed, if somebody waits on a better level, if nobody
    /// waits, or if the first may not run.
    #[inline]
    pub fn rotate(&mut self, thread: T, own: u32, may_run: impl Fn(T) -> bool) -> Option<(T, u32)> {
        let best = self.occupied.trailing_zeros();
        if best < own {
            return None;
        }
        let last = self.lists[best as usize]?;
        let first = last.next();
        if !may_run(first) {
            return None;
        }
        // In this order it is right for a list of one as well, where first and last are the same.
        last.set_next(thread);
        thread.set_next(first.next());
        self.lists[best as usize] = Some(thread);
        Some((first, best))
    }

    /// Takes a thread out wherever it stands; false if it is not in this queue. Looks at every thread that waits:
    /// for rare changes of priority.
    pub fn remove(&mut self, thread: T) -> bool {
        (0..LEVELS).any(|list| self.take_from(list, &|other| other == thread).is_some())
    }

    /// Takes the first of a list that `wanted` names.
    fn take_from(&mut self, list: usize, wanted: &impl Fn(T) -> bool) -> Option<T> {
        let last = self.lists[list]?;
        let mut before = last;
        loop {
            let at = before.next();
            if wanted(at) {
                self.unlink(list, before, at);
                return Some(at);
            }
            if at == last {
                return None;
            }
            before = at;
        }
    }

    /// Takes `thread`, which follows `before`, out of its list.
    #[inline]
    fn unlink(&mut self, list: usize, before: T, thread: T) {
        if before == thread {
            self.lists[list] = None;
            self.clear(list);
            return;
        }
        before.set_next(thread.next());
        if self.lists[list] == Some(thread) {
            self.lists[list] = Some(before);
        }
    }

    #[inline]
    fn clear(&mut self, list: usize) {
        // The sentinel's bit stays anyhow; said here, it spares the check that it is not zero.
        self.occupied = SENTINEL | self.occupied.get() & !(1 << list);
    }

    /// Lifts everybody who waits on a feedback level to the top one, in order.
    pub fn boost(&mut self) {
        let top = Level::TOP_FEEDBACK.index();
        for list in top + 1..LEVELS {
            let Some(last) = self.lists[list].take() else { continue };
            self.clear(list);
            if let Some(last_of_top) = self.lists[top] {
                let first_of_top = last_of_top.next();
                last_of_top.set_next(last.next());
                last.set_next(first_of_top);
            }
            self.lists[top] = Some(last);
            self.occupied |= 1 << top;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::VecDeque;
    use core::cell::Cell;
    use fastrand::Rng;

    const THREADS: usize = 40;

    std::thread_local! {
        static LINKS: [Cell<usize>; THREADS] = const { [const { Cell::new(usize::MAX) }; THREADS] };
    }

    impl Linked for usize {
        fn next(self) -> Self {
            LINKS.with(|links| links[self].get())
        }

        fn set_next(self, next: Self) {
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
        let mut random = Rng::with_seed(11);
        let mut random = |below: u64| random.u64(..below);
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
                6..=8 => {
                    assert_eq!(queue.pop_first(|_| false), None);
                    assert_eq!(queue.pop_first(|_| true), model.take(|_| true));
                }
                9 => {
                    let thread = random(THREADS as u64) as usize;
                    let own = Level::from_index(random(LEVELS as u64) as usize);
                    if model.levels.iter().any(|waiting| waiting.contains(&thread)) {
                        continue;
                    }
                    let best = model.levels.iter().position(|l| !l.is_empty()).map(Level::from_index);
                    let expected = best.filter(|best| *best >= own).map(|best| {
                        model.levels[best.index()].push_back(thread);
                        (model.levels[best.index()].pop_front().unwrap(), best.index() as u32)
                    });
                    let own = own.index() as u32;
                    assert_eq!(queue.rotate(thread, own, |_| false), None);
                    assert_eq!(queue.rotate(thread, own, |_| true), expected);
                }
                10 => {
                    let thread = random(THREADS as u64) as usize;
                    let level = model.levels.iter_mut().find(|waiting| waiting.contains(&thread));
                    let found = level.map(|waiting| waiting.retain(|&other| other != thread));
                    assert_eq!(queue.remove(thread), found.is_some());
                }
                11 => {
                    let divisor = 1 + random(5) as usize;
                    let may_run = |thread: usize| thread.is_multiple_of(divisor);
                    assert_eq!(queue.pop_if(may_run), model.take(may_run));
                }
                _ => {
                    queue.boost();
                    model.boost();
                }
            }
            let best = model.levels.iter().position(|l| !l.is_empty()).map(Level::from_index);
            assert_eq!((queue.is_empty(), queue.best()), (best.is_none(), best));
        }
        while let Some(taken) = queue.pop_if(|_| true) {
            assert_eq!(Some(taken), model.take(|_| true));
        }
        assert_eq!(model.take(|_| true), None);
    }
}
