//! The NVMe driver against a model of a controller that does what the specification says, or what a test tells it.

mod nvme_model;
mod world;

use std::cell::RefCell;
use std::rc::Rc;

use disks::hardware::Machine;
use disks::nvme::{Nvme, Problem, command};
use disks::queue::Queue;
use disks::{Controller, Fault, Operation, Segment};
use nvme_model::{CAPABILITIES, Device, SECTORS, Window, device};
use world::{Buffer, Oracle, Outcome, Pending, World, submit, work_and_finish};

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
fn complete(world: &World, device: &Rc<RefCell<Device>>, disk: &mut Disk, pending: Pending) -> Outcome {
    work_and_finish(world, disk, pending, || device.borrow_mut().work())
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
    let mut oracle = Oracle::new(device.borrow().medium.clone(), 7);
    let case = format!("{native} sectors are one");
    for round in 0..200 {
        device.borrow_mut().reversed = round % 2 == 1;
        let first = oracle.random.usize(..100) * native;
        let requests = oracle.requests(first, 30, 100, |random| random.usize(1..=64 / native) * native);
        let under_way: Vec<_> =
            requests.into_iter().map(|wanted| (wanted.submit(&world, &mut disk), wanted)).collect();
        for (pending, wanted) in under_way {
            wanted.check(complete(&world, &device, &mut disk, pending), &case);
        }
    }
    assert!(oracle.agrees_with(&device.borrow().medium), "{case}");
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
