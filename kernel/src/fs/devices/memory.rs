//! Devices that are nothing but an idea: `null`, `zero`, `full`, `random` (null(4), full(4), random(4)).

use vfs::FsError;

use super::super::random;
use super::Device;

/// Takes everything, and is empty (null(4)).
pub struct Null;

impl Device for Null {
    fn read(&self, _offset: u64, _buffer: &mut [u8]) -> Result<usize, FsError> {
        Ok(0)
    }

    fn write(&self, _offset: u64, data: &[u8]) -> Result<usize, FsError> {
        Ok(data.len())
    }
}

/// Takes everything, and is zeros without end.
pub struct Zero;

impl Device for Zero {
    fn read(&self, _offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        buffer.fill(0);
        Ok(buffer.len())
    }

    fn write(&self, _offset: u64, data: &[u8]) -> Result<usize, FsError> {
        Ok(data.len())
    }
}

/// Zeros without end, and no room for anything (full(4)).
pub struct Full;

impl Device for Full {
    fn read(&self, _offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        buffer.fill(0);
        Ok(buffer.len())
    }

    fn write(&self, _offset: u64, _data: &[u8]) -> Result<usize, FsError> {
        Err(FsError::NoSpace)
    }
}

/// Bytes that nobody can foretell (random(4)).
pub struct Random;

impl Device for Random {
    fn read(&self, _offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        random::fill(buffer);
        Ok(buffer.len())
    }

    /// What is written is stirred in.
    fn write(&self, _offset: u64, data: &[u8]) -> Result<usize, FsError> {
        random::stir(data);
        Ok(data.len())
    }
}
