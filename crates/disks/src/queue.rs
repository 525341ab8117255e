//! The requests to one controller, from submission to result.
//!
//! A request waits, runs in a slot of the controller, and is over. One that fails is tried once more. One that gets no
//! answer in time has the controller reset, once: a controller that is silent again before it has finished anything is
//! given up, and everything that was asked of it, and ever will be, fails at once. So every request ends.
//!
//! The queue decides and never waits; who calls it does. Resetting takes time, so the controller is handed out for
//! it ([`Queue::begin_reset`]), and meanwhile requests only gather.
//!
//! The memory of a request belongs to the queue until the request is over. Is the controller given up while it has a
//! request, that memory is never given back: nobody can say whether the device still writes to it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::{Command, Controller, Event, Fault, Limits, Operation, Segment};

/// How long a read or write may take: a disk may have to start its motor.
pub const TRANSFER_NS: u64 = 10_000_000_000;
/// How long emptying a write cache may take.
pub const FLUSH_NS: u64 = 30_000_000_000;
/// How often a request is tried.
const ATTEMPTS: u32 = 2;

/// Who waits for a request.
pub trait Waiter {
    /// The request is over. Called once, perhaps in an interrupt handler.
    fn finished(&self);
}

/// What a disk is asked for.
#[derive(Debug)]
pub struct Request<B> {
    /// Which of the controller's disks.
    pub unit: usize,
    /// What to do.
    pub operation: Operation,
    /// The first sector; 0 for a flush.
    pub first_sector: u64,
    /// Where the data come from or go to.
    pub segments: Vec<Segment>,
    /// Owns the memory of the segments, and knows who waits.
    pub owner: B,
}

/// Names a request that was submitted, for its one collector.
#[derive(Debug, PartialEq, Eq)]
pub struct Ticket(usize);

#[derive(Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Running { deadline_ns: u64 },
    Over(Result<(), Fault>),
}

#[derive(Debug)]
struct Entry<B> {
    request: Request<B>,
    state: State,
    /// How often it has failed.
    failures: u32,
    /// What it made the controller stop with. It counts after the reset: until then the device may have its memory.
    stopped_with: Option<Fault>,
    /// See [`Command::alone`].
    alone: bool,
}

/// How the controller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Working,
    /// It stopped, and must be reset. With `silent`, because it did not answer.
    Stopped {
        silent: bool,
    },
    /// Somebody has it and resets it.
    InRepair {
        silent: bool,
    },
    GivenUp,
}

/// The requests to the controller `C`, whose memory is owned by `B`s.
#[derive(Debug)]
pub struct Queue<C, B> {
    /// Away while it is being reset.
    controller: Option<C>,
    health: Health,
    limits: Limits,
    /// Whether it was reset for its silence and has finished nothing since.
    on_probation: bool,
    entries: Vec<Option<Entry<B>>>,
    /// Entries that wait, in order.
    waiting: VecDeque<usize>,
    /// The entry in each slot.
    slots: Vec<Option<usize>>,
}

impl<C: Controller, B: Waiter> Queue<C, B> {
    /// A queue without requests.
    pub fn new(controller: C) -> Self {
        let limits = controller.limits();
        let depth = limits.depth.max(1);
        let mut slots = Vec::new();
        slots.resize(depth, None);
        Self {
            controller: Some(controller),
            health: Health::Working,
            limits,
            on_probation: false,
            entries: Vec::new(),
            waiting: VecDeque::new(),
            slots,
        }
    }

    /// What the controller can take.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether the controller was given up.
    pub fn is_given_up(&self) -> bool {
        self.health == Health::GivenUp
    }

    /// Takes a request in and starts it if there is a slot. The request fits the controller's limits.
    pub fn submit(&mut self, request: Request<B>, now_ns: u64) -> Ticket {
        let alone = self.limits.flush_alone && request.operation == Operation::Flush;
        let entry = Entry { request, state: State::Waiting, failures: 0, stopped_with: None, alone };
        let index = match self.entries.iter().position(Option::is_none) {
            Some(free) => {
                self.entries[free] = Some(entry);
                free
            }
            None => {
                self.entries.push(Some(entry));
                // Interrupt handlers put requests back: there must be room without allocating.
                self.waiting.reserve(self.entries.len() - self.waiting.len());
                self.entries.len() - 1
            }
        };
        if self.is_given_up() {
            self.finish(index, Err(Fault::GivenUp));
        } else {
            self.waiting.push_back(index);
            self.start_waiting(now_ns);
        }
        Ticket(index)
    }

    /// Takes in what the controller has done, notices who has waited too long, starts what can be started. Says
    /// whether the controller must be reset.
    pub fn advance(&mut self, now_ns: u64) -> bool {
        while self.health == Health::Working {
            match self.controller.as_mut().and_then(Controller::poll) {
                Some(Event::Finished(slot, result)) => self.finished(slot, result),
                Some(Event::Stopped(culprit)) => self.stopped(culprit),
                None => break,
            }
        }
        if self.health == Health::Working && self.is_anything_late(now_ns) {
            self.health = Health::Stopped { silent: true };
        }
        if let Health::Stopped { silent: true } = self.health
            && self.on_probation
        {
            self.give_up();
        }
        self.start_waiting(now_ns);
        matches!(self.health, Health::Stopped { .. })
    }

    /// Hands out the controller if it must be reset and nobody else does it.
    pub fn begin_reset(&mut self) -> Option<C> {
        let Health::Stopped { silent } = self.health else { return None };
        self.health = Health::InRepair { silent };
        self.controller.take()
    }

    /// Takes back the controller after its reset, and begins again with what was under way.
    pub fn end_reset(&mut self, controller: C, result: Result<(), Fault>, now_ns: u64) {
        let Health::InRepair { silent } = self.health else { return };
        self.controller = Some(controller);
        if result.is_err() {
            self.give_up();
            return;
        }
        self.health = Health::Working;
        self.on_probation |= silent;
        // Backwards, so that the first stands first again.
        for slot in (0..self.slots.len()).rev() {
            let Some(index) = self.slots[slot].take() else { continue };
            let Some(entry) = self.entry(index) else { continue };
            let late = (silent && entry.is_late(now_ns)).then_some(Fault::TimedOut);
            match entry.stopped_with.take().or(late) {
                Some(fault) => self.failed(index, fault),
                None => self.wait_again(index),
            }
        }
        self.start_waiting(now_ns);
    }

    /// The result of a request that is over, with its memory unless that is lost. `Err` gives the ticket back while
    /// the request is not over.
    ///
    /// # Errors
    /// The ticket: not over yet.
    pub fn collect(&mut self, ticket: Ticket) -> Result<(Result<(), Fault>, Option<B>), Ticket> {
        let Some(Some(Entry { state: State::Over(result), .. })) = self.entries.get(ticket.0) else {
            return Err(ticket);
        };
        let result = *result;
        if self.slots.contains(&Some(ticket.0)) {
            // Given up with the command under way: the entry stays for good, and the memory in it.
            return Ok((result, None));
        }
        let owner = self.entries[ticket.0].take().map(|entry| entry.request.owner);
        Ok((result, owner))
    }

    fn entry(&mut self, index: usize) -> Option<&mut Entry<B>> {
        self.entries.get_mut(index)?.as_mut()
    }

    fn is_anything_late(&self, now_ns: u64) -> bool {
        let entry = |index: usize| self.entries.get(index)?.as_ref();
        self.slots.iter().flatten().any(|&index| entry(index).is_some_and(|entry| entry.is_late(now_ns)))
    }

    fn finished(&mut self, slot: usize, result: Result<(), Fault>) {
        // An answer to a question nobody asked.
        let Some(index) = self.slots.get_mut(slot).and_then(Option::take) else { return };
        self.on_probation = false;
        match result {
            Ok(()) => self.finish(index, Ok(())),
            Err(fault) => self.failed(index, fault),
        }
    }

    /// The controller has stopped. If nobody knows over which command, all that were under way run alone from now on,
    /// and then it shows.
    fn stopped(&mut self, culprit: Option<(usize, Fault)>) {
        let mut running = (0..self.slots.len()).filter(|&slot| self.slots[slot].is_some());
        let (first, second) = (running.next(), running.next());
        let only = first.filter(|_| second.is_none());
        // With nothing under way it can only be the controller itself: a second time, it is given up.
        self.health = Health::Stopped { silent: first.is_none() };
        match culprit.or(only.map(|slot| (slot, Fault::Reported("an error without a reason")))) {
            Some((slot, fault)) => {
                if let Some(Some(index)) = self.slots.get(slot).copied()
                    && let Some(entry) = self.entry(index)
                {
                    entry.stopped_with = Some(fault);
                }
            }
            None => {
                for slot in 0..self.slots.len() {
                    if let Some(index) = self.slots[slot]
                        && let Some(entry) = self.entry(index)
                    {
                        entry.alone = true;
                    }
                }
            }
        }
    }

    fn failed(&mut self, index: usize, fault: Fault) {
        let Some(entry) = self.entry(index) else { return };
        entry.failures += 1;
        if entry.failures >= ATTEMPTS || matches!(fault, Fault::Refused(_)) {
            self.finish(index, Err(fault));
        } else {
            self.wait_again(index);
        }
    }

    fn wait_again(&mut self, index: usize) {
        if let Some(entry) = self.entry(index) {
            entry.state = State::Waiting;
            self.waiting.push_front(index);
        }
    }

    fn finish(&mut self, index: usize, result: Result<(), Fault>) {
        if let Some(entry) = self.entry(index) {
            entry.state = State::Over(result);
            entry.request.owner.finished();
        }
    }

    fn give_up(&mut self) {
        self.health = Health::GivenUp;
        self.waiting.clear();
        for index in 0..self.entries.len() {
            let open = self.entry(index).is_some_and(|entry| !matches!(entry.state, State::Over(_)));
            if open {
                self.finish(index, Err(Fault::GivenUp));
            }
        }
    }

    fn start_waiting(&mut self, now_ns: u64) {
        while self.health == Health::Working
            && let Some(&index) = self.waiting.front()
            && let Some(slot) = self.slots.iter().position(Option::is_none)
        {
            let entry = |index: usize| self.entries.get(index)?.as_ref();
            let mut running = self.slots.iter().flatten();
            let blocked = match entry(index) {
                Some(next) if next.alone => running.next().is_some(),
                _ => running.any(|&index| entry(index).is_some_and(|entry| entry.alone)),
            };
            if blocked {
                return;
            }
            self.waiting.pop_front();
            if let Err(fault) = self.start(index, slot, now_ns) {
                self.failed(index, fault);
            }
        }
    }

    fn start(&mut self, index: usize, slot: usize, now_ns: u64) -> Result<(), Fault> {
        let Some(controller) = &mut self.controller else { return Err(Fault::GivenUp) };
        let Some(Some(Entry { request, state, alone, .. })) = self.entries.get_mut(index) else {
            return Ok(());
        };
        let command = Command {
            unit: request.unit,
            operation: request.operation,
            first_sector: request.first_sector,
            segments: &request.segments,
            alone: *alone,
        };
        controller.start(slot, &command)?;
        let limit_ns = if request.operation == Operation::Flush { FLUSH_NS } else { TRANSFER_NS };
        *state = State::Running { deadline_ns: now_ns.saturating_add(limit_ns) };
        self.slots[slot] = Some(index);
        Ok(())
    }
}

impl<B> Entry<B> {
    fn is_late(&self, now_ns: u64) -> bool {
        matches!(self.state, State::Running { deadline_ns } if now_ns >= deadline_ns)
    }
}
