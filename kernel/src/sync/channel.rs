//! A bounded queue of messages between threads, or from an interrupt handler to a thread.

use alloc::collections::TryReserveError;

use blocking::{SendError, TrySendError};

use super::platform::{Kernel, queue};
use super::wait_queue::deadline_after;
use crate::task::{self, Interrupted};

/// Messages in the order they were sent, at most as many as there is room for. It lives as long as its users,
/// so nothing closes it.
pub struct Channel<T: Send>(blocking::Channel<Kernel, T>);

impl<T: Send> Channel<T> {
    /// An empty channel. Its room is reserved here, so that sending never allocates.
    pub fn new(capacity: usize) -> Result<Self, TryReserveError> {
        blocking::Channel::new(capacity, queue(), queue()).map(Self)
    }

    /// Sends, waiting for room.
    pub fn send(&self, message: T) {
        // Fails only when closed, and there is no way to close it.
        let _ = self.0.send(message);
    }

    /// As [`Channel::send`], unless the thread's process is cancelled before or meanwhile and there is no room: then the
    /// message comes back.
    pub fn send_interruptible(&self, message: T) -> Result<(), T> {
        let sent = task::interruptible(|interruption| self.0.send_interrupted(message, interruption));
        sent.map_err(|(SendError::Interrupted(message) | SendError::Closed(message))| message)
    }

    /// Sends if there is room; else the message comes back. Legal in interrupt handlers.
    pub fn try_send(&self, message: T) -> Result<(), T> {
        self.0
            .try_send(message)
            .map_err(|(TrySendError::Full(message) | TrySendError::Closed(message))| message)
    }

    /// Takes the oldest message, if there is one.
    pub fn try_recv(&self) -> Option<T> {
        self.0.try_recv().ok()
    }

    /// Takes the oldest message, waiting for one.
    pub fn recv(&self) -> T {
        self.0.recv().expect("a channel that is never closed waits until there is a message")
    }

    /// As [`Channel::recv`], unless the thread's process is cancelled before or meanwhile. A message that is there goes
    /// first.
    pub fn recv_interruptible(&self) -> Result<T, Interrupted> {
        // `None` means closed, which it never is; if it were, waiting for ever is what an interruption ends.
        task::interruptible(|interruption| self.0.recv_interrupted(interruption))?.ok_or(Interrupted)
    }

    /// Takes the oldest message, waiting at most `timeout_ms`.
    pub fn recv_timeout(&self, timeout_ms: u64) -> Option<T> {
        self.0.recv_deadline(deadline_after(timeout_ms)).ok()
    }
}
