//! Paths as text: how long they may be, and copies of them. Where they lead is [`crate::walk`]'s business.

use crate::FsError;
use alloc::string::String;

/// The longest path in bytes (Linux's PATH_MAX).
pub const MAX_PATH: usize = 4096;
/// The longest name between two slashes in bytes (POSIX NAME_MAX).
pub const MAX_NAME: usize = 255;

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
