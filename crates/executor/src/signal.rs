//! Something happened: from an interrupt handler, or anybody, to the one task that waits for it.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use blocking::Lock;

use crate::Platform;

/// What a [`Signal`]'s lock guards.
#[derive(Default)]
pub struct SignalState {
    /// It was given and nobody has seen it yet.
    is_set: bool,
    /// The task that waits.
    waiter: Option<Waker>,
}

impl SignalState {
    /// Not given.
    pub const fn new() -> Self {
        Self { is_set: false, waiter: None }
    }
}

/// Leaves `waker` where another may lie; gives that other back, to be dropped once the lock is released.
pub fn replace(place: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    match place {
        Some(same) if same.will_wake(waker) => None,
        _ => place.replace(waker.clone()),
    }
}

/// A flag that one task waits for. However often it is given before the task looks, the task sees it once: it says "look
/// again", not how often.
pub struct Signal<P: Platform> {
    state: P::Lock<SignalState>,
}

impl<P: Platform> Signal<P> {
    /// A signal over its state, which is [`SignalState::new`] behind a free lock.
    pub const fn new(state: P::Lock<SignalState>) -> Self {
        Self { state }
    }

    /// Gives the signal. Legal in interrupt handlers; the waker is used after the lock is released.
    pub fn notify(&self) {
        let waiter = self.state.with(|state| {
            state.is_set = true;
            state.waiter.take()
        });
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    /// Waits until the signal is given, and takes it; at once when it was given before. One task at a time: a second one takes
    /// the first one's place, which then waits for ever.
    pub fn wait(&self) -> Wait<'_, P> {
        Wait { signal: self, waits: false }
    }
}

/// See [`Signal::wait`].
pub struct Wait<'a, P: Platform> {
    signal: &'a Signal<P>,
    /// A waker was left.
    waits: bool,
}

impl<P: Platform> Future for Wait<'_, P> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (was_set, _old) = self.signal.state.with(|state| {
            if core::mem::take(&mut state.is_set) {
                return (true, None);
            }
            (false, replace(&mut state.waiter, context.waker()))
        });
        self.waits = !was_set;
        if was_set { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<P: Platform> Drop for Wait<'_, P> {
    fn drop(&mut self) {
        if self.waits {
            // Dropped after the lock is released.
            let waiter = self.signal.state.with(|state| state.waiter.take());
            drop(waiter);
        }
    }
}
