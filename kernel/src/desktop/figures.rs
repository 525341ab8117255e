//! The figures that the System Monitor and the shell show.

use alloc::vec::Vec;

use ui::{ProcessFigures, ProcessState, SystemFigures, ThreadClass, ThreadFigures};

use super::clock;
use crate::arch::time;
use crate::fs;
use crate::memory::{self, page::PAGE_SIZE};
use crate::process;
use crate::task::{self, CpuTimes, ThreadState};

/// Measures the machine. The CPUs' load is that since the sampler's previous measurement.
#[derive(Default)]
pub struct Sampler {
    previous: Vec<CpuTimes>,
}

impl Sampler {
    /// The figures of now.
    pub fn sample(&mut self) -> SystemFigures {
        let times: Vec<CpuTimes> = task::cpu_times().collect();
        let before = |cpu: usize| self.previous.get(cpu).copied().unwrap_or_default();
        let busy = times.iter().enumerate().map(|(cpu, now)| busy_percent(before(cpu), *now)).collect();
        self.previous = times;
        let memory = memory::statistics();
        let threads = task::list();
        SystemFigures {
            uptime_ms: clock::now_ms(),
            cpu_busy_percent: busy,
            memory_total: memory.usable,
            memory_used: memory.used.saturating_sub(given_back_at_once()),
            heap_used: memory.heap.used + memory.heap.large,
            processes: process::list(&threads).into_iter().map(process_figures).collect(),
            threads: threads.into_iter().map(thread).collect(),
        }
    }
}

/// What the page cache has of files that are on the disk as well: it goes when somebody needs the memory, so it is not in
/// use as people understand it.
fn given_back_at_once() -> u64 {
    let cache = fs::cache_statistics();
    (cache.pages.saturating_sub(cache.dirty + cache.writing) * PAGE_SIZE) as u64
}

/// The share of the time between two readings in which a CPU was not idle.
fn busy_percent(before: CpuTimes, now: CpuTimes) -> u8 {
    let total = now.total.saturating_sub(before.total);
    let idle = now.idle.saturating_sub(before.idle).min(total);
    let busy = u128::from(total - idle) * 100 / u128::from(total.max(1));
    busy as u8
}

fn process_figures(process: process::Summary) -> ProcessFigures {
    ProcessFigures {
        id: process.id.0,
        parent: process.parent.0,
        name: process.name,
        state: match process.state {
            process::ProcessState::Zombie(_) => ProcessState::Zombie,
            process::ProcessState::Alive { ending: Some(_) } => ProcessState::Ending,
            process::ProcessState::Alive { .. } if process.is_busy => ProcessState::Running,
            process::ProcessState::Alive { .. } => ProcessState::Sleeping,
        },
        threads: process.threads,
        cpu_time_ms: time::counts_to_ns(process.run_counts) / 1_000_000,
        is_service: process.is_service,
    }
}

fn thread(info: task::ThreadInfo) -> ThreadFigures {
    ThreadFigures {
        id: info.id,
        process: info.process,
        name: info.name,
        state: match info.state {
            ThreadState::Running => ui::ThreadState::Running,
            ThreadState::Ready => ui::ThreadState::Ready,
            ThreadState::Blocked => ui::ThreadState::Sleeping,
            ThreadState::Finished => ui::ThreadState::Exited,
        },
        class: match info.realtime {
            Some(realtime) => ThreadClass::Realtime { priority: realtime.priority, misses: realtime.misses },
            None => ThreadClass::Ordinary { level: info.level.below_top() },
        },
        cpu: info.cpu,
        cpu_time_ms: time::counts_to_ns(info.run_counts) / 1_000_000,
    }
}
