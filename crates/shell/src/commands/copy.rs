//! `cp` and `mv`. Neither may lose a file: not by copying it onto itself, not when the disk fills
//! up halfway, not by replacing the target before the new one is there.

use alloc::format;
use alloc::string::String;
use alloc::vec;

use ui::FileError;

use super::remove::{may_go, remove_tree};
use super::{split_options, usage};
use crate::failure::{self, Failure, Outcome};
use crate::path;
use crate::shell::Session;
use crate::system::{FileKind, System, WriteMode};

/// Bytes read at a time; Ctrl+C is looked for in between.
const CHUNK: usize = 16 * 1024;

pub(super) fn cp(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (options, paths) = split_options(arguments, "r").ok_or_else(|| usage("cp"))?;
    let recursively = options.contains('r');
    each_source(session, &paths, "cp", |session, source, target| {
        if session.system.status(source).is_ok_and(|status| status.kind == FileKind::Directory)
            && !recursively
        {
            return Err(Failure::Message(format!("{source}: is a directory (use cp -r)")));
        }
        copy_tree(session, source, target, false)
    })
}

pub(super) fn mv(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (_, paths) = split_options(arguments, "f").ok_or_else(|| usage("mv"))?;
    each_source(session, &paths, "mv", |session, source, target| {
        may_go(session, source)?;
        let system = session.system.clone();
        if is_device(&*system, target) {
            // It would be gone, and what was moved there would be a file like any other.
            return Err(Failure::Message(format!("{target}: is a device (cp writes to it)")));
        }
        if mount_point(&*system, source) != mount_point(&*system, target) {
            copy_tree(session, source, target, true)?;
            return remove_any(session, source);
        }
        rename(&*system, source, target)
    })
}

fn is_device(system: &dyn System, path: &str) -> bool {
    let kind = system.status(path).map(|status| status.kind);
    matches!(kind, Ok(FileKind::CharacterDevice | FileKind::BlockDevice))
}

/// Calls `action` with every source and the path it shall have: inside the target if that is a
/// directory, else the target itself.
fn each_source(
    session: &mut Session<'_>,
    paths: &[String],
    command: &'static str,
    action: impl Fn(&mut Session<'_>, &str, &str) -> Outcome,
) -> Outcome {
    let Some((target, sources)) = paths.split_last().filter(|(_, sources)| !sources.is_empty()) else {
        return Err(usage(command));
    };
    let system = session.system.clone();
    let target = session.resolve(target)?;
    let into_directory = system.status(&target).is_ok_and(|status| status.kind == FileKind::Directory);
    if sources.len() > 1 && !into_directory {
        return Err(Failure::Message(format!("{target}: not a directory (several files need one)")));
    }
    for source in sources {
        let source = session.resolve(source)?;
        system.details(&source).map_err(|error| failure::about_file(&*system, &source, error))?;
        let target = if into_directory { path::join(&target, path::name(&source)) } else { target.clone() };
        // FAT ignores case, so names that differ in it may be one file. `mv` may change the case.
        let same = if command == "mv" { source == target } else { source.eq_ignore_ascii_case(&target) };
        if same {
            return Err(Failure::Message(format!("{source} and {target} are the same file")));
        }
        if path::is_within(&target.to_lowercase(), &source.to_lowercase()) && source.len() != target.len() {
            return Err(Failure::Message(format!("{source}: can't go into itself")));
        }
        action(session, &source, &target)?;
    }
    Ok(())
}

/// Where the file system is mounted that `path` lies on.
fn mount_point(system: &dyn System, path: &str) -> String {
    system
        .file_systems()
        .into_iter()
        .map(|mounted| mounted.mount_point)
        .filter(|mount_point| path::is_within(path, mount_point))
        .max_by_key(String::len)
        .unwrap_or_default()
}

/// Copies a file, or a directory with all it holds. With `links_stay`, a source that is a link is copied as one.
fn copy_tree(session: &mut Session<'_>, source: &str, target: &str, links_stay: bool) -> Outcome {
    let system = session.system.clone();
    let mut remaining = vec![(String::from(source), String::from(target))];
    while let Some((from, to)) = remaining.pop() {
        session.console.check_interrupt()?;
        // What is named itself is followed; links in a directory are copied as links, or circles would have no end.
        let about = |error| failure::about_file(&*system, &from, error);
        let named = from == source && !links_stay;
        let status =
            if named { system.status(&from) } else { system.details(&from).map(|details| details.status) };
        let status = status.map_err(about)?;
        match status.kind {
            FileKind::Directory => {}
            FileKind::File => {
                copy_file(session, &from, &to)?;
                continue;
            }
            FileKind::Link => {
                let text = status.target.unwrap_or_default();
                system.create_link(&to, &text).map_err(|error| failure::about_file(&*system, &to, error))?;
                continue;
            }
            FileKind::CharacterDevice | FileKind::BlockDevice | FileKind::Pipe => {
                return Err(Failure::Message(format!(
                    "{from}: only files, directories and links can be copied"
                )));
            }
        }
        match system.create_directory(&to) {
            Ok(()) => {}
            Err(FileError::AlreadyExists)
                if system.status(&to).is_ok_and(|status| status.kind == FileKind::Directory) => {}
            Err(error) => return Err(failure::about_file(&*system, &to, error)),
        }
        for entry in system.list(&from).map_err(|error| failure::about_file(&*system, &from, error))? {
            remaining.push((path::join(&from, &entry.name), path::join(&to, &entry.name)));
        }
    }
    Ok(())
}

/// Copies under another name first, so that an existing target stays whole until the copy is.
fn copy_file(session: &mut Session<'_>, source: &str, target: &str) -> Outcome {
    let system = session.system.clone();
    let exists = match system.status(target) {
        Ok(status) => match status.kind {
            FileKind::Directory => return Err(Failure::Message(format!("{target}: is a directory"))),
            FileKind::CharacterDevice | FileKind::BlockDevice => {
                return copy_contents(session, source, target, true);
            }
            FileKind::Pipe => return Err(Failure::Message(format!("{target}: is a pipe"))),
            FileKind::File | FileKind::Link => true,
        },
        Err(_) => false,
    };
    let written = if exists { unused_name(&*system, target) } else { String::from(target) };
    if let Err(failure) = copy_contents(session, source, &written, false) {
        // What is there is not a copy; leaving it would look as if it were one.
        let _ = system.remove(&written);
        return Err(failure);
    }
    if exists { rename(&*system, &written, target) } else { Ok(()) }
}

/// Writes what is in a file to another one that is new, or to a device, which can't be made anew.
fn copy_contents(session: &mut Session<'_>, source: &str, target: &str, is_device: bool) -> Outcome {
    let system = session.system.clone();
    let mut buffer = vec![0; CHUNK];
    let mut offset = 0;
    loop {
        session.console.check_interrupt()?;
        let count = system
            .read_file(source, offset, &mut buffer)
            .map_err(|error| failure::about_file(&*system, source, error))?;
        if count == 0 && (offset > 0 || is_device) {
            return Ok(());
        }
        let mode = match offset {
            _ if is_device => WriteMode::At(offset),
            0 => WriteMode::Replace,
            _ => WriteMode::Append,
        };
        system
            .write_file(target, &buffer[..count], mode)
            .map_err(|error| failure::about_file(&*system, target, error))?;
        if count == 0 {
            return Ok(());
        }
        offset += count as u64;
    }
}

/// Renames; an existing file steps aside first and comes back if that fails.
fn rename(system: &dyn System, source: &str, target: &str) -> Outcome {
    let about_target = |error| failure::about_file(system, target, error);
    // A change of case only: the target is the source.
    let occupied = match system.status(target) {
        Ok(_) if source.eq_ignore_ascii_case(target) => false,
        Ok(status) => {
            if status.kind == FileKind::Directory {
                return Err(Failure::Message(format!("{target}: is a directory")));
            }
            true
        }
        Err(_) => false,
    };
    if !occupied {
        return system.rename(source, target).map_err(about_target);
    }
    let aside = unused_name(system, target);
    system.rename(target, &aside).map_err(about_target)?;
    if let Err(error) = system.rename(source, target) {
        let _ = system.rename(&aside, target);
        return Err(about_target(error));
    }
    system.remove(&aside).map_err(|error| failure::about_file(system, &aside, error))
}

/// A name beside `path` that nothing has.
fn unused_name(system: &dyn System, path: &str) -> String {
    let directory = path::parent(path);
    let mut number = 0;
    loop {
        let candidate = path::join(directory, &format!("tmp{number}.tmp"));
        if matches!(system.status(&candidate), Err(FileError::NotFound)) || number == 999 {
            return candidate;
        }
        number += 1;
    }
}

fn remove_any(session: &mut Session<'_>, path: &str) -> Outcome {
    let system = session.system.clone();
    let details = system.details(path).map_err(|error| failure::about_file(&*system, path, error))?;
    match details.status.kind {
        FileKind::Directory => remove_tree(session, path),
        _ => system.remove(path).map_err(|error| failure::about_file(&*system, path, error)),
    }
}
