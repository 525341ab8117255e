//! Locks over the host's threads: many of them, for a short time.

mod host;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use blocking::{Access, Barrier, Condition, Platform, RawMutex, RawOnce, RawRwLock, Semaphore};
use host::{Host, INSIDE, TAKEN_FIRST, in_ms, queue, together};

/// A counter that loses additions when two threads are in it at once.
#[derive(Default)]
struct Fragile(AtomicUsize);

impl Fragile {
    fn add_one(&self) {
        let before = self.0.load(Ordering::Relaxed);
        thread::yield_now();
        self.0.store(before + 1, Ordering::Relaxed);
    }
}

#[test]
fn a_mutex_names_its_holder() {
    let (mutex, held) = (RawMutex::<Host>::new(queue()), Barrier::<Host>::new(9, queue()));
    assert_eq!(mutex.holder(), None);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                held.wait();
                mutex.acquire();
                assert_eq!(mutex.holder(), Some(Host::current()), "though others wait");
                mutex.release();
            });
        }
        mutex.acquire();
        held.wait();
        thread::sleep(Duration::from_millis(20));
        assert_eq!(mutex.holder(), Some(Host::current()), "after others have come to wait");
        mutex.release();
    });
    assert_eq!(mutex.holder(), None);
}

#[test]
fn the_platform_is_told_once_of_a_mutex() {
    let mutexes: Vec<_> = (0..50).map(|_| RawMutex::<Host>::new(queue())).collect();
    let told = |mutex: &RawMutex<Host>| {
        TAKEN_FIRST.lock().unwrap().iter().filter(|&&word| word == mutex.address()).count()
    };
    assert!(mutexes.iter().all(|mutex| told(mutex) == 0 && mutex.holder().is_none()));
    together(4, |_| {
        for mutex in &mutexes {
            if !mutex.try_acquire() {
                mutex.acquire();
            }
            assert_eq!(told(mutex), 1, "before anybody is inside for the second time");
            mutex.release();
        }
    });
    assert!(mutexes.iter().all(|mutex| told(mutex) == 1));
}

#[test]
fn the_platform_knows_who_is_inside_a_reader_writer_lock() {
    let lock = RawRwLock::<Host>::new(queue(), queue());
    let address = lock.address();
    let inside = || {
        let inside = INSIDE.lock().unwrap();
        inside.iter().filter(|(lock, _)| *lock == address).map(|&(_, access)| access).collect::<Vec<_>>()
    };
    lock.acquire_shared();
    lock.acquire_shared();
    assert_eq!(inside(), [Access::Shared; 2]);
    thread::scope(|scope| {
        scope.spawn(|| {
            lock.acquire_exclusive();
            assert_eq!(inside(), [Access::Exclusive]);
            lock.release_exclusive();
        });
        thread::sleep(Duration::from_millis(20));
        assert_eq!(inside(), [Access::Shared; 2], "who waits is not inside");
        lock.release_shared();
        lock.release_shared();
    });
    assert_eq!(inside(), []);
}

#[test]
fn a_mutex_loses_no_addition() {
    let (mutex, sum) = (RawMutex::<Host>::new(queue()), Fragile::default());
    together(8, |_| {
        for _ in 0..2_000 {
            mutex.acquire();
            sum.add_one();
            mutex.release();
        }
    });
    assert_eq!(sum.0.into_inner(), 16_000);
    assert!(mutex.try_acquire());
    assert!(!mutex.try_acquire());
}

#[test]
fn a_condition_wakes_who_waits_and_times_out() {
    let (mutex, condition) = (RawMutex::<Host>::new(queue()), Condition::<Host>::new(queue()));
    mutex.acquire();
    assert!(!condition.wait_deadline(&mutex, in_ms(5)));
    mutex.release();
    let turn = AtomicUsize::new(0);
    together(4, |number| {
        for round in 0..200 {
            mutex.acquire();
            while turn.load(Ordering::Relaxed) != 4 * round + number {
                condition.wait(&mutex);
            }
            turn.fetch_add(1, Ordering::Relaxed);
            mutex.release();
            condition.notify_all();
        }
    });
    assert_eq!(turn.into_inner(), 800);
}

#[test]
fn never_more_inside_than_a_semaphore_has_permits() {
    let semaphore = Semaphore::<Host>::new(3, queue());
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    together(8, |_| {
        for _ in 0..500 {
            semaphore.acquire();
            most.fetch_max(inside.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            thread::yield_now();
            inside.fetch_sub(1, Ordering::Relaxed);
            semaphore.release(1);
        }
    });
    assert!(most.into_inner() <= 3);
    assert_eq!(semaphore.available(), 3);
    for _ in 0..3 {
        assert!(semaphore.try_acquire());
    }
    assert!(!semaphore.acquire_deadline(in_ms(5)));
}

#[test]
fn readers_share_and_writers_do_not() {
    let lock = RawRwLock::<Host>::new(queue(), queue());
    let (sum, writing) = (Fragile::default(), AtomicBool::new(false));
    together(8, |number| {
        for _ in 0..500 {
            if number < 4 {
                lock.acquire_exclusive();
                writing.store(true, Ordering::Relaxed);
                sum.add_one();
                writing.store(false, Ordering::Relaxed);
                lock.release_exclusive();
            } else {
                lock.acquire_shared();
                assert!(!writing.load(Ordering::Relaxed));
                lock.release_shared();
            }
        }
    });
    assert_eq!(sum.0.into_inner(), 2_000);
}

/// Three readers that always overlap keep the lock for ever unless a waiting writer goes first; and three
/// writers keep it for ever unless waiting readers go between them.

#[test]
fn nobody_starves_at_a_reader_writer_lock() {
    for crowd_writes in [false, true] {
        let lock = RawRwLock::<Host>::new(queue(), queue());
        let over = AtomicBool::new(false);
        let enter = |exclusive: bool| {
            if exclusive {
                lock.acquire_exclusive();
                thread::yield_now();
                lock.release_exclusive();
            } else {
                lock.acquire_shared();
                thread::yield_now();
                lock.release_shared();
            }
        };
        together(4, |number| {
            if number == 0 {
                for _ in 0..200 {
                    enter(!crowd_writes);
                }
                over.store(true, Ordering::Relaxed);
            } else {
                while !over.load(Ordering::Relaxed) {
                    enter(crowd_writes);
                }
            }
        });
    }
}

#[test]
fn a_barrier_holds_all_until_the_last() {
    let barrier = Barrier::<Host>::new(5, queue());
    let (arrived, last) = (AtomicUsize::new(0), AtomicUsize::new(0));
    together(5, |_| {
        for round in 1..=200 {
            arrived.fetch_add(1, Ordering::Relaxed);
            last.fetch_add(usize::from(barrier.wait()), Ordering::Relaxed);
            assert!(arrived.load(Ordering::Relaxed) >= 5 * round);
        }
    });
    assert_eq!(last.into_inner(), 200);
}

#[test]
fn work_is_done_once() {
    let (once, runs) = (RawOnce::<Host>::new(queue()), AtomicUsize::new(0));
    together(8, |_| {
        once.call_once(|| {
            thread::sleep(Duration::from_millis(5));
            runs.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(runs.load(Ordering::Relaxed), 1);
    });
    assert!(once.is_done());
}
