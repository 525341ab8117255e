//! From the log's ring to the serial port.
//!
//! A full line of 400 bytes takes 35 ms at 115,200 baud. While the machine starts, whoever logs waits for the port, since
//! nobody else could. Then a task takes over: who logs only puts the line into the ring and rings the port's bell, which is the
//! port's own interrupt "transmitter empty". That is an interrupt rather than a wake-up because anybody may log, with any
//! lock held; a wake-up takes locks of its own.
//!
//! What must not get lost with the system goes out before [`appended`] returns: errors, which may be the last words; and whatever
//! the task leaves lying for too long, should it, or the thread it runs on, be what is ill. A panic empties the ring itself.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use log::Level;

use super::ring;
use crate::arch::serial::{self, FIFO_BYTES};
use crate::arch::{irq, time};
use crate::executor::{self, Signal};
use crate::lock::{IrqSpinLock, Rank};

/// Keeps pieces in their order: held from copying one out of the ring until the port has it.
static PORT: IrqSpinLock<()> = IrqSpinLock::new(Rank::LogPort, ());
/// Bytes of the ring that the port has, as [`ring::written`] counts them. Changed under the lock, but not inside it: for a
/// panic, when the holder has been stopped.
static SENT: AtomicUsize = AtomicUsize::new(0);
/// When the port last took something, in nanoseconds since boot.
static SENT_AT_NS: AtomicU64 = AtomicU64::new(0);
/// The task writes.
static TASK_WRITES: AtomicBool = AtomicBool::new(false);
/// The port's transmitter is empty, or somebody has logged.
static BELL: Signal = executor::signal();

/// Half of the ring: with more unsent, who logs waits for as much as it adds, so that nothing is overwritten before it is
/// sent.
const MOST_UNSENT: usize = 32 << 10;
/// The task, or its thread, is taken for ill when bytes have lain for so long.
const PATIENCE_NS: u64 = 1_000_000_000;
/// An empty transmitter's interrupt comes within 2 ms. One that does not is lost, and the port is looked at.
const INTERRUPT_MS: u64 = 20;
/// Pieces that the task writes before the other tasks have their turns: 512 bytes, where the port takes them at once.
const PIECES: usize = 32;

/// Bytes that the port does not have yet.
pub fn unsent() -> usize {
    ring::written().saturating_sub(SENT.load(Ordering::Relaxed))
}

/// A line was put into the ring, at that place as [`ring::append`] gives it. Legal anywhere.
pub(super) fn appended(level: Level, place: usize) {
    if !TASK_WRITES.load(Ordering::Relaxed) || level == Level::Error || is_task_ill(place) {
        return flush();
    }
    serial::request_interrupt();
    drain(MOST_UNSENT);
}

/// Waits until the port has all of it.
pub(super) fn flush() {
    drain(0);
}

/// Whether what was put into the ring before `place` has lain for too long. It had the task called, as this line will.
fn is_task_ill(place: usize) -> bool {
    let since = SENT_AT_NS.load(Ordering::Relaxed);
    SENT.load(Ordering::Relaxed) < place && time::uptime_ns().saturating_sub(since) > PATIENCE_NS
}

/// Writes until at most `leave` bytes are unsent.
fn drain(leave: usize) {
    while unsent() > leave {
        let _ordered = PORT.lock();
        let mut bytes = [0; FIFO_BYTES];
        let piece = ring::copy_from(SENT.load(Ordering::Relaxed), &mut bytes);
        serial::write(&bytes[..piece.length]);
        note_sent(&piece);
    }
}

fn note_sent(piece: &ring::Piece) {
    SENT.store(piece.start + piece.length, Ordering::Relaxed);
    SENT_AT_NS.store(time::uptime_ns(), Ordering::Relaxed);
}

/// Writes what is left, without waiting for any lock: for a panic, with the other CPUs stopped. If one of them was in the middle
/// of a piece, its bytes come twice.
pub(super) fn drain_in_panic() {
    let mut bytes = [0; FIFO_BYTES];
    loop {
        let piece = ring::copy_unlocked_from(SENT.load(Ordering::Relaxed), &mut bytes);
        if piece.length == 0 {
            return;
        }
        serial::write(&bytes[..piece.length]);
        note_sent(&piece);
    }
}

/// Has a task do the writing from now on. Without a port, or one that does not interrupt, all stays as it is.
pub fn start() {
    if !serial::is_present() {
        return;
    }
    match irq::register_isa(serial::LINE, "serial port", interrupt) {
        Ok(()) => {
            executor::spawn_service("serial log", run());
        }
        Err(error) => log::warn!("the log waits for the serial port: {error}"),
    }
}

/// The interrupt's handler.
fn interrupt() {
    // In this order: whoever logs after the first line asks for an interrupt anew.
    serial::acknowledge_interrupt();
    BELL.notify();
}

async fn run() {
    serial::request_interrupt();
    if executor::timeout_ms(INTERRUPT_MS * 10, BELL.wait()).await.is_err() {
        log::warn!("the serial port does not interrupt; the log waits for it");
        return;
    }
    TASK_WRITES.store(true, Ordering::Relaxed);
    loop {
        match write_pieces() {
            Progress::Done => BELL.wait().await,
            Progress::More => executor::yield_now().await,
            Progress::Busy => {
                serial::request_interrupt();
                // However it ends: the port says itself whether it is ready.
                let _ = executor::timeout_ms(INTERRUPT_MS, BELL.wait()).await;
            }
        }
    }
}

/// How far the task came.
enum Progress {
    /// The ring is empty.
    Done,
    /// It is not, and others want their turns.
    More,
    /// The port is still busy with what it has.
    Busy,
}

fn write_pieces() -> Progress {
    for _ in 0..PIECES {
        let _ordered = PORT.lock();
        let mut bytes = [0; FIFO_BYTES];
        let piece = ring::copy_from(SENT.load(Ordering::Relaxed), &mut bytes);
        if piece.length == 0 {
            return Progress::Done;
        }
        if !serial::try_write(&bytes[..piece.length]) {
            return Progress::Busy;
        }
        note_sent(&piece);
    }
    Progress::More
}
