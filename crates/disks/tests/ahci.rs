//! The AHCI driver against a model of an adapter with one port, which does what the specification says, or what a test
//! tells it.

mod ahci_model;
mod world;

use std::cell::RefCell;
use std::rc::Rc;

use ahci_model::{COMMAND, Device, LINK, SECTORS, SIGNATURE, Window, device};
use disks::ahci::{Adapter, Port, Problem};
use disks::hardware::Machine;
use disks::queue::Queue;
use disks::{Controller, Fault, Operation};
use world::{Buffer, Oracle, Outcome, Pending, World, finish, submit};

type Disk = Queue<Port<Window, World>, Buffer>;

fn open_port(world: &World, device: &Rc<RefCell<Device>>) -> Result<Option<Port<Window, World>>, Problem> {
    let window = Window(device.clone());
    let adapter = Adapter::open(&window, world).unwrap();
    assert_eq!(adapter.ports, 1, "those that the window shows");
    Port::open(window, world.clone(), &adapter, 0)
}

fn open(lba48: bool, queue: u16) -> (World, Rc<RefCell<Device>>, Disk) {
    let world = World::new();
    let device = device(&world, lba48, queue);
    let port = open_port(&world, &device).unwrap().unwrap();
    (world, device, Queue::new(port).unwrap_or_else(|_| panic!("memory")))
}

/// Waits as the kernel does, and lets the device work meanwhile.
fn complete(world: &World, device: &Rc<RefCell<Device>>, disk: &mut Disk, pending: Pending) -> Outcome {
    for _ in 0..100 {
        device.borrow_mut().work();
        if disk.advance(world.now_ns()) {
            let mut controller = disk.begin_reset().unwrap();
            let result = controller.reset();
            disk.end_reset(controller, result, world.now_ns());
        }
    }
    finish(world, disk, pending)
}

#[test]
fn a_disk_is_taken_over_from_the_firmware() {
    let world = World::new();
    let device = device(&world, true, 32);
    let port = open_port(&world, &device).unwrap().unwrap();
    assert_eq!((port.identity().model(), port.identity().sectors), ("Model disk", SECTORS as u64));
    assert_eq!(port.limits().depth, 32);
    assert_eq!((device.borrow().ownership, device.borrow().control >> 31), (2, 1));
    assert_eq!(device.borrow().resets, 1);
}

#[test]
fn an_empty_port_and_a_cd_drive_are_passed_over() {
    let world = World::new();
    let empty = device(&world, true, 32);
    empty.borrow_mut().port[LINK] = 0;
    assert!(open_port(&world, &empty).unwrap().is_none());
    let cd = device(&world, true, 32);
    cd.borrow_mut().port[SIGNATURE] = 0xeb14_0101;
    assert!(open_port(&world, &cd).unwrap().is_none());
    assert_eq!(cd.borrow().port[COMMAND] & 1, 0, "and stopped");
    // A link that never comes up: a second, no more.
    let dead = device(&world, true, 32);
    dead.borrow_mut().port[LINK] = 1;
    let before = world.now_ns();
    assert!(open_port(&world, &dead).unwrap().is_none());
    assert!(world.now_ns() - before < 2_000_000_000);
}

#[test]
fn a_port_that_does_not_obey_is_refused() {
    let world = World::new();
    let device = device(&world, true, 32);
    device.borrow_mut().obstinate = true;
    assert_eq!(open_port(&world, &device).err(), Some(Problem::TimedOut));
}

#[test]
fn a_disk_that_does_not_say_what_it_is_is_refused() {
    let world = World::new();
    let quiet = device(&world, true, 32);
    quiet.borrow_mut().silent = true;
    assert_eq!(open_port(&world, &quiet).err(), Some(Problem::TimedOut));
    let odd = device(&world, true, 32);
    odd.borrow_mut().identity = [0; 256];
    assert_eq!(open_port(&world, &odd).err(), Some(Problem::Unsupported("it counts by cylinders only")));
}

#[test]
fn any_allocation_may_fail() {
    for count in 0.. {
        let world = World::new();
        let device = device(&world, true, 8);
        world.allow_allocations(count);
        match open_port(&world, &device) {
            Ok(_) => return assert!(count > 8),
            Err(problem) => assert_eq!(problem, Problem::NoMemory),
        }
    }
}

/// On disks with queues, without, and with short sector numbers.
#[test]
fn what_is_written_is_read_back() {
    for (lba48, queue) in [(true, 32), (true, 0), (false, 0)] {
        let (world, device, mut disk) = open(lba48, queue);
        let case = format!("long numbers {lba48}, a queue of {queue}");
        let mut oracle = Oracle::new(device.borrow().medium.clone(), 7);
        for round in 0..60 {
            device.borrow_mut().reversed = round % 2 == 1;
            let first = oracle.random.usize(..100);
            let requests = oracle.requests(first, 40, 10, |random| {
                if random.usize(..8) == 0 { 256 } else { random.usize(1..=32) }
            });
            let under_way: Vec<_> =
                requests.into_iter().map(|wanted| (wanted.submit(&world, &mut disk), wanted)).collect();
            for (pending, wanted) in under_way {
                wanted.check(complete(&world, &device, &mut disk, pending), &case);
            }
        }
        assert!(oracle.agrees_with(&device.borrow().medium), "{case}");
        assert!(device.borrow().flushed > 0);
        assert_eq!(device.borrow().queued_commands > 0, queue > 0);
    }
}

/// Of many that run at once one fails for good: it alone is told so, with the disk's own words.
#[test]
fn a_bad_sector_among_queued_commands_is_found() {
    for queue in [32, 0] {
        let (world, device, mut disk) = open(true, queue);
        device.borrow_mut().bad = (13, usize::MAX);
        let many: Vec<_> =
            (0..30).map(|sector| submit(&world, &mut disk, Operation::Read, sector, &[0; 512])).collect();
        for (sector, pending) in many.into_iter().enumerate() {
            let (result, bytes) = complete(&world, &device, &mut disk, pending);
            if sector == 13 {
                assert_eq!(result, Err(Fault::Reported("the data can't be read: bad sector")));
            } else {
                assert_eq!(result, Ok(()));
                assert_eq!(bytes.unwrap()[..512], device.borrow().medium[sector * 512..][..512]);
            }
        }
    }
}

#[test]
fn one_error_is_forgiven() {
    for queue in [32, 0] {
        let (world, device, mut disk) = open(true, queue);
        device.borrow_mut().bad = (3, 1);
        let pending = submit(&world, &mut disk, Operation::Read, 0, &[0; 4096]);
        assert_eq!(complete(&world, &device, &mut disk, pending).0, Ok(()));
    }
}

#[test]
fn a_disk_that_falls_silent_is_reset_and_goes_on() {
    let (world, device, mut disk) = open(true, 32);
    device.borrow_mut().silent = true;
    let pending = submit(&world, &mut disk, Operation::Read, 0, &[0; 512]);
    world.pass_ns(11_000_000_000);
    assert!(disk.advance(world.now_ns()));
    device.borrow_mut().silent = false;
    assert_eq!(complete(&world, &device, &mut disk, pending).0, Ok(()));
    assert_eq!(device.borrow().resets, 2);
}

#[test]
fn a_disk_that_stays_silent_is_given_up() {
    let (world, device, mut disk) = open(true, 32);
    device.borrow_mut().silent = true;
    let many: Vec<_> =
        (0..40).map(|sector| submit(&world, &mut disk, Operation::Read, sector, &[0; 512])).collect();
    for pending in many {
        assert_eq!(finish(&world, &mut disk, pending).0, Err(Fault::GivenUp));
    }
    assert_eq!(device.borrow().resets, 2, "once at the start, once in the hope that it helps");
}
