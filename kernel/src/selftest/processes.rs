//! Processes over the real scheduler: how they begin, end, and are waited for.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::Outcome;
use crate::memory;
use crate::process::{self, CancelError, ExitStatus, ProcessId, ProcessState, Summary, WaitError, WaitFor};
use crate::sync::{self, Channel, WaitQueue};
use crate::task::{self, Local};

fn child(name: &str, body: impl FnOnce() -> u8 + Send + 'static) -> Result<ProcessId, String> {
    process::spawn(name, body).map_err(|error| format!("{error}"))
}

fn expect<T: PartialEq + core::fmt::Debug>(what: &str, found: T, expected: T) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} instead of {expected:?}")) }
}

fn find(id: ProcessId) -> Option<Summary> {
    process::list(&task::list()).into_iter().find(|process| process.id == id)
}

/// Waits until `condition` holds, and gives up after some seconds.
fn eventually(what: &str, mut condition: impl FnMut() -> bool) -> Outcome {
    for _ in 0..5_000 {
        if condition() {
            return Ok(());
        }
        task::sleep_ms(1);
    }
    Err(format!("{what} never came"))
}

/// One child and any child, with and without waiting; a child that lives and one that has ended; nobody's child.
pub fn children_are_waited_for() -> Outcome {
    let gate = Arc::new(sync::semaphore(0));
    let there = gate.clone();
    let first = child("first", move || {
        there.acquire();
        7
    })?;
    let parent = find(first).map(|process| (process.parent, process.name));
    expect("the child as listed", parent, Some((process::own_id(), "first".into())))?;
    expect("a child that lives", process::try_wait(WaitFor::One(first)), Err(WaitError::NotYet))?;
    expect(
        "somebody else's child",
        process::try_wait(WaitFor::One(ProcessId::INIT)),
        Err(WaitError::NoChild),
    )?;
    let second = child("second", || 3)?;
    let ended = Some(ProcessState::Zombie(ExitStatus::Exited(3)));
    eventually("the end of the second child", || find(second).map(|process| process.state) == ended)?;
    expect("any child", process::wait(WaitFor::Any), Ok((second, ExitStatus::Exited(3))))?;
    gate.release(1);
    expect("one child", process::wait(WaitFor::One(first)), Ok((first, ExitStatus::Exited(7))))?;
    expect("no child", process::wait(WaitFor::One(first)), Err(WaitError::NoChild))?;
    // Many at once, each of them once.
    let mut children = Vec::new();
    for code in 0..50 {
        children.push((child("one of many", move || code)?, ExitStatus::Exited(code)));
    }
    let mut reaped = Vec::new();
    for _ in 0..children.len() {
        reaped.push(process::wait(WaitFor::Any).map_err(|error| format!("{error:?}"))?);
    }
    reaped.sort_unstable();
    expect("many children", reaped, children)
}

/// A process lives on in its second thread, and its status is that of the last one.
pub fn last_thread_ends_process() -> Outcome {
    let (gate, begun) = (Arc::new(sync::semaphore(0)), Arc::new(sync::semaphore(0)));
    let (there, tell) = (gate.clone(), begun.clone());
    let id = child("two threads", move || {
        let second = task::spawn("second", move || {
            there.acquire();
            task::set_exit_code(9);
        });
        tell.release(1);
        u8::from(second.is_err())
    })?;
    begun.acquire();
    eventually("the end of the first thread", || find(id).is_some_and(|process| process.threads == 1))?;
    expect("one thread is left", process::try_wait(WaitFor::One(id)), Err(WaitError::NotYet))?;
    gate.release(1);
    expect("the last thread's status", process::wait(WaitFor::One(id)), Ok((id, ExitStatus::Exited(9))))
}

/// Whoever's parent ends first, dead or alive, is init's child, and gone once it has ended.
pub fn orphans_are_reaped() -> Outcome {
    let (gate, ids) = (Arc::new(sync::semaphore(0)), Arc::new(Channel::new(2).map_err(|e| format!("{e}"))?));
    let (there, tell) = (gate.clone(), ids.clone());
    let parent = child("parent", move || {
        let alive = process::spawn("alive", move || {
            there.acquire();
            0
        });
        let dead = process::spawn("dead", || 0);
        tell.send((alive, dead));
        0
    })?;
    let (Ok(alive), Ok(dead)) = ids.recv() else { return Err("no grandchildren".into()) };
    process::wait(WaitFor::One(parent)).map_err(|error| format!("{error:?}"))?;
    expect("the orphan's parent", find(alive).map(|orphan| orphan.parent), Some(ProcessId::INIT))?;
    eventually("the end of the dead orphan", || find(dead).is_none())?;
    gate.release(1);
    eventually("the end of the living orphan", || find(alive).is_none())
}

/// Whatever a process waits in, cancelling calls it out: sleep, wait queue, channel, waiting for a child. It stays
/// called out, and its status says so. Init and the kernel are not to be cancelled.
pub fn cancelling_wakes() -> Outcome {
    /// What to wait in, and a wait that says whether it was called out.
    type Wait = (&'static str, fn() -> bool);
    const WAITS: [Wait; 5] = [
        ("sleep", || task::nap_ms(3_600_000).is_err()),
        ("wait queue", || WaitQueue::new().wait_until_interruptible(|| false).is_err()),
        ("channel", || Channel::<u8>::new(1).is_ok_and(|channel| channel.recv_interruptible().is_err())),
        ("full channel", || {
            let Ok(channel) = Channel::new(1) else { return false };
            // What there is room for is sent, even by who was called out before.
            let first = channel.send_interruptible(1);
            first.is_ok() && channel.send_interruptible(2) == Err(2) && channel.recv() == 1
        }),
        ("child", || {
            let endless = process::spawn("endless", || {
                while task::nap_ms(3_600_000).is_ok() {}
                0
            });
            // A process that is cancelled already gets no children any more.
            let Ok(endless) = endless else { return task::is_interrupted() };
            let waited = process::wait(WaitFor::Any) == Err(WaitError::Interrupted);
            waited && process::cancel(endless).is_ok()
        }),
    ];
    for (name, wait) in WAITS {
        // At once, and after it has begun to wait.
        for delay_ms in [0, 5] {
            let called_out = Arc::new(AtomicUsize::new(0));
            let there = called_out.clone();
            let id = child(name, move || {
                let first = wait();
                let again = task::nap_ms(3_600_000).is_err() && task::is_interrupted();
                there.store(usize::from(first) + usize::from(again), Ordering::Relaxed);
                0
            })?;
            task::sleep_ms(delay_ms);
            expect(name, process::cancel(id), Ok(()))?;
            expect(name, process::wait(WaitFor::One(id)), Ok((id, ExitStatus::Cancelled)))?;
            expect(name, called_out.load(Ordering::Relaxed), 2)?;
            expect(name, process::cancel(id), Err(CancelError::NoSuchProcess))?;
        }
    }
    expect("init", process::cancel(ProcessId::INIT), Err(CancelError::Service))?;
    expect("the kernel", process::cancel(process::own_id()), Err(CancelError::Service))
}

/// Each thread has its own value of a key, made when first asked for and dropped at its end.
pub fn own_data_ends_with_its_thread() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    struct Counted(Cell<usize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.fetch_sub(1, Ordering::Relaxed);
        }
    }
    static VALUE: Local<Counted> = Local::new(|| {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Counted(Cell::new(0))
    });
    static OTHER: Local<Cell<u8>> = Local::new(|| Cell::new(200));

    let wrong = Arc::new(AtomicUsize::new(0));
    let mut threads = Vec::new();
    for number in 0..8_usize {
        let wrong = wrong.clone();
        let body = move || {
            for round in 0..50 {
                let seen = VALUE.with(|value| value.0.replace(1_000 * number + round));
                let expected = if round == 0 { 0 } else { 1_000 * number + round - 1 };
                let other = OTHER.with(Cell::get);
                wrong.fetch_add(usize::from((seen, other) != (Ok(expected), Ok(200))), Ordering::Relaxed);
                task::yield_now();
            }
        };
        threads.push(task::spawn("own data", body).map_err(|error| format!("{error}"))?);
    }
    threads.into_iter().for_each(task::JoinHandle::join);
    expect("values that were not the thread's", wrong.load(Ordering::Relaxed), 0)?;
    expect("values alive after their threads", ALIVE.load(Ordering::Relaxed), 0)
}

/// Processes with threads and children of their own come and go, some cancelled; afterwards memory, threads and
/// processes are what they were.
pub fn processes_are_freed() -> Outcome {
    let in_use = || (memory::statistics().heap.used, task::list().len(), process::list(&[]).len());
    let family = |round: u64| -> Outcome {
        let id = child("family", move || {
            let thread = task::spawn("thread", || _ = task::nap_ms(1));
            let grandchild = process::spawn("grandchild", || u8::from(task::nap_ms(2).is_err()));
            if round.is_multiple_of(3) {
                let _ = process::wait(WaitFor::Any);
            }
            u8::from(thread.is_err() || grandchild.is_err())
        })?;
        if round.is_multiple_of(5) {
            // It may have ended; that is fine too.
            let _ = process::cancel(id);
        }
        process::wait(WaitFor::One(id)).map(|_| ()).map_err(|error| format!("round {round}: {error:?}"))
    };
    let settled = |threads: usize, processes: usize| {
        eventually("the end of all families", || {
            task::list().len() <= threads && process::list(&[]).len() <= processes
        })
    };
    let (_, threads, processes) = in_use();
    // Once as a rehearsal: tables grow, caches fill.
    (0..20).try_for_each(family)?;
    settled(threads, processes)?;
    let before = in_use();
    (20..220).try_for_each(family)?;
    settled(threads, processes)?;
    let after = in_use();
    // The log and the desktop use some memory at any time; of two hundred families each would leave more.
    if after.1 <= threads && after.2 <= processes && after.0 <= before.0 + 8_192 {
        Ok(())
    } else {
        Err(format!("bytes, threads, processes: {before:?} became {after:?}"))
    }
}
