//! A bounded queue of messages between threads, or from an interrupt handler to a thread.

use alloc::collections::{TryReserveError, VecDeque};

use crate::{Interrupted, Interruption, Lock, Platform, Reason, WaitKind, WaitQueue};

/// The channel was closed; the message comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed<T>(pub T);

/// Why a message was not sent; it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// No room now.
    Full(T),
    /// Never again.
    Closed(T),
}

/// Why waiting for room ended without sending; the message comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError<T> {
    /// The thread was called out.
    Interrupted(T),
    /// The channel is closed.
    Closed(T),
}

/// Why no message was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// None is there now.
    Empty,
    /// None is there, and none will come.
    Closed,
}

/// Messages in the order they were sent, at most `capacity` of them.
pub struct Channel<P: Platform, T: Send> {
    state: P::Lock<State<T>>,
    capacity: usize,
    readers: WaitQueue<P>,
    writers: WaitQueue<P>,
}

struct State<T> {
    messages: VecDeque<T>,
    closed: bool,
}

impl<P: Platform, T: Send> Channel<P, T> {
    /// An empty channel over two empty queues. Its room is reserved here, so that sending never allocates.
    pub fn new(
        capacity: usize,
        readers: WaitQueue<P>,
        writers: WaitQueue<P>,
    ) -> Result<Self, TryReserveError> {
        let mut messages = VecDeque::new();
        messages.try_reserve_exact(capacity)?;
        Ok(Self { state: P::lock(State { messages, closed: false }), capacity, readers, writers })
    }

    /// Sends if there is room. Legal in interrupt handlers.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.enqueue(message)?;
        self.readers.wake_one();
        Ok(())
    }

    /// Sends, waiting for room. May sleep.
    pub fn send(&self, message: T) -> Result<(), Closed<T>> {
        let mut unsent = Some(message);
        self.writers.wait_for(Reason::new(WaitKind::Send, self), || self.enqueue_from(&mut unsent));
        self.sent(unsent).map_err(Closed)
    }

    /// As [`Channel::send`], unless `interruption` is requested before or meanwhile. If there is room the message is sent
    /// all the same.
    pub fn send_interrupted(&self, message: T, interruption: &Interruption<P>) -> Result<(), SendError<T>> {
        let mut unsent = Some(message);
        let reason = Reason::new(WaitKind::Send, self);
        let waited =
            self.writers.wait_for_interrupted(reason, interruption, || self.enqueue_from(&mut unsent));
        self.sent(unsent).map_err(|message| match waited {
            Ok(()) => SendError::Closed(message),
            Err(Interrupted) => SendError::Interrupted(message),
        })
    }

    /// Moves the message into the channel if there is room; says whether there is nothing to wait for any more, which is
    /// so also when the channel is closed, and the message stays.
    fn enqueue_from(&self, unsent: &mut Option<T>) -> bool {
        let Some(message) = unsent.take() else { return true };
        match self.enqueue(message) {
            Ok(()) => true,
            Err(TrySendError::Full(message)) => {
                *unsent = Some(message);
                false
            }
            Err(TrySendError::Closed(message)) => {
                *unsent = Some(message);
                true
            }
        }
    }

    /// Wakes who waits for the message, or gives back what was not sent.
    fn sent(&self, unsent: Option<T>) -> Result<(), T> {
        match unsent {
            Some(message) => Err(message),
            None => {
                self.readers.wake_one();
                Ok(())
            }
        }
    }

    /// Takes the oldest message, if there is one.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let message = self.dequeue()?;
        self.writers.wake_one();
        Ok(message)
    }

    /// Takes the oldest message, waiting for one; `None` when the channel is closed and empty. May sleep.
    pub fn recv(&self) -> Option<T> {
        let mut received = Err(TryRecvError::Empty);
        self.readers.wait_for(Reason::new(WaitKind::Receive, self), || {
            received = self.dequeue();
            !matches!(received, Err(TryRecvError::Empty))
        });
        let message = received.ok()?;
        self.writers.wake_one();
        Some(message)
    }

    /// As [`Channel::recv`], unless `interruption` is requested before or meanwhile. A message that is there goes
    /// first.
    pub fn recv_interrupted(&self, interruption: &Interruption<P>) -> Result<Option<T>, Interrupted> {
        let mut received = Err(TryRecvError::Empty);
        self.readers.wait_for_interrupted(Reason::new(WaitKind::Receive, self), interruption, || {
            received = self.dequeue();
            !matches!(received, Err(TryRecvError::Empty))
        })?;
        let Ok(message) = received else { return Ok(None) };
        self.writers.wake_one();
        Ok(Some(message))
    }

    /// As [`Channel::recv`], until the time since boot reaches `deadline_ns`: then [`TryRecvError::Empty`].
    pub fn recv_deadline(&self, deadline_ns: u64) -> Result<T, TryRecvError> {
        let mut received = Err(TryRecvError::Empty);
        self.readers.wait_for_deadline(Reason::new(WaitKind::Receive, self), deadline_ns, || {
            received = self.dequeue();
            !matches!(received, Err(TryRecvError::Empty))
        });
        let message = received?;
        self.writers.wake_one();
        Ok(message)
    }

    /// Closes it: sending fails from now on, and receiving once what was sent is taken. Legal in interrupt
    /// handlers.
    pub fn close(&self) {
        self.state.with(|state| state.closed = true);
        self.readers.wake_all();
        self.writers.wake_all();
    }

    fn enqueue(&self, message: T) -> Result<(), TrySendError<T>> {
        self.state.with(|state| {
            if state.closed {
                return Err(TrySendError::Closed(message));
            }
            if state.messages.len() >= self.capacity {
                return Err(TrySendError::Full(message));
            }
            state.messages.push_back(message);
            Ok(())
        })
    }

    fn dequeue(&self) -> Result<T, TryRecvError> {
        self.state.with(|state| match state.messages.pop_front() {
            Some(message) => Ok(message),
            None if state.closed => Err(TryRecvError::Closed),
            None => Err(TryRecvError::Empty),
        })
    }
}
