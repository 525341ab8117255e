//! The list of those who sleep in a wait queue, the longest asleep first.

use alloc::collections::VecDeque;

use crate::{Platform, Ticket};

/// Tickets in the order they came. Nearly always there is none or one, which is kept in place: putting it there and
/// taking it out again are a handful of instructions, and need no memory.
pub struct Waiters<P: Platform> {
    first: Option<P::Ticket>,
    /// The rest; empty if there is no first.
    others: VecDeque<P::Ticket>,
}

impl<P: Platform> Default for Waiters<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Platform> Waiters<P> {
    /// Nobody.
    pub const fn new() -> Self {
        Self { first: None, others: VecDeque::new() }
    }

    /// Makes room for one more, so that [`Self::push`] needs no memory; false when there is none.
    #[inline]
    pub(crate) fn has_room(&mut self) -> bool {
        self.first.is_none() || self.others.try_reserve(1).is_ok()
    }

    /// Adds one behind the others.
    #[inline]
    pub(crate) fn push(&mut self, ticket: P::Ticket) {
        if self.first.is_none() {
            self.first = Some(ticket);
        } else {
            self.others.push_back(ticket);
        }
    }

    /// Takes out the first.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<P::Ticket> {
        let first = self.first.take();
        if !self.others.is_empty() {
            self.first = self.others.pop_front();
        }
        first
    }

    /// Takes out that thread's ticket; false if it is not here.
    pub(crate) fn remove(&mut self, thread: u64) -> bool {
        if self.first.as_ref().is_some_and(|ticket| ticket.thread_id() == thread) {
            self.pop();
            return true;
        }
        let at = self.others.iter().position(|ticket| ticket.thread_id() == thread);
        at.and_then(|at| self.others.remove(at)).is_some()
    }
}
