//! A bounded queue of messages between threads, or from an interrupt handler to a thread.

use alloc::collections::{TryReserveError, VecDeque};

use super::WaitQueue;
use crate::lock::{IrqSpinLock, Rank};

/// Messages in the order they were sent, at most `capacity` of them.
pub struct Channel<T> {
    messages: IrqSpinLock<VecDeque<T>>,
    capacity: usize,
    readers: WaitQueue,
    writers: WaitQueue,
}

impl<T> Channel<T> {
    /// An empty channel. Its room is reserved here, so that sending never allocates.
    pub fn new(capacity: usize) -> Result<Self, TryReserveError> {
        let mut messages = VecDeque::new();
        messages.try_reserve_exact(capacity)?;
        Ok(Self {
            messages: IrqSpinLock::new(Rank::Queue, messages),
            capacity,
            readers: WaitQueue::new(),
            writers: WaitQueue::new(),
        })
    }

    /// Sends, waiting for room.
    pub fn send(&self, message: T) {
        let mut unsent = Some(message);
        self.writers.wait_until(|| {
            let mut messages = self.messages.lock();
            if messages.len() < self.capacity {
                messages.extend(unsent.take());
            }
            unsent.is_none()
        });
        self.readers.wake_one();
    }

    /// Takes the oldest message, if there is one.
    pub fn try_recv(&self) -> Option<T> {
        let message = self.messages.lock().pop_front();
        if message.is_some() {
            self.writers.wake_one();
        }
        message
    }

    /// Takes the oldest message, waiting for one.
    pub fn recv(&self) -> T {
        let mut received = None;
        self.readers.wait_until(|| {
            received = self.messages.lock().pop_front();
            received.is_some()
        });
        self.writers.wake_one();
        received.expect("the wait ends only with a message")
    }

    /// Takes the oldest message, waiting at most `timeout_ms`.
    pub fn recv_timeout(&self, timeout_ms: u64) -> Option<T> {
        let mut received = None;
        self.readers.wait_until_timeout(timeout_ms, || {
            received = received.take().or_else(|| self.messages.lock().pop_front());
            received.is_some()
        });
        self.writers.wake_one();
        received
    }
}
