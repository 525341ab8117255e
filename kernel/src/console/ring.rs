//! The last of the log, kept in memory: for `dmesg`, and for the serial port, which takes it from here.

use alloc::vec::Vec;

use crate::lock::{IrqSpinLock, Rank};

/// Bytes kept.
const RING_BYTES: usize = 64 * 1024;

struct Ring {
    bytes: [u8; RING_BYTES],
    /// Bytes ever written; the newest is at `written - 1` modulo the size.
    written: usize,
}

static RING: IrqSpinLock<Ring> = IrqSpinLock::new(Rank::Log, Ring { bytes: [0; RING_BYTES], written: 0 });

/// Appends, over the oldest. Says how many bytes had been appended before.
pub(super) fn append(text: &[u8]) -> usize {
    let mut ring = RING.lock();
    let before = ring.written;
    for &byte in text {
        let at = ring.written % RING_BYTES;
        ring.bytes[at] = byte;
        ring.written += 1;
    }
    before
}

/// Bytes ever appended.
pub(super) fn written() -> usize {
    RING.lock().written
}

/// A piece of what was appended.
pub(super) struct Piece {
    /// Its first byte's place among all that were ever appended.
    pub start: usize,
    /// How many bytes it has.
    pub length: usize,
}

/// Copies what was appended from the `from`th byte on, as much as there is and fits; begins later when that was
/// overwritten.
pub(super) fn copy_from(from: usize, buffer: &mut [u8]) -> Piece {
    RING.lock().copy(from, buffer)
}

/// As [`copy_from`], unless somebody holds the ring: for a panic.
pub(super) fn try_copy_from(from: usize, buffer: &mut [u8]) -> Option<Piece> {
    Some(RING.try_lock()?.copy(from, buffer))
}

impl Ring {
    fn copy(&self, from: usize, buffer: &mut [u8]) -> Piece {
        let start = from.max(self.written.saturating_sub(RING_BYTES));
        let length = self.written.saturating_sub(start).min(buffer.len());
        for (place, byte) in (start..).zip(&mut buffer[..length]) {
            *byte = self.bytes[place % RING_BYTES];
        }
        Piece { start, length }
    }
}

/// What is kept, oldest first, starting at the beginning of a line. Empty when there is no memory for it.
pub fn read_ring() -> Vec<u8> {
    let mut text = Vec::new();
    if text.try_reserve_exact(RING_BYTES).is_err() {
        return text;
    }
    let ring = RING.lock();
    let kept = ring.written.min(RING_BYTES);
    for i in ring.written - kept..ring.written {
        // No reallocation: the room was reserved above, before the lock was taken.
        text.push(ring.bytes[i % RING_BYTES]);
    }
    let overwritten = ring.written > RING_BYTES;
    drop(ring);
    if overwritten {
        let start = text.iter().position(|&b| b == b'\n').map_or(0, |at| at + 1);
        text.drain(..start);
    }
    text
}

/// Calls `line` with each of the last `count` lines, oldest first, without allocating: for the panic
/// screen, when every other CPU is stopped. Does nothing if the ring was being written to.
pub(super) fn last_lines(count: usize, mut line: impl FnMut(&[u8])) {
    let Some(ring) = RING.try_lock() else { return };
    let kept = ring.written.min(RING_BYTES);
    let oldest = ring.written - kept;
    let byte = |at: usize| ring.bytes[at % RING_BYTES];
    let mut start = ring.written;
    let mut newlines = 0;
    while start > oldest {
        if byte(start - 1) == b'\n' {
            newlines += 1;
            if newlines > count {
                break;
            }
        }
        start -= 1;
    }
    let mut buffer = [0_u8; 160];
    let mut used = 0;
    for at in start..ring.written {
        match byte(at) {
            b'\n' => {
                line(&buffer[..used]);
                used = 0;
            }
            other if used < buffer.len() => {
                buffer[used] = other;
                used += 1;
            }
            _ => {}
        }
    }
}
