//! Commands that read, write and make files.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use ui::FileError;

use super::{split_options, usage};
use crate::failure::{self, Outcome};
use crate::path;
use crate::shell::Session;
use crate::system::{FileKind, System, WriteMode};

/// Bytes read at a time; Ctrl+C is looked for in between.
pub(super) const CHUNK: usize = 16 * 1024;

pub(super) fn cat(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (_, files) = split_options(arguments, "").ok_or_else(|| usage("cat"))?;
    if files.is_empty() {
        return Err(usage("cat"));
    }
    for file in &files {
        let path = session.resolve(file)?;
        show(session, &path)?;
    }
    Ok(())
}

fn show(session: &mut Session<'_>, path: &str) -> Outcome {
    let mut buffer = vec![0; CHUNK];
    // The start of a character whose end comes with the next chunk.
    let mut unfinished = 0;
    let mut offset = 0;
    loop {
        session.console.check_interrupt()?;
        let count = session
            .system
            .read_file(path, offset, &mut buffer[unfinished..])
            .map_err(|error| failure::about_file(&**session.system, path, error))?;
        offset += count as u64;
        let available = unfinished + count;
        let whole = if count == 0 { available } else { whole_characters(&buffer[..available]) };
        session.print(&printable(&buffer[..whole]));
        if count == 0 {
            return Ok(());
        }
        buffer.copy_within(whole..available, 0);
        unfinished = available - whole;
    }
}

/// The length of `bytes` without a character that is cut off at the end.
fn whole_characters(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let start = bytes.len() - back;
        let length = match bytes[start] {
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            _ => continue,
        };
        return if length > back { start } else { bytes.len() };
    }
    bytes.len()
}

/// Text safe to send to a terminal: a file that happens to hold escape sequences must not move
/// the cursor or make the terminal type answers. Control characters are shown as `^[`.
fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for character in String::from_utf8_lossy(bytes).chars() {
        match character {
            '\n' | '\t' => text.push(character),
            '\r' => {}
            '\0'..='\x1f' | '\x7f' => {
                text.push('^');
                text.push(char::from((character as u8) ^ 0x40));
            }
            '\u{80}'..='\u{9f}' => text.push(char::REPLACEMENT_CHARACTER),
            _ => text.push(character),
        }
    }
    text
}

pub(super) fn write(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    // Only the first argument can be an option: text may begin with a dash.
    let (mode, rest) = match arguments.split_first() {
        Some((option, rest)) if option == "-a" => (WriteMode::Append, rest),
        _ => (WriteMode::Replace, arguments),
    };
    let Some((file, words)) = rest.split_first() else { return Err(usage("write")) };
    let path = session.resolve(file)?;
    let mut text = words.join(" ");
    text.push('\n');
    let system = session.system.clone();
    system
        .write_file(&path, text.as_bytes(), mode)
        .map_err(|error| failure::about_file(&*system, &path, error))?;
    if failure::lacks_disk(&*system, &path) {
        session.print("No disk is mounted at /disk: the file is in memory and is lost at power-off.\n");
    }
    Ok(())
}

pub(super) fn touch(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (_, files) = split_options(arguments, "").ok_or_else(|| usage("touch"))?;
    if files.is_empty() {
        return Err(usage("touch"));
    }
    let system = &**session.system;
    for file in &files {
        let path = session.resolve(file)?;
        match system.status(&path) {
            Ok(_) => Ok(()),
            Err(FileError::NotFound) => system.write_file(&path, b"", WriteMode::Append),
            Err(error) => Err(error),
        }
        .map_err(|error| failure::about_file(system, &path, error))?;
    }
    Ok(())
}

pub(super) fn mkdir(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (options, directories) = split_options(arguments, "p").ok_or_else(|| usage("mkdir"))?;
    if directories.is_empty() {
        return Err(usage("mkdir"));
    }
    let system = &**session.system;
    for directory in &directories {
        let path = session.resolve(directory)?;
        let result = if options.contains('p') {
            make_with_parents(system, &path)
        } else {
            system.create_directory(&path)
        };
        result.map_err(|error| failure::about_file(system, &path, error))?;
    }
    Ok(())
}

fn make_with_parents(system: &dyn System, path: &str) -> Result<(), FileError> {
    let mut missing: Vec<&str> = Vec::new();
    let mut ancestor = path;
    loop {
        match system.status(ancestor) {
            Ok(status) if status.kind == FileKind::Directory => break,
            Ok(_) => return Err(FileError::NotADirectory),
            Err(FileError::NotFound) if ancestor != "/" => missing.push(ancestor),
            Err(error) => return Err(error),
        }
        ancestor = path::parent(ancestor);
    }
    missing.iter().rev().try_for_each(|directory| system.create_directory(directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_not_cut() {
        let text = "aé漢🙂".as_bytes();
        for cut in 0..=text.len() {
            let whole = whole_characters(&text[..cut]);
            assert!(core::str::from_utf8(&text[..whole]).is_ok(), "cut at {cut}");
            assert!(cut - whole < 4);
        }
    }

    #[test]
    fn control_characters_are_made_visible() {
        assert_eq!(printable(b"a\x1b[2J\tb\r\n\x07\xff\x7f"), "a^[[2J\tb\n^G\u{fffd}^?");
    }
}
