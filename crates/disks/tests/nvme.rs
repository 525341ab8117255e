//! The NVMe driver against a model of a controller that does what the specification says, or what a test tells it.

mod world;

use fastrand::Rng;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use disks::hardware::{Machine, Registers};
use disks::nvme::{Nvme, Problem, command};
use disks::queue::Queue;
use disks::{Controller, Fault, Operation, Segment};
use world::{Buffer, World, finish, submit};

const SECTORS: usize = 4096;

/// The model. Behaves, unless told otherwise.
struct Device {
    world: World,
    capabilities: u64,
    configuration: u32,
    status: u32,
    lengths: u32,
    bases: [u64; 2],
    /// Rings by number: where commands and answers are, how many places, head, tail, phase.
    rings: [Option<Ring>; 2],
    medium: Vec<u8>,
    /// Commands fetched and not yet answered.
    fetched: VecDeque<(usize, [u32; 16])>,
    /// Answers the last command first.
    reversed: bool,
    /// Takes commands and says nothing, for so many commands.
    swallow: usize,
    /// Fails so many commands for reading and writing, with this status.
    fail: (usize, u32),
    /// Never becomes ready, never stops being it.
    stuck: bool,
    /// Answers with numbers that nobody gave.
    lies: bool,
    flushed: usize,
    sector_shift: u32,
}

#[derive(Clone, Copy)]
struct Ring {
    commands: u64,
    answers: u64,
    places: u32,
    head: u32,
    answer: u32,
    phase: u32,
}

impl Ring {
    fn new(commands: u64, answers: u64, places: u32) -> Self {
        Self { commands, answers, places, head: 0, answer: 0, phase: 1 }
    }
}

impl Device {
    fn configure(&mut self, value: u32) {
        if !self.stuck {
            self.status = value & 1;
        }
        if value & 1 == 0 {
            self.rings = [None; 2];
            self.fetched.clear();
        } else if self.configuration & 1 == 0 {
            assert_eq!((value >> 16 & 0xf, value >> 20 & 0xf, value >> 7 & 0xf), (6, 4, 0));
            let places = (self.lengths & 0xfff) + 1;
            self.rings[0] = Some(Ring::new(self.bases[0], self.bases[1], places));
        }
        self.configuration = value;
    }

    fn doorbell(&mut self, number: usize, tail: u32) {
        let Some(ring) = self.rings[number].as_mut() else { return };
        assert!(tail < ring.places);
        while ring.head != tail {
            let at = ring.commands + u64::from(ring.head) * 64;
            let words = core::array::from_fn(|index| self.world.device_u32(at + 4 * index as u64));
            ring.head = (ring.head + 1) % ring.places;
            if self.swallow > 0 {
                self.swallow -= 1;
            } else {
                self.fetched.push_back((number, words));
            }
        }
        if number == 0 {
            self.work();
        }
    }

    /// Does what was fetched.
    fn work(&mut self) {
        while let Some((number, words)) =
            if self.reversed { self.fetched.pop_back() } else { self.fetched.pop_front() }
        {
            let status = if number == 0 { self.administer(&words) } else { self.transfer(&words) };
            if self.lies {
                self.answer(number, 0x4321, 0);
            }
            self.answer(number, words[0] >> 16, status);
        }
    }

    fn answer(&mut self, number: usize, command: u32, status: u32) {
        let Some(ring) = self.rings[number].as_mut() else { return };
        let at = ring.answers + u64::from(ring.answer) * 16;
        self.world.device_write(at + 12, &(command | ring.phase << 16 | status << 17).to_le_bytes());
        ring.answer += 1;
        if ring.answer == ring.places {
            ring.answer = 0;
            ring.phase ^= 1;
        }
    }

    fn administer(&mut self, words: &[u32; 16]) -> u32 {
        let page = u64::from(words[6]) | u64::from(words[7]) << 32;
        match words[0] & 0xff {
            0x06 => {
                let mut data = vec![0; 4096];
                match (words[10], words[1]) {
                    (1, _) => {
                        data[24..64].fill(b' ');
                        data[24..34].copy_from_slice(b"Model NVMe");
                        data[77] = 3;
                        data[516] = 2;
                    }
                    (0, 1) => {
                        let sectors = SECTORS as u64 >> (self.sector_shift - 9);
                        data[0..8].copy_from_slice(&sectors.to_le_bytes());
                        data[26] = 1;
                        data[132..136].copy_from_slice(&(self.sector_shift << 16).to_le_bytes());
                    }
                    _ => {}
                }
                self.world.device_write(page, &data);
                0
            }
            0x09 => 0,
            0x05 => {
                self.rings[1] = Some(Ring::new(0, page, (words[10] >> 16) + 1));
                0
            }
            0x01 => {
                let ring = self.rings[1].as_mut().expect("the ring of answers comes first");
                ring.commands = page;
                0
            }
            _ => 1,
        }
    }

    fn transfer(&mut self, words: &[u32; 16]) -> u32 {
        if self.fail.0 > 0 {
            self.fail.0 -= 1;
            return self.fail.1;
        }
        if words[0] & 0xff == 0 {
            self.flushed += 1;
            return 0;
        }
        let native = 1 << (self.sector_shift - 9);
        let first = (u64::from(words[10]) | u64::from(words[11]) << 32) as usize * native;
        let count = ((words[12] & 0xffff) as usize + 1) * native;
        assert!(count * 512 <= 8 * 4096, "no more than it said it takes");
        if first + count > SECTORS {
            return 0x80 | 1 << 14;
        }
        let address = |at: usize| u64::from(words[at]) | u64::from(words[at + 1]) << 32;
        let (mut rest, mut at, mut list) = (count * 512, first * 512, None);
        let mut page = address(6);
        while rest > 0 {
            let length = rest.min(4096 - (page % 4096) as usize);
            if words[0] & 0xff == 2 {
                self.world.device_write(page, &self.medium[at..at + length]);
            } else {
                self.medium[at..at + length].copy_from_slice(&self.world.device_read(page, length));
            }
            rest -= length;
            at += length;
            // The second page, or the list of those that follow.
            list = match list {
                None if rest > 4096 => Some(address(8)),
                None => {
                    page = address(8);
                    continue;
                }
                Some(list) => Some(list + 8),
            };
            page = list.map_or(0, |list| if rest > 0 { self.world.device_u64(list) } else { 0 });
        }
        0
    }
}

#[derive(Clone)]
struct Window(Rc<RefCell<Device>>);

impl Registers for Window {
    fn length(&self) -> usize {
        0x2000
    }

    fn read_u32(&self, offset: usize) -> u32 {
        let device = self.0.borrow();
        match offset {
            0x00 => device.capabilities as u32,
            0x04 => (device.capabilities >> 32) as u32,
            0x14 => device.configuration,
            0x1c => device.status,
            _ => 0,
        }
    }

    fn write_u32(&self, offset: usize, value: u32) {
        let mut device = self.0.borrow_mut();
        match offset {
            0x14 => device.configure(value),
            0x24 => device.lengths = value,
            0x28 | 0x30 => device.bases[(offset - 0x28) / 8] = u64::from(value),
            0x2c | 0x34 => device.bases[(offset - 0x2c) / 8] |= u64::from(value) << 32,
            // A stride of 8.
            0x1000 => device.doorbell(0, value),
            0x1010 => device.doorbell(1, value),
            0x1008 | 0x1018 => {}
            _ => panic!("no register at {offset:#x}"),
        }
    }
}

/// A stride of 8 bytes, ready within 1 s, 16 places.
const CAPABILITIES: u64 = 1 << 37 | 1 << 32 | 2 << 24 | 15;

fn device(world: &World) -> Rc<RefCell<Device>> {
    Rc::new(RefCell::new(Device {
        world: world.clone(),
        capabilities: CAPABILITIES,
        configuration: 0,
        status: 0,
        lengths: 0,
        bases: [0; 2],
        rings: [None; 2],
        medium: (0..SECTORS * 512).map(|at| (at / 512 + at % 251) as u8).collect(),
        fetched: VecDeque::new(),
        reversed: false,
        swallow: 0,
        fail: (0, 0),
        stuck: false,
        lies: false,
        flushed: 0,
        sector_shift: 9,
    }))
}

type Disk = Queue<Nvme<Window, World>, Buffer>;

fn open() -> (World, Rc<RefCell<Device>>, Disk) {
    open_with_sectors(9)
}

/// Sectors of 2^`shift` bytes.
fn open_with_sectors(shift: u32) -> (World, Rc<RefCell<Device>>, Disk) {
    let world = World::new();
    let device = device(&world);
    device.borrow_mut().sector_shift = shift;
    let nvme = Nvme::open(Window(device.clone()), world.clone()).unwrap();
    (world, device, Queue::new(nvme).unwrap_or_else(|_| panic!("memory")))
}

/// Lets the device work, then waits.
fn complete(
    world: &World,
    device: &Rc<RefCell<Device>>,
    disk: &mut Disk,
    pending: world::Pending,
) -> (Result<(), Fault>, Option<Vec<u8>>) {
    for _ in 0..4 {
        device.borrow_mut().work();
        disk.advance(world.now_ns());
    }
    finish(world, disk, pending)
}

#[test]
fn a_controller_tells_what_it_has() {
    let world = World::new();
    let nvme = Nvme::open(Window(device(&world)), world).unwrap();
    assert_eq!(nvme.model(), "Model NVMe");
    assert_eq!(
        nvme.namespaces().iter().map(|namespace| namespace.sectors).collect::<Vec<_>>(),
        [SECTORS as u64]
    );
    // 2^3 pages at most.
    assert_eq!((nvme.limits().depth, nvme.limits().sectors), (15, 64));
}

#[test]
fn sectors_of_another_length_are_not_offered() {
    let world = World::new();
    let device = device(&world);
    device.borrow_mut().sector_shift = 13;
    assert_eq!(Nvme::open(Window(device), world).unwrap().namespaces(), []);
}

#[test]
fn controllers_that_cannot_be_used_are_refused() {
    for (capabilities, problem) in [
        (u64::MAX, Problem::Absent),
        (CAPABILITIES | 1 << 48, Problem::Unsupported("its smallest page is larger than 4 KiB")),
        (CAPABILITIES & !(1 << 37), Problem::Unsupported("it does not speak of sectors")),
        // Doorbells far beyond the window.
        (CAPABILITIES | 0xf << 32, Problem::Absent),
    ] {
        let world = World::new();
        let device = device(&world);
        device.borrow_mut().capabilities = capabilities;
        assert_eq!(Nvme::open(Window(device), world).err(), Some(problem));
    }
}

#[test]
fn a_controller_that_never_gets_ready_is_waited_for_no_longer_than_it_says() {
    let world = World::new();
    let device = device(&world);
    device.borrow_mut().stuck = true;
    assert_eq!(Nvme::open(Window(device), world.clone()).err(), Some(Problem::TimedOut));
    assert!(world.now_ns() < 3_000_000_000, "{}", world.now_ns());
}

#[test]
fn a_controller_that_answers_no_command_is_refused() {
    let world = World::new();
    let device = device(&world);
    device.borrow_mut().swallow = usize::MAX;
    assert_eq!(Nvme::open(Window(device.clone()), world.clone()).err(), Some(Problem::TimedOut));
    // It was switched off again before its memory went.
    assert_eq!(device.borrow().configuration & 1, 0);
}

#[test]
fn any_allocation_may_fail() {
    for count in 0.. {
        let world = World::new();
        world.allow_allocations(count);
        match Nvme::open(Window(device(&world)), world) {
            Ok(_) => return assert!(count > 4),
            Err(problem) => assert_eq!(problem, Problem::NoMemory),
        }
    }
}

/// Thousands of requests of all lengths, many at once, answered in either order, compared with an array.
#[test]
fn what_is_written_is_read_back() {
    for shift in [9, 12] {
        is_read_back(open_with_sectors(shift), 1 << (shift - 9));
    }
}

fn is_read_back((world, device, mut disk): (World, Rc<RefCell<Device>>, Disk), native: usize) {
    let mut expected = device.borrow().medium.clone();
    let mut random = Rng::with_seed(7);
    for round in 0..200 {
        device.borrow_mut().reversed = round % 2 == 1;
        let mut under_way = Vec::new();
        let mut first = random.usize(..100) * native;
        for _ in 0..=random.usize(..30) {
            // One beside the other: what runs at the same time must not overlap.
            let count = (1 + random.usize(..64 / native)) * native;
            let range = first * 512..(first + count) * 512;
            if first + count > SECTORS {
                break;
            }
            let sector = first as u64;
            first += count;
            if random.bool() {
                let data: Vec<u8> = range.clone().map(|_| random.u8(..)).collect();
                expected[range].copy_from_slice(&data);
                under_way.push((submit(&world, &mut disk, Operation::Write, sector, &data), None));
            } else {
                let empty = vec![0; range.len()];
                let pending = submit(&world, &mut disk, Operation::Read, sector, &empty);
                under_way.push((pending, Some(expected[range].to_vec())));
            }
        }
        for (pending, wanted) in under_way {
            let (result, bytes) = complete(&world, &device, &mut disk, pending);
            assert_eq!(result, Ok(()));
            if let Some(wanted) = wanted {
                assert!(bytes.unwrap().starts_with(&wanted));
            }
        }
    }
    assert!(device.borrow().medium == expected);
}

#[test]
fn a_piece_of_a_sector_is_refused() {
    let (world, device, mut disk) = open_with_sectors(12);
    for (sector, length) in [(4, 4096), (8, 512)] {
        let pending = submit(&world, &mut disk, Operation::Read, sector, &vec![0; length]);
        let (result, _) = complete(&world, &device, &mut disk, pending);
        assert_eq!(result, Err(Fault::Refused("its sectors are moved as a whole")));
    }
}

#[test]
fn a_flush_is_a_flush() {
    let (world, device, mut disk) = open();
    let pending = submit(&world, &mut disk, Operation::Flush, 0, &[]);
    assert_eq!(complete(&world, &device, &mut disk, pending).0, Ok(()));
    assert_eq!(device.borrow().flushed, 1);
}

const BAD_SECTOR: u32 = 2 << 8 | 0x81;

#[test]
fn one_error_is_forgiven_two_are_reported() {
    for (errors, result) in [(1, Ok(())), (2, Err(Fault::Reported("the data can't be read: bad sector")))] {
        let (world, device, mut disk) = open();
        device.borrow_mut().fail = (errors, BAD_SECTOR);
        let pending = submit(&world, &mut disk, Operation::Read, 8, &[0; 512]);
        assert_eq!(complete(&world, &device, &mut disk, pending).0, result);
        // And it goes on.
        let pending = submit(&world, &mut disk, Operation::Read, 8, &[0; 512]);
        assert_eq!(complete(&world, &device, &mut disk, pending).0, Ok(()));
    }
}

#[test]
fn what_the_device_calls_hopeless_is_not_tried_again() {
    let (world, device, mut disk) = open();
    let pending = submit(&world, &mut disk, Operation::Read, SECTORS as u64, &[0; 512]);
    let (result, _) = complete(&world, &device, &mut disk, pending);
    assert_eq!(result, Err(Fault::Refused("there is no such sector")));
}

#[test]
fn a_lost_command_costs_a_reset_and_succeeds() {
    let (world, device, mut disk) = open();
    device.borrow_mut().swallow = 1;
    let lost = submit(&world, &mut disk, Operation::Read, 0, &[0; 512]);
    let other = submit(&world, &mut disk, Operation::Read, 1, &[0; 512]);
    for _ in 0..20_000 {
        world.pass_ns(1_000_000);
        if disk.advance(world.now_ns()) {
            let mut controller = disk.begin_reset().unwrap();
            assert!(disk.begin_reset().is_none(), "one resets it");
            let result = controller.reset();
            disk.end_reset(controller, result, world.now_ns());
        }
        device.borrow_mut().work();
    }
    assert_eq!(complete(&world, &device, &mut disk, lost).0, Ok(()));
    assert_eq!(complete(&world, &device, &mut disk, other).0, Ok(()));
}

#[test]
fn a_silent_controller_is_given_up_and_nobody_waits_for_ever() {
    let (world, device, mut disk) = open();
    device.borrow_mut().swallow = usize::MAX;
    device.borrow_mut().stuck = true;
    let many: Vec<_> =
        (0..40).map(|sector| submit(&world, &mut disk, Operation::Read, sector, &[0; 512])).collect();
    let mut lost = 0;
    for pending in many {
        let (result, memory) = complete(&world, &device, &mut disk, pending);
        assert_eq!(result, Err(Fault::GivenUp));
        lost += usize::from(memory.is_none());
    }
    // Of those under way the memory stays away for good; those that never started get theirs back.
    assert_eq!(lost, 15);
    let before = world.now_ns();
    let pending = submit(&world, &mut disk, Operation::Write, 0, &[0; 512]);
    assert_eq!(complete(&world, &device, &mut disk, pending).0, Err(Fault::GivenUp));
    assert_eq!(world.now_ns(), before, "at once");
}

#[test]
fn answers_to_nothing_are_dropped() {
    let (world, device, mut disk) = open();
    device.borrow_mut().lies = true;
    for sector in 0..100 {
        let pending = submit(&world, &mut disk, Operation::Read, sector, &[0; 512]);
        assert_eq!(complete(&world, &device, &mut disk, pending).0, Ok(()));
    }
}

#[test]
fn memory_that_cannot_be_named_is_refused() {
    let world = World::new();
    let list = world.allocate(4096, disks::hardware::Reach::All).unwrap();
    let segment = |address, length| Segment { address, length };
    let page_list = |segments: &[Segment]| command::page_list(segments, &list);
    assert_eq!(page_list(&[segment(0x1200, 512)]), Ok((0x1200, 0)));
    assert_eq!(page_list(&[segment(0x1200, 4096)]), Ok((0x1200, 0x2000)));
    assert!(page_list(&[segment(0x1200, 512), segment(0x3000, 512)]).is_err());
    assert!(page_list(&[segment(0x1000, 4096), segment(0x3200, 512)]).is_err());
    assert!(page_list(&[segment(0x1001, 512)]).is_err());
    assert!(page_list(&[segment(u64::MAX - 3, 512)]).is_err());
    assert!(page_list(&[segment(0x1000, 513 * 4096)]).is_ok());
    assert!(page_list(&[segment(0x1000, 514 * 4096)]).is_err());
}
