//! No wake-up is lost, by whatever a thread is woken.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

use super::{LoomPlatform, explore, wait_queue};
use crate::{Interrupted, Interruption, StateWord, ThreadState, WaitQueue};

struct Court {
    ball_is_here: AtomicBool,
    queue: WaitQueue<LoomPlatform>,
}

impl Court {
    fn new() -> Arc<Self> {
        Arc::new(Self { ball_is_here: AtomicBool::new(false), queue: wait_queue() })
    }

    fn serve(&self) {
        self.ball_is_here.store(true, Ordering::Release);
        self.queue.wake_one();
    }

    fn receive(&self) {
        self.queue.wait_until(|| self.take());
    }

    /// Not a swap: loom lets one that found no ball hide a store that comes after it, which the memory model
    /// forbids (what an exchange reads is its immediate predecessor in modification order).
    fn take(&self) -> bool {
        self.ball_is_here.compare_exchange(true, false, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

#[test]
fn no_wake_up_is_lost() {
    explore("wait queue, one waiter", || {
        let court = Court::new();
        let there = court.clone();
        let waker = thread::spawn(move || there.serve());
        court.receive();
        waker.join().unwrap();
    });
}

#[test]
fn two_threads_play_ping_pong() {
    explore("wait queue, ping-pong", || {
        let (mine, theirs) = (Court::new(), Court::new());
        let (a, b) = (mine.clone(), theirs.clone());
        let other = thread::spawn(move || {
            for _ in 0..2 {
                b.receive();
                a.serve();
            }
        });
        for _ in 0..2 {
            theirs.serve();
            mine.receive();
        }
        other.join().unwrap();
    });
}

#[test]
fn everybody_wakes() {
    explore("wait queue, wake_all", || {
        let gate = Arc::new((AtomicBool::new(false), wait_queue()));
        let waiters: alloc::vec::Vec<_> = (0..2)
            .map(|_| {
                let gate = gate.clone();
                thread::spawn(move || gate.1.wait_until(|| gate.0.load(Ordering::Acquire)))
            })
            .collect();
        gate.0.store(true, Ordering::Release);
        gate.1.wake_all();
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

#[test]
fn each_of_two_wakers_wakes_one() {
    explore("wait queue, two wakers and two waiters", || {
        let counter = Arc::new((AtomicUsize::new(0), wait_queue()));
        let take = |counter: &(AtomicUsize, WaitQueue<LoomPlatform>)| {
            counter.1.wait_until(|| {
                counter
                    .0
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
            });
        };
        let there = counter.clone();
        let waiter = thread::spawn(move || take(&there));
        let there = counter.clone();
        let waker = thread::spawn(move || {
            there.0.fetch_add(1, Ordering::Relaxed);
            there.1.wake_one();
            there.0.fetch_add(1, Ordering::Relaxed);
            there.1.wake_one();
        });
        take(&counter);
        waiter.join().unwrap();
        waker.join().unwrap();
    });
}

/// An alarm that may ring at any moment neither loses the waker's wake-up nor leaves a ticket behind.
#[test]
fn an_alarm_and_a_waker_race() {
    explore("wait queue, alarm", || {
        let court = Court::new();
        let there = court.clone();
        let waker = thread::spawn(move || there.serve());
        let came = court.queue.wait_until_deadline(1, || court.take());
        waker.join().unwrap();
        assert!(came, "the model's clock stands still");
        assert!(!court.queue.wake_one(), "a ticket of a sleep that is over was left behind");
    });
}

#[test]
fn a_request_interrupts_whenever_it_comes() {
    explore("wait queue, interruption", || {
        let queue = Arc::new(wait_queue());
        let interruption = Arc::new(Interruption::<LoomPlatform>::new());
        let there = interruption.clone();
        let canceller = thread::spawn(move || there.request());
        assert_eq!(queue.wait_until_interrupted(&interruption, || false), Err(Interrupted));
        canceller.join().unwrap();
        assert!(interruption.is_requested());
        assert!(!queue.wake_one(), "a ticket of a sleep that is over was left behind");
    });
}

/// What a waker handed over is taken, or still there for the next: never gone.
#[test]
fn an_interruption_swallows_no_wake_up() {
    explore("wait queue, interruption and waker", || {
        let court = Court::new();
        let interruption = Arc::new(Interruption::<LoomPlatform>::new());
        let (there, request) = (court.clone(), interruption.clone());
        let waker = thread::spawn(move || there.serve());
        let canceller = thread::spawn(move || request.request());
        let taken = court.queue.wait_until_interrupted(&interruption, || court.take());
        waker.join().unwrap();
        canceller.join().unwrap();
        assert_eq!(taken.is_err(), court.ball_is_here.load(Ordering::Relaxed));
    });
}

#[test]
fn one_of_two_tickets_for_a_sleep_wakes() {
    explore("state word, two wakers", || {
        let word = Arc::new(StateWord::new(ThreadState::Running));
        let sleep = word.begin_sleep();
        let there = word.clone();
        let other = thread::spawn(move || there.end_sleep(sleep, ThreadState::Ready));
        let mine = word.end_sleep(sleep, ThreadState::Ready);
        assert!(mine != other.join().unwrap());
    });
}

#[test]
fn a_ticket_of_an_earlier_sleep_is_void() {
    explore("state word, late waker", || {
        let word = StateWord::new(ThreadState::Running);
        let first = word.begin_sleep();
        assert!(word.end_sleep(first, ThreadState::Ready));
        word.set(ThreadState::Running);
        let second = word.begin_sleep();
        assert!(!word.end_sleep(first, ThreadState::Ready), "the late waker ended another sleep");
        assert!(word.end_sleep(second, ThreadState::Ready));
    });
}
