//! The file system that tells about the system and its processes (proc(5)), as far as programs need it.
//!
//! The tree is made up at the moment when somebody looks: what is in it follows from the numbers of processes, threads
//! and descriptors, for which a [`Source`] is asked. So it needs no memory of its own, nobody is counted, and the number
//! of an inode says what it is (`node.rs`): it stays the same as long as its process lives. What the files say the
//! source writes with the values in [`format`].

mod contract;
pub mod format;
pub mod load;
mod node;
mod text;

pub use node::{ProcessFile, ProcessLink, SystemFile};
pub use text::Text;

use crate::FsError;
use crate::inode::{InodeId, Time};
use alloc::string::String;
use alloc::vec::Vec;
use node::{Node, What};

/// Whom a process belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The effective user.
    pub user: u32,
    /// The effective group.
    pub group: u32,
}

/// Whom to ask. Numbers above 2²⁸ do not occur, and 0 is no process and no thread.
pub trait Source: Send {
    /// The process and the thread that look, for `self` and `thread-self`. None when it is the kernel itself.
    fn caller(&self) -> Option<(u32, u32)>;

    /// The time that everything was changed at.
    fn now(&self) -> Time;

    /// Whom a process belongs to; None if there is none of that number.
    fn process(&self, process: u32) -> Option<Owner>;

    /// The process with the lowest number from `from` on.
    fn next_process(&self, from: u32) -> Option<u32>;

    /// How many processes there are.
    fn process_count(&self) -> u32;

    /// The thread of a process with the lowest number from `from` on.
    fn next_thread(&self, process: u32, from: u32) -> Option<u32>;

    /// How many threads a process has.
    fn thread_count(&self, process: u32) -> u32;

    /// The lowest open file descriptor of a process from `from` on.
    fn next_descriptor(&self, process: u32, from: u32) -> Option<u32>;

    /// Writes what a file in the root says.
    ///
    /// # Errors
    /// Any; whoever reads the file gets it.
    fn write_system(&self, file: SystemFile, out: &mut Text) -> Result<(), FsError>;

    /// Writes what a file says of a process, or of one of its threads.
    ///
    /// # Errors
    /// [`FsError::NotFound`] when it is gone; any other.
    fn write_process(
        &self,
        process: u32,
        thread: Option<u32>,
        file: ProcessFile,
        out: &mut Text,
    ) -> Result<(), FsError>;

    /// Where a link of a process leads, in words. Walks should go straight to its target: [`ProcFs::link_of`].
    ///
    /// # Errors
    /// [`FsError::NotFound`] when there is no such thing: a thread of the kernel executes no file.
    fn link(&self, process: u32, link: ProcessLink) -> Result<String, FsError>;
}

/// The file system.
pub struct ProcFs<S> {
    source: S,
}

impl<S: Source> ProcFs<S> {
    /// About what `source` knows.
    pub const fn new(source: S) -> Self {
        Self { source }
    }

    /// All that a file says at this moment.
    ///
    /// # Errors
    /// [`FsError::IsADirectory`], [`FsError::InvalidInput`] for a link; [`FsError::NotFound`] when the process is gone;
    /// the source's.
    pub fn generate(&self, inode: InodeId) -> Result<Vec<u8>, FsError> {
        let (node, what) = self.find(inode)?;
        let mut out = Text::new();
        match what {
            What::System(file) => self.source.write_system(file, &mut out)?,
            What::File(file) => self.source.write_process(node.process, None, file, &mut out)?,
            What::ThreadFile(file) => {
                self.source.write_process(node.process, Some(node.second), file, &mut out)?;
            }
            what if what.is_directory() => return Err(FsError::IsADirectory),
            _ => return Err(FsError::InvalidInput("a link has no contents")),
        }
        Ok(out.into_bytes())
    }

    /// The process and the link, for a link that leads straight to something whatever its name is. Others (`self`) are
    /// followed by what they say.
    #[must_use]
    pub fn link_of(&self, inode: InodeId) -> Option<(u32, ProcessLink)> {
        let (node, what) = self.find(inode).ok()?;
        match what {
            What::Link(link) => Some((node.process, link)),
            What::Descriptor => Some((node.process, ProcessLink::Descriptor(node.second))),
            _ => None,
        }
    }

    /// What an inode is, if what it tells of is still there.
    fn find(&self, inode: InodeId) -> Result<(Node, What), FsError> {
        let (node, what) = Node::from_id(inode).ok_or(FsError::InvalidInput("there is no such inode"))?;
        if self.exists(node, what) { Ok((node, what)) } else { Err(FsError::NotFound) }
    }

    fn exists(&self, node: Node, what: What) -> bool {
        let Node { process, second, .. } = node;
        (process == 0 || self.source.process(process).is_some())
            && match what {
                What::Thread | What::ThreadFile(_) => {
                    self.source.next_thread(process, second) == Some(second)
                }
                What::Descriptor => self.source.next_descriptor(process, second) == Some(second),
                _ => true,
            }
    }
}
