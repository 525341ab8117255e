//! Threads begin and end here.

use alloc::boxed::Box;
use core::fmt;
use core::sync::atomic::Ordering;

use blocking::{Reason, WaitKind};

use super::block::{block, prepare_to_block};
use super::thread::{Joiner, ThreadRef, ThreadState};
use super::{belonging, realtime, reaper, scheduler, table};
use crate::arch::interrupts;
use crate::arch::trap::TrapFrame;
use crate::memory::heap::fallible;
use crate::memory::stack::KernelStack;

/// Why a thread could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// No memory for its stack or its record.
    OutOfMemory,
    /// Every number of a process is in use.
    TooMany,
    /// The process it would be in, or its parent, is ending.
    Ending,
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfMemory => "not enough memory for another thread",
            Self::TooMany => "too many processes",
            Self::Ending => "the process is ending",
        })
    }
}

/// Any CPU will do.
pub const EVERY_CPU: u64 = u64::MAX;

/// What a thread does; boxed twice, so that one word carries it through the first switch.
type Body = Box<dyn FnOnce() + Send>;

/// A thread that can be waited for. Dropping the handle lets it run on alone.
pub struct JoinHandle {
    thread: ThreadRef,
    /// Its number: the record may be another thread's by the time somebody waits.
    id: u64,
}

impl JoinHandle {
    /// The thread's number, unique since boot.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Waits for its end.
    pub fn join(self) {
        {
            let mut details = self.thread.details.lock();
            if self.thread.id() != self.id || matches!(details.joiner, Joiner::Over) {
                return;
            }
            let reason = Reason { kind: WaitKind::ThreadEnd, address: self.id as usize };
            details.joiner = Joiner::Waiting(prepare_to_block(reason));
        }
        block();
    }
}

/// Starts a thread named `name` that runs `body`.
pub fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle, SpawnError> {
    spawn_on(EVERY_CPU, name, body)
}

/// As [`spawn`], for a thread that runs only on the CPUs of the mask `cpus`, a bit each, of which at least one is
/// there.
pub fn spawn_on(
    cpus: u64,
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle, SpawnError> {
    spawn_entering(cpus, name, body, belonging::enter_own)
}

/// As [`spawn_on`], for a thread whose process, by number, `enter` finds for it: called with the thread's slot before it
/// runs, and not called if there is no memory for the thread.
pub fn spawn_entering(
    cpus: u64,
    name: &str,
    body: impl FnOnce() + Send + 'static,
    enter: impl FnOnce(usize) -> Result<u32, SpawnError>,
) -> Result<JoinHandle, SpawnError> {
    let stack = KernelStack::allocate().ok_or(SpawnError::OutOfMemory)?;
    let body: Body = fallible::boxed(body).map_err(|_| SpawnError::OutOfMemory)?;
    let body: Box<Body> = fallible::boxed(body).map_err(|_| SpawnError::OutOfMemory)?;
    let thread = table::add(name, ThreadState::Ready, stack).map_err(|_| SpawnError::OutOfMemory)?;
    thread.set_affinity(cpus);
    match enter(thread.slot()) {
        Ok(process) => belonging::note_process(&thread, process),
        Err(error) => {
            table::remove(thread);
            return Err(error);
        }
    }

    let argument = Box::into_raw(body) as u64;
    let frame = TrapFrame::starting_at(begin as *const () as u64, argument, thread.stack_top());
    let place = (thread.stack_top() as usize - size_of::<TrapFrame>() - 16) as *mut TrapFrame;
    // SAFETY: the frame lies inside the fresh stack (which is far larger than a frame), 16-aligned because
    // the top and the frame's size are, and nobody else knows of the stack yet. The thread's first
    // instructions may overwrite it, but only after the stub has loaded it.
    unsafe { place.write(frame) };
    thread.context.store(place, Ordering::Release);
    let handle = JoinHandle { thread, id: thread.id() };
    interrupts::without(|| scheduler::enqueue_woken(thread));
    Ok(handle)
}

/// The first function of every thread.
extern "C" fn begin(argument: u64) -> ! {
    // SAFETY: `spawn` made the argument from this very type by `Box::into_raw`, and a thread begins once.
    let body: Box<Body> = unsafe { Box::from_raw(argument as *mut Body) };
    body();
    exit()
}

/// Ends the running thread.
fn exit() -> ! {
    let thread = scheduler::current();
    belonging::leave(&thread);
    if thread.is_realtime() {
        realtime::release(thread);
    }
    let joiner = core::mem::replace(&mut thread.details.lock().joiner, Joiner::Over);
    if let Joiner::Waiting(ticket) = joiner {
        ticket.wake();
    }
    // From here to the switch nothing may preempt: the state says finished, and nobody would switch back.
    interrupts::disable();
    thread.state.set(ThreadState::Finished);
    reaper::hand_over(thread);
    block();
    unreachable!("a finished thread was resumed")
}
