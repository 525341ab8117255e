//! The last of the log, kept in memory: for `dmesg`, and for the serial port, which takes it from here.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use crate::lock::{IrqSpinLock, Rank};

/// Bytes kept.
const RING_BYTES: usize = 64 * 1024;

/// The bytes, and how many were ever written: the newest is at `WRITTEN - 1` modulo the size. Atomics, so that the
/// panic screen can read them whoever was stopped while writing.
static BYTES: [AtomicU8; RING_BYTES] = [const { AtomicU8::new(0) }; RING_BYTES];
static WRITTEN: AtomicUsize = AtomicUsize::new(0);
/// Held by whoever writes, and by readers that want whole lines.
static WRITER: IrqSpinLock<()> = IrqSpinLock::new(Rank::Log, ());

/// Appends, over the oldest. Says how many bytes had been appended before.
pub(super) fn append(text: &[u8]) -> usize {
    let _writer = WRITER.lock();
    let before = WRITTEN.load(Ordering::Relaxed);
    for (place, &byte) in (before..).zip(text) {
        BYTES[place % RING_BYTES].store(byte, Ordering::Relaxed);
    }
    WRITTEN.store(before + text.len(), Ordering::Release);
    before
}

/// Bytes ever appended.
pub(super) fn written() -> usize {
    WRITTEN.load(Ordering::Acquire)
}

/// The byte at a place among all that were ever appended, or what has overwritten it.
fn byte(place: usize) -> u8 {
    BYTES[place % RING_BYTES].load(Ordering::Relaxed)
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
    let _writer = WRITER.lock();
    copy_unlocked_from(from, buffer)
}

/// As [`copy_from`], without the lock: for a panic, when nobody else writes.
pub(super) fn copy_unlocked_from(from: usize, buffer: &mut [u8]) -> Piece {
    let written = written();
    let start = from.max(written.saturating_sub(RING_BYTES));
    let length = written.saturating_sub(start).min(buffer.len());
    for (place, slot) in (start..).zip(&mut buffer[..length]) {
        *slot = byte(place);
    }
    Piece { start, length }
}

/// What is kept, oldest first, starting at the beginning of a line. Empty when there is no memory for it.
pub fn read_ring() -> Vec<u8> {
    let mut text = Vec::new();
    if text.try_reserve_exact(RING_BYTES).is_err() {
        return text;
    }
    let writer = WRITER.lock();
    let written = WRITTEN.load(Ordering::Relaxed);
    // No reallocation: the room was reserved above, before the lock was taken.
    text.extend((written.saturating_sub(RING_BYTES)..written).map(byte));
    drop(writer);
    let overwritten = written > RING_BYTES;
    if overwritten {
        let start = text.iter().position(|&b| b == b'\n').map_or(0, |at| at + 1);
        text.drain(..start);
    }
    text
}

/// Calls `line` with each of the last `count` lines, oldest first, without allocating and without the lock: for the
/// panic screen, when every other CPU is stopped.
pub(super) fn last_lines(count: usize, mut line: impl FnMut(&[u8])) {
    let written = WRITTEN.load(Ordering::Acquire);
    let oldest = written.saturating_sub(RING_BYTES);
    let mut start = written;
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
    let mut buffer = [0_u8; 256];
    let mut used = 0;
    for at in start..written {
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
