//! Commands that read, write and make files.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ui::FileError;

use super::{split_options, usage};
use crate::failure::{self, Outcome};
use crate::path;
use crate::shell::Session;
use crate::system::{FileKind, System, WriteMode};

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
    let system = session.system.clone();
    let about = |error| failure::about_file(&*system, path, error);
    let status = system.status(path).map_err(about)?;
    let mut text = Text::default();
    if status.kind.may_wait() {
        let (there, path) = (system.clone(), String::from(path));
        let work = move |print: &mut dyn FnMut(&str)| {
            let result = there.read_all(&path, &mut |bytes| {
                print(&text.next(bytes));
                true
            });
            print(&text.rest());
            failure::code_of(result)
        };
        let code = session.console.run_waiting(&format!("cat {}", status.name), Box::new(work))?;
        return failure::result_of(code).map_err(about);
    }
    let mut interrupted = Ok(());
    let read = system.read_all(path, &mut |bytes| {
        interrupted = session.console.check_interrupt();
        if interrupted.is_ok() {
            session.print(&text.next(bytes));
        }
        interrupted.is_ok()
    });
    interrupted?;
    session.print(&text.rest());
    read.map_err(about)
}

/// Text that comes in pieces, which may end in the middle of a character.
#[derive(Default)]
struct Text {
    /// The start of a character whose end comes with the next piece.
    unfinished: Vec<u8>,
}

impl Text {
    /// What can be shown of it after one more piece.
    fn next(&mut self, bytes: &[u8]) -> String {
        self.unfinished.extend_from_slice(bytes);
        let whole = whole_characters(&self.unfinished);
        let text = printable(&self.unfinished[..whole]);
        self.unfinished.drain(..whole);
        text
    }

    /// What is left when nothing comes any more.
    fn rest(&mut self) -> String {
        printable(&core::mem::take(&mut self.unfinished))
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
    let written = match system.status(&path) {
        Ok(status) if status.kind.may_wait() => {
            let (there, path) = (system.clone(), path.clone());
            let work = move |_: &mut dyn FnMut(&str)| {
                failure::code_of(there.write_file(&path, text.as_bytes(), mode))
            };
            failure::result_of(
                session.console.run_waiting(&format!("write {}", status.name), Box::new(work))?,
            )
        }
        _ => system.write_file(&path, text.as_bytes(), mode),
    };
    written.map_err(|error| failure::about_file(&*system, &path, error))?;
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

pub(super) fn sync(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    if !arguments.is_empty() {
        return Err(usage("sync"));
    }
    session.system.sync().map_err(|error| failure::Failure::Message(format!("{error} (see dmesg)")))
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
