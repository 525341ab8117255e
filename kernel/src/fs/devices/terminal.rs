//! `/dev/console`, which is the kernel's log, and `/dev/tty`, which is whatever terminal the process has that opens it.

use alloc::string::String;
use alloc::sync::Arc;

use vfs::FsError;

use super::super::directory;
use super::Device;

/// The kernel's log: what is written becomes lines of it.
pub struct Console;

impl Device for Console {
    fn read(&self, _offset: u64, _buffer: &mut [u8]) -> Result<usize, FsError> {
        Ok(0)
    }

    fn write(&self, _offset: u64, data: &[u8]) -> Result<usize, FsError> {
        for line in String::from_utf8_lossy(data).lines() {
            log::info!(target: "console", "{line}");
        }
        Ok(data.len())
    }
}

/// The terminal of whoever opens it (tty(4)).
pub struct Own;

impl Device for Own {
    fn open(&self) -> Result<Option<Arc<dyn Device>>, FsError> {
        directory::terminal().map(Some).ok_or(FsError::NoSuchDevice)
    }

    fn read(&self, _offset: u64, _buffer: &mut [u8]) -> Result<usize, FsError> {
        Err(FsError::NoSuchDevice)
    }

    fn write(&self, _offset: u64, _data: &[u8]) -> Result<usize, FsError> {
        Err(FsError::NoSuchDevice)
    }
}
