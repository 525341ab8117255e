//! Who waits for whom: chains of threads that wait for each other's locks, and whether one is a circle.
//!
//! Only waits for something with an owner are links: a thread that waits for a key may do so for ever, and nobody can
//! be blamed. So a chain is followed from holder to holder, and ends with one that does not wait for a lock. A lock that
//! several readers are inside is given back only when all of them leave: one of them who does not is enough.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use crate::thread::{LockName, ThreadName, ThreadState, WaitCause, WaitReport};

/// A thread as chains see it.
#[derive(Clone, Debug)]
pub struct Link {
    /// Which.
    pub thread: ThreadName,
    /// What it is doing.
    pub state: ThreadState,
    /// What it waits for.
    pub wait: Option<WaitReport>,
    /// For how long it has waited, as far as is known.
    pub waited_ms: u64,
}

impl Link {
    /// The lock that the thread waits for, and the threads that hold it.
    fn lock(&self) -> Option<(&LockName, &[ThreadName])> {
        match &self.wait.as_ref()?.cause {
            WaitCause::Lock { lock, holders } if !holders.is_empty() => Some((lock, holders)),
            _ => None,
        }
    }

    /// A thread that does not go on by itself.
    fn is_stuck(&self, limit_ms: u64) -> bool {
        self.state == ThreadState::Ended || self.state == ThreadState::Asleep && self.waited_ms >= limit_ms
    }
}

/// Threads that wait for locks, each for the next one's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The threads, the one that waits first; for a circle each once, the one with the lowest number first.
    pub threads: Vec<u64>,
    /// The last waits for the first: none of them will ever go on.
    pub is_circle: bool,
    /// In words.
    pub text: String,
}

/// The chains among `links` that begin with a thread that has waited for at least `limit_ms`: each circle once, and
/// the others only if the thread at their end has slept as long, so that it is not just busy. Of chains that end alike,
/// each is told, since each names another thread that waits.
#[must_use]
pub fn find(links: &[Link], limit_ms: u64) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    for first in links.iter().filter(|link| link.waited_ms >= limit_ms) {
        let circle = || follow(links, first, End::Circle);
        let Some(chain) = circle().or_else(|| follow(links, first, End::Stuck { limit_ms })) else {
            continue;
        };
        if !chains.iter().any(|known| known.threads == chain.threads) {
            chains.push(chain);
        }
    }
    chains
}

fn by_id(links: &[Link], id: u64) -> Option<&Link> {
    links.iter().find(|link| link.thread.id == id)
}

/// How a chain has to end to be told.
#[derive(Clone, Copy)]
enum End {
    /// Where it began, or with one that it has come by.
    Circle,
    /// With a thread that waits for no lock and does not go on.
    Stuck { limit_ms: u64 },
}

/// The first chain from `first` that ends so, looked for in depth. Not by recursion: a chain can be as long as there are
/// threads, and a kernel's stack is not.
fn follow(links: &[Link], first: &Link, end: End) -> Option<Chain> {
    first.lock()?;
    // Each thread of the path, and how many of those it waits for were looked at.
    let mut path: Vec<(&Link, usize)> = Vec::from([(first, 0)]);
    // From these nothing was found, whatever path leads there.
    let mut done: Vec<u64> = Vec::new();
    while let Some((at, looked_at)) = path.last_mut() {
        let at: &Link = at;
        let next = at.lock().and_then(|(_, holders)| holders.get(*looked_at));
        *looked_at += 1;
        let Some(next) = next else {
            if let End::Stuck { limit_ms } = end
                && at.lock().is_none()
                && at.is_stuck(limit_ms)
            {
                return Some(chain(&links_of(&path), false));
            }
            done.push(at.thread.id);
            path.pop();
            continue;
        };
        if let Some(start) = path.iter().position(|(link, _)| link.thread.id == next.id) {
            if let End::Circle = end {
                let mut circle = links_of(&path).split_off(start);
                let lowest = (0..circle.len()).min_by_key(|&index| circle[index].thread.id).unwrap_or(0);
                circle.rotate_left(lowest);
                return Some(chain(&circle, true));
            }
        } else if !done.contains(&next.id)
            // It may have ended, or have come after the list was made.
            && let Some(next) = by_id(links, next.id)
        {
            path.push((next, 0));
        }
    }
    None
}

fn links_of<'a>(path: &[(&'a Link, usize)]) -> Vec<&'a Link> {
    path.iter().map(|&(link, _)| link).collect()
}

fn chain(path: &[&Link], is_circle: bool) -> Chain {
    let mut text = String::new();
    for (index, link) in path.iter().enumerate() {
        if index == 0 {
            text.push_str(&link.thread.to_string());
        } else {
            let _ = write!(text, " held by {}", link.thread);
        }
        let again = if index == 0 { " waits for" } else { ", which waits for" };
        match (link.lock(), &link.wait) {
            (Some((lock, _)), _) => {
                let _ = write!(text, "{again} {lock}");
            }
            (None, Some(wait)) => {
                let _ = write!(text, "{again} {wait}");
            }
            (None, None) => text.push_str(", which has ended"),
        }
    }
    if is_circle && let Some(first) = path.first() {
        let _ = write!(text, " held by {}", first.thread);
    }
    Chain { threads: path.iter().map(|link| link.thread.id).collect(), is_circle, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(id: u64) -> ThreadName {
        ThreadName { id, name: alloc::format!("t{id}") }
    }

    fn link(id: u64, waited_ms: u64, cause: Option<WaitCause>) -> Link {
        let state = if cause.is_some() { ThreadState::Asleep } else { ThreadState::Running };
        let wait = cause.map(|cause| WaitReport { cause, place: None, left_ms: None });
        Link { thread: name(id), state, wait, waited_ms }
    }

    fn mutex(address: u64, holder: Option<u64>) -> Option<WaitCause> {
        let lock = LockName { kind: "mutex", address, variable: None };
        Some(WaitCause::Lock { lock, holders: holder.map(name).into_iter().collect() })
    }

    fn write_lock(address: u64, readers: &[u64]) -> Option<WaitCause> {
        let lock = LockName { kind: "write lock", address, variable: None };
        Some(WaitCause::Lock { lock, holders: readers.iter().copied().map(name).collect() })
    }

    const EVENT: Option<WaitCause> = Some(WaitCause::Something("an event"));

    fn texts(links: &[Link]) -> Vec<String> {
        find(links, 10_000).into_iter().map(|chain| chain.text).collect()
    }

    #[test]
    fn a_deadlock_is_told_once_as_a_circle() {
        let links = [link(2, 11_000, mutex(0xb0, Some(1))), link(1, 12_000, mutex(0xa0, Some(2)))];
        assert_eq!(
            texts(&links),
            ["t1 (1) waits for mutex 0xa0 held by t2 (2), which waits for mutex 0xb0 held by t1 (1)"]
        );
        assert!(find(&links, 10_000)[0].is_circle);
        assert_eq!(find(&links, 20_000), [], "not long enough");
    }

    #[test]
    fn who_waits_for_a_circle_finds_the_circle() {
        let links = [
            link(1, 11_000, mutex(0xa0, Some(2))),
            link(2, 11_000, mutex(0xb0, Some(3))),
            link(3, 11_000, mutex(0xa0, Some(2))),
        ];
        let chains = find(&links, 10_000);
        assert_eq!(chains.len(), 1);
        assert_eq!(chains[0].threads, [2, 3]);
        assert_eq!(
            find(&[link(7, 10_000, mutex(0xa0, Some(7)))], 10_000)[0].text,
            "t7 (7) waits for mutex 0xa0 held by t7 (7)"
        );
    }

    #[test]
    fn a_holder_that_sleeps_is_named_and_one_that_works_is_not() {
        let waits = link(1, 11_000, mutex(0xa0, Some(2)));
        assert_eq!(
            texts(&[waits.clone(), link(2, 10_000, EVENT)]),
            ["t1 (1) waits for mutex 0xa0 held by t2 (2), which waits for an event"]
        );
        assert_eq!(texts(&[waits.clone(), link(2, 0, None)]), [""; 0]);
        assert_eq!(texts(&[waits.clone(), link(2, 400, EVENT)]), [""; 0], "it sleeps now and then");
        assert_eq!(texts(&[waits]), [""; 0], "a holder nobody knows");
    }

    #[test]
    fn of_several_readers_one_that_stays_inside_is_enough() {
        let writer = link(1, 11_000, write_lock(0xa0, &[2, 3]));
        let (works, sleeps) = (link(2, 0, None), link(3, 12_000, EVENT));
        assert_eq!(
            texts(&[writer.clone(), works.clone(), sleeps.clone()]),
            ["t1 (1) waits for write lock 0xa0 held by t3 (3), which waits for an event"]
        );
        assert_eq!(texts(&[writer.clone(), works.clone(), link(3, 400, EVENT)]), [""; 0], "both go on");
        // The second reader wants what the writer holds; that the first one sleeps is told by nobody's question.
        let crossed = link(3, 12_000, mutex(0xb0, Some(1)));
        assert_eq!(
            texts(&[writer.clone(), link(2, 11_000, EVENT), crossed]),
            ["t1 (1) waits for write lock 0xa0 held by t3 (3), which waits for mutex 0xb0 held by t1 (1)"]
        );
        assert!(find(&[link(4, 11_000, write_lock(0xa0, &[5, 4])), link(5, 0, None)], 10_000)[0].is_circle);
    }

    #[test]
    fn many_readers_of_many_locks_are_looked_at_once_each() {
        // Every thread waits for all those after it: as many paths as there are sets of threads.
        let mut links: Vec<Link> = (1..60)
            .map(|id| link(id, 11_000, write_lock(id, &(id + 1..=60).collect::<Vec<u64>>())))
            .collect();
        links.push(link(60, 0, None));
        assert_eq!(texts(&links), [""; 0], "the last one works");
    }

    #[test]
    fn waiting_for_input_for_ever_is_nobody_s_fault() {
        let links = [link(1, 1 << 40, EVENT), link(2, 1 << 40, mutex(0xa0, None)), link(3, 0, None)];
        assert_eq!(texts(&links), [""; 0]);
    }
}
