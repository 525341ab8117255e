//! The queue of requests, driven by a controller that does as the test says: which requests become one command, and what
//! becomes of them when that fails.

mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use disks::hardware::{Machine, Reach};
use disks::queue::Queue;
use disks::{Command, Controller, Event, Fault, Limits, Operation, Segment};
use world::{Buffer, Oracle, Pending, World, finish, submit, try_submit};

const SECTORS: usize = 4096;
const BAD: Fault = Fault::Reported("bad sector");

/// What the controller was told, and what it does about it.
struct State {
    world: World,
    limits: Limits,
    medium: Vec<u8>,
    running: BTreeMap<usize, Given>,
    /// All commands that were given, as operation, first sector and sectors.
    given: Vec<(Operation, u64, u64)>,
    /// Commands that touch this sector fail.
    bad: Option<u64>,
    /// Does nothing any more.
    dead: bool,
}

#[derive(Clone)]
struct Given {
    operation: Operation,
    first_sector: u64,
    segments: Vec<Segment>,
}

#[derive(Clone)]
struct Model(Rc<RefCell<State>>);

impl Controller for Model {
    fn limits(&self) -> Limits {
        self.0.borrow().limits
    }

    fn start(&mut self, slot: usize, command: &Command<'_>) -> Result<(), Fault> {
        let mut state = self.0.borrow_mut();
        let limits = state.limits;
        let sectors = command.bytes() / 512;
        assert!(slot < limits.depth && sectors <= u64::from(limits.sectors));
        assert!(command.segments.len() <= limits.segments);
        if limits.whole_pages {
            for pair in command.segments.windows(2) {
                assert_eq!((pair[0].address + u64::from(pair[0].length)) % 4096, 0);
                assert_eq!(pair[1].address % 4096, 0);
            }
        }
        state.given.push((command.operation, command.first_sector, sectors));
        let (operation, first_sector, segments) =
            (command.operation, command.first_sector, command.segments.to_vec());
        assert!(state.running.insert(slot, Given { operation, first_sector, segments }).is_none());
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        let mut state = self.0.borrow_mut();
        if state.dead {
            return None;
        }
        let (slot, Given { operation, first_sector, segments }) = state.running.pop_first()?;
        let mut at = first_sector as usize * 512;
        let length: usize = segments.iter().map(|segment| segment.length as usize).sum();
        let range = at as u64 / 512..(at + length) as u64 / 512;
        if state.bad.is_some_and(|bad| range.contains(&bad)) {
            return Some(Event::Finished(slot, Err(BAD)));
        }
        for segment in segments {
            let length = segment.length as usize;
            if operation == Operation::Read {
                state.world.device_write(segment.address, &state.medium[at..at + length]);
            } else {
                let bytes = state.world.device_read(segment.address, length);
                state.medium[at..at + length].copy_from_slice(&bytes);
            }
            at += length;
        }
        Some(Event::Finished(slot, Ok(())))
    }

    fn reset(&mut self) -> Result<(), Fault> {
        if self.0.borrow().dead {
            return Err(Fault::GivenUp);
        }
        self.0.borrow_mut().running.clear();
        Ok(())
    }
}

const LIMITS: Limits = Limits {
    depth: 1,
    sectors: 64,
    segments: 8,
    reach: Reach::All,
    copies_the_rest: false,
    whole_pages: true,
    flush_alone: false,
};

fn open(limits: Limits) -> (World, Model, Queue<Model, Buffer>) {
    let world = World::new();
    let model = Model(Rc::new(RefCell::new(State {
        world: world.clone(),
        limits,
        medium: (0..SECTORS * 512).map(|at| (at / 512 + at % 251) as u8).collect(),
        running: BTreeMap::new(),
        given: Vec::new(),
        bad: None,
        dead: false,
    })));
    let queue = Queue::new(model.clone()).unwrap_or_else(|_| panic!("memory"));
    (world, model, queue)
}

fn page_at(model: &Model, sector: u64) -> Vec<u8> {
    model.0.borrow().medium[sector as usize * 512..][..4096].to_vec()
}

/// Submits reads of a page each, one request that keeps the controller busy first.
fn pages(world: &World, queue: &mut Queue<Model, Buffer>, sectors: &[u64]) -> Vec<(u64, Pending)> {
    let mut all = vec![(4000, submit(world, queue, Operation::Read, 4000, &[0; 4096]))];
    for &sector in sectors {
        all.push((sector, submit(world, queue, Operation::Read, sector, &[0; 4096])));
    }
    all
}

#[test]
fn neighbours_that_wait_become_one_command() {
    let (world, model, mut queue) = open(LIMITS);
    // Behind and before each other, in no order; 100 is nobody's neighbour, and 64 does not fit any more.
    let all = pages(&world, &mut queue, &[24, 100, 16, 40, 0, 8, 32, 48, 56, 64]);
    for (sector, pending) in all {
        let (result, bytes) = finish(&world, &mut queue, pending);
        assert_eq!((result, bytes), (Ok(()), Some(page_at(&model, sector))), "sector {sector}");
    }
    let given = |sector, sectors| (Operation::Read, sector, sectors);
    assert_eq!(model.0.borrow().given, [given(4000, 8), given(0, 64), given(100, 8), given(64, 8)]);
}

#[test]
fn what_differs_is_not_merged() {
    let (world, model, mut queue) = open(LIMITS);
    let mut all = pages(&world, &mut queue, &[0]);
    all.push((8, submit(&world, &mut queue, Operation::Write, 8, &[7; 4096])));
    // Its memory does not fill the page, so nothing can come behind it.
    all.push((16, submit(&world, &mut queue, Operation::Read, 16, &[0; 512])));
    all.push((17, submit(&world, &mut queue, Operation::Read, 17, &[0; 4096])));
    for (_, pending) in all {
        assert_eq!(finish(&world, &mut queue, pending).0, Ok(()));
    }
    assert_eq!(model.0.borrow().given.len(), 5);
    // Where memory may end anywhere the last two are neighbours.
    let (world, model, mut queue) = open(Limits { whole_pages: false, ..LIMITS });
    let mut all = pages(&world, &mut queue, &[]);
    all.push((16, submit(&world, &mut queue, Operation::Read, 16, &[0; 512])));
    all.push((17, submit(&world, &mut queue, Operation::Read, 17, &[0; 4096])));
    for (_, pending) in all {
        assert_eq!(finish(&world, &mut queue, pending).0, Ok(()));
    }
    assert_eq!(model.0.borrow().given[1..], [(Operation::Read, 16, 9)]);
}

#[test]
fn one_bad_request_does_not_spoil_its_neighbours() {
    let (world, model, mut queue) = open(LIMITS);
    model.0.borrow_mut().bad = Some(19);
    for (sector, pending) in pages(&world, &mut queue, &[0, 8, 16, 24]) {
        let result = if sector == 16 { Err(BAD) } else { Ok(()) };
        assert_eq!(finish(&world, &mut queue, pending).0, result, "sector {sector}");
    }
    // Once together, then each on its own, the bad one twice.
    let given = model.0.borrow().given.clone();
    assert_eq!(given[1], (Operation::Read, 0, 32));
    assert_eq!(given.iter().filter(|given| **given == (Operation::Read, 16, 8)).count(), 2);
    assert_eq!(given.len(), 2 + 3 + 2);
}

#[test]
fn memory_of_a_merged_command_stays_away_when_it_is_given_up() {
    let (world, model, mut queue) = open(LIMITS);
    let mut all = pages(&world, &mut queue, &[0, 8, 100]);
    // The first is done, the next command begins, and then nothing happens any more.
    queue.advance(world.now_ns());
    model.0.borrow_mut().dead = true;
    assert_eq!(finish(&world, &mut queue, all.remove(0).1).0, Ok(()));
    for (sector, pending) in all {
        let (result, memory) = finish(&world, &mut queue, pending);
        assert_eq!((result, memory.is_some()), (Err(Fault::GivenUp), sector == 100), "sector {sector}");
    }
    assert!(queue.is_given_up());
}

#[test]
fn a_full_queue_says_so_and_has_room_later() {
    let (world, _, mut queue) = open(LIMITS);
    let mut all = Vec::new();
    for sector in (0..).step_by(2) {
        match try_submit(&world, &mut queue, Operation::Read, sector, &[0; 512]) {
            Some(pending) => all.push(pending),
            None => break,
        }
    }
    assert!(all.len() > LIMITS.depth && !queue.has_room());
    for pending in all {
        assert_eq!(finish(&world, &mut queue, pending).0, Ok(()));
        assert!(queue.has_room());
    }
    let again = submit(&world, &mut queue, Operation::Read, 0, &[0; 512]);
    assert_eq!(finish(&world, &mut queue, again).0, Ok(()));
}

/// Thousands of requests of whole and broken pages, on controllers of all kinds, compared with an array.
#[test]
fn merged_or_not_everybody_gets_his_sectors() {
    for (depth, whole_pages) in [(1, true), (1, false), (3, true), (3, false)] {
        let (world, model, mut queue) = open(Limits { depth, whole_pages, ..LIMITS });
        let case = format!("depth {depth}, whole pages {whole_pages}");
        let mut oracle = Oracle::new(model.0.borrow().medium.clone(), 11);
        let mut requests = 0;
        for round in 0..40 {
            let random = &mut oracle.random;
            let mut first = random.usize(..64);
            let mut places = Vec::new();
            for _ in 0..=random.usize(..60) {
                let pages = 8 * (1 + random.usize(..3));
                let count = if random.usize(..4) == 0 { 1 + random.usize(..24) } else { pages };
                places.push((first, count));
                first += count + if random.usize(..4) == 0 { random.usize(..8) } else { 0 };
            }
            // Not in their order.
            random.shuffle(&mut places);
            requests += places.len();
            let operation = if round % 2 == 0 { Operation::Write } else { Operation::Read };
            let under_way: Vec<_> = places
                .into_iter()
                .map(|(first, count)| {
                    let wanted = oracle.request(operation, first, count);
                    (wanted.submit(&world, &mut queue), wanted)
                })
                .collect();
            for (pending, wanted) in under_way {
                wanted.check(finish(&world, &mut queue, pending), &case);
            }
        }
        assert!(oracle.agrees_with(&model.0.borrow().medium), "{case}");
        let commands = model.0.borrow().given.len();
        assert!(commands < requests * 3 / 4, "{commands} commands for {requests} requests");
    }
}

#[test]
fn a_request_too_large_for_the_controller_is_refused() {
    let (world, _, mut queue) = open(LIMITS);
    let pending = submit(&world, &mut queue, Operation::Read, 0, &[0; 9 * 4096]);
    assert!(matches!(finish(&world, &mut queue, pending).0, Err(Fault::Refused(_))));
}
