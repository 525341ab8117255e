//! Who does what: a worker picks operations by weight until it is told to stop.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use super::operations as op;
use super::random::Random;
use super::world::{Block, CHANNELS, Message, WORKERS, World};
use crate::task;

/// What went wrong, in words.
pub type Outcome = Result<(), String>;

/// A name, how often it comes relative to others, and what is done.
type Operation = (&'static str, u64, fn(&mut Worker) -> Outcome);

/// What a child may do as well: nothing that has an account by worker, and no children of its own.
const SIMPLE: &[Operation] = &[
    ("money under a mutex", 20, op::transfer),
    ("reading under a reader-writer lock", 15, op::read_table),
    ("writing under a reader-writer lock", 5, op::write_table),
    ("a semaphore", 8, op::enter),
    ("putting", 8, op::put),
    ("taking, by a wait queue", 8, op::take),
    ("small memory", 30, op::allocate_small),
    ("big memory", 3, op::allocate_big),
    ("freeing", 22, op::free),
    ("passing memory on", 10, op::pass_on),
    ("yielding", 15, op::yield_to_others),
    ("sleeping", 4, op::sleep),
    ("computing", 5, op::compute),
];

/// What only workers do.
const FULL: &[Operation] = &[
    ("sending", 12, op::send),
    ("impossible memory", 2, op::allocate_too_much),
    ("failing memory", 2, op::allocate_and_fail),
    ("frames in a row", 3, op::take_frames),
    ("a frame with two owners", 3, op::share_frame),
    ("mapping stacks", 2, op::map_stacks),
    ("a child left alone", 3, op::begin_child),
    ("a child waited for", 3, op::wait_for_child),
    ("a child bound to a CPU", 2, op::bind_child),
    ("a condition variable", 2, op::shake_hands),
    ("a barrier", 2, op::meet),
    ("a one-shot", 2, op::ask_once),
    ("a process", 2, op::begin_process),
    ("a process cancelled", 2, op::cancel_process),
];

/// The name of an operation by its number.
pub fn name_of(number: usize) -> &'static str {
    SIMPLE.iter().chain(FULL).nth(number).map_or("nothing", |operation| operation.0)
}

/// One thread's part.
pub struct Worker {
    pub world: Arc<World>,
    pub random: Random,
    /// Its number; a child has that of whoever began it.
    pub number: usize,
    pub blocks: Vec<Block>,
    /// The next message's number, by channel.
    pub next: [u64; CHANNELS],
}

impl Worker {
    pub fn new(world: Arc<World>, number: usize, seed: u64) -> Self {
        Self {
            world,
            random: Random::new(seed, number as u64),
            number,
            blocks: Vec::new(),
            next: [0; CHANNELS],
        }
    }

    /// Works until everybody is to stop.
    pub fn run(&mut self) {
        let world = self.world.clone();
        let state = &world.workers[self.number];
        while !world.stop.load(Ordering::Relaxed) {
            let (number, operation) = self.choose(&[SIMPLE, FULL]);
            state.doing.store(number, Ordering::Relaxed);
            self.perform(operation);
            state.done.fetch_add(1, Ordering::Relaxed);
        }
        self.leave();
        state.over.store(true, Ordering::Relaxed);
        world.running.fetch_sub(1, Ordering::Release);
    }

    /// A child's life: a few operations.
    pub fn run_as_child(&mut self) {
        for _ in 0..1 + self.random.below(20) {
            let (_, operation) = self.choose(&[SIMPLE]);
            self.perform(operation);
        }
        self.leave();
        self.world.children.fetch_sub(1, Ordering::Release);
    }

    fn choose(&mut self, lists: &[&'static [Operation]]) -> (usize, Operation) {
        let all = || lists.iter().copied().flatten().copied().enumerate();
        let mut left = self.random.below(all().map(|(_, operation)| operation.1).sum());
        all()
            .find(|(_, operation)| {
                let found = left < operation.1;
                left = left.saturating_sub(operation.1);
                found
            })
            .unwrap_or((0, SIMPLE[0]))
    }

    fn perform(&mut self, (name, _, operation): Operation) {
        if let Err(reason) = operation(self) {
            self.world.fail(format!("worker {}, {name}: {reason}", self.number));
        }
    }

    /// What it still has is as it was.
    fn leave(&mut self) {
        for block in core::mem::take(&mut self.blocks) {
            if let Err(reason) = block.check() {
                self.world.fail(format!("worker {}, leaving: {reason}", self.number));
            }
        }
    }
}

/// Reads a channel to its end: each worker's messages come in their order, none twice.
pub fn receive(world: &World, channel: usize) {
    let mut count = 0_u64;
    loop {
        let Message { worker, number } = world.channels[channel].recv();
        if worker == WORKERS {
            return;
        }
        let expected = world.workers[worker].received[channel].fetch_add(1, Ordering::Relaxed);
        if number != expected {
            world.fail(format!(
                "message {number} of worker {worker} came as its {expected}th (channel {channel})"
            ));
        }
        count += 1;
        if count.is_multiple_of(64) {
            task::yield_now();
        }
    }
}
