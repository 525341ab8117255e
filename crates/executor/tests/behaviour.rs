//! What a user of the executor relies on, one thing at a time.

mod support;

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use executor::{Cancelled, Platform, Signal, SignalState, SpawnError, TaskState, TimedOut, yield_now};
use support::{Simulated, executor, fail_after, set_now};

/// Counts its drops.
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn signal() -> Arc<Signal<Simulated>> {
    Arc::new(Signal::new(Simulated::lock(SignalState::new())))
}

#[test]
fn a_handle_gives_the_outcome() {
    let executor = executor();
    let inner = executor.spawn("inner", async { 6 * 7 }).unwrap();
    let seen = Arc::new(Mutex::new(None));
    let there = seen.clone();
    let outer = async move { *there.lock().unwrap() = Some(inner.await) };
    executor.spawn("outer", outer).unwrap().detach();
    while executor.run_round() > 0 {}
    assert_eq!(*seen.lock().unwrap(), Some(Ok(42)));
}

#[test]
fn a_cancelled_task_is_dropped_on_the_executors_thread_and_its_joiner_learns_of_it() {
    let executor = executor();
    let drops = Arc::new(AtomicUsize::new(0));
    let guard = Guard(drops.clone());
    let handle = executor
        .spawn("waits for ever", async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        })
        .unwrap();
    executor.run_round();
    handle.cancel();
    assert_eq!(drops.load(Ordering::Relaxed), 0, "not by whoever cancels: that may be anybody");
    let seen = Arc::new(Mutex::new(None));
    let there = seen.clone();
    let joiner = async move { *there.lock().unwrap() = Some(handle.await) };
    executor.spawn("joiner", joiner).unwrap().detach();
    while executor.run_round() > 0 {}
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    assert_eq!(*seen.lock().unwrap(), Some(Err(Cancelled)));
}

#[test]
fn a_task_that_is_always_ready_keeps_nobody_waiting() {
    let executor = executor();
    let turns = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let busy = async {
            loop {
                yield_now().await;
            }
        };
        executor.spawn("busy", busy).unwrap().detach();
    }
    let there = turns.clone();
    let modest = async move {
        for _ in 0..10 {
            there.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
        }
    };
    executor.spawn("modest", modest).unwrap().detach();
    for round in 1..=10 {
        assert_eq!(executor.run_round(), 3);
        assert_eq!(turns.load(Ordering::Relaxed), round);
    }
}

#[test]
fn the_last_waker_frees_nothing() {
    let executor = executor();
    let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
    let there = kept.clone();
    let leaves_a_waker = poll_fn(move |context| {
        *there.lock().unwrap() = Some(context.waker().clone());
        Poll::Ready(())
    });
    executor.spawn("leaves a waker", leaves_a_waker).unwrap().detach();
    executor.run_round();
    let waker = kept.lock().unwrap().take().unwrap();
    let states = || executor.list().iter().map(|task| task.state).collect::<Vec<_>>();
    assert_eq!(states(), [TaskState::Finished]);
    waker.wake();
    assert!(!executor.has_ready(), "a finished task was queued");
    assert_eq!(states(), [TaskState::Finished], "the record went with the waker");
    executor.spawn("next", async {}).unwrap().detach();
    executor.run_round();
    assert_eq!(states(), []);
}

#[test]
fn a_signal_is_seen_once_whether_it_comes_before_or_after() {
    let executor = executor();
    let (bell, heard) = (signal(), Arc::new(AtomicUsize::new(0)));
    let (there, count) = (bell.clone(), heard.clone());
    let listener = async move {
        loop {
            there.wait().await;
            count.fetch_add(1, Ordering::Relaxed);
        }
    };
    bell.notify();
    executor.spawn("listener", listener).unwrap().detach();
    for expected in 1..4 {
        while executor.run_round() > 0 {}
        assert_eq!(heard.load(Ordering::Relaxed), expected);
        bell.notify();
        bell.notify();
    }
}

#[test]
fn a_timeout_gives_up_at_its_moment_and_not_before() {
    let executor = executor();
    let bell = signal();
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let (there, seen, inner) = (bell.clone(), outcomes.clone(), executor);
    let patient = async move {
        for deadline in [100, 200, 300] {
            let outcome = inner.timeout_at_ns(deadline, there.wait()).await;
            seen.lock().unwrap().push(outcome);
        }
    };
    executor.spawn("patient", patient).unwrap().detach();
    executor.run_round();
    assert_eq!(executor.next_deadline_ns(), 100);
    set_now(99);
    assert_eq!(executor.run_round(), 0);
    set_now(100);
    executor.run_round();
    // The signal comes at the very moment: it is in time.
    set_now(200);
    bell.notify();
    while executor.run_round() > 0 {}
    set_now(1_000);
    while executor.run_round() > 0 {}
    assert_eq!(*outcomes.lock().unwrap(), [Err(TimedOut), Ok(()), Err(TimedOut)]);
    assert_eq!(executor.next_deadline_ns(), u64::MAX);
}

#[test]
fn an_interval_keeps_its_grid_and_leaves_out_what_it_missed() {
    let executor = executor();
    let beats = Arc::new(Mutex::new(Vec::new()));
    let there = beats.clone();
    let mut interval = executor.interval_ns(10);
    let drummer = async move {
        loop {
            interval.tick().await;
            there.lock().unwrap().push(Simulated::now_ns());
        }
    };
    executor.spawn("drummer", drummer).unwrap().detach();
    for now in [5, 10, 19, 20, 57, 59, 60] {
        set_now(now);
        while executor.run_round() > 0 {}
    }
    assert_eq!(*beats.lock().unwrap(), [10, 20, 57, 60]);
}

#[test]
fn whoever_sleeps_first_calls_the_thread() {
    let executor = executor();
    let calls = || executor.platform().calls.load(Ordering::Relaxed);
    for (deadline, called) in [(500, true), (400, true), (450, false)] {
        let inner = executor;
        executor.spawn("sleeper", async move { inner.sleep_until_ns(deadline).await }).unwrap().detach();
        let before = calls();
        executor.run_round();
        assert_eq!(calls() > before, called, "for a deadline of {deadline}");
    }
}

#[test]
fn without_memory_there_is_no_task_and_no_trace() {
    let executor = executor();
    let drops = Arc::new(AtomicUsize::new(0));
    let mut failures = 0;
    for allocations in 0.. {
        let guard = Guard(drops.clone());
        let future = async move {
            let _guard = guard;
        };
        fail_after(allocations);
        let outcome = executor.spawn("unlucky", future);
        fail_after(u32::MAX);
        match outcome {
            Err(SpawnError::OutOfMemory) => failures += 1,
            Ok(handle) => {
                handle.detach();
                break;
            }
        }
        assert_eq!(drops.load(Ordering::Relaxed), failures, "the future of a task that was not made stays");
        assert_eq!(executor.list(), []);
        assert!(!executor.has_ready());
    }
    assert!(failures >= 3, "{failures} allocations were made to fail");
    executor.run_round();
    assert_eq!(executor.list(), []);
}
