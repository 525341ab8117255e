//! The files about one process or thread. All of them execute the kernel's code and have no memory of their own, so what
//! tells of that is empty, as it is of Linux's kernel threads.

use alloc::boxed::Box;

use vfs::FsError;
use vfs::procfs::format::{ProcessStat, ProcessState, ProcessStatus, Signals, Statm};
use vfs::procfs::{ProcessFile, Text};

use super::system;
use crate::arch::cpu;
use crate::memory::heap::fallible;
use crate::process::{self as table, ProcessId};
use crate::task::{self, ThreadState};

/// Linux's mark of kernel threads (PF_KTHREAD).
const KERNEL_THREAD: u32 = 0x0020_0000;
/// What `stat` calls the priority of a thread that is no real-time one (nice 0).
const ORDINARY_PRIORITY: i32 = 20;

/// A process, or one of its threads, as the files tell of it.
struct Told {
    process: u32,
    /// The thread, or the process again.
    id: u32,
    name: Box<str>,
    state: ProcessState,
    parent: u32,
    threads: u32,
    /// In ticks of 10 ms.
    ran: u64,
    started: u64,
    cpu: u32,
    cpus: u64,
    is_realtime: bool,
}

/// Writes what the file says.
pub fn write(process: u32, thread: Option<u32>, file: ProcessFile, out: &mut Text) -> Result<(), FsError> {
    let told = look(process, thread)?;
    match file {
        ProcessFile::CommandLine | ProcessFile::Maps => Ok(()),
        ProcessFile::Comm => {
            let end = told.name.floor_char_boundary(LONGEST_NAME);
            out.write_fmt(format_args!("{}\n", &told.name[..end]))
        }
        ProcessFile::Mounts => system::mounts(out),
        ProcessFile::Stat => out.write_fmt(format_args!("{}", stat(&told))),
        ProcessFile::Statm => out.write_fmt(format_args!("{}", Statm::default())),
        ProcessFile::Status => out.write_fmt(format_args!("{}", status(&told))),
    }
}

/// The longest `comm` in bytes, as on Linux.
const LONGEST_NAME: usize = 15;

fn look(process: u32, thread: Option<u32>) -> Result<Told, FsError> {
    let (info, kept) = table::find(ProcessId(process)).ok_or(FsError::NotFound)?;
    let mut counts = if thread.is_none() { kept.past_run_counts() } else { 0 };
    let mut first: Option<(u64, usize, u64, bool)> = None;
    let (mut wants_to_run, mut name, mut out_of_memory) = (false, None, false);
    task::glance(|glance| {
        let is_meant = thread.is_none_or(|thread| u64::from(thread) == glance.id);
        // The CPUs' idle threads run when nobody else does: that is no work.
        if glance.process != process || !is_meant || (thread.is_none() && glance.name.starts_with("idle/")) {
            return;
        }
        counts += glance.run_counts;
        wants_to_run |= matches!(glance.state, ThreadState::Running | ThreadState::Ready);
        // Of a process, what its oldest thread does.
        if first.is_none_or(|(id, ..)| glance.id < id) {
            first = Some((glance.id, glance.cpu, glance.cpus, glance.is_realtime));
        }
        if thread.is_some() {
            name = fallible::text(glance.name);
            out_of_memory |= name.is_none();
        }
    });
    if thread.is_some() && first.is_none() {
        return Err(FsError::NotFound);
    }
    if out_of_memory {
        return Err(FsError::OutOfMemory);
    }
    let name = match name {
        Some(name) => name,
        None => fallible::text(kept.name()).ok_or(FsError::OutOfMemory)?,
    };
    let (_, cpu, cpus, is_realtime) = first.unwrap_or((0, 0, u64::MAX, false));
    Ok(Told {
        process,
        id: thread.unwrap_or(process),
        name,
        state: match info.state {
            table::ProcessState::Zombie(_) => ProcessState::Zombie,
            table::ProcessState::Alive { .. } if wants_to_run => ProcessState::Running,
            table::ProcessState::Alive { .. } => ProcessState::Sleeping,
        },
        parent: if info.parent.0 == process { 0 } else { info.parent.0 },
        threads: u32::try_from(info.threads).unwrap_or(u32::MAX),
        ran: system::ticks(counts),
        started: kept.started_ns() / 10_000_000,
        cpu: u32::try_from(cpu).unwrap_or(0),
        cpus,
        is_realtime,
    })
}

fn stat(told: &Told) -> ProcessStat<'_> {
    ProcessStat {
        process: told.id,
        name: &told.name,
        state: told.state,
        parent: told.parent,
        group: 0,
        session: 0,
        terminal: 0,
        foreground: -1,
        flags: KERNEL_THREAD,
        minor_faults: 0,
        children_minor_faults: 0,
        major_faults: 0,
        children_major_faults: 0,
        user_time: 0,
        system_time: told.ran,
        children_user_time: 0,
        children_system_time: 0,
        // Real-time threads have negative ones there.
        priority: if told.is_realtime { -1 } else { ORDINARY_PRIORITY },
        nice: 0,
        threads: told.threads,
        started: told.started,
        virtual_size: 0,
        resident: 0,
        code: [0; 2],
        stack: 0,
        signals: Signals::default(),
        exit_signal: 17,
        cpu: told.cpu,
        data: [0; 2],
        heap: 0,
        arguments: [0; 2],
        environment: [0; 2],
        exit_code: 0,
    }
}

fn status(told: &Told) -> ProcessStatus<'_> {
    let there_are = u64::MAX >> (64 - cpu::count().clamp(1, 64));
    ProcessStatus {
        name: &told.name,
        umask: 0o022,
        state: told.state,
        group: told.process,
        thread: told.id,
        parent: told.parent,
        users: [0; 4],
        groups: [0; 4],
        descriptors: 0,
        further_groups: &[],
        memory: None,
        threads: told.threads,
        queued_signals: 0,
        most_queued_signals: 0,
        signals: Signals::default(),
        cpus: told.cpus & there_are,
        voluntary_switches: 0,
        involuntary_switches: 0,
    }
}
