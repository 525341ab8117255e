//! Commands about names themselves: `ln`, `mkfifo`, `readlink`, `stat`.

use alloc::format;
use alloc::string::{String, ToString};

use super::{split_options, usage};
use crate::failure::{self, Failure, Outcome};
use crate::format;
use crate::path;
use crate::shell::Session;
use crate::system::{FileDetails, FileKind};

/// `ln -s`: the target is kept as it was typed, and need not exist.
pub(super) fn ln(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (options, names) = split_options(arguments, "s").ok_or_else(|| usage("ln"))?;
    let [target, link] = names.as_slice() else { return Err(usage("ln")) };
    if options.is_empty() {
        return Err(Failure::Message("only symbolic links can be made (use ln -s)".to_string()));
    }
    let system = session.system.clone();
    let mut link = session.resolve(link)?;
    if system.status(&link).is_ok_and(|status| status.kind == FileKind::Directory) {
        link = path::join(&link, path::name(&session.resolve(target)?));
    }
    if target.is_empty() {
        return Err(Failure::Message("'' names no file".to_string()));
    }
    system.create_link(&link, target).map_err(|error| failure::about_file(&*system, &link, error))
}

pub(super) fn readlink(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (_, names) = split_options(arguments, "").ok_or_else(|| usage("readlink"))?;
    if names.is_empty() {
        return Err(usage("readlink"));
    }
    for name in &names {
        let details = details(session, name)?;
        match details.status.target {
            Some(target) => session.print(&format!("{}\n", shown(&target))),
            None if details.status.kind == FileKind::Link => {
                return Err(Failure::Message(format!("{name}: leads nowhere that has a name")));
            }
            None => return Err(Failure::Message(format!("{name}: is no symbolic link"))),
        }
    }
    Ok(())
}

pub(super) fn mkfifo(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (_, names) = split_options(arguments, "").ok_or_else(|| usage("mkfifo"))?;
    if names.is_empty() {
        return Err(usage("mkfifo"));
    }
    let system = &**session.system;
    for name in &names {
        let path = session.resolve(name)?;
        system.create_pipe(&path).map_err(|error| failure::about_file(system, &path, error))?;
    }
    Ok(())
}

pub(super) fn stat(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (_, names) = split_options(arguments, "").ok_or_else(|| usage("stat"))?;
    if names.is_empty() {
        return Err(usage("stat"));
    }
    for name in &names {
        let details = details(session, name)?;
        session.print(&format!("{}\n{}", shown(name), description(&details)));
    }
    Ok(())
}

fn details(session: &Session<'_>, name: &str) -> Result<FileDetails, Failure> {
    let path = session.resolve(name)?;
    session.system.details(&path).map_err(|error| failure::about_file(&**session.system, &path, error))
}

fn description(details: &FileDetails) -> String {
    let FileDetails { status, inode, mode, user, group, links, blocks, device } = details;
    let mut kind = String::from(match status.kind {
        FileKind::File => "file",
        FileKind::Directory => "directory",
        FileKind::Link => "symbolic link",
        FileKind::CharacterDevice => "character device",
        FileKind::BlockDevice => "block device",
        FileKind::Pipe => "named pipe",
    });
    if let Some(target) = &status.target {
        kind.push_str(&format!(" to {}", shown(target)));
    }
    if let Some((major, minor)) = device {
        kind.push_str(&format!(" {major}:{minor}"));
    }
    let changed = status.modified.as_ref().map_or_else(|| String::from("-"), format::short_date);
    format!(
        "  kind     {kind}\n  size     {} bytes, {blocks} blocks\n  mode     {mode:04o} {}, owner {user}:{group}\n  \
         names    {links}, inode {inode}\n  changed  {changed}\n",
        status.length,
        permissions(*mode),
    )
}

/// Permission bits as letters: `rwxr-xr-x`.
fn permissions(mode: u16) -> String {
    let letter = |bit: u16| if mode >> bit & 1 == 0 { '-' } else { ['x', 'w', 'r'][usize::from(bit % 3)] };
    (0..9).rev().map(letter).collect()
}

/// A path as it may be shown: without control characters.
pub(super) fn shown(path: &str) -> String {
    path.replace(char::is_control, "?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_letters() {
        assert_eq!(permissions(0o755), "rwxr-xr-x");
        assert_eq!(permissions(0o640), "rw-r-----");
    }
}
