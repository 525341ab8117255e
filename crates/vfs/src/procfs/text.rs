//! What a file says, while it is written.

use crate::FsError;
use alloc::vec::Vec;
use core::fmt;

/// Bytes that grow as they are written; when there is no memory that is an error, not a panic.
#[derive(Debug, Default)]
pub struct Text {
    bytes: Vec<u8>,
}

impl Text {
    /// Empty, which takes no memory.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), FsError> {
        self.bytes.try_reserve(bytes.len()).map_err(|_| FsError::OutOfMemory)?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// What `write!` calls.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> Result<(), FsError> {
        // No `Display` of ours fails by itself.
        fmt::write(self, arguments).map_err(|_| FsError::OutOfMemory)
    }

    /// All of it.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes()).map_err(|_| fmt::Error)
    }
}
