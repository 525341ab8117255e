//! Threads waiting for something to become true, first come, first woken.
//!
//! No wake-up is lost, because two looks cross: a waiter counts itself and then looks at the condition; a
//! waker makes the condition true and then looks at the count. Between each one's two steps stands a
//! sequentially consistent fence, so at least one of them sees the other. The waiter does both under the
//! list's lock, so a waker that saw it counted finds its ticket in the list.

use crate::atomic::{AtomicUsize, Ordering, fence};
use crate::interruption::{Interrupted, Interruption};
use crate::{Lock, Platform, Reason, Ticket, WaitKind, Waiters};

/// A queue of waiting threads. Waiting may sleep; waking is legal in interrupt handlers.
pub struct WaitQueue<P: Platform> {
    waiters: P::Lock<Waiters<P>>,
    /// How many wait or are about to: lets a waker see without the lock that nobody does. Written only under
    /// the lock.
    count: AtomicUsize,
}

/// How one attempt to wait ended.
enum Attempt<A> {
    Holds,
    Interrupted,
    /// No memory for another waiter.
    Crowded,
    Asleep {
        thread: u64,
        alarm: Option<A>,
    },
}

/// How one round of waiting ended.
enum Round {
    Holds,
    Interrupted,
    /// Woken, by whomever: the condition needs another look.
    Woken,
}

impl<P: Platform> WaitQueue<P> {
    const_unless_modelled! {
        /// A queue over its list, which is empty and unlocked.
        pub fn new(waiters: P::Lock<Waiters<P>>) -> Self {
            Self { waiters, count: AtomicUsize::new(0) }
        }
    }

    /// Waits until `condition` holds. It is checked before every sleep, at last with this queue's lock held:
    /// it may read atomics and take inner locks, and must not wait itself.
    #[inline]
    pub fn wait_until(&self, condition: impl FnMut() -> bool) {
        self.wait_for(Reason::new(WaitKind::Event, self), condition);
    }

    /// As [`WaitQueue::wait_until`], for a primitive that knows better what is waited for.
    #[inline]
    pub(crate) fn wait_for(&self, reason: Reason, mut condition: impl FnMut() -> bool) {
        while !condition() {
            if matches!(self.round(reason, &mut condition, None, None), Round::Holds) {
                return;
            }
        }
    }

    /// As [`WaitQueue::wait_until`], until the time since boot reaches `deadline_ns`; says whether the condition
    /// holds. It is looked at once more after the deadline, so a wake-up that came in time is not wasted.
    pub fn wait_until_deadline(&self, deadline_ns: u64, condition: impl FnMut() -> bool) -> bool {
        self.wait_for_deadline(Reason::new(WaitKind::Event, self), deadline_ns, condition)
    }

    /// As [`WaitQueue::wait_until_deadline`], for a primitive that knows better what is waited for.
    pub(crate) fn wait_for_deadline(
        &self,
        reason: Reason,
        deadline_ns: u64,
        mut condition: impl FnMut() -> bool,
    ) -> bool {
        while !condition() {
            if P::now_ns() >= deadline_ns {
                return false;
            }
            if matches!(self.round(reason, &mut condition, Some(deadline_ns), None), Round::Holds) {
                return true;
            }
        }
        true
    }

    /// As [`WaitQueue::wait_until`], unless `interruption` is requested before or meanwhile. A condition that
    /// holds goes first, so what a waker handed over is not dropped.
    pub fn wait_until_interrupted(
        &self,
        interruption: &Interruption<P>,
        condition: impl FnMut() -> bool,
    ) -> Result<(), Interrupted> {
        self.wait_for_interrupted(Reason::new(WaitKind::Event, self), interruption, condition)
    }

    /// As [`WaitQueue::wait_until_interrupted`], for a primitive that knows better what is waited for.
    pub(crate) fn wait_for_interrupted(
        &self,
        reason: Reason,
        interruption: &Interruption<P>,
        mut condition: impl FnMut() -> bool,
    ) -> Result<(), Interrupted> {
        while !condition() {
            match self.round(reason, &mut condition, None, Some(interruption)) {
                Round::Holds => return Ok(()),
                Round::Interrupted => return Err(Interrupted),
                Round::Woken => {}
            }
        }
        Ok(())
    }

    /// As [`WaitQueue::wait_until_deadline`], unless `interruption` is requested before or meanwhile.
    pub fn wait_until_deadline_or_interrupted(
        &self,
        deadline_ns: u64,
        interruption: &Interruption<P>,
        mut condition: impl FnMut() -> bool,
    ) -> Result<bool, Interrupted> {
        let reason = Reason::new(WaitKind::Event, self);
        while !condition() {
            if P::now_ns() >= deadline_ns {
                return Ok(false);
            }
            match self.round(reason, &mut condition, Some(deadline_ns), Some(interruption)) {
                Round::Holds => return Ok(true),
                Round::Interrupted => return Err(Interrupted),
                Round::Woken => {}
            }
        }
        Ok(true)
    }

    /// Sleeps once, unless `condition` holds.
    fn round(
        &self,
        reason: Reason,
        condition: &mut impl FnMut() -> bool,
        deadline_ns: Option<u64>,
        interruption: Option<&Interruption<P>>,
    ) -> Round {
        let attempt = self.waiters.with(|waiters| {
            let waiting = self.count.load(Ordering::Relaxed);
            self.count.store(waiting + 1, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            let attempt = Self::attempt(waiters, reason, condition, deadline_ns, interruption);
            if !matches!(attempt, Attempt::Asleep { .. }) {
                self.count.store(waiting, Ordering::Relaxed);
            }
            attempt
        });
        match attempt {
            Attempt::Holds => Round::Holds,
            Attempt::Interrupted => Round::Interrupted,
            Attempt::Crowded => {
                // No memory to wait properly: let others run and look again.
                P::yield_now();
                Round::Woken
            }
            Attempt::Asleep { thread, alarm } => {
                P::block();
                drop(alarm);
                if let Some(interruption) = interruption {
                    interruption.end_sleep();
                }
                if deadline_ns.is_some() || interruption.is_some() {
                    self.forget(thread);
                }
                Round::Woken
            }
        }
    }

    /// With the list locked: looks at the condition for the last time, and publishes a ticket.
    #[inline]
    fn attempt(
        waiters: &mut Waiters<P>,
        reason: Reason,
        condition: &mut impl FnMut() -> bool,
        deadline_ns: Option<u64>,
        interruption: Option<&Interruption<P>>,
    ) -> Attempt<P::Alarm> {
        if condition() {
            return Attempt::Holds;
        }
        if !waiters.has_room() {
            return Attempt::Crowded;
        }
        let ticket = match interruption {
            None => P::prepare_to_block(reason),
            Some(interruption) => match interruption.begin_sleep(reason) {
                Ok(ticket) => ticket,
                Err(Interrupted) => return Attempt::Interrupted,
            },
        };
        // Only who may be woken by something else than this queue has to find its ticket again.
        let thread = if deadline_ns.is_some() || interruption.is_some() { ticket.thread_id() } else { 0 };
        let alarm = deadline_ns.map(|deadline| P::wake_at_ns(deadline, ticket.duplicate()));
        waiters.push(ticket);
        Attempt::Asleep { thread, alarm }
    }

    /// Takes out a thread that something else may have woken.
    fn forget(&self, thread: u64) {
        self.waiters.with(|waiters| {
            if waiters.remove(thread) {
                self.count_out();
            }
        });
    }

    /// Wakes the thread that has waited longest; says whether there was one.
    #[inline]
    pub fn wake_one(&self) -> bool {
        fence(Ordering::SeqCst);
        self.count.load(Ordering::Relaxed) != 0 && self.wake_first()
    }

    fn wake_first(&self) -> bool {
        // The ticket is used under the lock: releasing it is where the kernel switches to who was woken.
        self.waiters.with(|waiters| {
            while let Some(ticket) = waiters.pop() {
                self.count_out();
                // False means that its alarm was faster: the next one then.
                if ticket.wake() {
                    return true;
                }
            }
            false
        })
    }

    /// One waits no more. The list is locked.
    fn count_out(&self) {
        self.count.store(self.count.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
    }

    /// Wakes everybody who waits now.
    pub fn wake_all(&self) {
        fence(Ordering::SeqCst);
        // Not "until nobody is left": a thread whose condition still fails comes back at once.
        for _ in 0..self.count.load(Ordering::Relaxed) {
            if !self.wake_first() {
                return;
            }
        }
    }
}
