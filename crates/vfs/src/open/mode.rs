//! The few ways in which the kernel's own code opens files.

/// What opening does about a file that exists or doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// It must exist; only reading.
    Read,
    /// It must exist; reading and writing.
    Write,
    /// Created if missing; reading and writing, its contents stay.
    Create,
    /// Created if missing, emptied if not; reading and writing.
    Replace,
    /// It must not exist; reading and writing.
    CreateNew,
}

impl OpenMode {
    /// Whether the file may be written.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        !matches!(self, Self::Read)
    }

    /// Whether a missing file is created.
    #[must_use]
    pub const fn creates(self) -> bool {
        matches!(self, Self::Create | Self::Replace | Self::CreateNew)
    }
}
