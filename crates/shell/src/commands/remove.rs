//! `rm`.

use alloc::format;
use alloc::string::String;
use alloc::vec;

use super::{split_options, usage};
use crate::failure::{self, Failure, Outcome};
use crate::path;
use crate::shell::Session;
use crate::system::FileKind;

pub(super) fn rm(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (options, paths) = split_options(arguments, "rf").ok_or_else(|| usage("rm"))?;
    if paths.is_empty() {
        return Err(usage("rm"));
    }
    for argument in &paths {
        let path = session.resolve(argument)?;
        remove(session, &path, options.contains('r'))?;
    }
    Ok(())
}

fn remove(session: &mut Session<'_>, path: &str, recursively: bool) -> Outcome {
    let system = &**session.system;
    let about = |error| failure::about_file(system, path, error);
    // Of a link the link itself goes, whatever it leads to.
    let status = system.details(path).map_err(about)?.status;
    if status.kind != FileKind::Directory {
        return system.remove(path).map_err(about);
    }
    may_go(session, path)?;
    if !recursively {
        return Err(Failure::Message(format!("{path}: is a directory (use rm -r {path})")));
    }
    remove_tree(session, path)
}

/// Whether the directory `path` may go away, removed or to another place: a slip such as `rm -r /` or `mv /disk /x` must
/// not empty the disk.
pub(super) fn may_go(session: &Session<'_>, path: &str) -> Outcome {
    let mounted = session.system.file_systems();
    if let Some(mounted) = mounted.iter().find(|mounted| path::is_within(&mounted.mount_point, path)) {
        let mount_point = &mounted.mount_point;
        return Err(Failure::Message(format!(
            "{path}: {mount_point} is mounted there; name what is in it instead"
        )));
    }
    if path::is_within(&session.state.directory, path) {
        return Err(Failure::Message(format!("{path}: you are in it (cd elsewhere first)")));
    }
    Ok(())
}

/// Removes a directory with all it holds, depth first, with a list instead of recursion: a
/// damaged disk may nest deeper than a kernel stack.
pub(super) fn remove_tree(session: &mut Session<'_>, path: &str) -> Outcome {
    let system = session.system.clone();
    let mut directories = vec![String::from(path)];
    let mut visited = 0;
    while visited < directories.len() {
        let directory = directories[visited].clone();
        visited += 1;
        let entries =
            system.list(&directory).map_err(|error| failure::about_file(&*system, &directory, error))?;
        for entry in entries {
            session.console.check_interrupt()?;
            let inside = path::join(&directory, &entry.name);
            match entry.kind {
                FileKind::Directory => directories.push(inside),
                _ => {
                    system.remove(&inside).map_err(|error| failure::about_file(&*system, &inside, error))?;
                }
            }
        }
    }
    // Parents were listed before their children, so backwards every directory is empty.
    for directory in directories.iter().rev() {
        system.remove(directory).map_err(|error| failure::about_file(&*system, directory, error))?;
    }
    Ok(())
}
