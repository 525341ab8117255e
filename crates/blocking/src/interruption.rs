//! Calling a thread out of its sleep: cancellation, and later signals.

use crate::{Lock, Platform, Reason, Ticket, WaitKind};

/// The wait was interrupted, and what was waited for has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// One thread's request to stop waiting. The thread itself waits with
/// [`WaitQueue::wait_until_interrupted`](crate::WaitQueue::wait_until_interrupted); anybody requests, in interrupt
/// handlers too. A request stays until it is [cleared](Self::clear), so none falls between two sleeps.
pub struct Interruption<P: Platform> {
    state: P::Lock<State<P>>,
}

struct State<P: Platform> {
    requested: bool,
    /// The sleep to end, while the thread is in one that may be interrupted.
    sleep: Option<P::Ticket>,
}

impl<P: Platform> State<P> {
    fn begin_sleep(&mut self, reason: Reason) -> Result<P::Ticket, Interrupted> {
        if self.requested {
            return Err(Interrupted);
        }
        let ticket = P::prepare_to_block(reason);
        self.sleep = Some(ticket.duplicate());
        Ok(ticket)
    }
}

impl<P: Platform> Default for Interruption<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Platform> Interruption<P> {
    /// Nothing is requested.
    pub fn new() -> Self {
        Self { state: P::lock(State { requested: false, sleep: None }) }
    }

    /// Ends the thread's sleep if it may be interrupted, now or as soon as it begins one.
    pub fn request(&self) {
        self.state.with(|state| {
            state.requested = true;
            if let Some(ticket) = state.sleep.take() {
                ticket.wake();
            }
        });
    }

    /// Whether a request stands.
    pub fn is_requested(&self) -> bool {
        self.state.with(|state| state.requested)
    }

    /// Takes the request back: the thread has seen it.
    pub fn clear(&self) {
        self.state.with(|state| state.requested = false);
    }

    /// Sleeps until the time since boot reaches `deadline_ns`, unless a request stands or comes.
    pub fn sleep_until(&self, deadline_ns: u64) -> Result<(), Interrupted> {
        while P::now_ns() < deadline_ns {
            let alarm = self.state.with(|state| {
                let ticket = state.begin_sleep(Reason::new(WaitKind::Moment, self))?;
                Ok(P::wake_at_ns(deadline_ns, ticket))
            })?;
            P::block();
            drop(alarm);
            self.end_sleep();
        }
        Ok(())
    }

    /// Marks the running thread blocked and leaves a ticket here, unless a request stands.
    pub(crate) fn begin_sleep(&self, reason: Reason) -> Result<P::Ticket, Interrupted> {
        self.state.with(|state| state.begin_sleep(reason))
    }

    /// The sleep is over, however it ended.
    pub(crate) fn end_sleep(&self) {
        // Dropped after the lock is released: it may be a thread's last handle.
        let ticket = self.state.with(|state| state.sleep.take());
        drop(ticket);
    }
}
