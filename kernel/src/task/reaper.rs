//! Frees what a finished thread leaves: it cannot free the stack it stands on.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use super::block::{Ticket, block, prepare_to_block};
use super::thread::Thread;
use super::{spawn, table};
use crate::lock::{IrqSpinLock, Rank};

struct Morgue {
    finished: Vec<Arc<Thread>>,
    reaper: Option<Ticket>,
}

static MORGUE: IrqSpinLock<Morgue> =
    IrqSpinLock::new(Rank::WaitQueue, Morgue { finished: Vec::new(), reaper: None });

/// Leaves a thread to the reaper. Called by the thread itself, with interrupts off.
pub(super) fn hand_over(thread: Arc<Thread>) {
    let reaper = {
        let mut morgue = MORGUE.lock();
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
            let finished = core::mem::take(&mut morgue.finished);
            if finished.is_empty() {
                morgue.reaper = Some(prepare_to_block());
            }
            finished
        };
        if finished.is_empty() {
            block();
        }
        for thread in finished {
            // Its CPU is at most an interrupt away from leaving the stack.
            while thread.on_cpu.load(Ordering::Acquire) {
                super::yield_now();
            }
            let stack = thread.stack.lock().take();
            drop(stack);
            table::remove(&thread);
        }
    }
}
