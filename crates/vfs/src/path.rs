//! Paths as text. Normal form is absolute, without `.`, `..`, empty parts and trailing slash: `/disk/notes.txt`, and
//! `/` for the root. There are no symbolic links yet, so `..` is a matter of text.

use crate::FsError;
use alloc::string::String;

/// The longest path in bytes (Linux's PATH_MAX).
pub const MAX_PATH: usize = 4096;
/// The longest name between two slashes in bytes (POSIX NAME_MAX).
pub const MAX_NAME: usize = 255;

/// The normal form of `path`, taken relative to the directory `base` (itself in normal form) unless it begins with a
/// slash. `..` at the root stays at the root.
///
/// ```
/// assert_eq!(vfs::path::normalise("/disk", "../a//b/./c").unwrap(), "/a/b/c");
/// ```
///
/// # Errors
/// [`FsError::InvalidName`] for an empty path, one that is too long, or one with a NUL in it; a part that is too long
/// likewise. [`FsError::OutOfMemory`].
pub fn normalise(base: &str, path: &str) -> Result<String, FsError> {
    if path.is_empty() {
        return Err(FsError::InvalidName("it is empty"));
    }
    if path.contains('\0') {
        return Err(FsError::InvalidName("it contains a NUL character"));
    }
    let mut normal = String::new();
    // Each part is copied with a slash in front, so nothing below needs more.
    normal.try_reserve_exact(base.len() + path.len() + 1).map_err(|_| FsError::OutOfMemory)?;
    if !path.starts_with('/') {
        normal.push_str(base.trim_end_matches('/'));
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => normal.truncate(normal.rfind('/').unwrap_or(0)),
            name if name.len() > MAX_NAME => return Err(FsError::InvalidName("it is longer than 255 bytes")),
            name => {
                normal.push('/');
                normal.push_str(name);
            }
        }
    }
    if normal.len() > MAX_PATH {
        return Err(FsError::InvalidName("the path is longer than 4096 bytes"));
    }
    if normal.is_empty() {
        normal.push('/');
    }
    Ok(normal)
}

/// A copy of a name or path.
///
/// # Errors
/// [`FsError::OutOfMemory`].
pub fn copy(text: &str) -> Result<String, FsError> {
    let mut copy = String::new();
    copy.try_reserve_exact(text.len()).map_err(|_| FsError::OutOfMemory)?;
    copy.push_str(text);
    Ok(copy)
}

/// The part of the normal path `path` below the directory `directory`, without a leading slash; None when it is not
/// below it. A directory is below itself, with an empty rest.
pub fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(directory.trim_end_matches('/'))?;
    match rest.strip_prefix('/') {
        Some(rest) => Some(rest),
        None if rest.is_empty() => Some(rest),
        None => None,
    }
}
