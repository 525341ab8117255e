//! `/proc`: what the kernel tells of itself and of processes. `vfs::procfs` knows the tree and how each file looks; here
//! it asks memory, scheduler, processes and the page cache.
//!
//! The file system has no state, so what takes other locks (a list of mounts, the path of a directory, which may lie in
//! `/proc` itself) is asked of [`PROC`] without locking what is mounted.

mod load;
mod process;
mod system;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use vfs::FsError;
use vfs::inode::Time;
use vfs::path;
use vfs::procfs::{Owner, ProcFs, ProcessFile, ProcessLink, Source, SystemFile, Text};
use vfs::walk::{FollowLast, LinkTarget, Tree, path_of};

use super::inode::{Inode, InodeRef};
use super::mount::Mount;
use super::tree::{self, AllMounts};
use super::{clock, directory, find as find_path};
use crate::lock::Once;
use crate::memory::heap::fallible;
use crate::process::{self as table, ProcessId};
use crate::task;

pub use system::set_command_line;

/// Where it is mounted.
const DIRECTORY: &str = "/proc";

/// Who answers.
struct Kernel;

static PROC: ProcFs<Kernel> = ProcFs::new(Kernel);
static MOUNT: Once<Arc<Mount>> = Once::new();

/// Mounts `/proc`.
pub fn initialise() -> Result<(), FsError> {
    let point = find_path(DIRECTORY, FollowLast::Yes)?;
    let file_system = fallible::boxed(ProcFs::new(Kernel)).map_err(|_| FsError::OutOfMemory)?;
    let mount = Mount::new(file_system, "proc", None)?;
    tree::mount(MOUNT.call_once(|| mount).clone(), &point, DIRECTORY)?;
    load::start();
    Ok(())
}

/// All that a generated file says at this moment.
pub fn generate(inode: &Inode) -> Result<Vec<u8>, FsError> {
    PROC.generate(inode.id)
}

/// Where a link leads that lies here: for a process's working directory and the like, straight there. `None` for what
/// lies elsewhere or is followed by what it says.
pub fn target_of(link: &InodeRef) -> Option<Result<LinkTarget<InodeRef>, FsError>> {
    let (process, link) = link_of(link)?;
    Some(target(process, link).map(LinkTarget::Node))
}

/// The same in words, for who reads the link instead of following it.
pub fn text_of(link: &InodeRef) -> Option<Result<String, FsError>> {
    let (process, link) = link_of(link)?;
    Some(Kernel.link(process, link))
}

fn link_of(link: &InodeRef) -> Option<(u32, ProcessLink)> {
    let is_here = MOUNT.get().is_some_and(|mount| Arc::ptr_eq(mount, &link.mount));
    if is_here { PROC.link_of(link.id) } else { None }
}

fn target(process: u32, link: ProcessLink) -> Result<InodeRef, FsError> {
    let (_, process) = table::find(ProcessId(process)).ok_or(FsError::NotFound)?;
    match link {
        ProcessLink::Cwd => directory::of(&process),
        ProcessLink::Root => AllMounts.root(),
        // All code is the kernel's, and what is open belongs to values, not to numbers.
        ProcessLink::Exe | ProcessLink::Descriptor(_) => Err(FsError::NotFound),
    }
}

impl Source for Kernel {
    fn caller(&self) -> Option<(u32, u32)> {
        let process = task::current_process();
        let thread = u32::try_from(task::current_id()).ok()?;
        (process != task::NO_PROCESS).then_some((process, thread))
    }

    fn now(&self) -> Time {
        clock::now()
    }

    fn process(&self, process: u32) -> Option<Owner> {
        table::find(ProcessId(process)).map(|_| Owner { user: 0, group: 0 })
    }

    fn next_process(&self, from: u32) -> Option<u32> {
        table::next(ProcessId(from)).map(|process| process.0)
    }

    fn process_count(&self) -> u32 {
        u32::try_from(table::count()).unwrap_or(u32::MAX)
    }

    fn next_thread(&self, process: u32, from: u32) -> Option<u32> {
        let mut next: Option<u32> = None;
        task::glance(|thread| {
            let id = u32::try_from(thread.id).unwrap_or(u32::MAX);
            if thread.process == process && id >= from && next.is_none_or(|next| id < next) {
                next = Some(id);
            }
        });
        next
    }

    fn thread_count(&self, process: u32) -> u32 {
        let threads = table::find(ProcessId(process)).map_or(0, |(info, _)| info.threads);
        u32::try_from(threads).unwrap_or(u32::MAX)
    }

    fn next_descriptor(&self, _process: u32, _from: u32) -> Option<u32> {
        None
    }

    fn write_system(&self, file: SystemFile, out: &mut Text) -> Result<(), FsError> {
        system::write(file, out)
    }

    fn write_process(
        &self,
        process: u32,
        thread: Option<u32>,
        file: ProcessFile,
        out: &mut Text,
    ) -> Result<(), FsError> {
        process::write(process, thread, file, out)
    }

    fn link(&self, process: u32, link: ProcessLink) -> Result<String, FsError> {
        match link {
            ProcessLink::Root => path::copy("/"),
            link => path_of(&mut AllMounts, &target(process, link)?),
        }
    }
}
