//! The virtio driver against a model of a device that does what the specification says, or what a test tells it.

mod world;

use fastrand::Rng;
use std::cell::RefCell;
use std::rc::Rc;

use disks::hardware::{Machine, NarrowRegisters, Registers};
use disks::queue::Queue;
use disks::virtio::{Block, Problem, Windows, feature};
use disks::{Controller, Fault, Operation};
use world::{Buffer, World, finish, submit};

const SECTORS: usize = 4096;

/// The model. Behaves, unless told otherwise.
struct Device {
    world: World,
    offered: u64,
    taken: u64,
    selected: [u32; 2],
    status: u8,
    generation: u8,
    restless: bool,
    longest: u16,
    places: u16,
    vector: u16,
    has_vectors: bool,
    parts: [u64; 3],
    enabled: bool,
    /// How far it has looked at what is new.
    seen: u16,
    /// What it has done, ready to be told.
    done: Vec<(u16, u64, u8)>,
    told: u16,
    medium: Vec<u8>,
    block_size: u32,
    segments_max: u32,
    size_max: u32,
    flushed: usize,
    /// Tells the last first.
    reversed: bool,
    /// Takes so many requests and says nothing.
    swallow: usize,
    /// Fails so many requests, with this outcome.
    fail: (usize, u8),
    /// Does not come out of a reset.
    stuck: bool,
    /// Tells of descriptors that nobody gave.
    lies: bool,
}

struct Piece {
    address: u64,
    length: usize,
    flags: u16,
}

impl Device {
    fn has(&self, bit: u32) -> bool {
        self.taken >> bit & 1 != 0
    }

    fn reset(&mut self) {
        if !self.stuck {
            (self.status, self.enabled, self.seen, self.told, self.taken) = (0, false, 0, 0, 0);
            self.places = self.longest;
            self.vector = 0xffff;
            self.done.clear();
        }
    }

    /// The pieces of a chain, which is no longer than the queue.
    fn chain(&self, mut table: u64, mut index: u16) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut places = self.places;
        loop {
            assert!(index < places);
            let at = table + 16 * u64::from(index);
            let (address, words) = (self.world.device_u64(at), self.world.device_u64(at + 8));
            let (length, flags, next) = (words as u32, (words >> 32) as u16, (words >> 48) as u16);
            if flags & 4 != 0 {
                assert!(self.has(feature::INDIRECT) && flags == 4 && pieces.is_empty() && length % 16 == 0);
                (table, index, places) = (address, 0, (length / 16) as u16);
                continue;
            }
            pieces.push(Piece { address, length: length as usize, flags });
            assert!(pieces.len() <= usize::from(self.places), "a chain is no longer than the queue");
            if flags & 1 == 0 {
                return pieces;
            }
            index = next;
        }
    }

    fn doorbell(&mut self) {
        assert!(self.enabled && self.status == 0b1111, "a doorbell before it works");
        let available = self.parts[1];
        let given = (self.world.device_u32(available) >> 16) as u16;
        while self.seen != given {
            let place = u64::from(self.seen % self.places);
            let pair = self.world.device_u32(available + 4 + 2 * (place & !1));
            let head = (pair >> (16 * (place & 1))) as u16;
            self.seen = self.seen.wrapping_add(1);
            if self.swallow > 0 {
                self.swallow -= 1;
                continue;
            }
            let pieces = self.chain(self.parts[0], head);
            let (outcome_at, outcome) = self.perform(&pieces);
            self.done.push((head, outcome_at, outcome));
        }
    }

    fn perform(&mut self, pieces: &[Piece]) -> (u64, u8) {
        let [header, data @ .., last] = pieces else { panic!("header and outcome at least") };
        assert_eq!((header.length, header.flags & 2, last.length, last.flags & 2), (16, 0, 1, 2));
        let (kind, sector) =
            (self.world.device_u32(header.address), self.world.device_u64(header.address + 8));
        let most = if self.has(feature::SEGMENTS_MAX) { self.segments_max as usize } else { 1 };
        assert!(data.len() <= most, "{} pieces", data.len());
        if self.fail.0 > 0 {
            self.fail.0 -= 1;
            return (last.address, self.fail.1);
        }
        let mut at = sector as usize * 512;
        match kind {
            0 | 1 => {
                let length: usize = data.iter().map(|piece| piece.length).sum();
                assert_eq!((length % self.block_size as usize, at % self.block_size as usize), (0, 0));
                if at + length > self.medium.len() {
                    return (last.address, 1);
                }
                for piece in data {
                    assert_eq!(piece.flags & 2 != 0, kind == 0);
                    assert!(!self.has(feature::SIZE_MAX) || piece.length <= self.size_max as usize);
                    if kind == 0 {
                        self.world.device_write(piece.address, &self.medium[at..at + piece.length]);
                    } else {
                        let bytes = self.world.device_read(piece.address, piece.length);
                        self.medium[at..at + piece.length].copy_from_slice(&bytes);
                    }
                    at += piece.length;
                }
                (last.address, 0)
            }
            4 => {
                assert!(self.has(feature::FLUSH) && data.is_empty() && sector == 0);
                self.flushed += 1;
                (last.address, 0)
            }
            _ => (last.address, 2),
        }
    }

    /// Tells what was done.
    fn work(&mut self) {
        while !self.done.is_empty() {
            let (head, outcome_at, outcome) =
                if self.reversed { self.done.pop().unwrap() } else { self.done.remove(0) };
            if self.lies {
                for id in [0xffff_ffff, u32::from(head) + 1, 0x4321] {
                    self.tell(id);
                }
            }
            self.world.device_write(outcome_at, &[outcome]);
            self.tell(head.into());
        }
    }

    fn tell(&mut self, id: u32) {
        let used = self.parts[2];
        let at = used + 4 + 8 * u64::from(self.told % self.places);
        self.world.device_write(at, &id.to_le_bytes());
        self.told = self.told.wrapping_add(1);
        self.world.device_write(used + 2, &self.told.to_le_bytes());
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Which {
    Common,
    Notify,
    Disk,
}

#[derive(Clone)]
struct Window(Rc<RefCell<Device>>, Which);

impl Registers for Window {
    fn length(&self) -> usize {
        match self.1 {
            Which::Common => 0x38,
            Which::Notify => 64,
            Which::Disk => 0x40,
        }
    }

    fn read_u32(&self, offset: usize) -> u32 {
        let mut device = self.0.borrow_mut();
        if self.1 == Which::Disk {
            device.generation = device.generation.wrapping_add(u8::from(device.restless));
            return match offset {
                0x00 => device.medium.len() as u32 / 512,
                0x08 => device.size_max,
                0x0c => device.segments_max,
                0x14 => device.block_size,
                _ => 0,
            };
        }
        assert!(self.1 == Which::Common && offset == 0x04, "no 32 bits to read at {offset:#x}");
        (device.offered >> (32 * device.selected[0])) as u32
    }

    fn write_u32(&self, offset: usize, value: u32) {
        let mut device = self.0.borrow_mut();
        assert!(self.1 == Which::Common);
        match offset {
            0x00 => device.selected[0] = value,
            0x08 => device.selected[1] = value,
            0x0c => {
                let shift = 32 * device.selected[1];
                device.taken = device.taken & !(0xffff_ffff << shift) | u64::from(value) << shift;
            }
            0x20..0x38 => {
                let part = (offset - 0x20) / 8;
                let shift = 8 * (offset % 8);
                device.parts[part] = device.parts[part] & !(0xffff_ffff << shift) | u64::from(value) << shift;
            }
            _ => panic!("no 32 bits to write at {offset:#x}"),
        }
    }
}

impl NarrowRegisters for Window {
    fn read_u8(&self, offset: usize) -> u8 {
        let device = self.0.borrow();
        match offset {
            0x14 => device.status,
            0x15 => device.generation,
            _ => panic!("no 8 bits at {offset:#x}"),
        }
    }

    fn write_u8(&self, offset: usize, value: u8) {
        assert_eq!(offset, 0x14);
        let mut device = self.0.borrow_mut();
        match value {
            0 => device.reset(),
            // Only what was offered may be taken.
            _ if value & 8 != 0 && device.taken & !device.offered != 0 => device.status = value & !8,
            _ => device.status = value,
        }
    }

    fn read_u16(&self, offset: usize) -> u16 {
        let device = self.0.borrow();
        match offset {
            0x18 => device.places,
            0x1a => device.vector,
            0x1e => 3,
            _ => panic!("no 16 bits at {offset:#x}"),
        }
    }

    fn write_u16(&self, offset: usize, value: u16) {
        let mut device = self.0.borrow_mut();
        if self.1 == Which::Notify {
            assert_eq!((offset, value), (12, 0));
            return device.doorbell();
        }
        match offset {
            0x10 => assert_eq!(value, 0xffff),
            0x16 => assert_eq!(value, 0),
            0x18 => device.places = value,
            0x1a => device.vector = if device.has_vectors { value } else { 0xffff },
            0x1c => {
                assert!(device.status == 0b1011, "a queue before features are agreed on");
                device.enabled = value == 1;
            }
            _ => panic!("no 16 bits at {offset:#x}"),
        }
    }
}

const ALL: u64 = 1 << feature::VERSION_1
    | 1 << feature::INDIRECT
    | 1 << feature::FLUSH
    | 1 << feature::SEGMENTS_MAX
    | 1 << feature::BLOCK_SIZE
    // What this driver does not know.
    | 1 << 29
    | 1 << 34;

fn device(world: &World) -> Rc<RefCell<Device>> {
    Rc::new(RefCell::new(Device {
        world: world.clone(),
        offered: ALL,
        taken: 0,
        selected: [0; 2],
        status: 7,
        generation: 0,
        restless: false,
        longest: 256,
        places: 256,
        vector: 0xffff,
        has_vectors: true,
        parts: [0; 3],
        enabled: false,
        seen: 0,
        done: Vec::new(),
        told: 0,
        medium: (0..SECTORS * 512).map(|at| (at / 512 + at % 251) as u8).collect(),
        block_size: 512,
        segments_max: 254,
        size_max: 0,
        flushed: 0,
        reversed: false,
        swallow: 0,
        fail: (0, 0),
        stuck: false,
        lies: false,
    }))
}

fn windows(device: &Rc<RefCell<Device>>) -> Windows<Window> {
    let window = |which| Window(device.clone(), which);
    Windows {
        common: window(Which::Common),
        notify: window(Which::Notify),
        notify_stride: 4,
        disk: window(Which::Disk),
    }
}

type Disk = Queue<Block<Window, World>, Buffer>;

fn open_with(change: impl Fn(&mut Device)) -> (World, Rc<RefCell<Device>>, Disk) {
    let world = World::new();
    let device = device(&world);
    change(&mut device.borrow_mut());
    let disk = Block::open(windows(&device), world.clone(), true).unwrap();
    (world, device, Queue::new(disk).unwrap_or_else(|_| panic!("memory")))
}

fn open() -> (World, Rc<RefCell<Device>>, Disk) {
    open_with(|_| {})
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
fn a_disk_tells_what_it_has() {
    let world = World::new();
    let model = device(&world);
    let disk = Block::open(windows(&model), world, true).unwrap();
    assert_eq!((disk.sectors(), disk.native_sectors()), (SECTORS as u64, 1));
    assert!(disk.can_flush() && !disk.is_read_only() && disk.sends_messages());
    let limits = disk.limits();
    // As many pieces as a page has descriptors for, but for header and outcome.
    assert_eq!((limits.depth, limits.sectors, limits.segments), (32, 2048, 252));
    assert_eq!(model.borrow().taken, ALL & !(1 << 29 | 1 << 34));
}

#[test]
fn limits_are_the_devices() {
    // Features, the queue's length, pieces, bytes of a piece; then depth, pieces, sectors.
    let plain = ALL & !(1 << feature::INDIRECT);
    for ((offered, longest, segments_max, size_max), limits) in [
        ((ALL, 256, 10, 0), (32, 10, 2048)),
        ((ALL, 300, 10, 0), (32, 10, 2048)),
        ((ALL & !(1 << feature::SEGMENTS_MAX), 256, 10, 0), (32, 1, 2048)),
        ((ALL | 1 << feature::SIZE_MAX, 256, 10, 65536), (32, 10, 128)),
        ((ALL, 8, 254, 0), (8, 6, 2048)),
        ((plain, 256, 254, 0), (14, 16, 2048)),
        ((plain, 4, 254, 0), (1, 2, 2048)),
    ] {
        let (_, _, disk) = open_with(|device| {
            (device.offered, device.longest, device.places) = (offered, longest, longest);
            (device.segments_max, device.size_max) = (segments_max, size_max);
        });
        let found = disk.limits();
        assert_eq!((found.depth, found.segments, found.sectors), limits);
    }
}

#[test]
fn devices_that_cannot_be_used_are_refused() {
    let refused = |change: fn(&mut Device)| {
        let world = World::new();
        let device = device(&world);
        change(&mut device.borrow_mut());
        let problem = Block::open(windows(&device), world.clone(), true).err();
        assert!(world.now_ns() < 3_000_000_000, "bounded");
        (problem, device.borrow().status)
    };
    let legacy = "it speaks only as devices did before virtio had a version";
    let legacy_device = |device: &mut Device| device.offered &= !(1 << feature::VERSION_1);
    assert_eq!(refused(legacy_device), (Some(Problem::Unsupported(legacy)), 0));
    assert_eq!(refused(|device| device.stuck = true).0, Some(Problem::TimedOut));
    let no_queue = |device: &mut Device| (device.longest, device.places) = (0, 0);
    assert_eq!(refused(no_queue).0, Some(Problem::Unsupported("its queue is too short")));
    let restless = |device: &mut Device| device.restless = true;
    assert_eq!(refused(restless), (Some(Problem::Unsupported("its size changes all the time")), 0));
    let odd = |device: &mut Device| device.block_size = 520;
    assert_eq!(
        refused(odd),
        (Some(Problem::Unsupported("its sectors have a length that is not known here")), 0)
    );
    let empty = |device: &mut Device| device.medium.clear();
    assert_eq!(refused(empty), (Some(Problem::Unsupported("it has no sectors")), 0));
}

#[test]
fn any_allocation_may_fail() {
    for count in 0.. {
        let world = World::new();
        world.allow_allocations(count);
        match Block::open(windows(&device(&world)), world, true) {
            Ok(_) => return assert!(count > 4),
            Err(problem) => assert_eq!(problem, Problem::NoMemory),
        }
    }
}

#[test]
fn a_device_without_a_message_to_spare_is_polled() {
    let world = World::new();
    let device = device(&world);
    device.borrow_mut().has_vectors = false;
    assert!(!Block::open(windows(&device), world, true).unwrap().sends_messages());
}

/// Thousands of requests of all lengths, many at once, told in either order, compared with an array; with tables of
/// descriptors and without.
#[test]
fn what_is_written_is_read_back() {
    for (offered, block_size) in [(ALL, 512), (ALL, 4096), (ALL & !(1 << feature::INDIRECT), 512)] {
        let (world, device, mut disk) = open_with(|device| {
            (device.offered, device.block_size) = (offered, block_size);
        });
        let native = block_size as usize / 512;
        let most = disk.limits().segments.min(64) * 8 / native;
        let mut expected = device.borrow().medium.clone();
        let mut random = Rng::with_seed(7);
        for round in 0..40 {
            device.borrow_mut().reversed = round % 2 == 1;
            let mut under_way = Vec::new();
            let mut first = random.usize(..100) * native;
            for _ in 0..=random.usize(..60) {
                // One beside the other: what runs at the same time must not overlap.
                let count = (1 + random.usize(..most)) * native;
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
}

#[test]
fn a_flush_is_a_flush_where_there_is_a_cache() {
    let (world, device, mut disk) = open();
    let pending = submit(&world, &mut disk, Operation::Flush, 0, &[]);
    assert_eq!(complete(&world, &device, &mut disk, pending).0, Ok(()));
    assert_eq!(device.borrow().flushed, 1);
}

#[test]
fn what_cannot_be_written_is_not_written() {
    let (world, device, mut disk) = open_with(|device| device.offered |= 1 << feature::READ_ONLY);
    let before = device.borrow().medium.clone();
    let pending = submit(&world, &mut disk, Operation::Write, 0, &[1; 512]);
    let result = complete(&world, &device, &mut disk, pending).0;
    assert_eq!(result, Err(Fault::Refused("it is write-protected")));
    let pending = submit(&world, &mut disk, Operation::Read, 0, &[0; 512]);
    assert_eq!(complete(&world, &device, &mut disk, pending).0, Ok(()));
    assert!(device.borrow().medium == before);
}

#[test]
fn one_error_is_forgiven_two_are_reported() {
    let refused = Err(Fault::Refused("it does not know the request"));
    for (errors, outcome, result) in [
        (1, 1, Ok(())),
        (2, 1, Err(Fault::Reported("the data can't be read"))),
        (1, 2, refused),
        (2, 0xff, Err(Fault::Reported("it does not say how the request went"))),
    ] {
        let (world, device, mut disk) = open();
        device.borrow_mut().fail = (errors, outcome);
        let pending = submit(&world, &mut disk, Operation::Read, 8, &[0; 512]);
        assert_eq!(complete(&world, &device, &mut disk, pending).0, result);
        // And it goes on.
        let pending = submit(&world, &mut disk, Operation::Read, 8, &[0; 512]);
        assert_eq!(complete(&world, &device, &mut disk, pending).0, Ok(()));
    }
}

/// Lets time pass until somebody has to reset the device, and resets it.
fn reset_when_due(world: &World, disk: &mut Disk) {
    for _ in 0..20_000 {
        if disk.advance(world.now_ns()) {
            let mut controller = disk.begin_reset().unwrap();
            let result = controller.reset();
            return disk.end_reset(controller, result, world.now_ns());
        }
        world.pass_ns(1_000_000);
    }
    panic!("nobody noticed");
}

#[test]
fn a_lost_request_costs_a_reset_and_succeeds() {
    let (world, device, mut disk) = open();
    device.borrow_mut().swallow = 1;
    let lost = submit(&world, &mut disk, Operation::Read, 0, &[0; 512]);
    reset_when_due(&world, &mut disk);
    assert!(world.now_ns() >= disks::queue::TRANSFER_NS);
    assert_eq!(complete(&world, &device, &mut disk, lost).0, Ok(()));
    assert_eq!(device.borrow().vector, 0, "it still sends messages");
}

#[test]
fn a_device_that_asks_for_a_reset_gets_it_at_once() {
    let (world, device, mut disk) = open();
    device.borrow_mut().swallow = 1;
    let lost = submit(&world, &mut disk, Operation::Read, 0, &[0; 512]);
    device.borrow_mut().status |= 1 << 6;
    reset_when_due(&world, &mut disk);
    assert!(world.now_ns() < disks::queue::TRANSFER_NS);
    assert_eq!(complete(&world, &device, &mut disk, lost).0, Ok(()));
}

#[test]
fn a_device_that_comes_back_as_another_is_given_up() {
    let (world, device, mut disk) = open();
    device.borrow_mut().swallow = 1;
    let lost = submit(&world, &mut disk, Operation::Read, 0, &[0; 512]);
    device.borrow_mut().offered &= !(1 << feature::INDIRECT);
    reset_when_due(&world, &mut disk);
    assert_eq!(complete(&world, &device, &mut disk, lost).0, Err(Fault::GivenUp));
}

#[test]
fn a_silent_device_is_given_up_and_nobody_waits_for_ever() {
    let (world, device, mut disk) = open();
    device.borrow_mut().swallow = usize::MAX;
    device.borrow_mut().stuck = true;
    let many: Vec<_> =
        (0..40).map(|sector| submit(&world, &mut disk, Operation::Read, 2 * sector, &[0; 512])).collect();
    let mut lost = 0;
    for pending in many {
        let (result, memory) = complete(&world, &device, &mut disk, pending);
        assert_eq!(result, Err(Fault::GivenUp));
        lost += usize::from(memory.is_none());
    }
    // Of those under way the memory stays away for good.
    assert_eq!(lost, 32);
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
