//! Frees what a finished thread leaves: it cannot free the stack it stands on.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use super::block::{Ticket, block, prepare_to_block};
use super::table::OutOfMemory;
use super::thread::Thread;
use super::{spawn, table};
use crate::lock::{IrqSpinLock, Rank};

struct Morgue {
    finished: Vec<Arc<Thread>>,
    reaper: Option<Ticket>,
}

static MORGUE: IrqSpinLock<Morgue> =
    IrqSpinLock::new(Rank::WaitQueue, Morgue { finished: Vec::new(), reaper: None });

/// Makes room for `threads` threads in all, so that a thread's end needs no memory.
pub(super) fn reserve(threads: usize) -> Result<(), OutOfMemory> {
    let finished = &mut MORGUE.lock().finished;
    let missing = threads.saturating_sub(finished.len());
    finished.try_reserve(missing).map_err(|_| OutOfMemory)
}

/// Leaves a thread to the reaper. Called by the thread itself, with interrupts off.
pub(super) fn hand_over(thread: Arc<Thread>) {
    let reaper = {
        let mut morgue = MORGUE.lock();
        // Never grows: room was reserved when the thread was made.
        morgue.finished.push(thread);
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
            // One at a time: the list keeps its room.
            let finished = morgue.finished.pop();
            if finished.is_none() {
                morgue.reaper = Some(prepare_to_block());
            }
            finished
        };
        match finished {
            Some(thread) => reap(&thread),
            None => block(),
        }
    }
}

fn reap(thread: &Thread) {
    // Its CPU is at most an interrupt away from leaving the stack.
    while thread.on_cpu.load(Ordering::Acquire) {
        super::yield_now();
    }
    let stack = thread.stack.lock().take();
    drop(stack);
    table::remove(thread);
}
