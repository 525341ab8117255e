//! What the kernel tells about itself: the answers behind the shell's `debug` and `prof`, and the watchdog,
//! which speaks up by itself.
//!
//! It only looks, and never stops what it looks at. What other CPUs change meanwhile is read by [`peek`](crate::memory::kernel_space::peek), which can't
//! fault, and believed only if the thread that it is about still sleeps the same sleep afterwards: while a thread
//! sleeps, its stack and the lock it waits for stay what they are. Thinking and wording stand in crate `diagnosis`.

mod machine;
mod profiler;
mod threads;
pub mod watchdog;

use alloc::string::String;
use alloc::vec::Vec;

use ::diagnosis::machine::{CpuReport, InterruptReport, LockReport, MemoryReport, PageReport};
use ::diagnosis::profile::Profile;
use ::diagnosis::task::TaskReport;
use ::diagnosis::thread::ThreadReport;
use ::diagnosis::{Inspector, ProfileError};

/// This kernel, to be asked.
pub struct Kernel;

impl Inspector for Kernel {
    fn threads(&self) -> Vec<ThreadReport> {
        threads::reports()
    }

    fn tasks(&self) -> Vec<TaskReport> {
        machine::tasks()
    }

    fn backtrace(&self, id: u64) -> Option<Vec<String>> {
        threads::backtrace(id)
    }

    fn locks(&self) -> LockReport {
        threads::locks()
    }

    fn memory(&self) -> MemoryReport {
        machine::memory()
    }

    fn page(&self, address: u64) -> PageReport {
        machine::page(address)
    }

    fn interrupts(&self) -> Vec<InterruptReport> {
        machine::interrupts()
    }

    fn cpus(&self) -> Vec<CpuReport> {
        machine::cpus()
    }

    fn start_profile(&self, milliseconds: u64) -> Result<(), ProfileError> {
        profiler::start(milliseconds)
    }

    fn finish_profile(&self) -> Profile {
        profiler::finish()
    }
}
