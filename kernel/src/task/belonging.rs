//! What ties a thread to the floors above: the process it lives in, the request to leave its sleep, data of its own,
//! and the hooks at its beginning and end.

use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

pub use blocking::Interrupted;
use blocking::Interruption;

use super::local::Locals;
use super::thread::Thread;
use super::{Kernel, SpawnError, scheduler, table};
use crate::arch::cpu;
use crate::lock::Once;

/// The number of no process: of threads from before there are any.
pub const NO_PROCESS: u32 = 0;

/// The part of a thread's record that the floors above fill.
pub(super) struct Belonging {
    /// The process it lives in, or lived in.
    process: AtomicU32,
    /// What it ends with.
    exit_code: AtomicU8,
    /// Calls it out of sleeps that may be interrupted.
    interruption: Interruption<Kernel>,
    locals: Locals,
}

impl Belonging {
    /// Of a thread in no process.
    pub fn new() -> Self {
        Self {
            process: AtomicU32::new(NO_PROCESS),
            exit_code: AtomicU8::new(0),
            interruption: Interruption::new(),
            locals: Locals::new(),
        }
    }

    /// Makes it that of a new thread, in no process.
    pub fn renew(&self) {
        self.process.store(NO_PROCESS, Ordering::Relaxed);
        self.exit_code.store(0, Ordering::Relaxed);
        self.interruption.clear();
    }

    /// The process's number.
    pub fn process(&self) -> u32 {
        self.process.load(Ordering::Relaxed)
    }

    /// The thread's own data.
    pub fn locals(&self) -> &Locals {
        &self.locals
    }
}

/// A thread that has ended, as far as it concerns its process.
#[derive(Clone, Copy, Debug)]
pub struct Departure {
    /// Its place in tables.
    pub slot: usize,
    /// What it ends with.
    pub exit_code: u8,
    /// Time it ran, in time-stamp counts.
    pub run_counts: u64,
}

/// What the floor of processes wants to know of threads.
#[derive(Clone, Copy, Debug)]
pub struct ProcessHooks {
    /// A thread is made, with this slot, by one of this process; says which process it is in, if it may be.
    pub begins: fn(slot: usize, by: u32) -> Result<u32, SpawnError>,
    /// The running thread ends. It may still wait, and wake others.
    pub ends: fn(Departure),
}

static HOOKS: Once<ProcessHooks> = Once::new();

/// From here on every new thread is in a process.
pub fn set_process_hooks(hooks: ProcessHooks) {
    HOOKS.call_once(|| hooks);
}

/// Finds a process for a new thread, the one of whoever makes it.
pub(super) fn enter_own(slot: usize) -> Result<u32, SpawnError> {
    let by = scheduler::try_current().map_or(NO_PROCESS, |thread| thread.own.process());
    HOOKS.get().map_or(Ok(NO_PROCESS), |hooks| (hooks.begins)(slot, by))
}

/// Notes the process a thread is in from now on.
pub(super) fn note_process(thread: &Thread, process: u32) {
    thread.own.process.store(process, Ordering::Relaxed);
}

/// The running thread leaves its process, and its own data is dropped before.
pub(super) fn leave(thread: &Thread) {
    thread.own.locals.drop_all();
    if let Some(hooks) = HOOKS.get()
        && thread.own.process() != NO_PROCESS
    {
        (hooks.ends)(Departure {
            slot: thread.slot(),
            exit_code: thread.own.exit_code.load(Ordering::Relaxed),
            run_counts: thread.ran(cpu::time_stamp()),
        });
    }
}

/// Puts all threads that are in no process yet, but the one of the slot `except`, into `process`, as far as `enter`,
/// called with their slots, lets them.
pub fn adopt_all(
    process: u32,
    except: usize,
    mut enter: impl FnMut(usize) -> Result<(), SpawnError>,
) -> Result<(), SpawnError> {
    for thread in table::all() {
        if thread.own.process() == NO_PROCESS && thread.slot() != except {
            enter(thread.slot())?;
            note_process(&thread, process);
        }
    }
    Ok(())
}

/// The process of the running thread; [`NO_PROCESS`] before there are any.
pub fn current_process() -> u32 {
    scheduler::current().own.process()
}

/// The number of the running thread.
pub fn current_id() -> u64 {
    scheduler::current().id()
}

/// The slot of the running thread: its place in tables.
pub fn current_slot() -> usize {
    scheduler::current().slot()
}

/// What the running thread ends with: 0, which is success, if it never says.
pub fn set_exit_code(code: u8) {
    scheduler::current().own.exit_code.store(code, Ordering::Relaxed);
}

/// Calls the thread of that slot, which has not ended and does not meanwhile, out of its sleep if that may be interrupted, now and whenever
/// it begins one.
pub fn interrupt(slot: usize) {
    if let Some(thread) = table::get(slot) {
        thread.own.interruption.request();
    }
}

/// Whether the running thread was called out: whatever may be interrupted fails from then on, and it should end.
pub fn is_interrupted() -> bool {
    scheduler::current().own.interruption.is_requested()
}

/// Runs `wait` with what calls the running thread out of it.
pub fn interruptible<R>(wait: impl FnOnce(&Interruption<Kernel>) -> R) -> R {
    wait(&scheduler::current().own.interruption)
}
