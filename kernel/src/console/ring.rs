//! The last of the log, kept in memory for `dmesg`.

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

/// Appends, over the oldest.
pub(super) fn append(text: &[u8]) {
    let mut ring = RING.lock();
    for &byte in text {
        let at = ring.written % RING_BYTES;
        ring.bytes[at] = byte;
        ring.written += 1;
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
