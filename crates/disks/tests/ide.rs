//! The IDE driver against a model of a channel with two drives and a bus master, which does what the specifications say, or
//! what a test tells it.

mod ide_model;
mod world;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use disks::hardware::Machine;
use disks::ide::{Channel, Found, NoMemory, Windows};
use disks::queue::Queue;
use disks::{Controller, Fault, Operation};
use ide_model::{Device, Disk, HALF, Part, SECTORS, Window, device, disk};
use world::{Buffer, Oracle, Outcome, Pending, World, finish, submit};

thread_local! {
    /// How often a drive's DMA was given up.
    static TOLD: Cell<usize> = const { Cell::new(0) };
}

fn told(_: usize) {
    TOLD.set(TOLD.get() + 1);
}

type Open = Channel<Window, World>;

fn open_channel(
    world: &World,
    device: &Rc<RefCell<Device>>,
    has_bus_master: bool,
) -> Result<Option<Open>, NoMemory> {
    let window = |part| Window(device.clone(), part);
    let windows = Windows {
        command: window(Part::Command),
        control: window(Part::Control),
        bus_master: has_bus_master.then(|| (window(Part::BusMaster), HALF)),
    };
    Channel::open(windows, world.clone(), told)
}

struct Setup {
    world: World,
    device: Rc<RefCell<Device>>,
    queue: Queue<Open, Buffer>,
}

fn open(master: Disk, slave: Option<Disk>, has_bus_master: bool) -> Setup {
    let world = World::new();
    let device = device(&world, [Some(master), slave]);
    let mut channel = open_channel(&world, &device, has_bus_master).unwrap().unwrap();
    channel.enable_interrupts();
    assert_eq!(device.borrow().control, 0);
    let queue = Queue::new(channel).unwrap_or_else(|_| panic!("memory"));
    Setup { world, device, queue }
}

impl Setup {
    fn submit(&mut self, operation: Operation, sector: usize, data: &[u8]) -> Pending {
        submit(&self.world, &mut self.queue, operation, sector as u64, data)
    }

    /// Lets the device work and the queue hear of it, as interrupts do.
    fn complete(&mut self, pending: Pending) -> Outcome {
        for _ in 0..5_000 {
            if !pending.results.borrow().is_empty() {
                break;
            }
            self.device.borrow_mut().work();
            if self.queue.advance(self.world.now_ns()) {
                let mut controller = self.queue.begin_reset().unwrap();
                let result = controller.reset();
                self.queue.end_reset(controller, result, self.world.now_ns());
            }
        }
        finish(&self.world, &mut self.queue, pending)
    }

    fn commands(&self) -> Vec<u8> {
        self.device.borrow().disks[0].as_ref().unwrap().commands.clone()
    }
}

#[test]
fn drives_are_found() {
    let world = World::new();
    let mut cylinders = disk(true, 16, true);
    cylinders.identity[49] = 0;
    let device = device(&world, [Some(disk(true, 16, true)), Some(cylinders)]);
    // As firmware may leave it.
    device.borrow_mut().registers[6] = [0x10, 0x10];
    let channel = open_channel(&world, &device, true).unwrap().unwrap();
    let [Found::Disk(drive), Found::Unusable("it counts by cylinders only")] = channel.drives() else {
        panic!("{:?}", channel.drives())
    };
    assert_eq!(
        (drive.identity.model(), drive.identity.sectors, drive.dma),
        ("Model disk", SECTORS as u64, true)
    );
    assert_eq!(
        (device.borrow().resets, device.borrow().control & 2),
        (1, 2),
        "silent until somebody listens"
    );
    assert_eq!(device.borrow().disks[0].as_ref().unwrap().multiple, 16);
}

#[test]
fn what_is_missing_is_passed_over() {
    let world = World::new();
    let nothing = device(&world, [None, None]);
    assert!(open_channel(&world, &nothing, true).unwrap().is_none());
    // The slave alone, and a drive that never answers: a few seconds at most.
    let slave = device(&world, [None, Some(disk(true, 16, true))]);
    let channel = open_channel(&world, &slave, true).unwrap().unwrap();
    assert!(matches!(channel.drives(), [Found::Nothing, Found::Disk(_)]));
    // Firmware left the slave chosen, which is not there, and the master takes its time.
    let slow = device(&world, [Some(disk(true, 16, true)), None]);
    slow.borrow_mut().registers[6] = [0x10, 0x10];
    slow.borrow_mut().reset_looks = 300;
    let channel = open_channel(&world, &slow, true).unwrap().unwrap();
    assert!(matches!(channel.drives(), [Found::Disk(_), Found::Nothing]));
    let dead = device(&world, [Some(disk(true, 16, true)), None]);
    dead.borrow_mut().is_silent = true;
    let before = world.now_ns();
    let channel = open_channel(&world, &dead, true).unwrap().unwrap();
    assert!(matches!(channel.drives(), [Found::Nothing, Found::Nothing]));
    assert!(world.now_ns() - before < 3_000_000_000);
}

/// Without memory for the table the processor moves the data.
#[test]
fn any_allocation_may_fail() {
    for count in 0..=2 {
        let world = World::new();
        let device = device(&world, [Some(disk(true, 16, true)), None]);
        world.allow_allocations(count);
        let channel = open_channel(&world, &device, true).unwrap().unwrap();
        let [Found::Disk(drive), _] = channel.drives() else { panic!("no disk") };
        assert_eq!(drive.dma, count == 2);
    }
}

/// Both drives of a channel, new and old ones, by DMA and without, with memory that the bus master does not reach, promptly
/// and late: all that is written is where it belongs, and is read back.
#[test]
fn what_is_written_is_read_back() {
    for kind in 0..24 {
        let (lba48, dma, high, prompt) = (kind % 2 == 0, kind / 2 % 3, kind / 6 % 2 == 1, kind / 12 == 1);
        let multiple = if dma == 2 { 0 } else { 16 };
        let mut setup = open(disk(lba48, multiple, dma == 0), Some(disk(true, 8, true)), dma == 0);
        setup.device.borrow_mut().is_prompt = prompt;
        if high {
            setup.world.use_high_memory();
        }
        let medium = setup.device.borrow().disks[0].as_ref().unwrap().medium.clone();
        let mut oracle = Oracle::new(medium, 7 + kind as u64);
        let case = format!("kind {kind}");
        for _ in 0..12 {
            let first = oracle.random.usize(..2000);
            let requests = oracle.requests(first, 12, 10, |random| {
                if random.usize(..8) == 0 { 1500 } else { random.usize(1..=64) }
            });
            let under_way: Vec<_> = requests
                .into_iter()
                .map(|wanted| (wanted.submit(&setup.world, &mut setup.queue), wanted))
                .collect();
            for (pending, wanted) in under_way {
                wanted.check(setup.complete(pending), &case);
            }
        }
        let device = setup.device.borrow();
        let [Some(first), Some(second)] = &device.disks else { panic!("drives") };
        assert!(oracle.agrees_with(&first.medium), "{case}");
        assert!(second.medium == disk(true, 8, true).medium, "the other drive");
        assert!(first.flushed > 0 && device.resets == 1);
        let longest = if lba48 { 1500..2049 } else { 256..257 };
        assert!(high || longest.contains(&device.longest), "{} sectors at once", device.longest);
        assert_eq!(first.commands.iter().any(|command| matches!(command, 0xc8 | 0x25)), dma == 0);
    }
}

/// Each drive gets its own, also when requests to both wait.
#[test]
fn two_drives_share_a_channel() {
    let mut other = disk(false, 0, false);
    other.medium.iter_mut().for_each(|byte| *byte ^= 0xff);
    let mut setup = open(disk(true, 16, true), Some(other), true);
    setup.device.borrow_mut().is_prompt = false;
    let pending: Vec<Pending> = (0..40)
        .map(|number| {
            let (world, queue) = (&setup.world, &mut setup.queue);
            world::submit_to(world, queue, number % 2, Operation::Read, number as u64 / 2 * 8, &[0; 4096])
        })
        .collect();
    for (number, pending) in pending.into_iter().enumerate() {
        let (result, bytes) = setup.complete(pending);
        assert_eq!(result, Ok(()));
        let device = setup.device.borrow();
        let medium = &device.disks[number % 2].as_ref().unwrap().medium;
        assert_eq!(bytes.unwrap()[..], medium[number / 2 * 4096..][..4096]);
    }
}

/// Neighbours that wait become one command: 1 MiB, whatever lies beside what in memory.
#[test]
fn neighbours_go_in_one_command() {
    let mut setup = open(disk(true, 16, true), None, true);
    setup.device.borrow_mut().is_prompt = false;
    let before = setup.commands().len();
    let first = setup.submit(Operation::Read, 5000, &[0; 512]);
    let many: Vec<_> = (0..32).map(|at| setup.submit(Operation::Read, at * 64, &[0; 64 * 512])).collect();
    assert_eq!(setup.complete(first).0, Ok(()));
    for pending in many {
        assert_eq!(setup.complete(pending).0, Ok(()));
    }
    assert_eq!(setup.commands()[before..], [0xc8, 0x25]);
    assert_eq!(setup.device.borrow().longest, 2048);
}

#[test]
fn one_error_is_forgiven() {
    for dma in [true, false] {
        let mut setup = open(disk(true, 16, dma), None, true);
        setup.device.borrow_mut().disks[0].as_mut().unwrap().bad = (3, 1);
        for operation in [Operation::Read, Operation::Write] {
            let pending = setup.submit(operation, 0, &[7; 4096]);
            assert_eq!(setup.complete(pending).0, Ok(()));
        }
    }
}

/// Of many that wait one fails for good: it alone is told so, with the disk's own words, and DMA is still used.
#[test]
fn a_bad_sector_is_found() {
    for dma in [true, false] {
        let mut setup = open(disk(true, 16, dma), None, true);
        setup.device.borrow_mut().is_prompt = false;
        setup.device.borrow_mut().disks[0].as_mut().unwrap().bad = (13, usize::MAX);
        let many: Vec<_> = (0..30).map(|sector| setup.submit(Operation::Read, sector, &[0; 512])).collect();
        for (sector, pending) in many.into_iter().enumerate() {
            let (result, bytes) = setup.complete(pending);
            if sector == 13 {
                assert_eq!(result, Err(Fault::Reported("the data can't be read: bad sector")));
            } else {
                assert_eq!(result, Ok(()));
                let device = setup.device.borrow();
                assert_eq!(
                    bytes.unwrap()[..512],
                    device.disks[0].as_ref().unwrap().medium[sector * 512..][..512]
                );
            }
        }
        assert_eq!(matches!(setup.commands().last(), Some(0xc8 | 0x25)), dma);
    }
}

/// What the disk says is not there is not asked for again.
#[test]
fn a_sector_that_does_not_exist_is_refused() {
    let mut setup = open(disk(true, 16, true), None, true);
    setup.device.borrow_mut().disks[0].as_mut().unwrap().medium.truncate(100 * 512);
    let before = setup.commands().len();
    let pending = setup.submit(Operation::Read, 200, &[0; 512]);
    assert!(matches!(setup.complete(pending).0, Err(Fault::Refused(_))));
    assert_eq!(setup.commands().len(), before + 1);
}

/// DMA that never ends, or breaks: the request is served by the processor, with the same data, and so are those after it.
#[test]
fn where_dma_fails_the_processor_moves_the_data() {
    for never_ends in [true, false] {
        TOLD.set(0);
        let mut setup = open(disk(true, 16, true), None, true);
        setup.device.borrow_mut().loses_dma = never_ends;
        setup.device.borrow_mut().breaks_dma = !never_ends;
        let data: Vec<u8> = (0..10_240).map(|at| (at % 253) as u8).collect();
        let pending = setup.submit(Operation::Write, 40, &data);
        if never_ends {
            setup.world.pass_ns(11_000_000_000);
        }
        assert_eq!(setup.complete(pending).0, Ok(()));
        let pending = setup.submit(Operation::Read, 40, &vec![0; data.len()]);
        let (result, bytes) = setup.complete(pending);
        assert_eq!(result, Ok(()));
        assert!(bytes.unwrap().starts_with(&data));
        assert_eq!((setup.device.borrow().resets, TOLD.get()), (2, 1));
        assert_eq!(setup.commands().last(), Some(&0xc4));
    }
}

#[test]
fn a_drive_that_stays_silent_is_given_up() {
    let mut setup = open(disk(true, 16, true), None, true);
    setup.device.borrow_mut().is_silent = true;
    let many: Vec<_> = (0..40).map(|sector| setup.submit(Operation::Read, sector, &[0; 512])).collect();
    for pending in many {
        assert_eq!(finish(&setup.world, &mut setup.queue, pending).0, Err(Fault::GivenUp));
    }
    assert_eq!(setup.device.borrow().resets, 2, "once at the start, once in the hope that it helps");
    assert_eq!(setup.device.borrow().bus_command & 1, 0, "the bus master is stopped");
}

/// An interrupt that has nothing to do with the command under way changes nothing.
#[test]
fn a_stray_interrupt_is_no_answer() {
    let mut setup = open(disk(true, 16, true), None, true);
    setup.device.borrow_mut().is_prompt = false;
    let pending = setup.submit(Operation::Read, 9, &[0; 512]);
    setup.device.borrow_mut().bus_status |= 4;
    setup.queue.advance(setup.world.now_ns());
    assert!(pending.results.borrow().is_empty());
    let (result, bytes) = setup.complete(pending);
    assert_eq!(result, Ok(()));
    assert_eq!(
        bytes.unwrap()[..512],
        setup.device.borrow().disks[0].as_ref().unwrap().medium[9 * 512..][..512]
    );
}
