//! Which file system a path belongs to.

use crate::path;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Why something could not be mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountError {
    /// Something is mounted there already.
    Taken,
    /// There is no memory to note it.
    OutOfMemory,
}

impl fmt::Display for MountError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => write!(out, "a file system is mounted there already"),
            Self::OutOfMemory => write!(out, "not enough memory"),
        }
    }
}

/// The mount points and what is mounted on them: for the kernel locked file systems, for a test anything.
#[derive(Debug, Default)]
pub struct MountTable<T> {
    /// Longest path first, so that the first match is the innermost.
    mounts: Vec<(String, T)>,
}

impl<T> MountTable<T> {
    /// A table with nothing mounted, so that no path resolves.
    pub const fn new() -> Self {
        Self { mounts: Vec::new() }
    }

    /// Mounts `value` at the normal path `point`. The directory itself is the caller's business.
    ///
    /// # Errors
    /// [`MountError`]; nothing has changed then.
    pub fn mount(&mut self, point: &str, value: T) -> Result<(), MountError> {
        if self.is_mount_point(point) {
            return Err(MountError::Taken);
        }
        let place = self.mounts.partition_point(|(other, _)| other.len() > point.len());
        let point = path::copy(point).map_err(|_| MountError::OutOfMemory)?;
        self.mounts.try_reserve(1).map_err(|_| MountError::OutOfMemory)?;
        self.mounts.insert(place, (point, value));
        Ok(())
    }

    /// The innermost mount that the normal path `path` lies in, and the path relative to its root.
    pub fn resolve<'a>(&self, path: &'a str) -> Option<(&T, &'a str)> {
        self.mounts.iter().find_map(|(point, value)| Some((value, path::below(path, point)?)))
    }

    /// Whether something is mounted exactly at `path`.
    fn is_mount_point(&self, path: &str) -> bool {
        self.mounts.iter().any(|(point, _)| point == path)
    }

    /// Whether something is mounted at or below `path`: such a directory can be neither removed nor moved.
    pub fn has_mount_within(&self, path: &str) -> bool {
        self.mounts.iter().any(|(point, _)| path::below(point, path).is_some())
    }

    /// All mounts with their mount points, outermost first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.mounts.iter().rev().map(|(point, value)| (point.as_str(), value))
    }
}
