//! Wake, poll, finish and cancel, against each other.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::{Poll, Waker};

use loom::cell::UnsafeCell;
use loom::sync::Mutex;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::explore;
use super::platform::{LoomPlatform, run_until};
use crate::{Executor, Platform, Signal, SignalState};

fn executor() -> Executor<LoomPlatform> {
    Executor::new(LoomPlatform::new()).unwrap()
}

/// What a task and those who wake it share.
struct Desk {
    /// What the wakers want the task to see. Relaxed throughout: the wake-up alone has to carry it over.
    messages: AtomicUsize,
    waker: Mutex<Option<Waker>>,
    polls: AtomicUsize,
}

impl Desk {
    fn new() -> Arc<Self> {
        Arc::new(Self { messages: AtomicUsize::new(0), waker: Mutex::new(None), polls: AtomicUsize::new(0) })
    }

    /// Leaves its waker once and ends when `messages` have come.
    async fn collect(self: Arc<Self>, messages: usize) {
        // Two polls at once would meet here.
        let alone = UnsafeCell::new(());
        poll_fn(move |context| {
            alone.with_mut(|_| ());
            self.polls.fetch_add(1, Ordering::Relaxed);
            let mut waker = self.waker.lock().unwrap();
            if waker.is_none() {
                *waker = Some(context.waker().clone());
            }
            drop(waker);
            if self.messages.load(Ordering::Relaxed) >= messages { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// A task that has been polled once and waits, and its waker.
fn waiting_task(
    messages: usize,
) -> (Executor<LoomPlatform>, Arc<Desk>, crate::JoinHandle<LoomPlatform, ()>, Waker) {
    let (executor, desk) = (executor(), Desk::new());
    let handle = executor.spawn("collect", desk.clone().collect(messages)).unwrap();
    executor.run_round();
    let waker = desk.waker.lock().unwrap().clone().unwrap();
    (executor, desk, handle, waker)
}

#[test]
fn a_message_before_the_wake_up_is_seen_by_the_poll() {
    explore("executor, two wakers", || {
        let (executor, desk, handle, waker) = waiting_task(2);
        let wakers: Vec<_> = (0..2)
            .map(|_| {
                let (desk, waker) = (desk.clone(), waker.clone());
                thread::spawn(move || {
                    desk.messages.fetch_add(1, Ordering::Relaxed);
                    waker.wake();
                })
            })
            .collect();
        run_until(&executor, || handle.is_finished());
        for waker in wakers {
            waker.join().unwrap();
        }
        let polls = desk.polls.load(Ordering::Relaxed);
        assert!(polls <= 3, "two wake-ups after the first poll gave {polls} polls");
    });
}

/// One thread wakes twice: the first may find the task at rest, the second queued, running, woken while it runs, or done.
#[test]
fn a_task_is_queued_once_however_often_it_is_woken() {
    explore("executor, one waker twice", || {
        let (executor, desk, handle, waker) = waiting_task(1);
        let there = desk.clone();
        let other = thread::spawn(move || {
            there.messages.store(1, Ordering::Relaxed);
            waker.wake_by_ref();
            waker.wake_by_ref();
        });
        run_until(&executor, || handle.is_finished());
        other.join().unwrap();
        assert!(!executor.has_ready(), "a finished task was queued");
        assert!(desk.polls.load(Ordering::Relaxed) <= 2);
    });
}

#[test]
fn two_threads_may_run_tasks() {
    explore("executor, two runners", || {
        let (executor, desk, handle, waker) = waiting_task(1);
        let (there, desk_there) = (executor, desk.clone());
        let other = thread::spawn(move || {
            desk_there.messages.store(1, Ordering::Relaxed);
            waker.wake();
            there.run_round();
            // The other thread may have parked meanwhile, and waits for what was done here.
            there.platform().unpark();
        });
        run_until(&executor, || handle.is_finished());
        other.join().unwrap();
        assert!(handle.is_finished());
    });
}

/// Whatever comes first, the future is dropped once, the one who waits learns of it, and the record goes.
#[test]
fn cancelling_and_waking_race() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    explore("executor, cancel and wake", || {
        let (executor, desk) = (executor(), Desk::new());
        let drops = Arc::new(AtomicUsize::new(0));
        let (counted, collected) = (Counted(drops.clone()), desk.clone().collect(1));
        let handle = executor
            .spawn("cancelled", async move {
                let _counted = counted;
                collected.await;
            })
            .unwrap();
        executor.run_round();
        let waker = desk.waker.lock().unwrap().take().unwrap();
        let there = desk.clone();
        let other = thread::spawn(move || {
            there.messages.store(1, Ordering::Relaxed);
            waker.wake();
        });
        handle.cancel();
        run_until(&executor, || handle.is_finished());
        other.join().unwrap();
        assert_eq!(drops.load(Ordering::Relaxed), 1);
        // What waited on the desk was the last waker.
        drop(desk.waker.lock().unwrap().take());
        executor.spawn("collector", async {}).unwrap().detach();
        executor.run_round();
        assert!(executor.list().is_empty(), "a finished task's record stays");
        assert!(!executor.has_ready());
    });
}

/// A task ends on one thread while another, on a second thread, begins to wait for it.
#[test]
fn who_joins_is_woken() {
    explore("executor, join", || {
        let executor = executor();
        let first = executor.spawn("first", async {}).unwrap();
        let second = executor.spawn("second", first).unwrap();
        let there = executor;
        let runner = thread::spawn(move || {
            there.run_round();
            // The other thread may have parked meanwhile, and waits for what was done here.
            there.platform().unpark();
        });
        run_until(&executor, || second.is_finished());
        runner.join().unwrap();
    });
}

#[test]
fn no_signal_is_lost() {
    explore("executor, signal", || {
        let executor = executor();
        let signal = Arc::new(Signal::<LoomPlatform>::new(LoomPlatform::lock(SignalState::new())));
        let balls = Arc::new(AtomicUsize::new(0));
        let (there, balls_there) = (signal.clone(), balls.clone());
        let handle = executor
            .spawn("catcher", async move {
                while balls_there.load(Ordering::Relaxed) < 2 {
                    there.wait().await;
                }
            })
            .unwrap();
        let thrower = thread::spawn(move || {
            for _ in 0..2 {
                balls.fetch_add(1, Ordering::Relaxed);
                signal.notify();
            }
        });
        run_until(&executor, || handle.is_finished());
        thrower.join().unwrap();
    });
}
