//! Time as futures: sleeping until a moment, at most so long, again and again.

use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use crate::executor::Shared;
use crate::timers::Set;
use crate::{Executor, Platform};

/// The future had no outcome in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it took too long")
    }
}

impl<P: Platform> Executor<P> {
    /// Waits until the time since boot reaches `deadline_ns`.
    pub fn sleep_until_ns(&self, deadline_ns: u64) -> Sleep<P> {
        Sleep { shared: self.shared, deadline_ns, slot: None }
    }

    /// Waits for `future`, until the time since boot reaches `deadline_ns`; then the future is dropped. One that is ready at
    /// the deadline is in time.
    ///
    /// # Errors
    /// [`TimedOut`].
    pub async fn timeout_at_ns<F: Future>(&self, deadline_ns: u64, future: F) -> Result<F::Output, TimedOut> {
        let mut future = pin!(future);
        let mut sleep = pin!(self.sleep_until_ns(deadline_ns));
        poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => sleep.as_mut().poll(context).map(|()| Err(TimedOut)),
        })
        .await
    }

    /// A beat every `period_ns`, the first one a period from now.
    pub fn interval_ns(&self, period_ns: u64) -> Interval<P> {
        let period_ns = period_ns.max(1);
        let next_ns = P::now_ns().saturating_add(period_ns);
        Interval { executor: *self, next_ns, period_ns }
    }
}

/// See [`Executor::sleep_until_ns`].
pub struct Sleep<P: Platform> {
    shared: &'static Shared<P>,
    deadline_ns: u64,
    /// Its place among the timers, from its first poll on.
    slot: Option<usize>,
}

impl<P: Platform> Future for Sleep<P> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if P::now_ns() >= self.deadline_ns {
            return Poll::Ready(());
        }
        let this = &mut *self;
        match this.shared.timers.set(&mut this.slot, this.deadline_ns, context.waker().clone()) {
            Set::Later => {}
            Set::Earliest => this.shared.platform.unpark(),
            // Looking at the clock again and again is slow, and on time.
            Set::OutOfMemory => context.waker().wake_by_ref(),
        }
        Poll::Pending
    }
}

impl<P: Platform> Drop for Sleep<P> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            self.shared.timers.clear(slot);
        }
    }
}

/// See [`Executor::interval_ns`].
pub struct Interval<P: Platform> {
    executor: Executor<P>,
    next_ns: u64,
    period_ns: u64,
}

impl<P: Platform> Interval<P> {
    /// Waits for the next beat. The beats keep their grid; those that passed while nobody waited are left out.
    pub async fn tick(&mut self) {
        self.executor.sleep_until_ns(self.next_ns).await;
        let late_ns = P::now_ns().saturating_sub(self.next_ns);
        self.next_ns =
            self.next_ns.saturating_add((late_ns / self.period_ns + 1).saturating_mul(self.period_ns));
    }
}

/// Lets the other tasks have their turns.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if core::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
