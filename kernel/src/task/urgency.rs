//! Changing the level of a thread that may be anywhere: running, queued, asleep.

use core::sync::atomic::Ordering;

use sched::{Level, Standing};

use super::thread::ThreadRef;
use super::{cpu, scheduler, table};
use crate::arch::{interrupts, percpu, smp};

/// A thread, for whoever changes its level. Records are never freed, so it stays good; whether it still is about the
/// same thread is for its user to know, who has the thread hold or wait for something.
#[derive(Clone, Copy)]
pub struct Handle(ThreadRef);

impl Handle {
    /// The running thread.
    pub fn current() -> Self {
        Self(scheduler::current())
    }

    /// The thread that locks name by this number ([`blocking::Platform::current`]); `None` when there is none such.
    /// Looks at all threads, under their table's lock.
    pub fn named(name: usize) -> Option<Self> {
        table::all().find(|thread| thread.as_ptr().addr() == name).map(Self)
    }

    /// Its place in tables.
    pub fn slot(self) -> usize {
        self.0.slot()
    }

    /// The level it stands on.
    pub fn level(self) -> Level {
        self.0.level()
    }

    /// Has it run at `level` from now on, wherever it is. It sinks from a feedback level as any other; real-time
    /// levels stay. Legal with interrupts off and under locks of a lower rank than run queues.
    pub fn set_level(self, level: Level) {
        interrupts::without(|| move_to(self.0, level));
    }
}

fn move_to(thread: ThreadRef, level: Level) {
    let number = loop {
        let number = thread.last_cpu.load(Ordering::Relaxed);
        let cpu = cpu::of(number);
        let mut queue = cpu.queue.lock_in_trap();
        // It moves to another CPU's queue only after it has left this one, under this lock.
        if thread.last_cpu.load(Ordering::Relaxed) != number {
            continue;
        }
        // A thread that runs is changed by its CPU's tick under this lock, and one that sleeps by nobody.
        let is_queued = queue.remove(thread);
        thread.set_standing(Standing::at(level));
        if is_queued {
            queue.push(thread, level);
        } else if thread.on_cpu.load(Ordering::Relaxed) && !cpu.is_idle() {
            cpu.running_level.store(level.index() as u32, Ordering::Relaxed);
        }
        break number;
    };
    // Whether it shall run now, or no longer: its CPU looks.
    if number == percpu::id() {
        percpu::set_need_resched();
    } else {
        smp::send_reschedule(number);
    }
}
