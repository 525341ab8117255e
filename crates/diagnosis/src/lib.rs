//! What a kernel tells about itself: the reports that the shell's `debug` and `prof` show, and the thinking behind
//! them that needs no machine.
//!
//! - [`Inspector`]: what may be asked; the kernel answers, the shell formats
//! - [`thread`], [`task`], [`machine`]: the reports
//! - [`chain`]: who waits for whom, and whether they wait in a circle
//! - [`profile`]: from sampled addresses to the functions they are in
//! - [`entry`]: the bits of a page table's entry, in words

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod chain;
pub mod entry;
pub mod machine;
pub mod profile;
pub mod task;
pub mod thread;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use machine::{CpuReport, InterruptReport, LockReport, MemoryReport, PageReport};
use profile::Profile;
use task::TaskReport;
use thread::ThreadReport;

/// Why a profile can't be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileError {
    /// Somebody else takes one.
    Busy,
    /// There is no memory for the samples.
    OutOfMemory,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "another prof is running (wait for its end)",
            Self::OutOfMemory => "not enough memory for the samples (try fewer seconds, see free)",
        })
    }
}

/// A kernel that can be asked about itself. Answers are of one moment, and may be over when they arrive.
pub trait Inspector {
    /// All threads, by number.
    fn threads(&self) -> Vec<ThreadReport>;

    /// All tasks of the executor, by number.
    fn tasks(&self) -> Vec<TaskReport>;

    /// The functions that thread `id` is in, innermost first; `None` when there is no such thread. Empty while it
    /// runs: nobody looks at a stack that is being used.
    fn backtrace(&self, id: u64) -> Option<Vec<String>>;

    /// Who holds which locks.
    fn locks(&self) -> LockReport;

    /// What memory is used for.
    fn memory(&self) -> MemoryReport;

    /// How the kernel's page tables translate `address`.
    fn page(&self, address: u64) -> PageReport;

    /// Interrupts that have come since boot, by vector; only vectors that have come or that somebody has asked for.
    fn interrupts(&self) -> Vec<InterruptReport>;

    /// The CPUs, by number.
    fn cpus(&self) -> Vec<CpuReport>;

    /// Begins to note where the CPUs are at each tick; what does not fit into the room for `milliseconds` is counted
    /// as lost.
    ///
    /// # Errors
    /// [`ProfileError`].
    fn start_profile(&self, milliseconds: u64) -> Result<(), ProfileError>;

    /// Ends what [`Inspector::start_profile`] began, and tells what was found.
    fn finish_profile(&self) -> Profile;
}
