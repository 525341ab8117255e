//! Locks exclude, and let everybody through in the end.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::{LoomPlatform, explore, wait_queue};
use crate::{Barrier, Condition, RawMutex, RawOnce, RawRwLock, Semaphore};

fn mutex() -> RawMutex<LoomPlatform> {
    RawMutex::new(wait_queue())
}

/// A value that the model checker watches: two threads in it at once, one of them writing, fail the test.
struct Watched(UnsafeCell<usize>);

impl Watched {
    fn new() -> Self {
        Self(UnsafeCell::new(0))
    }

    /// Enters as a writer.
    fn write(&self) {
        self.0.with_mut(|_| thread::yield_now());
    }

    /// Enters as a reader.
    fn read(&self) {
        self.0.with(|_| thread::yield_now());
    }
}

#[test]
fn a_mutex_excludes_two_threads() {
    explore("mutex, two threads twice", || {
        let shared = Arc::new((mutex(), Watched::new()));
        let work = |shared: &(RawMutex<LoomPlatform>, Watched)| {
            for _ in 0..2 {
                shared.0.acquire();
                shared.1.write();
                shared.0.release();
            }
        };
        let there = shared.clone();
        let other = thread::spawn(move || work(&there));
        work(&shared);
        other.join().unwrap();
    });
}

#[test]
fn a_mutex_excludes_three_threads() {
    explore("mutex, three threads", || {
        let shared = Arc::new((mutex(), Watched::new()));
        let work = |shared: &(RawMutex<LoomPlatform>, Watched)| {
            shared.0.acquire();
            shared.1.write();
            shared.0.release();
        };
        let others: alloc::vec::Vec<_> = (0..2)
            .map(|_| {
                let there = shared.clone();
                thread::spawn(move || work(&there))
            })
            .collect();
        work(&shared);
        for other in others {
            other.join().unwrap();
        }
        assert!(shared.0.try_acquire(), "everybody left");
    });
}

#[test]
fn a_notification_is_not_lost_between_release_and_sleep() {
    explore("condition variable", || {
        let shared = Arc::new((mutex(), AtomicUsize::new(0), Condition::new(wait_queue())));
        let there = shared.clone();
        let other = thread::spawn(move || {
            there.0.acquire();
            there.1.store(1, Ordering::Relaxed);
            there.0.release();
            there.2.notify_one();
        });
        shared.0.acquire();
        while shared.1.load(Ordering::Relaxed) == 0 {
            shared.2.wait(&shared.0);
        }
        shared.0.release();
        other.join().unwrap();
    });
}

#[test]
fn a_semaphore_lets_as_many_in_as_it_has_permits() {
    explore("semaphore, one permit", || {
        let shared = Arc::new((Semaphore::<LoomPlatform>::new(1, wait_queue()), Watched::new()));
        let work = |shared: &(Semaphore<LoomPlatform>, Watched)| {
            shared.0.acquire();
            shared.1.write();
            shared.0.release(1);
        };
        let there = shared.clone();
        let other = thread::spawn(move || work(&there));
        work(&shared);
        other.join().unwrap();
        assert_eq!(shared.0.available(), 1);
    });
}

#[test]
fn a_reader_writer_lock_excludes_writers() {
    explore("reader-writer lock, two readers and a writer", || {
        let shared = Arc::new((RawRwLock::<LoomPlatform>::new(wait_queue(), wait_queue()), Watched::new()));
        let read = |shared: &(RawRwLock<LoomPlatform>, Watched)| {
            shared.0.acquire_shared();
            shared.1.read();
            shared.0.release_shared();
        };
        let there = shared.clone();
        let writer = thread::spawn(move || {
            there.0.acquire_exclusive();
            there.1.write();
            there.0.release_exclusive();
        });
        let there = shared.clone();
        let reader = thread::spawn(move || read(&there));
        read(&shared);
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn two_writers_and_a_reader_all_get_through() {
    explore("reader-writer lock, two writers and a reader", || {
        let shared = Arc::new((RawRwLock::<LoomPlatform>::new(wait_queue(), wait_queue()), Watched::new()));
        let write = |shared: &(RawRwLock<LoomPlatform>, Watched)| {
            shared.0.acquire_exclusive();
            shared.1.write();
            shared.0.release_exclusive();
        };
        let there = shared.clone();
        let other = thread::spawn(move || write(&there));
        let there = shared.clone();
        let reader = thread::spawn(move || {
            there.0.acquire_shared();
            there.1.read();
            there.0.release_shared();
        });
        write(&shared);
        other.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn a_barrier_is_passed_together_twice() {
    explore("barrier, two threads twice", || {
        let shared = Arc::new((
            Barrier::<LoomPlatform>::new(2, wait_queue()),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        ));
        let work = |shared: &(Barrier<LoomPlatform>, AtomicUsize, AtomicUsize)| {
            for round in 1..=2 {
                shared.1.fetch_add(1, Ordering::Relaxed);
                let last = shared.0.wait();
                shared.2.fetch_add(usize::from(last), Ordering::Relaxed);
                assert!(shared.1.load(Ordering::Relaxed) >= 2 * round, "passed alone");
            }
        };
        let there = shared.clone();
        let other = thread::spawn(move || work(&there));
        work(&shared);
        other.join().unwrap();
        assert_eq!(shared.2.load(Ordering::Relaxed), 2, "one thread is the last, each time");
    });
}

#[test]
fn work_is_done_once_and_seen_by_all() {
    explore("once, three threads", || {
        let shared =
            Arc::new((RawOnce::<LoomPlatform>::new(wait_queue()), UnsafeCell::new(()), AtomicUsize::new(0)));
        let work = |shared: &(RawOnce<LoomPlatform>, UnsafeCell<()>, AtomicUsize)| {
            shared.0.call_once(|| {
                shared.1.with_mut(|_| ());
                shared.2.fetch_add(1, Ordering::Relaxed);
            });
            shared.1.with(|_| ());
            assert_eq!(shared.2.load(Ordering::Relaxed), 1);
        };
        let others: alloc::vec::Vec<_> = (0..2)
            .map(|_| {
                let there = shared.clone();
                thread::spawn(move || work(&there))
            })
            .collect();
        work(&shared);
        for other in others {
            other.join().unwrap();
        }
    });
}
