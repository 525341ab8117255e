//! An open file.

use alloc::sync::Arc;

use vfs::{FileId, FsError};

use super::Mount;

/// An open file. Dropping it closes it; [`File::close`] does too, and tells whether what was written is safe.
pub struct File {
    mount: Arc<Mount>,
    id: FileId,
    is_closed: bool,
}

impl File {
    pub(super) fn new(mount: Arc<Mount>, id: FileId) -> Self {
        Self { mount, id, is_closed: false }
    }

    /// Its size in bytes.
    pub fn size(&self) -> Result<u64, FsError> {
        self.mount.file_system.lock().size(self.id)
    }

    /// Reads at `offset`; fewer bytes than asked for only at the end.
    pub fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        self.mount.file_system.lock().read(self.id, offset, buffer)
    }

    /// Writes all of `data` at `offset`, or nothing when there is no room.
    pub fn write(&self, offset: u64, data: &[u8]) -> Result<(), FsError> {
        self.mount.file_system.lock().write(self.id, offset, data)
    }

    /// Cuts or extends to `size` bytes.
    pub fn truncate(&self, size: u64) -> Result<(), FsError> {
        self.mount.file_system.lock().truncate(self.id, size)
    }

    /// Closes it. Without error, what was written is on the disk.
    pub fn close(mut self) -> Result<(), FsError> {
        self.shut()
    }

    fn shut(&mut self) -> Result<(), FsError> {
        if core::mem::replace(&mut self.is_closed, true) {
            return Ok(());
        }
        self.mount.file_system.lock().close(self.id)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if let Err(error) = self.shut() {
            log::error!("a file could not be closed: {error}");
        }
    }
}
