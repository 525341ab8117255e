//! The trash: what was deleted lies in one folder under a name of its own, and a small file of the same name beside it
//! says where it was and when it was deleted, which is enough to put it back.

use alloc::format;
use alloc::string::{String, ToString};

use ui::{DateTime, FileError, Files};

use crate::path;

/// The disk that has the trash.
pub(super) const DISK: &str = "/disk";
const TRASH: &str = "/disk/.Trash";
/// What was deleted.
pub(super) const FILES: &str = "/disk/.Trash/files";
/// Where it was.
const INFO: &str = "/disk/.Trash/info";

/// The path of what was deleted under this name of the trash.
pub(super) fn file(name: &str) -> String {
    path::join(FILES, name)
}

/// The path of what is known about it.
pub(super) fn info(name: &str) -> String {
    path::join(INFO, name)
}

/// Whether a path lies in the trash, or is it.
pub(super) fn holds(path: &str) -> bool {
    path::is_within(path, TRASH)
}

/// Takes the place of something that is to be deleted: writes down where it was, and gives its name in the trash.
pub(super) fn reserve(files: &mut dyn Files, from: &str, now: DateTime) -> Result<String, FileError> {
    for directory in [TRASH, FILES, INFO] {
        match files.create_directory(directory) {
            Ok(()) | Err(FileError::AlreadyExists) => {}
            Err(error) => return Err(error),
        }
    }
    let mut number = 1;
    let name = loop {
        let name = path::numbered(path::name(from), number);
        if is_free(files, &file(&name))? && is_free(files, &info(&name))? {
            break name;
        }
        number += 1;
    };
    let date = format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        now.year, now.month, now.day, now.hour, now.minute, now.second
    );
    files.write(&info(&name), format!("path={from}\ndate={date}\n").as_bytes())?;
    Ok(name)
}

fn is_free(files: &mut dyn Files, path: &str) -> Result<bool, FileError> {
    match files.status(path) {
        Ok(_) => Ok(false),
        Err(FileError::NotFound) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Where the thing of this name was, if that is known.
pub(super) fn origin(files: &mut dyn Files, name: &str) -> Option<String> {
    let text = files.read(&info(name)).ok()?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().find_map(|line| line.strip_prefix("path="))?;
    line.starts_with('/').then(|| path::normalise("/", line)).map(|path| path.to_string())
}
