//! The virtio driver against a model of a device that does what the specification says, or what a test tells it.

mod virtio_model;
mod world;

use std::cell::RefCell;
use std::rc::Rc;

use disks::hardware::Machine;
use disks::queue::Queue;
use disks::virtio::{Block, Problem, feature};
use disks::{Controller, Fault, Operation};
use virtio_model::{ALL, Device, SECTORS, Window, device, windows};
use world::{Buffer, Oracle, Outcome, Pending, World, submit, work_and_finish};

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
fn complete(world: &World, device: &Rc<RefCell<Device>>, disk: &mut Disk, pending: Pending) -> Outcome {
    work_and_finish(world, disk, pending, || device.borrow_mut().work())
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
        let case = format!("features {offered:#x}, blocks of {block_size}");
        let mut oracle = Oracle::new(device.borrow().medium.clone(), 7);
        for round in 0..40 {
            device.borrow_mut().reversed = round % 2 == 1;
            let first = oracle.random.usize(..100) * native;
            let requests = oracle.requests(first, 60, 100, |random| random.usize(1..=most) * native);
            let under_way: Vec<_> =
                requests.into_iter().map(|wanted| (wanted.submit(&world, &mut disk), wanted)).collect();
            for (pending, wanted) in under_way {
                wanted.check(complete(&world, &device, &mut disk, pending), &case);
            }
        }
        assert!(oracle.agrees_with(&device.borrow().medium), "{case}");
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
