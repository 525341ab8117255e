//! The files about one process or thread.

use super::Escaped;
use core::fmt::{self, Display, Write};

/// The longest `comm` in bytes (TASK_COMM_LEN without its NUL).
const LONGEST_NAME: usize = 15;

/// What a process or thread is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "proc(5) says what each is")]
pub enum ProcessState {
    Running,
    Sleeping,
    /// Waits for a disk, and nothing calls it out.
    DiskSleep,
    Stopped,
    Traced,
    Zombie,
    Dead,
    /// A thread of the kernel that has nothing to do.
    Idle,
}

impl ProcessState {
    const fn letter_and_word(self) -> (char, &'static str) {
        match self {
            Self::Running => ('R', "running"),
            Self::Sleeping => ('S', "sleeping"),
            Self::DiskSleep => ('D', "disk sleep"),
            Self::Stopped => ('T', "stopped"),
            Self::Traced => ('t', "tracing stop"),
            Self::Zombie => ('Z', "zombie"),
            Self::Dead => ('X', "dead"),
            Self::Idle => ('I', "idle"),
        }
    }
}

/// Sets of signals, bit 0 for signal 1.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "proc(5) says what each is")]
pub struct Signals {
    pub pending: u64,
    pub shared_pending: u64,
    pub blocked: u64,
    pub ignored: u64,
    pub caught: u64,
}

/// `/proc/PID/stat`. Times are in ticks of 10 ms.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "proc(5) says what each is")]
pub struct ProcessStat<'a> {
    pub process: u32,
    pub name: &'a str,
    pub state: ProcessState,
    pub parent: u32,
    pub group: u32,
    pub session: u32,
    /// The device number of the controlling terminal, 0 without one.
    pub terminal: u32,
    /// The group in the foreground there, -1 without one.
    pub foreground: i32,
    pub flags: u32,
    pub minor_faults: u64,
    pub children_minor_faults: u64,
    pub major_faults: u64,
    pub children_major_faults: u64,
    pub user_time: u64,
    pub system_time: u64,
    pub children_user_time: u64,
    pub children_system_time: u64,
    pub priority: i32,
    pub nice: i32,
    pub threads: u32,
    /// After boot.
    pub started: u64,
    /// In bytes.
    pub virtual_size: u64,
    /// In pages.
    pub resident: u64,
    pub code: [u64; 2],
    pub stack: u64,
    pub signals: Signals,
    pub exit_signal: i32,
    pub cpu: u32,
    pub data: [u64; 2],
    pub heap: u64,
    pub arguments: [u64; 2],
    pub environment: [u64; 2],
    pub exit_code: i32,
}

impl Display for ProcessStat<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let this = self;
        // Programs look for the last parenthesis, so that the name may have any in it.
        write!(out, "{} ({}) {} ", this.process, short(this.name), this.state.letter_and_word().0)?;
        write!(out, "{} {} {} ", this.parent, this.group, this.session)?;
        write!(out, "{} {} {} ", this.terminal, this.foreground, this.flags)?;
        write!(out, "{} {} ", this.minor_faults, this.children_minor_faults)?;
        write!(out, "{} {} ", this.major_faults, this.children_major_faults)?;
        write!(out, "{} {} ", this.user_time, this.system_time)?;
        write!(out, "{} {} ", this.children_user_time, this.children_system_time)?;
        write!(out, "{} {} {} 0 {} ", this.priority, this.nice, this.threads, this.started)?;
        write!(out, "{} {} {} ", this.virtual_size, this.resident, u64::MAX)?;
        write!(out, "{} {} {} 0 0 ", this.code[0], this.code[1], this.stack)?;
        let Signals { pending, blocked, ignored, caught, .. } = this.signals;
        // Of real-time signals this file knows nothing.
        let low = |set: u64| set & 0x7fff_ffff;
        write!(out, "{} {} {} {} ", low(pending), low(blocked), low(ignored), low(caught))?;
        write!(out, "0 0 0 {} {} 0 0 0 0 0 ", this.exit_signal, this.cpu)?;
        write!(out, "{} {} {} ", this.data[0], this.data[1], this.heap)?;
        write!(out, "{} {} ", this.arguments[0], this.arguments[1])?;
        write!(out, "{} {} ", this.environment[0], this.environment[1])?;
        writeln!(out, "{}", this.exit_code)
    }
}

/// What a process takes up, in KiB.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "proc(5) says what each is")]
pub struct Memory {
    pub virtual_peak: u64,
    pub virtual_size: u64,
    pub resident_peak: u64,
    pub resident: u64,
    pub resident_anonymous: u64,
    pub resident_file: u64,
    pub resident_shared: u64,
    pub data: u64,
    pub stack: u64,
    pub code: u64,
    pub libraries: u64,
    pub page_tables: u64,
}

/// `/proc/PID/status`.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "proc(5) says what each is")]
pub struct ProcessStatus<'a> {
    pub name: &'a str,
    pub umask: u16,
    pub state: ProcessState,
    /// The process.
    pub group: u32,
    /// The thread, or the process again.
    pub thread: u32,
    pub parent: u32,
    /// Real, effective, saved, and for files.
    pub users: [u32; 4],
    pub groups: [u32; 4],
    pub descriptors: u32,
    pub further_groups: &'a [u32],
    /// None for a thread of the kernel, or when it has ended.
    pub memory: Option<Memory>,
    pub threads: u32,
    pub queued_signals: u32,
    pub most_queued_signals: u32,
    pub signals: Signals,
    /// On which CPUs it may run, bit 0 for the first.
    pub cpus: u64,
    pub voluntary_switches: u64,
    pub involuntary_switches: u64,
}

impl Display for ProcessStatus<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let this = self;
        let (letter, word) = this.state.letter_and_word();
        write!(out, "Name:\t")?;
        // Here, and only here, Linux has escapes of two characters.
        short(this.name).chars().try_for_each(|character| match character {
            '\n' => out.write_str("\\n"),
            '\\' => out.write_str("\\\\"),
            character => out.write_char(character),
        })?;
        writeln!(out)?;
        writeln!(out, "Umask:\t{:04o}\nState:\t{letter} ({word})", this.umask)?;
        writeln!(out, "Tgid:\t{}\nNgid:\t0\nPid:\t{}", this.group, this.thread)?;
        writeln!(out, "PPid:\t{}\nTracerPid:\t0", this.parent)?;
        let [real, effective, saved, files] = this.users;
        writeln!(out, "Uid:\t{real}\t{effective}\t{saved}\t{files}")?;
        let [real, effective, saved, files] = this.groups;
        writeln!(out, "Gid:\t{real}\t{effective}\t{saved}\t{files}")?;
        write!(out, "FDSize:\t{}\nGroups:\t", this.descriptors)?;
        this.further_groups.iter().try_for_each(|group| write!(out, "{group} "))?;
        // Linux puts a space behind each group, and one where there is none.
        writeln!(out, "{}", if this.further_groups.is_empty() { " " } else { "" })?;
        if let Some(memory) = &this.memory {
            for (name, kib) in [
                ("VmPeak:", memory.virtual_peak),
                ("VmSize:", memory.virtual_size),
                ("VmLck:", 0),
                ("VmPin:", 0),
                ("VmHWM:", memory.resident_peak),
                ("VmRSS:", memory.resident),
                ("RssAnon:", memory.resident_anonymous),
                ("RssFile:", memory.resident_file),
                ("RssShmem:", memory.resident_shared),
                ("VmData:", memory.data),
                ("VmStk:", memory.stack),
                ("VmExe:", memory.code),
                ("VmLib:", memory.libraries),
                ("VmPTE:", memory.page_tables),
                ("VmSwap:", 0),
            ] {
                writeln!(out, "{name}\t{kib:>8} kB")?;
            }
        }
        writeln!(out, "Threads:\t{}", this.threads)?;
        writeln!(out, "SigQ:\t{}/{}", this.queued_signals, this.most_queued_signals)?;
        for (name, set) in [
            ("SigPnd:", this.signals.pending),
            ("ShdPnd:", this.signals.shared_pending),
            ("SigBlk:", this.signals.blocked),
            ("SigIgn:", this.signals.ignored),
            ("SigCgt:", this.signals.caught),
        ] {
            writeln!(out, "{name}\t{set:016x}")?;
        }
        write!(out, "Cpus_allowed:\t{:x}\nCpus_allowed_list:\t", this.cpus)?;
        write_ranges(out, this.cpus)?;
        writeln!(out, "\nvoluntary_ctxt_switches:\t{}", this.voluntary_switches)?;
        writeln!(out, "nonvoluntary_ctxt_switches:\t{}", this.involuntary_switches)
    }
}

/// Writes a set of numbers as ranges: `0-2,5`.
fn write_ranges(out: &mut fmt::Formatter<'_>, set: u64) -> fmt::Result {
    let has = |number: u32| number < 64 && set >> number & 1 == 1;
    let mut separator = "";
    for first in (0..64).filter(|&number| has(number) && (number == 0 || !has(number - 1))) {
        let last = (first..64).find(|&number| !has(number + 1)).unwrap_or(first);
        if first == last {
            write!(out, "{separator}{first}")?;
        } else {
            write!(out, "{separator}{first}-{last}")?;
        }
        separator = ",";
    }
    Ok(())
}

/// `/proc/PID/statm`, in pages.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "proc(5) says what each is")]
pub struct Statm {
    pub size: u64,
    pub resident: u64,
    pub shared: u64,
    pub code: u64,
    pub data: u64,
}

impl Display for Statm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, resident, shared, code, data } = self;
        writeln!(out, "{size} {resident} {shared} {code} 0 {data} 0")
    }
}

/// A line of `/proc/PID/maps`.
#[derive(Debug, Clone, Copy)]
pub struct MapLine<'a> {
    /// The first address.
    pub start: u64,
    /// The one behind the last.
    pub end: u64,
    /// May be read.
    pub read: bool,
    /// May be written.
    pub write: bool,
    /// May be executed.
    pub execute: bool,
    /// What is written others see too.
    pub shared: bool,
    /// Where it begins in the file.
    pub offset: u64,
    /// The major and minor number of the file's device.
    pub device: (u32, u32),
    /// The file's inode, 0 for no file.
    pub inode: u64,
    /// The file's path, or `[heap]` and the like; empty for nothing of a name.
    pub name: &'a str,
}

impl Display for MapLine<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |is: bool, letter: char| if is { letter } else { '-' };
        // Names stand in one column, unless the numbers are too long for that.
        let mut counter = Counter { out, length: 0 };
        fmt::write(
            &mut counter,
            format_args!(
                "{:08x}-{:08x} {}{}{}{} {:08x} {:02x}:{:02x} {} ",
                self.start,
                self.end,
                letter(self.read, 'r'),
                letter(self.write, 'w'),
                letter(self.execute, 'x'),
                if self.shared { 's' } else { 'p' },
                self.offset,
                self.device.0,
                self.device.1,
                self.inode,
            ),
        )?;
        let gap = NAME_COLUMN.saturating_sub(counter.length);
        if self.name.is_empty() {
            return writeln!(out);
        }
        let name = Escaped { text: self.name, escaped: &['\n'] };
        writeln!(out, "{:gap$}{name}", "")
    }
}

/// Where names begin in `maps`.
const NAME_COLUMN: usize = 73;

/// Passes text on and counts it.
struct Counter<'a, 'b> {
    out: &'a mut fmt::Formatter<'b>,
    length: usize,
}

impl fmt::Write for Counter<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.length += text.len();
        self.out.write_str(text)
    }
}

/// As much of a name as Linux keeps.
fn short(name: &str) -> &str {
    &name[..name.floor_char_boundary(LONGEST_NAME)]
}
