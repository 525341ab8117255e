//! Priority inheritance against its definition: a thread is as urgent as the most urgent one that waits for
//! it, directly or along a chain.

use fastrand::Rng;
use std::collections::BTreeMap;

use blocking::{Acquisition, Boost, InheritanceError, LockId, Priority, PriorityInheritance, ThreadId};

/// A scheduler that remembers what it was told.
#[derive(Default)]
struct Told(BTreeMap<ThreadId, Priority>);

impl Boost for Told {
    fn boost(&mut self, thread: ThreadId, priority: Priority) {
        let before = self.0.insert(thread, priority);
        assert_ne!(before, Some(priority), "told twice");
    }
}

struct World {
    locks: PriorityInheritance,
    told: Told,
}

fn world(bases: &[u8], locks: usize) -> World {
    let mut world = World { locks: PriorityInheritance::new(), told: Told::default() };
    for &base in bases {
        let thread = world.locks.add_thread(Priority(base)).unwrap();
        world.told.0.insert(thread, Priority(base));
    }
    for _ in 0..locks {
        world.locks.add_lock().unwrap();
    }
    world
}

impl World {
    fn acquire(&mut self, thread: usize, lock: usize) -> Result<Acquisition, InheritanceError> {
        self.locks.acquire(ThreadId(thread), LockId(lock), &mut self.told)
    }

    fn release(&mut self, thread: usize, lock: usize) -> Result<Option<ThreadId>, InheritanceError> {
        self.locks.release(ThreadId(thread), LockId(lock), &mut self.told)
    }

    fn runs_at(&self, thread: usize) -> u8 {
        self.told.0[&ThreadId(thread)].0
    }
}

#[test]
fn the_holder_runs_as_urgently_as_who_waits_and_no_longer() {
    let mut world = world(&[1, 9], 1);
    assert_eq!(world.acquire(0, 0), Ok(Acquisition::Acquired));
    assert_eq!(world.acquire(1, 0), Ok(Acquisition::Queued));
    assert_eq!(world.runs_at(0), 9);
    assert_eq!(world.release(0, 0), Ok(Some(ThreadId(1))));
    assert_eq!(world.runs_at(0), 1);
}

#[test]
fn a_chain_is_boosted_to_its_end() {
    let mut world = world(&[1, 2, 3, 9], 3);
    for thread in 0..3 {
        assert_eq!(world.acquire(thread, thread), Ok(Acquisition::Acquired));
    }
    assert_eq!(world.acquire(1, 0), Ok(Acquisition::Queued));
    assert_eq!(world.acquire(2, 1), Ok(Acquisition::Queued));
    assert_eq!([0, 1, 2].map(|thread| world.runs_at(thread)), [3, 3, 3]);
    assert_eq!(world.acquire(3, 2), Ok(Acquisition::Queued));
    assert_eq!([0, 1, 2].map(|thread| world.runs_at(thread)), [9, 9, 9]);
    // The most urgent one gives up waiting: the chain falls back.
    world.locks.cancel(ThreadId(3), &mut world.told).unwrap();
    assert_eq!([0, 1, 2].map(|thread| world.runs_at(thread)), [3, 3, 3]);
}

#[test]
fn a_circle_is_refused() {
    let mut world = world(&[1, 2, 3], 3);
    for thread in 0..3 {
        world.acquire(thread, thread).unwrap();
    }
    assert_eq!(world.acquire(0, 0), Err(InheritanceError::Deadlock));
    world.acquire(0, 1).unwrap();
    world.acquire(1, 2).unwrap();
    assert_eq!(world.acquire(2, 0), Err(InheritanceError::Deadlock));
}

#[test]
fn among_equals_the_first_goes_first() {
    let mut world = world(&[1, 5, 7, 7], 1);
    world.acquire(0, 0).unwrap();
    for thread in 1..4 {
        world.acquire(thread, 0).unwrap();
    }
    assert_eq!(world.release(0, 0), Ok(Some(ThreadId(2))));
    assert_eq!(world.release(2, 0), Ok(Some(ThreadId(3))));
    assert_eq!(world.release(3, 0), Ok(Some(ThreadId(1))));
    assert_eq!(world.release(1, 0), Ok(None));
}

#[test]
fn who_took_a_lock_before_it_was_known_inherits_all_the_same() {
    let mut world = world(&[1, 2, 9], 1);
    // It waits for a lock of somebody else's when the one it holds becomes known.
    world.acquire(1, 0).unwrap();
    world.acquire(0, 0).unwrap();
    let late = world.locks.add_lock().unwrap();
    assert_eq!(world.locks.adopt(ThreadId(0), late), Ok(()));
    assert_eq!(world.locks.adopt(ThreadId(1), late), Err(InheritanceError::AlreadyHeld));
    assert_eq!(world.acquire(2, late.0), Ok(Acquisition::Queued));
    assert_eq!([0, 1, 2].map(|thread| world.runs_at(thread)), [9, 9, 9]);
    assert_eq!(world.release(1, 0), Ok(Some(ThreadId(0))));
    assert_eq!([0, 1].map(|thread| world.runs_at(thread)), [9, 2]);
    assert_eq!(world.release(0, late.0), Ok(Some(ThreadId(2))));
    assert_eq!([0, 2].map(|thread| world.runs_at(thread)), [1, 9]);
}

#[test]
fn a_lock_that_nobody_wants_can_be_forgotten() {
    let mut world = world(&[1, 9], 1);
    world.acquire(0, 0).unwrap();
    world.acquire(1, 0).unwrap();
    assert!(world.locks.is_wanted(LockId(0)) && world.locks.is_engaged(ThreadId(1)));
    assert_eq!(world.locks.remove_lock(LockId(0)), Err(InheritanceError::StillWanted));
    world.release(0, 0).unwrap();
    assert_eq!(world.locks.remove_lock(LockId(0)), Ok(()));
    assert!(!world.locks.is_engaged(ThreadId(0)) && !world.locks.is_engaged(ThreadId(1)));
    // Another one gets its number.
    assert_eq!(world.locks.add_lock(), Ok(LockId(0)));
    assert_eq!(world.acquire(0, 0), Ok(Acquisition::Acquired));
}

/// The definition, by brute force: raise until nothing changes.
struct Model {
    base: Vec<u8>,
    holder: Vec<Option<usize>>,
    waits_for: Vec<Option<usize>>,
}

impl Model {
    fn effective(&self) -> Vec<u8> {
        let mut effective = self.base.clone();
        loop {
            let before = effective.clone();
            for (waiter, lock) in self.waits_for.iter().enumerate() {
                if let Some(holder) = lock.and_then(|lock| self.holder[lock]) {
                    effective[holder] = effective[holder].max(effective[waiter]);
                }
            }
            if effective == before {
                return effective;
            }
        }
    }

    fn would_deadlock(&self, thread: usize, lock: usize) -> bool {
        let mut at = self.holder[lock];
        // More steps than threads would be a circle that was let in.
        for _ in 0..=self.base.len() {
            match at {
                Some(holder) if holder == thread => return true,
                Some(holder) => at = self.waits_for[holder].and_then(|lock| self.holder[lock]),
                None => return false,
            }
        }
        panic!("a circle was let in");
    }
}

#[test]
fn random_use_agrees_with_the_definition() {
    const THREADS: usize = 6;
    const LOCKS: usize = 5;
    let mut random = Rng::with_seed(0x9e37_79b9_7f4a_7c15);
    let base: Vec<u8> = (0..THREADS).map(|_| random.u8(..8)).collect();
    let mut world = world(&base, LOCKS);
    let mut model = Model { base, holder: vec![None; LOCKS], waits_for: vec![None; THREADS] };
    for _ in 0..100_000 {
        let (thread, lock) = (random.usize(..THREADS), random.usize(..LOCKS));
        match random.usize(..8) {
            0..=3 => {
                let expected = match (model.waits_for[thread], model.holder[lock]) {
                    (Some(_), _) => Err(InheritanceError::AlreadyWaiting),
                    (None, None) => Ok(Acquisition::Acquired),
                    (None, Some(_)) if model.would_deadlock(thread, lock) => Err(InheritanceError::Deadlock),
                    (None, Some(_)) => Ok(Acquisition::Queued),
                };
                assert_eq!(world.acquire(thread, lock), expected);
                match expected {
                    Ok(Acquisition::Acquired) => model.holder[lock] = Some(thread),
                    Ok(Acquisition::Queued) => model.waits_for[thread] = Some(lock),
                    Err(_) => {}
                }
            }
            4..=5 => {
                let effective = model.effective();
                let released = world.release(thread, lock);
                if model.holder[lock] != Some(thread) {
                    assert_eq!(released, Err(InheritanceError::NotHeld));
                    continue;
                }
                let next = released.unwrap().map(|thread| thread.0);
                let waiting: Vec<usize> =
                    (0..THREADS).filter(|&waiter| model.waits_for[waiter] == Some(lock)).collect();
                assert_eq!(next.is_some(), !waiting.is_empty());
                if let Some(next) = next {
                    assert!(waiting.iter().all(|&waiter| effective[waiter] <= effective[next]));
                    model.waits_for[next] = None;
                }
                model.holder[lock] = next;
            }
            6 => {
                let cancelled = world.locks.cancel(ThreadId(thread), &mut world.told);
                assert_eq!(cancelled.is_ok(), model.waits_for[thread].take().is_some());
            }
            _ => {
                model.base[thread] = random.u8(..8);
                world
                    .locks
                    .set_base(ThreadId(thread), Priority(model.base[thread]), &mut world.told)
                    .unwrap();
            }
        }
        let told: Vec<u8> = (0..THREADS).map(|thread| world.runs_at(thread)).collect();
        assert_eq!(told, model.effective());
    }
}
