//! A kernel that can be asked about itself, and always answers the same.

use diagnosis::machine::{
    ClassReport, CpuReport, EntryReport, HeldLock, InterruptReport, LockReport, MemoryReport, PageReport,
    RegionReport, SpinLocks, WindowReport,
};
use diagnosis::profile::{CpuShare, FunctionShare, Profile};
use diagnosis::task::{TaskReport, TaskState};
use diagnosis::thread::{LockName, ThreadName, ThreadReport, ThreadState, WaitCause, WaitReport};
use diagnosis::{Inspector, ProfileError};

pub struct Patient;

fn name(id: u64, name: &str) -> ThreadName {
    ThreadName { id, name: name.into() }
}

fn mutex() -> LockName {
    LockName { kind: "mutex", address: 0xffff_e000_0000_1230, variable: None }
}

impl Inspector for Patient {
    fn threads(&self) -> Vec<ThreadReport> {
        let thread = |thread, state, wait| ThreadReport {
            thread,
            state,
            cpu: 1,
            level: "2".into(),
            cpu_time_ms: 1_234,
            wait,
        };
        let wait = |cause, place: Option<&str>, left_ms| {
            Some(WaitReport { cause, place: place.map(str::to_string), left_ms })
        };
        let held = WaitCause::Lock { lock: mutex(), holders: vec![name(3, "eraser")] };
        vec![
            thread(name(1, "shell"), ThreadState::Running, None),
            thread(name(2, "pen"), ThreadState::Asleep, wait(held, Some("desk::draw"), None)),
            thread(name(3, "eraser"), ThreadState::Asleep, wait(WaitCause::Moment, None, Some(350))),
        ]
    }

    fn tasks(&self) -> Vec<TaskReport> {
        vec![
            TaskReport { id: 1, name: "serial log", state: TaskState::Waiting, polls: 120 },
            TaskReport { id: 12, name: "clock", state: TaskState::Queued, polls: 3 },
        ]
    }

    fn backtrace(&self, id: u64) -> Option<Vec<String>> {
        match id {
            1 => Some(Vec::new()),
            2 => Some(vec!["0x10  desk::draw+0x4".into(), "0x20  desk::run+0x8".into()]),
            _ => None,
        }
    }

    fn locks(&self) -> LockReport {
        LockReport {
            sleeping: vec![
                HeldLock {
                    lock: mutex(),
                    holders: vec![name(3, "eraser")],
                    waiters: vec![name(2, "pen"), name(7, "ink")],
                },
                HeldLock {
                    lock: LockName { kind: "read lock", address: 0x10, variable: Some("desk::LAMP".into()) },
                    holders: vec![name(2, "pen"), name(3, "eraser")],
                    waiters: vec![],
                },
            ],
            spinning: Some(vec![SpinLocks { cpu: 1, ranks: "Heap, Frames".into() }]),
        }
    }

    fn memory(&self) -> MemoryReport {
        MemoryReport {
            regions: vec![RegionReport { start: 0x10_0000, length: 1 << 20, kind: "usable memory" }],
            windows: vec![WindowReport { start: 0xffff_e000_0000_0000, name: "the heap", used: Some(4096) }],
            usable: 1 << 20,
            used: 1 << 19,
            kernel: 3 << 20,
            loader: 0,
            heap_held: 8192,
            heap_used: 640,
            large: 0,
            classes: vec![ClassReport { size: 64, used: 10, held: 8192, allocations: 1_000 }],
        }
    }

    fn page(&self, address: u64) -> PageReport {
        let entries = vec![
            EntryReport { level: 4, index: 448, bits: 0x1023 },
            EntryReport { level: 3, index: 0, bits: if address == 0 { 0 } else { 1 << 63 | 0x8000_0083 } },
        ];
        let target = (address != 0).then_some((0x8000_0123, "usable memory"));
        PageReport { owner: "the heap", entries, target }
    }

    fn interrupts(&self) -> Vec<InterruptReport> {
        vec![InterruptReport { vector: 0x21, name: "keyboard".into(), counts: vec![12, 0] }]
    }

    fn cpus(&self) -> Vec<CpuReport> {
        let cpu = |cpu, thread, busy_ms| CpuReport {
            cpu,
            thread,
            queued: 2,
            busy_ms,
            idle_ms: 1_000 - busy_ms,
            ticks: 99,
        };
        vec![cpu(0, Some(name(1, "shell")), 250), cpu(1, None, 0)]
    }

    fn start_profile(&self, milliseconds: u64) -> Result<(), ProfileError> {
        if milliseconds == 13_000 { Err(ProfileError::Busy) } else { Ok(()) }
    }

    fn finish_profile(&self) -> Profile {
        let function =
            |name: &str, samples: [u64; 2]| FunctionShare { name: name.into(), samples: samples.into() };
        Profile {
            milliseconds: 1_000,
            hertz: 1_000,
            cpus: vec![
                CpuShare { samples: 800, lost: 0, idle_permille: 200 },
                CpuShare { samples: 200, lost: 7, idle_permille: 799 },
            ],
            functions: vec![function("gfx::fill", [600, 150]), function("term::feed", [200, 50])],
        }
    }
}
