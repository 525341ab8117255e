//! `/dev/input/event0` and `event1`: keyboard and mouse as Linux's programs know them
//! (Documentation/input/event-codes.rst). Whoever opens one gets what happens from then on.

use alloc::sync::Arc;

use vfs::FsError;

use super::super::clock;
use super::{Device, counted};
use crate::arch::time;
use crate::input::{Listener, Record, Stream};

/// The size of Linux's `struct input_event`: two words of time, type, code, value.
const SIZE: usize = 24;

/// Where events come from.
pub struct Source(pub Stream);

impl Device for Source {
    fn open(&self) -> Result<Option<Arc<dyn Device>>, FsError> {
        let listener = Listener::new(self.0).map_err(|_| FsError::OutOfMemory)?;
        Ok(Some(counted(Listening(listener))?))
    }

    fn read(&self, _offset: u64, _buffer: &mut [u8]) -> Result<usize, FsError> {
        Err(FsError::NoSuchDevice)
    }

    fn write(&self, _offset: u64, _data: &[u8]) -> Result<usize, FsError> {
        Err(FsError::NoSuchDevice)
    }
}

/// One who reads.
struct Listening(Listener);

impl Device for Listening {
    /// Waits for at least one event; whole ones only.
    fn read(&self, _offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        if buffer.len() < SIZE {
            return Err(FsError::InvalidInput("an event has 24 bytes"));
        }
        let mut count = 0;
        for place in buffer.chunks_exact_mut(SIZE) {
            let record = match self.0.take() {
                Some(record) => record,
                None if count > 0 => break,
                None => self.0.wait().map_err(|_| FsError::Interrupted)?,
            };
            place.copy_from_slice(&bytes_of(&record));
            count += SIZE;
        }
        Ok(count)
    }

    fn write(&self, _offset: u64, _data: &[u8]) -> Result<usize, FsError> {
        Err(FsError::NotPermitted)
    }
}

fn bytes_of(record: &Record) -> [u8; SIZE] {
    // Events carry the time of day, which they get here: below nobody knows it.
    let age_ns = time::since_ns(record.at_ns);
    let now = clock::now();
    let now_ns = i128::from(now.seconds) * 1_000_000_000 + i128::from(now.nanoseconds);
    let at_us = (now_ns - i128::from(age_ns)).max(0) / 1000;
    let mut bytes = [0; SIZE];
    bytes[..8].copy_from_slice(&((at_us / 1_000_000) as u64).to_le_bytes());
    bytes[8..16].copy_from_slice(&((at_us % 1_000_000) as u64).to_le_bytes());
    bytes[16..18].copy_from_slice(&record.kind.to_le_bytes());
    bytes[18..20].copy_from_slice(&record.code.to_le_bytes());
    bytes[20..].copy_from_slice(&record.value.to_le_bytes());
    bytes
}
