//! Who runs where, for the panic screen and for whoever walks a stack: without waiting for a lock, which a CPU that
//! was stopped may hold for ever.

use core::ops::Range;

use super::cpu;
use super::thread::{Thread, ThreadRef};
use crate::arch::{percpu, smp};
use crate::memory::stack::STACK_SIZE;

/// A thread that runs on some CPU.
#[derive(Clone, Copy, Debug)]
pub struct RunningThread<'a> {
    /// Its number.
    pub id: u64,
    /// Its name; a question mark while another CPU is about to change the record.
    pub name: &'a str,
    /// Whether it is what its CPU runs for want of anything else.
    pub idle: bool,
    /// The lowest address of its stack.
    pub stack_bottom: u64,
}

/// Calls `look` with the thread that runs on `cpu`. `None` before there are threads.
pub fn with_running_thread<R>(cpu: usize, look: impl FnOnce(&RunningThread<'_>) -> R) -> Option<R> {
    let thread = on(cpu)?;
    let idle = cpu::of(cpu).idle_thread() == Some(thread);
    let running = |name| RunningThread { id: thread.id(), name, idle, stack_bottom: stack_of(thread).start };
    if smp::is_stopping() && (cpu == percpu::id() || smp::stopped(cpu).is_some()) {
        // SAFETY: the name is written before a thread first runs and after it has ended, and this one neither begins
        // nor ends any more: its CPU is this one, which is about to stop, or has stopped.
        return Some(look(&running(unsafe { &(*thread.details.as_ptr()).name })));
    }
    match thread.details.try_lock() {
        Some(details) => Some(look(&running(&details.name))),
        None => Some(look(&running("?"))),
    }
}

/// The stack of the thread that runs on `cpu`.
pub(super) fn stack_on(cpu: usize) -> Option<Range<u64>> {
    on(cpu).map(stack_of)
}

fn stack_of(thread: ThreadRef) -> Range<u64> {
    thread.stack_top() - STACK_SIZE..thread.stack_top()
}

fn on(cpu: usize) -> Option<ThreadRef> {
    // SAFETY: null, or what `cpu::install` or `switch` noted: a record's address.
    unsafe { ThreadRef::from_ptr(percpu::thread_on(cpu).cast::<Thread>()) }
}
