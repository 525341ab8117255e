//! One message, once: a reply.

use crate::{Closed, Lock, Platform, Reason, TryRecvError, WaitKind, WaitQueue};

/// A place for one message. Receiving may sleep; sending and closing are legal in interrupt handlers.
pub struct OneShot<P: Platform, T: Send> {
    state: P::Lock<State<T>>,
    reader: WaitQueue<P>,
}

enum State<T> {
    Empty,
    Full(T),
    /// Taken, or never to come.
    Closed,
}

impl<P: Platform, T: Send> OneShot<P, T> {
    /// An empty place over an empty queue.
    pub fn new(reader: WaitQueue<P>) -> Self {
        Self { state: P::lock(State::Empty), reader }
    }

    /// Sends; fails when a message was sent before or the place is closed.
    pub fn send(&self, message: T) -> Result<(), Closed<T>> {
        self.state.with(|state| match state {
            State::Empty => {
                *state = State::Full(message);
                Ok(())
            }
            State::Full(_) | State::Closed => Err(Closed(message)),
        })?;
        self.reader.wake_all();
        Ok(())
    }

    /// Says that no message will come. One that was sent already can still be taken.
    pub fn close(&self) {
        self.state.with(|state| {
            if matches!(state, State::Empty) {
                *state = State::Closed;
            }
        });
        self.reader.wake_all();
    }

    /// Takes the message if it is there.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.state.with(|state| match core::mem::replace(state, State::Closed) {
            State::Full(message) => Ok(message),
            State::Closed => Err(TryRecvError::Closed),
            State::Empty => {
                *state = State::Empty;
                Err(TryRecvError::Empty)
            }
        })
    }

    /// Takes the message, waiting for it; `None` when it was taken already or will never come.
    pub fn recv(&self) -> Option<T> {
        let mut received = Err(TryRecvError::Empty);
        self.reader.wait_for(Reason::new(WaitKind::Receive, self), || {
            received = self.try_recv();
            !matches!(received, Err(TryRecvError::Empty))
        });
        received.ok()
    }
}
