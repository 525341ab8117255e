//! How processes begin, the first two with the machine.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use ::process::{ExitStatus, ProcessError, ProcessId, ThreadId, WaitFor};

use super::registry::{Lives, Process};
use super::{LIMIT, LIVES, family};
use crate::task::{self, Departure, EVERY_CPU, NO_PROCESS, OutOfMemory, ProcessHooks, SpawnError};

/// The process of the kernel's own threads.
const KERNEL: ProcessId = ProcessId(2);

/// The number that was given out last.
static LAST: AtomicU32 = AtomicU32::new(KERNEL.0);

/// The number that was given out last.
pub fn last_number() -> u32 {
    LAST.load(Ordering::Relaxed)
}

impl From<OutOfMemory> for SpawnError {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

fn refused(error: ProcessError) -> SpawnError {
    match error {
        ProcessError::OutOfMemory => SpawnError::OutOfMemory,
        ProcessError::TooMany => SpawnError::TooMany,
        // The process of a thread that runs is there; it may be ending.
        _ => SpawnError::Ending,
    }
}

/// Makes init and the kernel's process, which gets all threads there are; from here on every new thread is in a
/// process. Called once, after `task::initialise`.
pub fn initialise() -> Result<(), SpawnError> {
    let init = Process::new("init", true)?;
    let kernel = Process::new("kernel", true)?;
    task::spawn_entering(EVERY_CPU, "init", reap_for_ever, |slot| {
        let lives = Lives::new(LIMIT, thread_id(slot), init).map_err(refused)?;
        let lives = LIVES.call_once(|| lives);
        let mut kernel = Some(kernel);
        task::adopt_all(KERNEL.0, slot, |slot| {
            let thread = thread_id(slot);
            lives
                .with(|table| match kernel.take() {
                    Some(kernel) => table.spawn(ProcessId::INIT, thread, kernel).map(|_| ()),
                    None => table.spawn_thread(KERNEL, thread),
                })
                .map_err(refused)
        })?;
        Ok(ProcessId::INIT.0)
    })?;
    task::set_process_hooks(ProcessHooks { begins: thread_begins, ends: thread_ends });
    Ok(())
}

/// What init does: it waits for whoever is its child, by birth or adopted.
fn reap_for_ever() {
    loop {
        match family::wait(WaitFor::Any) {
            Ok((child, status)) => log::debug!("process {child} {status}"),
            // It always has the kernel's process, which does not end.
            Err(error) => {
                log::error!("init cannot wait: {error:?}");
                task::sleep_ms(1_000);
            }
        }
    }
}

/// Threads go by their slots.
pub(super) fn thread_id(slot: usize) -> ThreadId {
    ThreadId(slot as u32)
}

fn thread_begins(slot: usize, by: u32) -> Result<u32, SpawnError> {
    let Some(lives) = LIVES.get() else { return Ok(NO_PROCESS) };
    let process = if by == NO_PROCESS { KERNEL } else { ProcessId(by) };
    lives.with(|table| table.spawn_thread(process, thread_id(slot))).map_err(refused)?;
    Ok(process.0)
}

fn thread_ends(thread: Departure) {
    let Some(lives) = LIVES.get() else { return };
    let id = thread_id(thread.slot);
    if let Err(error) = lives.exit_thread(id, ExitStatus::Exited(thread.exit_code), thread.run_counts) {
        log::error!("a thread ended outside its process: {error:?}");
    }
}

/// Starts a child process of one's own, named `name`. Its first thread, of the same name, runs `body`, and ends with
/// the code that returns; 0 is success.
pub fn spawn(name: &str, body: impl FnOnce() -> u8 + Send + 'static) -> Result<ProcessId, SpawnError> {
    start(ProcessId(task::current_process()), Process::new(name, false)?, body)
}

/// As [`spawn`], for what the machine cannot do without: a process that [`cancel`](super::cancel) refuses to end, and
/// whose parent is init.
pub fn spawn_service(
    name: &str,
    body: impl FnOnce() -> u8 + Send + 'static,
) -> Result<ProcessId, SpawnError> {
    start(ProcessId::INIT, Process::new(name, true)?, body)
}

fn start(
    parent: ProcessId,
    process: Arc<Process>,
    body: impl FnOnce() -> u8 + Send + 'static,
) -> Result<ProcessId, SpawnError> {
    // Before `initialise` there is no parent either.
    let lives = LIVES.get().ok_or(SpawnError::Ending)?;
    if let Some(parent) = lives.get(parent) {
        process.keep(parent.kept());
    }
    let name = process.clone();
    let mut id = None;
    task::spawn_entering(
        EVERY_CPU,
        name.name(),
        move || task::set_exit_code(body()),
        |slot| {
            let child = lives.with(|table| table.spawn(parent, thread_id(slot), process)).map_err(refused)?;
            id = Some(child);
            LAST.store(child.0, Ordering::Relaxed);
            Ok(child.0)
        },
    )?;
    id.ok_or(SpawnError::Ending)
}
