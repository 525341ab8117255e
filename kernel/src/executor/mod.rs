//! The executor of this kernel: tasks, which are futures with a name, on one thread called `services`.
//!
//! What decides stands in crate `executor`, where it is modelled and tested; here it gets a thread, the kernel's clock and
//! locks, and memory that may run out. The thread sleeps while nobody's turn has come, until the earliest deadline of those
//! tasks that wait for a moment: an idle machine stays idle.
//!
//! A task must not block: no mutex that is held for long, no disk, no full channel. The others would wait with it. What
//! has to is a thread (`task::spawn`). docs/async.md says which is which, and who uses this.

mod platform;

use core::future::Future;

use ::executor::Executor;
pub use ::executor::{SpawnError, TaskInfo, TaskState, TimedOut, yield_now};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::arch::time;
use crate::lock::{IrqSpinLock, Once, Rank};
use crate::sync::{self, OneShot};
use crate::task;
use platform::Services;

/// A running task's handle; dropping it cancels the task.
pub type JoinHandle<T> = ::executor::JoinHandle<Services, T>;
/// From an interrupt handler, or anybody, to the one task that waits for it.
pub type Signal = ::executor::Signal<Services>;

/// A beat that a task waits for again and again.
pub type Interval = ::executor::Interval<Services>;

static EXECUTOR: Once<Executor<Services>> = Once::new();

/// A signal that was not given yet. The holder of a lock of [`Rank::Queue`] or below it must not give it.
pub const fn signal() -> Signal {
    Signal::new(IrqSpinLock::new(Rank::Queue, ::executor::SignalState::new()))
}

/// Starts the thread. Without memory for it there are no services; what needs one says so.
pub fn start() {
    let started = Executor::new(Services::new()).map_err(|_| SpawnError::OutOfMemory).and_then(|executor| {
        let executor = EXECUTOR.call_once(|| executor);
        task::spawn("services", || run(executor)).map_err(|_| SpawnError::OutOfMemory)
    });
    if let Err(error) = started {
        log::error!("no services: {error}");
    }
}

/// Runs tasks for ever.
fn run(executor: &Executor<Services>) {
    loop {
        if executor.run_round() == 0 {
            executor.platform().park(executor);
        }
    }
}

/// Makes a task of `future`. Dropping the handle cancels it; [`JoinHandle::detach`] lets it run on alone.
///
/// # Errors
/// When memory is out, or was when the executor should have started.
pub fn spawn<F>(name: &'static str, future: F) -> Result<JoinHandle<F::Output>, SpawnError>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    EXECUTOR.get().ok_or(SpawnError::OutOfMemory)?.spawn(name, future)
}

/// As [`spawn`], for what runs as long as the machine does; says so in the log when it can't.
pub fn spawn_service(name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
    match spawn(name, future) {
        Ok(handle) => handle.detach(),
        Err(error) => log::error!("no {name}: {error}"),
    }
}

/// Runs `future` as a task and waits for it, for threads. May sleep.
///
/// # Errors
/// As [`spawn`].
pub fn block_on<F>(name: &'static str, future: F) -> Result<F::Output, SpawnError>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let reply: Arc<OneShot<F::Output>> =
        crate::memory::heap::fallible::counted(sync::one_shot()).map_err(|_| SpawnError::OutOfMemory)?;
    let there = reply.clone();
    spawn(name, async move {
        let output = future.await;
        // Fails when something was sent before, and nothing was.
        let _ = there.send(output);
    })?
    .detach();
    reply.recv().ok_or(SpawnError::OutOfMemory)
}

/// Waits until the uptime reaches `deadline_ns`.
pub async fn sleep_until_ns(deadline_ns: u64) {
    if let Some(executor) = EXECUTOR.get() {
        executor.sleep_until_ns(deadline_ns).await;
    }
}

/// Waits for `ms` milliseconds.
pub async fn sleep_ms(ms: u64) {
    sleep_until_ns(deadline_after(ms)).await;
}

/// Waits for `future`, at most `ms` milliseconds.
///
/// # Errors
/// [`TimedOut`]; the future is dropped then.
pub async fn timeout_ms<F: Future>(ms: u64, future: F) -> Result<F::Output, TimedOut> {
    timeout_at_ns(deadline_after(ms), future).await
}

/// As [`timeout_ms`], until the uptime reaches `deadline_ns`.
///
/// # Errors
/// As [`timeout_ms`].
pub async fn timeout_at_ns<F: Future>(deadline_ns: u64, future: F) -> Result<F::Output, TimedOut> {
    match EXECUTOR.get() {
        Some(executor) => executor.timeout_at_ns(deadline_ns, future).await,
        None => Ok(future.await),
    }
}

/// A beat every `ms` milliseconds, the first one that long from now; `None` where there is no executor, and so no task to wait
/// for it.
pub fn interval_ms(ms: u64) -> Option<Interval> {
    EXECUTOR.get().map(|executor| executor.interval_ns(ms.saturating_mul(1_000_000)))
}

/// All tasks, by number.
pub fn list() -> Vec<TaskInfo> {
    EXECUTOR.get().map(Executor::list).unwrap_or_default()
}

/// The uptime in `ms` milliseconds, in nanoseconds.
fn deadline_after(ms: u64) -> u64 {
    time::uptime_ns().saturating_add(ms.saturating_mul(1_000_000))
}
