//! Where a seek goes (lseek(2)).

use crate::FsError;

/// From where an offset counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whence {
    /// From the first byte.
    Start,
    /// From the present position.
    Current,
    /// From the end.
    End,
}

/// The position after a seek, for a file of `size` bytes. It may lie behind the end.
///
/// # Errors
/// [`FsError::InvalidInput`] for a place before the first byte or behind the last position that there is.
pub fn seek(position: u64, size: u64, whence: Whence, offset: i64) -> Result<u64, FsError> {
    let base = match whence {
        Whence::Start => 0,
        Whence::Current => position,
        Whence::End => size,
    };
    base.checked_add_signed(offset)
        .filter(|&position| i64::try_from(position).is_ok())
        .ok_or(FsError::InvalidInput("there is no such position"))
}
