//! Memory, page tables, interrupts and CPUs.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ::diagnosis::entry;
use ::diagnosis::machine::{
    ClassReport, CpuReport, EntryReport, InterruptReport, MemoryReport, PageReport, RegionReport,
    WindowReport,
};
use ::diagnosis::task::{TaskReport, TaskState};
use ::diagnosis::thread::ThreadName;

use crate::arch::trap::vector;
use crate::arch::{cpu, irq, time, trap};
use crate::executor;
use crate::memory::{self, heap, kernel_space};
use crate::task;

/// What memory is used for.
pub fn memory() -> MemoryReport {
    let figures = memory::statistics();
    let region = |region: &crate::boot::info::MemoryRegion| RegionReport {
        start: region.start,
        length: region.length,
        kind: memory::map::kind_name(region.kind),
    };
    let window = |(start, name, used)| WindowReport { start, name, used };
    let class = |class: &heap::ClassStatistics| ClassReport {
        size: class.size,
        used: class.used,
        held: class.held,
        allocations: class.allocations,
    };
    MemoryReport {
        regions: memory::map::regions().iter().map(region).collect(),
        windows: memory::map::windows().into_iter().map(window).collect(),
        usable: figures.usable,
        used: figures.used,
        kernel: figures.kernel,
        loader: figures.loader,
        heap_held: figures.heap.size,
        heap_used: figures.heap.used,
        large: figures.heap.large,
        classes: figures.heap.classes.iter().map(class).collect(),
    }
}

/// How the kernel's tables translate `address`.
pub fn page(address: u64) -> PageReport {
    let step = |(level, index, bits)| EntryReport { level, index, bits };
    let entries: Vec<EntryReport> = kernel_space::path(address).into_iter().map(step).collect();
    let target = entries.last().filter(|last| last.bits & 1 != 0).map(|last| {
        let size = 1_u64 << (12 + 9 * (u32::from(last.level) - 1));
        let physical = entry::address(last.level, last.bits) + (address & (size - 1));
        (physical, memory::map::kind_at(physical))
    });
    PageReport { owner: memory::describe(address), entries, target }
}

/// What comes by that vector, if it is one that somebody has asked for.
fn interrupt_name(number: u8) -> Option<String> {
    let name = match number {
        vector::TIMER => "timer",
        vector::YIELD => "yield (an instruction)",
        vector::RESCHEDULE => "reschedule, from another CPU",
        vector::SHOOTDOWN => "shootdown, from another CPU",
        vector::SPURIOUS => "spurious",
        2 => "non-maskable",
        3 => "breakpoint",
        14 => "page fault",
        _ if is_message(number) => "a device's message",
        _ => return line_name(number),
    };
    Some(name.into())
}

fn is_message(number: u8) -> bool {
    (usize::from(vector::FIRST_MESSAGE)..usize::from(vector::FIRST_MESSAGE) + vector::MESSAGES)
        .contains(&number.into())
}

fn line_name(number: u8) -> Option<String> {
    let line = number.checked_sub(vector::ISA_BASE)?;
    irq::name(line).map(ToString::to_string)
}

/// Interrupts since boot.
pub fn interrupts() -> Vec<InterruptReport> {
    let mut reports = Vec::new();
    for number in 0..=u8::MAX {
        let counts: Vec<u64> = (0..cpu::count()).map(|cpu| trap::count_on(cpu, number)).collect();
        let name = interrupt_name(number);
        let came = counts.iter().any(|&count| count > 0);
        let expected =
            line_name(number).is_some() || [vector::RESCHEDULE, vector::SHOOTDOWN].contains(&number);
        if came || expected {
            let name = name.unwrap_or_else(|| "nobody's".into());
            reports.push(InterruptReport { vector: number, name, counts });
        }
    }
    reports
}

/// The executor's tasks.
pub fn tasks() -> Vec<TaskReport> {
    let state = |state| match state {
        executor::TaskState::Waiting => TaskState::Waiting,
        executor::TaskState::Queued => TaskState::Queued,
        executor::TaskState::Running => TaskState::Running,
        executor::TaskState::Finished => TaskState::Finished,
    };
    let tasks = executor::list().into_iter();
    tasks
        .map(|task| TaskReport { id: task.id, name: task.name, state: state(task.state), polls: task.polls })
        .collect()
}

/// The CPUs.
pub fn cpus() -> Vec<CpuReport> {
    let threads = task::list();
    let queued = task::queue_lengths();
    let reports = task::cpu_times().zip(queued).enumerate().map(|(cpu, (times, queued))| {
        let running = threads.iter().find(|t| t.state == task::ThreadState::Running && t.cpu == cpu);
        let uptime_ms = time::uptime_ns() / 1_000_000;
        let idle_ms = (time::counts_to_ns(times.idle) / 1_000_000).min(uptime_ms);
        CpuReport {
            cpu,
            thread: running.map(|thread| ThreadName { id: thread.id, name: thread.name.clone() }),
            queued,
            busy_ms: uptime_ms - idle_ms,
            idle_ms,
            ticks: trap::count_on(cpu, vector::TIMER),
        }
    });
    reports.collect()
}
