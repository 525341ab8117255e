//! An open file with a position, as programs know it: read and written on from where the last call ended.

use vfs::FsError;
use vfs::inode::InodeKind;
use vfs::open::{Whence, seek};

use super::file::File;
use crate::sync::Mutex;

/// An open file that knows where it stands. Whoever shares it shares the position.
pub struct OpenFile {
    file: File,
    /// Held while something is read or written there, so that two readers never get the same bytes. Of no use for what
    /// has no positions, where a call may take for ever.
    position: Mutex<u64>,
    /// Every write goes to the end.
    append: bool,
}

impl OpenFile {
    pub(super) fn new(file: File, append: bool) -> Self {
        Self { file, position: Mutex::new(0), append }
    }

    /// The file, to be read and written at any place.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The same, without a position.
    pub fn into_file(self) -> File {
        self.file
    }

    /// Reads on; nothing at the end.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`] if it was not opened for reading; [`FsError::Interrupted`] when the process is cancelled
    /// while this waits; the file system's or device's.
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize, FsError> {
        if self.file.is_stream() {
            return self.file.read(0, buffer);
        }
        let mut position = self.position.lock();
        let count = self.file.read(*position, buffer)?;
        *position += count as u64;
        Ok(count)
    }

    /// Writes on, or at the end if it was opened to append: as much as there is room for, at least one byte.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`] if it was not opened for writing; [`FsError::BrokenPipe`]; [`FsError::Interrupted`]; the
    /// file system's or device's. Nothing was written then, but of a pipe perhaps a part.
    pub fn write(&self, data: &[u8]) -> Result<usize, FsError> {
        if self.file.is_stream() {
            return self.file.write_some(0, data);
        }
        let mut position = self.position.lock();
        if self.append && self.file.inode().kind == InodeKind::File {
            let (start, count) = self.file.append_some(data)?;
            *position = start + count as u64;
            return Ok(count);
        }
        let count = self.file.write_some(*position, data)?;
        *position += count as u64;
        Ok(count)
    }

    /// Goes elsewhere (lseek(2)); returns the new position.
    ///
    /// # Errors
    /// [`FsError::NotSeekable`] for pipes and devices without positions; [`FsError::InvalidInput`] for a place before the
    /// first byte.
    pub fn seek(&self, whence: Whence, offset: i64) -> Result<u64, FsError> {
        if self.file.is_stream() {
            return Err(FsError::NotSeekable);
        }
        let mut position = self.position.lock();
        let size = if whence == Whence::End { self.file.size()? } else { 0 };
        *position = seek(*position, size, whence, offset)?;
        Ok(*position)
    }
}
