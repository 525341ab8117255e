//! The guest's serial log: a file that QEMU appends to while we read.

use std::fs;
use std::path::PathBuf;

use crate::error::{Context, Result};

/// A reader of whole lines that remembers how far it came.
pub struct SerialLog {
    path: PathBuf,
    /// Bytes handed out so far: always the end of a line.
    consumed: usize,
}

impl SerialLog {
    /// A reader at the start of the file at `path`, which may not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, consumed: 0 }
    }

    /// The next line that is complete, without its end.
    pub fn next_line(&mut self) -> Result<Option<String>> {
        let bytes = self.bytes()?;
        let rest = bytes.get(self.consumed..).unwrap_or_default();
        let Some(end) = rest.iter().position(|&byte| byte == b'\n') else { return Ok(None) };
        self.consumed += end + 1;
        Ok(Some(String::from_utf8_lossy(&rest[..end]).trim_end_matches('\r').to_owned()))
    }

    /// All that was logged.
    pub fn whole(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes()?).replace('\r', ""))
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        match fs::read(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            result => result.context("read the serial log"),
        }
    }
}

/// The seconds since kernel entry at the start of a log line, `[seconds.micros] LEVEL module: text`.
pub fn timestamp(line: &str) -> Option<f64> {
    let inside = &line[line.find('[')? + 1..];
    inside[..inside.find(']')?].trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn only_whole_lines_are_read_each_once() {
        let path = std::env::temp_dir().join(format!("quicklime-serial-{}", std::process::id()));
        let mut log = SerialLog::new(path.clone());
        assert_eq!(log.next_line().unwrap(), None);
        let mut file = fs::File::create(&path).unwrap();
        file.write_all(b"one\r\ntw").unwrap();
        assert_eq!(log.next_line().unwrap().as_deref(), Some("one"));
        assert_eq!(log.next_line().unwrap(), None);
        file.write_all(b"o\nthree\n").unwrap();
        assert_eq!(log.next_line().unwrap().as_deref(), Some("two"));
        assert_eq!(log.next_line().unwrap().as_deref(), Some("three"));
        assert_eq!(log.next_line().unwrap(), None);
        assert_eq!(log.whole().unwrap(), "one\ntwo\nthree\n");
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn timestamps_are_seconds() {
        assert_eq!(timestamp("[0.123456] INFO boot: kernel entered"), Some(0.123456));
        assert_eq!(timestamp("[   12.000001] INFO boot: x"), Some(12.000001));
        assert_eq!(timestamp("\u{1b}[2J[1.5] INFO"), None);
        assert_eq!(timestamp("no stamp"), None);
    }
}
