//! Everything the shell asks of the machine.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use diagnosis::Inspector;
use ui::{DateTime, FileError, SystemFigures};

/// How a wait for console input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// So many bytes are in the buffer; at least one.
    Bytes(usize),
    /// The time passed without input.
    TimedOut,
    /// No input, but look around: the window has another size, or a child has ended.
    Woken,
    /// The window is gone; no input will ever come.
    Closed,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file with contents.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device that is read and written as a stream.
    CharacterDevice,
    /// A disk or a part of one.
    BlockDevice,
    /// A named pipe.
    Pipe,
}

impl FileKind {
    /// Whether reading and writing may take for ever: another process, or a person, is at the other end.
    pub(crate) fn may_wait(self) -> bool {
        matches!(self, Self::CharacterDevice | Self::Pipe)
    }
}

/// A file or directory, as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStatus {
    /// The name without its directory.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Length in bytes; 0 for directories.
    pub length: u64,
    /// When it was last written, if the file system keeps that.
    pub modified: Option<DateTime>,
    /// Where a symbolic link leads, if that can be told.
    pub target: Option<String>,
}

/// All that is known about what has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDetails {
    /// As listed.
    pub status: FileStatus,
    /// Its number in its file system.
    pub inode: u64,
    /// The permission bits.
    pub mode: u16,
    /// The owner's number.
    pub user: u32,
    /// The owning group's number.
    pub group: u32,
    /// How many names it has.
    pub links: u32,
    /// Units of 512 bytes that it takes up.
    pub blocks: u64,
    /// Of a device, its major and minor number.
    pub device: Option<(u32, u32)>,
}

/// What happens to a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// Its contents are replaced.
    Replace,
    /// The bytes are added at its end.
    Append,
    /// The bytes that lie this far from its start are replaced.
    At(u64),
}

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSystemFigures {
    /// Where it is mounted, such as `/disk`.
    pub mount_point: String,
    /// Its kind, such as `fat32`.
    pub kind: String,
    /// What it lies on, such as `/dev/disk0`; what lies on none says what it is.
    pub device: String,
    /// How it is mounted, such as `rw,relatime`.
    pub options: String,
    /// Its size in bytes.
    pub total: u64,
    /// The part of it that is in use, in bytes.
    pub used: u64,
}

/// A device on a bus, as the kernel found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Where on the bus, such as `00:1f.2`.
    pub place: String,
    /// The maker's and the device's number, such as `8086:7010`.
    pub identity: String,
    /// What it is, in words.
    pub kind: String,
    /// The driver that has it.
    pub driver: Option<String>,
}

/// A program with a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The name that [`System::launch`] takes.
    pub id: String,
    /// The name people read.
    pub name: String,
    /// What it is for, in one line.
    pub summary: String,
}

/// How the machine shall stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerAction {
    /// Switch it off.
    PowerOff,
    /// Start it anew.
    Reboot,
}

/// The machine can't do it; the text says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PowerError(pub String);

/// The process was told to end, from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

/// How a child process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessEnd {
    /// By itself, with this code; 0 is success.
    Exited(u8),
    /// It was told to.
    Cancelled,
}

/// Why a process was not told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelError {
    /// There is none of that number.
    NoSuchProcess,
    /// The machine cannot do without it.
    Service,
}

/// No process could be started: memory or numbers have run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpawnError;

impl fmt::Display for SpawnError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no process could be started (see free)")
    }
}

/// The machine as one shell sees it: a console of its own, and the files, figures and switches
/// that all share.
///
/// Paths are absolute, `/`-separated, without `.`, `..`, empty components or a `/` at the end.
/// `parallel` calls from several threads at once; console *input* is read by one thread only.
pub trait System: Send + Sync {
    /// Waits for typed bytes: for ever with `None`, not at all with `Some(0)`.
    fn read(&self, buffer: &mut [u8], timeout_ms: Option<u64>) -> Input;

    /// Sends bytes to the terminal; waits while it is full, drops them once it is gone. One call
    /// is not interleaved with another's.
    fn write(&self, bytes: &[u8]);

    /// The terminal's width in cells.
    fn columns(&self) -> usize;

    /// The entries of a directory, in no particular order, without `.` and `..`. Symbolic links are listed as such.
    fn list(&self, path: &str) -> Result<Vec<FileStatus>, FileError>;

    /// What stands at `path`, symbolic links followed. The root is a directory with an empty name.
    fn status(&self, path: &str) -> Result<FileStatus, FileError>;

    /// The same about the name itself: of a symbolic link, about the link.
    fn details(&self, path: &str) -> Result<FileDetails, FileError>;

    /// Makes a symbolic link at `path` that says `target`.
    fn create_link(&self, path: &str, target: &str) -> Result<(), FileError>;

    /// Makes a named pipe.
    fn create_pipe(&self, path: &str) -> Result<(), FileError>;

    /// Makes `path` the directory of this process, as others see it.
    fn enter(&self, path: &str) -> Result<(), FileError>;

    /// Reads from byte `offset` on; 0 at or behind the end.
    fn read_file(&self, path: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, FileError>;

    /// Opens a file, and hands all of it to `each` in pieces, until there is no more or `each` returns false. From pipes and
    /// devices that waits; then a process that is cancelled gets [`FileError::Interrupted`].
    fn read_all(&self, path: &str, each: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), FileError>;

    /// Writes a file, which is created when missing. It survives a power failure after [`System::sync`], or by itself some
    /// seconds later.
    fn write_file(&self, path: &str, contents: &[u8], mode: WriteMode) -> Result<(), FileError>;

    /// Makes one directory; its parent must exist.
    fn create_directory(&self, path: &str) -> Result<(), FileError>;

    /// Removes a file or an empty directory.
    fn remove(&self, path: &str) -> Result<(), FileError>;

    /// Moves a file or directory within one file system; fails with
    /// [`FileError::AlreadyExists`] rather than replace anything.
    fn rename(&self, from: &str, to: &str) -> Result<(), FileError>;

    /// Puts everything on the disks.
    fn sync(&self) -> Result<(), FileError>;

    /// What is mounted.
    fn file_systems(&self) -> Vec<FileSystemFigures>;

    /// The devices on the PCI bus, driven or not.
    fn devices(&self) -> Vec<Device>;

    /// Load, memory, processes and threads, measured now.
    fn figures(&self) -> SystemFigures;

    /// Who answers what the kernel is asked about itself.
    fn inspector(&self) -> &dyn Inspector;

    /// Name and version of the system, such as `Quicklime 0.1.0`.
    fn version(&self) -> String;

    /// What the kernel has logged, oldest line first.
    fn kernel_log(&self) -> String;

    /// Date and time of day.
    fn wall_clock(&self) -> DateTime;

    /// Milliseconds since boot.
    fn now_ms(&self) -> u64;

    /// Suspends the calling thread, unless its process is told to end before or meanwhile.
    fn sleep_ms(&self, milliseconds: u64) -> Result<(), Cancelled>;

    /// Starts a child process of this name, whose exit code `work` returns; returns its number. When it has
    /// ended, a [`System::read`] that waits, or else the next one, ends with [`Input::Woken`].
    fn spawn(&self, name: &str, work: Box<dyn FnOnce() -> u8 + Send>) -> Result<u32, SpawnError>;

    /// How a child process ended, which is told once; `None` while it runs, or if there is none such.
    fn try_wait(&self, process: u32) -> Option<ProcessEnd>;

    /// As [`System::try_wait`], waiting for its end; unless one's own process is told to end before.
    fn wait(&self, process: u32) -> Result<ProcessEnd, Cancelled>;

    /// Tells a process to end: whatever it waits for fails from then on, and it returns.
    fn cancel(&self, process: u32) -> Result<(), CancelError>;

    /// Whether one's own process was told to end.
    fn is_cancelled(&self) -> bool;

    /// The programs that [`System::launch`] can open.
    fn applications(&self) -> Vec<Application>;

    /// Opens a program's window by its `id`, on the file or directory of this absolute path if there is one;
    /// `false` when there is no program of that name.
    fn launch(&self, id: &str, path: Option<&str>) -> bool;

    /// Stops the machine. `Ok` means that it is about to happen.
    fn power(&self, action: PowerAction) -> Result<(), PowerError>;
}
