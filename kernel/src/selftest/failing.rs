//! Memory that runs out at every place in turn: no panic, nothing lost, and whoever asked is told.

use alloc::format;
use core::pin::pin;
use core::task::{Context, Waker};

use gfx::{Size, Surface};
use paging::Access;

use super::memory::settle;
use super::{Outcome, disks};
use crate::memory::address_space::AddressSpace;
use crate::memory::heap::fault::{self, Kind};
use crate::process::{self, WaitFor};
use crate::sync::Channel;
use crate::{executor, fs, memory, task};

/// One of its steps could not be done.
struct Refused;

/// The error itself makes no difference here.
fn told<T, E>(result: Result<T, E>) -> Result<T, Refused> {
    result.map_err(|_| Refused)
}

/// What a workload makes of an allocation that fails.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// An error, always.
    Error,
    /// An error, unless it finds another way: small pages where there is no large one, or a second attempt.
    ErrorOrOtherWay,
}

struct Workload {
    name: &'static str,
    kind: Kind,
    answer: Answer,
    /// Allocates, keeps nothing, and says how that went.
    work: fn() -> Result<(), Refused>,
    /// Takes away what it could not, with all the memory that takes.
    sweep: fn(),
}

const WORKLOADS: &[Workload] = &[
    Workload {
        name: "spawn and join",
        kind: Kind::Heap,
        answer: Answer::Error,
        work: thread,
        sweep: nothing,
    },
    Workload {
        name: "a child process",
        kind: Kind::Heap,
        answer: Answer::Error,
        work: child,
        sweep: nothing,
    },
    Workload { name: "a channel", kind: Kind::Heap, answer: Answer::Error, work: channel, sweep: nothing },
    Workload { name: "a task", kind: Kind::Heap, answer: Answer::Error, work: timed_task, sweep: nothing },
    Workload { name: "a surface", kind: Kind::Heap, answer: Answer::Error, work: surface, sweep: nothing },
    // A write that gets only a part of its memory is a short one, and whoever writes goes on from there.
    Workload {
        name: "files",
        kind: Kind::Heap,
        answer: Answer::ErrorOrOtherWay,
        work: files,
        sweep: remove_files,
    },
    Workload {
        name: "a disk's requests",
        kind: Kind::Heap,
        answer: Answer::Error,
        work: || told(disks::requests()),
        sweep: nothing,
    },
    Workload {
        name: "what is mounted",
        kind: Kind::Heap,
        answer: Answer::Error,
        work: || told(fs::mounts()).map(drop),
        sweep: nothing,
    },
    Workload {
        name: "an address space",
        kind: Kind::Frames,
        answer: Answer::ErrorOrOtherWay,
        work: address_space,
        sweep: nothing,
    },
    Workload {
        name: "a large block",
        kind: Kind::Frames,
        answer: Answer::ErrorOrOtherWay,
        work: || told(alloc::vec::Vec::<u8>::new().try_reserve_exact(1 << 20)),
        sweep: nothing,
    },
];

fn nothing() {}

fn thread() -> Result<(), Refused> {
    let token = 7_u64;
    let body = move || {
        core::hint::black_box(token);
    };
    told(task::spawn("fault", body)).map(task::JoinHandle::join)
}

fn child() -> Result<(), Refused> {
    let token = 7_u64;
    let child = told(process::spawn("fault", move || core::hint::black_box(token) as u8))?;
    told(process::wait(WaitFor::One(child))).map(drop)
}

fn channel() -> Result<(), Refused> {
    let channel = told(Channel::new(100))?;
    channel.send(1_u64);
    channel.recv();
    Ok(())
}

fn surface() -> Result<(), Refused> {
    told(Surface::try_new(Size::new(640, 480))).map(drop)
}

/// A task that sleeps a little, and a thread that waits for it.
fn timed_task() -> Result<(), Refused> {
    let token = 7_u64;
    told(executor::block_on("fault", async move {
        executor::sleep_ms(1).await;
        core::hint::black_box(token)
    }))?;
    // Polled by this thread, so that the timer's memory is had by it too. The waker is dropped with the timer.
    let mut sleep = pin!(executor::sleep_ms(3_600_000));
    let is_ready = sleep.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
    if is_ready { Err(Refused) } else { Ok(()) }
}

const DIRECTORY: &str = "/tmp/fault";
const FIRST: &str = "/tmp/fault/first, with a name of some length";
const SECOND: &str = "/tmp/fault/second, with a name that is longer than the other one";

fn files() -> Result<(), Refused> {
    static CONTENTS: [u8; 30_000] = [7; 30_000];
    told(fs::create_directory(DIRECTORY))?;
    told(fs::write(FIRST, &CONTENTS))?;
    told(fs::write(SECOND, b"it will be replaced"))?;
    told(fs::append(FIRST, b"more"))?;
    told(fs::rename(FIRST, SECOND))?;
    told(fs::rename(SECOND, "/tmp/fault/1"))?;
    told(fs::create_directory("/tmp/fault/inner"))?;
    told(fs::list(DIRECTORY))?;
    told(fs::read("/tmp/fault/1"))?;
    told(fs::sync())?;
    told(fs::remove("/tmp/fault/inner"))?;
    told(fs::remove("/tmp/fault/1"))?;
    told(fs::remove(DIRECTORY))
}

fn remove_files() {
    for path in [FIRST, SECOND, "/tmp/fault/1", "/tmp/fault/inner", DIRECTORY] {
        // Most are not there.
        let _ = fs::remove(path);
    }
}

/// Small pages and a large one, shared, written to and taken apart.
fn address_space() -> Result<(), Refused> {
    const BASE: u64 = 0x1_0000_0000;
    const PAGE: u64 = 4096;
    let space = told(AddressSpace::new())?;
    told(space.map(BASE - 3 * PAGE, 520, Access::WRITE))?;
    told(space.map(0x7fff_0000_0000, 3, Access::WRITE))?;
    let copy = told(space.duplicate())?;
    told(copy.copy_for_writing(BASE + 9 * PAGE))?;
    told(space.protect(BASE + 20 * PAGE, 2, Access::empty()))?;
    told(space.unmap(BASE + 30 * PAGE, 5))
}

/// Each of a workload's allocations fails once, the first, the second and so on: no panic, the workload says so, and
/// nothing is lost.
pub fn any_allocation_may_fail() -> Outcome {
    WORKLOADS.iter().try_for_each(survives)
}

fn survives(workload: &Workload) -> Outcome {
    /// No workload allocates so often.
    const MOST: u64 = 1_000;
    const REHEARSALS: u32 = 40;
    let Workload { name, kind, answer, work, sweep } = *workload;
    // The log, the desktop and the reaper use some memory at any time; a leak is counted as often as it happens. Frames
    // come and go in batches, so they happen more often.
    let (rounds, tolerance) = match kind {
        Kind::Heap => (1, 8 << 10),
        Kind::Frames => (40, 96 << 10),
    };
    // Some times as a rehearsal: tables grow, caches fill, and numbers that are not used again at once gather.
    for _ in 0..REHEARSALS {
        if work().is_err() {
            return Err(format!("{name}: fails though memory is there"));
        }
    }
    let in_use = || {
        settle();
        let figures = memory::statistics();
        let bytes = match kind {
            Kind::Heap => figures.heap.used,
            // Without the heap's, which anybody may make larger meanwhile: what is lost of it, the others see.
            Kind::Frames => figures.used.saturating_sub(figures.heap.size + figures.heap.large),
        };
        (bytes, task::list().len())
    };
    let (bytes, threads) = in_use();
    let mut failures = 0;
    for k in 1..=MOST {
        let mut has_struck = false;
        for _ in 0..rounds {
            let (result, struck) = fault::failing(k, kind, work);
            sweep();
            has_struck |= struck;
            match (struck, result) {
                (true, Ok(())) if answer == Answer::Error => {
                    return Err(format!("{name}: nobody is told that allocation {k} fails"));
                }
                (false, Err(Refused)) => return Err(format!("{name}: fails though memory is there")),
                _ => {}
            }
        }
        if !has_struck {
            break;
        }
        failures += 1;
    }
    if cfg!(debug_assertions) && failures == 0 || failures == MOST {
        return Err(format!("{name}: {failures} allocations were made to fail"));
    }
    let (mut bytes_after, mut threads_after) = in_use();
    // On a loaded host the reaper may take its time; what is lost stays lost.
    for _ in 0..100 {
        if threads_after <= threads && bytes_after <= bytes + tolerance {
            break;
        }
        (bytes_after, threads_after) = in_use();
    }
    if threads_after > threads || bytes_after > bytes + tolerance {
        let figures = memory::statistics();
        return Err(format!(
            "{name}: {bytes} bytes, {threads} threads; then {bytes_after}, {threads_after}; {figures:?}"
        ));
    }
    log::debug!("{name}: survives each of {failures} failures");
    Ok(())
}
