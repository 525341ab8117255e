//! Frees what a finished thread leaves: it cannot free the stack it stands on.

use core::sync::atomic::Ordering;

use blocking::{Reason, WaitKind};
use sched::{Level, Standing};

use super::block::{Ticket, block, prepare_to_block};
use super::thread::ThreadRef;
use super::{scheduler, spawn, table};
use crate::lock::{IrqSpinLock, Rank};

struct Morgue {
    /// The finished, linked through their records.
    finished: Option<ThreadRef>,
    reaper: Option<Ticket>,
}

static MORGUE: IrqSpinLock<Morgue> =
    IrqSpinLock::new(Rank::WaitQueue, Morgue { finished: None, reaper: None });

/// Leaves a thread to the reaper. Called by the thread itself, with interrupts off.
pub(super) fn hand_over(thread: ThreadRef) {
    let reaper = {
        let mut morgue = MORGUE.lock();
        thread.set_after(morgue.finished.replace(thread));
        morgue.reaper.take()
    };
    if let Some(ticket) = reaper {
        ticket.wake();
    }
}

/// Starts the reaper's own thread.
pub(super) fn start() {
    if let Err(error) = spawn::spawn("reaper", run) {
        log::error!("threads will not be freed: {error}");
    }
}

fn run() {
    loop {
        let finished = {
            let mut morgue = MORGUE.lock();
            let finished = morgue.finished;
            match finished {
                Some(thread) => morgue.finished = thread.after(),
                None => morgue.reaper = Some(prepare_to_block(Reason::new(WaitKind::Event, &MORGUE))),
            }
            finished
        };
        match finished {
            Some(thread) => reap(thread),
            None => block(),
        }
    }
}

fn reap(thread: ThreadRef) {
    // Its CPU is at most an interrupt away from leaving the stack.
    while thread.on_cpu.load(Ordering::Acquire) {
        super::yield_now();
    }
    table::remove(thread);
    // Its work is others', and must keep up with them: as one that computes it would sink below those who keep ending
    // threads, and what these leave would fill memory (thousands of stacks in seconds, on one busy CPU).
    scheduler::current().set_standing(Standing::at(Level::TOP_FEEDBACK));
}
