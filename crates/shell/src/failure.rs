//! Why a command failed, in words that say what to do next.

use alloc::format;
use alloc::string::String;

use ui::FileError;

use crate::commands::Command;
use crate::path;
use crate::system::System;

/// The end of a command that did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Ctrl+C, or the window is gone.
    Interrupted,
    /// The arguments make no sense; its usage is shown.
    Usage(&'static Command),
    /// Anything else; the text follows the command's name.
    Message(String),
}

/// What a command returns.
pub(crate) type Outcome = Result<(), Failure>;

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure::Message(message)
    }
}

/// A failed file operation, with a hint for the usual reasons.
pub(crate) fn about_file(system: &dyn System, path: &str, error: FileError) -> Failure {
    let parent = path::parent(path);
    Failure::Message(match error {
        FileError::NotFound if lacks_disk(system, path) => {
            format!("{path}: no disk is mounted (see df and dmesg)")
        }
        FileError::NotFound => {
            format!("{path}: no such file or directory (try ls {})", nearest(system, parent))
        }
        FileError::IsADirectory => format!("{path}: is a directory (try ls {path})"),
        FileError::DirectoryNotEmpty => format!("{path}: directory not empty (use rm -r {path})"),
        FileError::NoSpace => format!("{path}: no space left (see df, make room with rm)"),
        FileError::InvalidName => {
            format!("{path}: invalid name (up to 255 characters, none of \\ : * ? \" < > |)")
        }
        FileError::Device => format!("{path}: the disk failed or is damaged (see dmesg)"),
        error => format!("{path}: {error}"),
    })
}

/// All errors, so that a process can end with one.
const ERRORS: [FileError; 18] = [
    FileError::NotFound,
    FileError::AlreadyExists,
    FileError::NotADirectory,
    FileError::IsADirectory,
    FileError::DirectoryNotEmpty,
    FileError::InvalidName,
    FileError::NoSpace,
    FileError::OutOfMemory,
    FileError::TooLarge,
    FileError::ReadOnly,
    FileError::Busy,
    FileError::Device,
    FileError::OtherFileSystem,
    FileError::TooManyLinks,
    FileError::NoDevice,
    FileError::BrokenPipe,
    FileError::Interrupted,
    FileError::Unsupported,
];

/// The exit code of a process whose work ended so; 0 is success.
pub(crate) fn code_of(result: Result<(), FileError>) -> u8 {
    let Err(error) = result else { return 0 };
    let place = ERRORS.iter().position(|other| *other == error).unwrap_or(ERRORS.len() - 1);
    place as u8 + 1
}

/// How the work of a process ended that left this exit code.
pub(crate) fn result_of(code: u8) -> Result<(), FileError> {
    match code.checked_sub(1) {
        None => Ok(()),
        Some(place) => Err(ERRORS.get(usize::from(place)).copied().unwrap_or(FileError::Unsupported)),
    }
}

/// Whether `path` is meant for the disk and there is none: `/disk` is then memory like the rest.
pub(crate) fn lacks_disk(system: &dyn System, path: &str) -> bool {
    path::is_within(path, "/disk")
        && !system.file_systems().iter().any(|mounted| mounted.mount_point == "/disk")
}

/// The innermost directory on the way to `path` that exists: listing that will help.
fn nearest<'a>(system: &dyn System, mut path: &'a str) -> &'a str {
    while path != "/" && system.status(path).is_err() {
        path = path::parent(path);
    }
    path
}
