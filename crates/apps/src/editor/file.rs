//! Reading a file into a text and writing it back, in slices, so that a large file never stops the window.
//!
//! A file is written under another name beside the old one, and then takes its place in one step: whatever fails, and
//! whenever the power goes, the old file or the new one is there, whole.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ui::{DateTime, Existing, FileError, Files};

use super::text::Text;
use crate::path;

/// Bytes read or written at a time.
const SLICE: usize = 128 << 10;
/// A larger file is refused: the text would take too much of a small machine's memory.
const LIMIT: u64 = 64 << 20;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What of a file's bytes is not in its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Format {
    /// Every line ends with CR LF; otherwise a CR is a character like others.
    pub(super) crlf: bool,
    /// It begins with a byte order mark.
    pub(super) byte_order_mark: bool,
    /// It is not UTF-8: what could not be read is lost, so it must not be written.
    pub(super) is_lossy: bool,
}

/// Which state of a file this is, to see whether somebody else has changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<DateTime>,
}

/// The state of the file at `path`; None when there is none.
pub(super) fn stamp(files: &mut dyn Files, path: &str) -> Option<Stamp> {
    let status = files.status(path).ok()?;
    Some(Stamp { length: status.length, modified: status.modified })
}

/// A file being read.
pub(super) struct Loading {
    pub(super) path: String,
    bytes: Vec<u8>,
    stamp: Stamp,
}

/// A file that was read.
pub(super) struct Loaded {
    pub(super) text: Text,
    pub(super) format: Format,
    pub(super) stamp: Stamp,
}

impl Loading {
    /// Begins.
    pub(super) fn new(files: &mut dyn Files, path: &str) -> Result<Loading, FileError> {
        let status = files.status(path)?;
        if status.is_directory {
            return Err(FileError::IsADirectory);
        }
        if status.length > LIMIT {
            return Err(FileError::TooLarge);
        }
        let stamp = Stamp { length: status.length, modified: status.modified };
        Ok(Loading { path: path.to_string(), bytes: Vec::new(), stamp })
    }

    /// Bytes read, and in all.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.bytes.len() as u64, self.stamp.length)
    }

    /// Reads a slice; gives the text once all is read.
    pub(super) fn step(&mut self, files: &mut dyn Files) -> Result<Option<Loaded>, FileError> {
        let at = self.bytes.len();
        self.bytes.try_reserve(SLICE).map_err(|_| FileError::OutOfMemory)?;
        self.bytes.resize(at + SLICE, 0);
        let count = files.read_at(&self.path, at as u64, &mut self.bytes[at..])?;
        self.bytes.truncate(at + count);
        if count == SLICE {
            // It may grow while it is read.
            return if self.bytes.len() as u64 > LIMIT { Err(FileError::TooLarge) } else { Ok(None) };
        }
        let (text, format) = decode(&self.bytes).ok_or(FileError::OutOfMemory)?;
        Ok(Some(Loaded { text, format, stamp: self.stamp }))
    }
}

/// The text that bytes stand for. None without memory.
fn decode(bytes: &[u8]) -> Option<(Text, Format)> {
    let mut format = Format::default();
    let bytes = match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => {
            format.byte_order_mark = true;
            rest
        }
        None => bytes,
    };
    // A zero is a valid character, but in no text that a person wrote.
    let valid = core::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    format.is_lossy = valid.is_none();
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
    let pairs = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    format.crlf = ends > 0 && pairs == ends;
    let mut text = Text::new();
    match valid {
        Some(valid) if !format.crlf => text.insert(0, valid).ok()?,
        Some(valid) => {
            for line in valid.split("\r\n").enumerate() {
                let (number, line) = line;
                if number > 0 {
                    text.insert(text.len(), "\n").ok()?;
                }
                text.insert(text.len(), line).ok()?;
            }
        }
        None => {
            for chunk in bytes.utf8_chunks() {
                text.insert(text.len(), chunk.valid()).ok()?;
                if !chunk.invalid().is_empty() {
                    text.insert(text.len(), "\u{fffd}").ok()?;
                }
            }
        }
    }
    Some((text, format))
}

/// A text being written. It must not change meanwhile.
pub(super) struct Saving {
    pub(super) path: String,
    temporary: String,
    /// How far into the text.
    at: usize,
    written: u64,
    is_begun: bool,
}

impl Saving {
    /// Begins.
    pub(super) fn new(path: &str) -> Saving {
        let name = format!(".{}.saving", path::name(path));
        // What is too long for a name gets one that is not.
        let name = if name.len() > 200 { ".text.saving".to_string() } else { name };
        let temporary = path::join(path::parent(path), &name);
        Saving { path: path.to_string(), temporary, at: 0, written: 0, is_begun: false }
    }

    /// Bytes of the text written.
    pub(super) fn progress(&self) -> u64 {
        self.at as u64
    }

    /// Writes a slice; says whether all is written and in place. After an error the old file is as it was, and
    /// nothing else is left.
    pub(super) fn step(
        &mut self,
        files: &mut dyn Files,
        text: &Text,
        format: Format,
    ) -> Result<bool, FileError> {
        let stepped = self.try_step(files, text, format);
        if stepped.is_err() && self.is_begun {
            // The first error is the one to tell.
            let _ = files.remove(&self.temporary);
        }
        stepped
    }

    fn try_step(&mut self, files: &mut dyn Files, text: &Text, format: Format) -> Result<bool, FileError> {
        if !self.is_begun {
            if files.status(&self.path).is_ok_and(|status| status.is_directory) {
                return Err(FileError::IsADirectory);
            }
            match files.create(&self.temporary) {
                // Left from a save that a power failure ended: nobody's.
                Err(FileError::AlreadyExists) => {
                    files.remove(&self.temporary)?;
                    files.create(&self.temporary)?;
                }
                other => other?,
            }
            self.is_begun = true;
            if format.byte_order_mark {
                files.write_at(&self.temporary, 0, BYTE_ORDER_MARK)?;
                self.written = BYTE_ORDER_MARK.len() as u64;
            }
        }
        let end = text.floor(self.at + SLICE);
        let mut slice = Vec::new();
        slice.try_reserve(2 * (end - self.at)).map_err(|_| FileError::OutOfMemory)?;
        for byte in text.parts(self.at..end).flat_map(str::bytes) {
            if byte == b'\n' && format.crlf {
                slice.push(b'\r');
            }
            slice.push(byte);
        }
        if !slice.is_empty() {
            files.write_at(&self.temporary, self.written, &slice)?;
        }
        self.written += slice.len() as u64;
        self.at = end;
        if self.at < text.len() {
            return Ok(false);
        }
        files.rename(&self.temporary, &self.path, Existing::Replace)?;
        // Saved is what a power failure does not take.
        files.sync()?;
        Ok(true)
    }
}
