//! Runs the host's programs.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::error::{Context, Error, Result, fail};

/// Runs `command` with its output on the terminal; anything but success is an error.
pub fn visibly(command: &mut Command) -> Result {
    let status = command.status().map_err(|error| not_started(command, error))?;
    if status.success() { Ok(()) } else { fail!("{} failed ({status})", name(command)) }
}

/// Runs `command` silently and returns what it printed; on failure the error has its last words.
pub fn quietly(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    fail!("{} failed ({}):\n{}", name(command), output.status, tail(words.trim_end(), 15))
}

/// Runs `command` silently, whatever its end.
pub fn output(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().map_err(|error| not_started(command, error))
}

/// The last `count` lines of `text`.
pub fn tail(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// A command whose program may stand in a folder for administrators, which PATH often lacks.
pub fn program(name: &str) -> Command {
    Command::new(find(name).unwrap_or_else(|| name.into()))
}

/// Where the program `name` is, if it is anywhere.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let administration = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(administration)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Removes a file that may be absent.
pub fn remove_file(path: &Path) -> Result {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).context(format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Writes a file whole, in a folder that is made if need be.
pub fn write_file(path: &Path, contents: impl AsRef<[u8]>) -> Result {
    let what = format!("write {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).context(&what)?;
    }
    std::fs::write(path, contents).context(what)
}

/// Copies a file into a folder that is made if need be.
pub fn copy(from: &Path, to: &Path) -> Result {
    let what = format!("copy {} to {}", from.display(), to.display());
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).context(&what)?;
    }
    std::fs::copy(from, to).map(drop).context(what)
}

/// Copies a file that is mostly zeros, without making room for them.
pub fn copy_sparse(from: &Path, to: &Path) -> Result {
    copy_blocks(from, to, true).map(drop)
}

/// Copies a file with room on the disk for all of it, zeros as well, and waits until it is there: what writes to the copy later
/// has no room to look for, and a flush of it nothing else to do.
pub fn copy_filled(from: &Path, to: &Path) -> Result {
    copy_blocks(from, to, false)?.sync_all().context(format!("write {}", to.display()))
}

fn copy_blocks(from: &Path, to: &Path, leave_zeros_out: bool) -> Result<File> {
    let what = format!("copy {} to {}", from.display(), to.display());
    let mut source = File::open(from).context(&what)?;
    let mut target = File::create(to).context(&what)?;
    target.set_len(source.metadata().context(&what)?.len()).context(&what)?;
    let mut block = vec![0; 1 << 16];
    loop {
        let count = source.read(&mut block).context(&what)?;
        if count == 0 {
            return Ok(target);
        }
        if leave_zeros_out && block[..count].iter().all(|&byte| byte == 0) {
            target.seek_relative(count as i64).context(&what)?;
        } else {
            target.write_all(&block[..count]).context(&what)?;
        }
    }
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) -> Result {
    std::fs::create_dir_all(to).context(format!("make {}", to.display()))?;
    for entry in std::fs::read_dir(from).context(format!("list {}", from.display()))? {
        let (path, target) = {
            let entry = entry?;
            (entry.path(), to.join(entry.file_name()))
        };
        if path.is_dir() { copy_folder(&path, &target)? } else { copy(&path, &target)? }
    }
    Ok(())
}

fn name(command: &Command) -> String {
    Path::new(command.get_program()).file_name().unwrap_or(OsStr::new("?")).to_string_lossy().into_owned()
}

fn not_started(command: &Command, error: std::io::Error) -> Error {
    Error::new(format!("could not start {}: {error}", name(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_end_of_the_text() {
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
        assert_eq!(tail("a\nb\nc", 9), "a\nb\nc");
        assert_eq!(tail("", 3), "");
    }

    #[test]
    fn a_failing_program_is_quoted() {
        let error =
            quietly(Command::new("sh").args(["-c", "echo because >&2; exit 3"])).unwrap_err().to_string();
        assert!(error.contains("because") && error.contains('3'), "{error}");
    }

    #[test]
    fn a_copy_is_a_copy_sparse_or_not() {
        let folder = std::env::temp_dir().join(format!("quicklime-sparse-{}", std::process::id()));
        let mut bytes = vec![0; 300_001];
        bytes[70_000] = 1;
        bytes[200_000..200_010].fill(7);
        write_file(&folder.join("from"), &bytes).unwrap();
        for copy in [copy_sparse, copy_filled] {
            copy(&folder.join("from"), &folder.join("to")).unwrap();
            assert_eq!(std::fs::read(folder.join("to")).unwrap(), bytes);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = quietly(&mut Command::new("no-such-program")).unwrap_err().to_string();
        assert!(error.contains("no-such-program"), "{error}");
    }
}
