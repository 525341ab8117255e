//! What the files say, letter by letter as Linux says it (proc(5), `fs/proc/` in its source): each value here prints
//! one line or one file.

mod process;
mod system;

pub use process::{MapLine, Memory, ProcessStat, ProcessState, ProcessStatus, Signals, Statm};
pub use system::{
    CpuInfo, CpuTimes, FileSystemLine, LoadAverage, MemInfo, MountLine, SystemStat, Uptime, Version,
};

use core::fmt::{self, Display, Write};

/// Text in which some characters stand as a backslash and three octal digits.
struct Escaped<'a> {
    text: &'a str,
    escaped: &'static [char],
}

impl Display for Escaped<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.chars().try_for_each(|character| match character {
            character if self.escaped.contains(&character) => write!(out, "\\{:03o}", u32::from(character)),
            character => out.write_char(character),
        })
    }
}

/// Hundredths, with a point.
struct Hundredths(u64);

impl Display for Hundredths {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}
