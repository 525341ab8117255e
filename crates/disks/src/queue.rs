//! The requests to one controller, from submission to result.
//!
//! A request waits, runs in a slot of the controller, and is over. One that fails is tried once more. One that gets no
//! answer in time has the controller reset, once: a controller that is silent again before it has finished anything is
//! given up, and everything that was asked of it, and ever will be, fails at once. So every request ends.
//!
//! Requests that wait and lie beside each other on the disk become one command, as far as the controller's limits go
//! (`merge`). When that command fails nobody knows over which of them: they run again, each on its own.
//!
//! The queue decides and never waits; who calls it does. Resetting takes time, so the controller is handed out for
//! it ([`Queue::begin_reset`]), and meanwhile requests only gather.
//!
//! It has a fixed number of places, and all of its memory from the beginning: submitting, running and finishing
//! allocate nothing, and a queue that is full says so.
//!
//! The memory of a request belongs to its owner, and the queue keeps the owner until the request is over. Is the
//! controller given up while it has a request, the queue keeps the owner for good: nobody can say whether the device
//! still writes to that memory.

mod merge;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::{Command, Controller, Event, Fault, Limits, Operation, Segment};

/// How long a read or write may take: a disk may have to start its motor.
pub const TRANSFER_NS: u64 = 10_000_000_000;
/// How long emptying a write cache may take.
pub const FLUSH_NS: u64 = 30_000_000_000;
/// How often a request is tried.
const ATTEMPTS: u32 = 2;
/// Places beside those that a controller works on.
const PLACES_TO_WAIT: usize = 128;

/// Owns a request's memory, and waits for its end.
pub trait Waiter {
    /// Where the data come from or go to: the same pieces at all times.
    fn segments(&self) -> &[Segment];

    /// The request is over. Called once, perhaps in an interrupt handler; the queue then drops this value, unless the
    /// device may still use its memory.
    fn finished(&self, result: Result<(), Fault>);
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
    /// Owns the memory, and knows who waits.
    pub owner: B,
}

/// Why a request is not taken in; it comes back.
#[derive(Debug)]
pub enum Rejected<B> {
    /// All places are taken. When one of the requests there is over, there is room.
    Full(Request<B>),
    /// The controller was given up.
    GivenUp(Request<B>),
}

/// There is no memory for a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

#[derive(Debug)]
struct Entry<B> {
    request: Request<B>,
    /// Sectors and pieces of memory.
    size: merge::Size,
    /// When it is late; of one that runs.
    deadline_ns: Option<u64>,
    /// How often it has failed.
    failures: u32,
    /// What it made the controller stop with. It counts after the reset: until then the device may have its memory.
    stopped_with: Option<Fault>,
    /// See [`Command::alone`].
    alone: bool,
    /// It is not merged any more: it was in a command that failed.
    single: bool,
    /// The one that follows it in the same command.
    next: Option<usize>,
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
    /// Places without an entry.
    free: Vec<usize>,
    /// Entries that wait, in order.
    waiting: VecDeque<usize>,
    /// The first entry of the command in each slot.
    slots: Vec<Option<usize>>,
    /// Where the pieces of a command's requests are put together.
    pieces: Vec<Segment>,
}

impl<C: Controller, B: Waiter> Queue<C, B> {
    /// A queue without requests.
    ///
    /// # Errors
    /// [`NoMemory`], with the controller.
    pub fn new(controller: C) -> Result<Self, (NoMemory, C)> {
        let mut limits = controller.limits();
        limits.depth = limits.depth.max(1);
        limits.segments = limits.segments.max(1);
        match Self::with_limits(limits) {
            Some(queue) => Ok(Self { controller: Some(controller), ..queue }),
            None => Err((NoMemory, controller)),
        }
    }

    fn with_limits(limits: Limits) -> Option<Self> {
        let places = limits.depth + PLACES_TO_WAIT;
        let (mut entries, mut free, mut slots, mut pieces) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut waiting = VecDeque::new();
        entries.try_reserve_exact(places).ok()?;
        free.try_reserve_exact(places).ok()?;
        waiting.try_reserve_exact(places).ok()?;
        slots.try_reserve_exact(limits.depth).ok()?;
        pieces.try_reserve_exact(limits.segments).ok()?;
        entries.resize_with(places, || None);
        free.extend((0..places).rev());
        slots.resize(limits.depth, None);
        Some(Self {
            controller: None,
            health: Health::Working,
            limits,
            on_probation: false,
            entries,
            free,
            waiting,
            slots,
            pieces,
        })
    }

    /// What the controller can take.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether the controller was given up.
    pub fn is_given_up(&self) -> bool {
        self.health == Health::GivenUp
    }

    /// Whether a request would find a place, or be told at once why not.
    pub fn has_room(&self) -> bool {
        !self.free.is_empty() || self.is_given_up()
    }

    /// Takes a request in and starts it if there is a slot. The request fits the controller's limits.
    ///
    /// # Errors
    /// [`Rejected`], with the request. Its owner was told nothing.
    pub fn submit(&mut self, request: Request<B>, now_ns: u64) -> Result<(), Rejected<B>> {
        if self.is_given_up() {
            return Err(Rejected::GivenUp(request));
        }
        let Some(index) = self.free.pop() else { return Err(Rejected::Full(request)) };
        let alone = self.limits.flush_alone && request.operation == Operation::Flush;
        let size = merge::Size::of(request.owner.segments());
        self.entries[index] = Some(Entry {
            request,
            size,
            deadline_ns: None,
            failures: 0,
            stopped_with: None,
            alone,
            single: false,
            next: None,
        });
        self.waiting.push_back(index);
        self.start_waiting(now_ns);
        Ok(())
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
                Some(fault) => self.command_failed(index, fault),
                None => self.take_apart(index, |_| {}),
            }
        }
        self.start_waiting(now_ns);
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
        let Some(first) = self.slots.get_mut(slot).and_then(Option::take) else { return };
        self.on_probation = false;
        if let Err(fault) = result {
            return self.command_failed(first, fault);
        }
        let mut following = Some(first);
        while let Some(index) = following {
            following = self.entry(index).and_then(|entry| entry.next);
            self.finish(index, Ok(()));
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
                    let mut following = self.slots[slot];
                    while let Some(entry) = following.and_then(|index| self.entry(index)) {
                        entry.alone = true;
                        following = entry.next;
                    }
                }
            }
        }
    }

    /// The command that begins with this entry has failed. Of several requests nobody knows whose fault it is: each is
    /// tried on its own, and none of them has failed yet.
    fn command_failed(&mut self, first: usize, fault: Fault) {
        if self.entry(first).is_some_and(|entry| entry.next.is_some()) {
            self.take_apart(first, |entry| entry.single = true);
        } else {
            self.failed(first, fault);
        }
    }

    /// Lets the requests of a command wait again, each for itself.
    fn take_apart(&mut self, first: usize, change: impl Fn(&mut Entry<B>)) {
        let mut following = Some(first);
        while let Some(index) = following {
            let Some(entry) = self.entry(index) else { return };
            following = entry.next.take();
            change(entry);
            self.wait_again(index);
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
            entry.deadline_ns = None;
            self.waiting.push_front(index);
        }
    }

    /// Tells the owner, and lets it go.
    fn finish(&mut self, index: usize, result: Result<(), Fault>) {
        if let Some(entry) = self.entries.get_mut(index).and_then(Option::take) {
            entry.request.owner.finished(result);
            self.free.push(index);
        }
    }

    fn give_up(&mut self) {
        self.health = Health::GivenUp;
        while let Some(index) = self.waiting.pop_front() {
            self.finish(index, Err(Fault::GivenUp));
        }
        // Those under way stay where they are, and their memory.
        for slot in 0..self.slots.len() {
            let mut following = self.slots[slot];
            while let Some(entry) = following.and_then(|index| self.entry(index)) {
                following = entry.next;
                entry.request.owner.finished(Err(Fault::GivenUp));
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
            let first = self.gather(index);
            if let Err(fault) = self.start(first, slot, now_ns) {
                self.command_failed(first, fault);
            }
        }
    }

    /// Gives the controller the command that begins with this entry.
    fn start(&mut self, first: usize, slot: usize, now_ns: u64) -> Result<(), Fault> {
        self.pieces.clear();
        let mut following = Some(first);
        while let Some(index) = following {
            let Some(Some(entry)) = self.entries.get_mut(index) else { return Ok(()) };
            let limit_ns = if entry.request.operation == Operation::Flush { FLUSH_NS } else { TRANSFER_NS };
            entry.deadline_ns = Some(now_ns.saturating_add(limit_ns));
            if self.pieces.len() + entry.size.pieces > self.limits.segments {
                return Err(Fault::Refused("its memory has more pieces than a command can name"));
            }
            self.pieces.extend_from_slice(entry.request.owner.segments());
            following = entry.next;
        }
        let Some(controller) = &mut self.controller else { return Err(Fault::GivenUp) };
        let Some(Some(Entry { request, alone, .. })) = self.entries.get(first) else { return Ok(()) };
        let command = Command {
            unit: request.unit,
            operation: request.operation,
            first_sector: request.first_sector,
            segments: &self.pieces,
            alone: *alone,
        };
        controller.start(slot, &command)?;
        self.slots[slot] = Some(first);
        Ok(())
    }
}

impl<B> Entry<B> {
    fn is_late(&self, now_ns: u64) -> bool {
        self.deadline_ns.is_some_and(|deadline_ns| now_ns >= deadline_ns)
    }
}
