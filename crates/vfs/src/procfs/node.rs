//! What there is in the tree, and the numbers of inodes: a code for what it is, the process, and the thread or
//! descriptor, side by side in 64 bits.

use crate::inode::{InodeId, InodeKind};

/// A file in the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the files say it, and proc(5) the rest")]
pub enum SystemFile {
    CommandLine,
    CpuInfo,
    FileSystems,
    LoadAverage,
    MemInfo,
    Mounts,
    Stat,
    Uptime,
    Version,
}

/// A file about a process or a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the files say it, and proc(5) the rest")]
pub enum ProcessFile {
    CommandLine,
    Comm,
    Maps,
    Mounts,
    Stat,
    Statm,
    Status,
}

/// A link of a process to something that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessLink {
    /// Its working directory.
    Cwd,
    /// The file that it executes.
    Exe,
    /// Where its absolute paths begin.
    Root,
    /// What it has open under this number.
    Descriptor(u32),
}

/// What an inode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Root,
    SelfLink,
    ThreadSelfLink,
    System(SystemFile),
    Process,
    File(ProcessFile),
    Link(ProcessLink),
    Threads,
    Thread,
    ThreadFile(ProcessFile),
    Descriptors,
    Descriptor,
}

impl What {
    pub const fn kind(self) -> InodeKind {
        match self {
            Self::Root | Self::Process | Self::Threads | Self::Thread | Self::Descriptors => {
                InodeKind::Directory
            }
            Self::SelfLink | Self::ThreadSelfLink | Self::Link(_) | Self::Descriptor => {
                InodeKind::SymbolicLink
            }
            Self::System(_) | Self::File(_) | Self::ThreadFile(_) => InodeKind::File,
        }
    }

    pub const fn is_directory(self) -> bool {
        matches!(self.kind(), InodeKind::Directory)
    }

    /// What always lies in a directory, and the code of the first.
    pub const fn fixed(self) -> (u8, &'static [(&'static str, What)]) {
        match self {
            Self::Root => (16, ROOT),
            Self::Process => (64, PROCESS),
            Self::Thread => (128, THREAD),
            _ => (0, &[]),
        }
    }

    /// What has a number for its name in a directory.
    pub const fn numbered(self) -> Option<What> {
        match self {
            Self::Root => Some(Self::Process),
            Self::Threads => Some(Self::Thread),
            Self::Descriptors => Some(Self::Descriptor),
            _ => None,
        }
    }
}

const ROOT: &[(&str, What)] = &[
    ("cmdline", What::System(SystemFile::CommandLine)),
    ("cpuinfo", What::System(SystemFile::CpuInfo)),
    ("filesystems", What::System(SystemFile::FileSystems)),
    ("loadavg", What::System(SystemFile::LoadAverage)),
    ("meminfo", What::System(SystemFile::MemInfo)),
    ("mounts", What::System(SystemFile::Mounts)),
    ("self", What::SelfLink),
    ("stat", What::System(SystemFile::Stat)),
    ("thread-self", What::ThreadSelfLink),
    ("uptime", What::System(SystemFile::Uptime)),
    ("version", What::System(SystemFile::Version)),
];

const PROCESS: &[(&str, What)] = &[
    ("cmdline", What::File(ProcessFile::CommandLine)),
    ("comm", What::File(ProcessFile::Comm)),
    ("cwd", What::Link(ProcessLink::Cwd)),
    ("exe", What::Link(ProcessLink::Exe)),
    ("fd", What::Descriptors),
    ("maps", What::File(ProcessFile::Maps)),
    ("mounts", What::File(ProcessFile::Mounts)),
    ("root", What::Link(ProcessLink::Root)),
    ("stat", What::File(ProcessFile::Stat)),
    ("statm", What::File(ProcessFile::Statm)),
    ("status", What::File(ProcessFile::Status)),
    ("task", What::Threads),
];

const THREAD: &[(&str, What)] = &[
    ("cmdline", What::ThreadFile(ProcessFile::CommandLine)),
    ("comm", What::ThreadFile(ProcessFile::Comm)),
    ("maps", What::ThreadFile(ProcessFile::Maps)),
    ("mounts", What::ThreadFile(ProcessFile::Mounts)),
    ("stat", What::ThreadFile(ProcessFile::Stat)),
    ("statm", What::ThreadFile(ProcessFile::Statm)),
    ("status", What::ThreadFile(ProcessFile::Status)),
];

/// What is not in a table has a code of its own. The root's inode is 1, as on Linux.
const OWN_CODES: &[(u8, What)] =
    &[(1, What::Root), (2, What::Process), (3, What::Thread), (4, What::Descriptor)];

/// The highest number of a process, thread or descriptor.
pub const MAX_NUMBER: u32 = (1 << 28) - 1;

/// The parts of an inode's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    code: u8,
    /// 0 for what is about no process.
    pub process: u32,
    /// The thread or descriptor, else 0.
    pub second: u32,
}

/// The root directory.
pub const ROOT_NODE: Node = Node { code: 1, process: 0, second: 0 };

impl Node {
    pub const fn id(self) -> InodeId {
        InodeId((self.second as u64) << 36 | (self.process as u64) << 8 | self.code as u64)
    }

    /// The parts of a number, if it can be one of ours.
    pub fn from_id(id: InodeId) -> Option<(Self, What)> {
        let node = Self {
            code: id.0 as u8,
            process: (id.0 >> 8) as u32 & MAX_NUMBER,
            second: (id.0 >> 36) as u32 & MAX_NUMBER,
        };
        let own = OWN_CODES.iter().find(|(code, _)| *code == node.code).map(|(_, what)| *what);
        let what = own.or_else(|| {
            [What::Root, What::Process, What::Thread].into_iter().find_map(|directory| {
                let (first, entries) = directory.fixed();
                Some(entries.get(usize::from(node.code.checked_sub(first)?))?.1)
            })
        })?;
        // Of each kind some parts must be 0, others must not.
        let has_process =
            !matches!(what, What::Root | What::SelfLink | What::ThreadSelfLink | What::System(_));
        let has_second = matches!(what, What::Thread | What::ThreadFile(_) | What::Descriptor);
        let fits = has_process == (node.process != 0)
            && (has_second || node.second == 0)
            && (node.second != 0 || !has_second || what == What::Descriptor);
        fits.then_some((node, what))
    }

    /// The entry at this place in the table of a directory.
    pub const fn fixed_child(self, first: u8, place: usize) -> Self {
        Self { code: first + place as u8, ..self }
    }

    /// The entry of this number in a directory.
    pub const fn numbered_child(self, what: What, number: u32) -> Self {
        match what {
            What::Process => Self { code: 2, process: number, second: 0 },
            What::Thread => Self { code: 3, process: self.process, second: number },
            _ => Self { code: 4, process: self.process, second: number },
        }
    }

    /// The directory that a directory lies in.
    pub fn parent(self, what: What) -> Self {
        match what {
            What::Threads | What::Descriptors => Self { code: 2, process: self.process, second: 0 },
            What::Thread => {
                let (first, entries) = What::Process.fixed();
                let place = entries.iter().position(|(_, what)| *what == What::Threads).unwrap_or(0);
                Self { code: first + place as u8, process: self.process, second: 0 }
            }
            _ => ROOT_NODE,
        }
    }
}
