//! The AHCI driver against a model of an adapter with one port, which does what the specification says, or what a test
//! tells it.

mod world;

use fastrand::Rng;
use std::cell::RefCell;
use std::rc::Rc;

use disks::ahci::{Adapter, Port, Problem};
use disks::hardware::{Machine, Registers};
use disks::queue::Queue;
use disks::{Controller, Fault, Operation};
use world::{Buffer, World, finish, submit};

const SECTORS: usize = 4096;

struct Device {
    world: World,
    capabilities: u32,
    ownership: u32,
    control: u32,
    /// The registers of port 0 by offset / 4.
    port: [u32; 32],
    medium: Vec<u8>,
    identity: [u16; 256],
    /// Runs the highest slot first.
    reversed: bool,
    /// Leaves commands lying.
    silent: bool,
    /// Does not stop when told to.
    obstinate: bool,
    /// Reading this sector fails, so many times.
    bad: (usize, usize),
    flushed: usize,
    resets: usize,
    queued_commands: usize,
}

const LIST: usize = 0;
const INTERRUPTS: usize = 4;
const ENABLE: usize = 5;
const COMMAND: usize = 6;
const TASK_FILE: usize = 8;
const SIGNATURE: usize = 9;
const LINK: usize = 10;
const LINK_CONTROL: usize = 11;
const QUEUED: usize = 13;
const ISSUED: usize = 14;

impl Device {
    fn write_port(&mut self, register: usize, value: u32) {
        match register {
            INTERRUPTS | 12 => self.port[register] &= !value,
            COMMAND => {
                let mut value = value & !(1 << 15 | 1 << 14);
                if value & 1 != 0 || self.obstinate {
                    value |= 1 << 15;
                } else {
                    (self.port[QUEUED], self.port[ISSUED]) = (0, 0);
                }
                if value & 1 << 4 != 0 {
                    value |= 1 << 14;
                }
                self.port[COMMAND] = value;
            }
            LINK_CONTROL => {
                if self.port[LINK_CONTROL] & 0xf == 1 && value & 0xf == 0 {
                    self.resets += 1;
                    self.port[TASK_FILE] = 0x50;
                }
                self.port[LINK_CONTROL] = value;
            }
            QUEUED => {
                assert!(self.port[COMMAND] & 1 != 0);
                self.port[QUEUED] |= value;
            }
            ISSUED => {
                assert!(self.port[COMMAND] & 1 != 0, "a command for a port that does not run");
                self.port[ISSUED] |= value;
                let mixed = self.port[QUEUED] != 0 && self.port[ISSUED] & !self.port[QUEUED] != 0;
                assert!(!mixed, "queued and other commands at once");
                // The first question is asked before anybody lets the model work.
                if self.port[ENABLE] == 0 {
                    self.work();
                }
            }
            TASK_FILE | SIGNATURE | LINK => panic!("register {register} is read-only"),
            _ => self.port[register] = value,
        }
    }

    fn work(&mut self) {
        while !self.silent && self.port[ISSUED] != 0 && self.port[TASK_FILE] & 1 == 0 {
            let slot = if self.reversed {
                31 - self.port[ISSUED].leading_zeros()
            } else {
                self.port[ISSUED].trailing_zeros()
            };
            let queued = self.port[QUEUED] & 1 << slot != 0;
            match self.execute(slot, queued) {
                Ok(()) => {
                    self.port[ISSUED] &= !(1 << slot);
                    self.port[QUEUED] &= !(1 << slot);
                    self.port[INTERRUPTS] |= 1;
                }
                // Whoever queues learns only that something failed.
                Err(bits) => {
                    let bits = if queued { 4 } else { bits };
                    self.port[TASK_FILE] = u32::from(bits) << 8 | 0x41;
                    self.port[INTERRUPTS] |= 1 << 30;
                    if queued {
                        self.port[ISSUED] &= !(1 << slot);
                    }
                }
            }
        }
    }

    fn execute(&mut self, slot: u32, queued: bool) -> Result<(), u8> {
        let entry = u64::from(self.port[LIST]) | u64::from(self.port[LIST + 1]) << 32;
        let entry = entry + 32 * u64::from(slot);
        let header = self.world.device_u32(entry);
        assert_eq!(header & 0x1f, 5);
        let table = self.world.device_u64(entry + 8);
        let frame = self.world.device_read(table, 20);
        assert_eq!(frame[..2], [0x27, 0x80]);
        let mut memory = Vec::new();
        for region in 0..u64::from(header >> 16) {
            let at = table + 0x80 + 16 * region;
            memory.push((self.world.device_u64(at), self.world.device_u32(at + 12) as usize + 1));
        }
        let lba = |bytes: &[usize]| bytes.iter().rev().fold(0, |sum, &at| sum << 8 | usize::from(frame[at]));
        let (sector, ext) = (lba(&[4, 5, 6, 8, 9, 10]), lba(&[12, 13]));
        let (first, count, writes) = match frame[2] {
            0xec => {
                let bytes: Vec<u8> = self.identity.iter().flat_map(|word| word.to_le_bytes()).collect();
                self.world.device_write(memory[0].0, &bytes);
                return Ok(());
            }
            0xe7 | 0xea => {
                assert!(!queued);
                self.flushed += 1;
                return Ok(());
            }
            0x60 | 0x61 => {
                assert!(queued);
                assert_eq!(ext, (slot as usize) << 3, "the tag");
                self.queued_commands += 1;
                (sector, lba(&[3, 11]), frame[2] == 0x61)
            }
            0x25 | 0x35 => (sector, ext, frame[2] == 0x35),
            0xc8 | 0xca => {
                let first = lba(&[4, 5, 6]) | usize::from(frame[7] & 0xf) << 24;
                (first, if frame[12] == 0 { 256 } else { usize::from(frame[12]) }, frame[2] == 0xca)
            }
            other => panic!("no command {other:#x}"),
        };
        assert_eq!(frame[7] & 0x40, 0x40, "by sector numbers");
        assert_eq!(header & 1 << 6 != 0, writes);
        assert_eq!(memory.iter().map(|(_, length)| length).sum::<usize>(), count * 512);
        if first + count > SECTORS {
            return Err(0x10);
        }
        if (first..first + count).contains(&self.bad.0) && self.bad.1 > 0 {
            self.bad.1 -= 1;
            return Err(0x40);
        }
        let mut at = first * 512;
        for (address, length) in memory {
            if writes {
                self.medium[at..at + length].copy_from_slice(&self.world.device_read(address, length));
            } else {
                self.world.device_write(address, &self.medium[at..at + length]);
            }
            at += length;
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Window(Rc<RefCell<Device>>);

impl Registers for Window {
    fn length(&self) -> usize {
        0x180
    }

    fn read_u32(&self, offset: usize) -> u32 {
        let device = self.0.borrow();
        match offset {
            0x00 => device.capabilities,
            0x04 => device.control,
            // Two ports, but the window shows one.
            0x0c => 0b11,
            0x24 => 1,
            0x28 => device.ownership,
            0x100.. => device.port[(offset - 0x100) / 4],
            _ => 0,
        }
    }

    fn write_u32(&self, offset: usize, value: u32) {
        let mut device = self.0.borrow_mut();
        match offset {
            0x04 => device.control = value,
            0x08 => {}
            // The firmware lets go.
            0x28 => device.ownership = value & !1,
            0x100.. => device.write_port((offset - 0x100) / 4, value),
            _ => panic!("no register at {offset:#x}"),
        }
    }
}

fn identity(lba48: bool, queue: u16) -> [u16; 256] {
    let mut words = [0; 256];
    for (word, pair) in words[27..47].iter_mut().zip(b"Model disk                              ".chunks(2)) {
        *word = u16::from_be_bytes([pair[0], pair[1]]);
    }
    words[49] = 1 << 9 | 1 << 8;
    words[60] = SECTORS as u16;
    if lba48 {
        words[83] = 1 << 10;
        words[100] = SECTORS as u16;
    }
    if queue > 0 {
        words[75] = queue - 1;
        words[76] = 1 << 8;
    }
    words
}

fn device(world: &World, lba48: bool, queue: u16) -> Rc<RefCell<Device>> {
    let mut port = [0; 32];
    port[SIGNATURE] = 0x101;
    port[LINK] = 0x113;
    port[TASK_FILE] = 0x50;
    // As firmware leaves it: running.
    port[COMMAND] = 1 << 15 | 1 << 14 | 1 << 4 | 1;
    Rc::new(RefCell::new(Device {
        world: world.clone(),
        capabilities: 1 << 31 | 1 << 30 | 31 << 8,
        ownership: 1,
        control: 0,
        port,
        medium: (0..SECTORS * 512).map(|at| (at / 512 + at % 251) as u8).collect(),
        identity: identity(lba48, queue),
        reversed: false,
        silent: false,
        obstinate: false,
        bad: (0, 0),
        flushed: 0,
        resets: 0,
        queued_commands: 0,
    }))
}

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
fn complete(
    world: &World,
    device: &Rc<RefCell<Device>>,
    disk: &mut Disk,
    pending: world::Pending,
) -> (Result<(), Fault>, Option<Vec<u8>>) {
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
        let mut expected = device.borrow().medium.clone();
        let mut random = Rng::with_seed(7);
        for round in 0..60 {
            device.borrow_mut().reversed = round % 2 == 1;
            let mut under_way = Vec::new();
            let mut first = random.usize(..100);
            for _ in 0..=random.usize(..40) {
                // One beside the other: what runs at the same time must not overlap.
                let count = if random.usize(..8) == 0 { 256 } else { 1 + random.usize(..32) };
                if first + count > SECTORS {
                    break;
                }
                let (range, sector) = (first * 512..(first + count) * 512, first as u64);
                first += count;
                if random.bool() {
                    let data: Vec<u8> = range.clone().map(|_| random.u8(..)).collect();
                    expected[range].copy_from_slice(&data);
                    under_way.push((submit(&world, &mut disk, Operation::Write, sector, &data), None));
                } else {
                    let pending = submit(&world, &mut disk, Operation::Read, sector, &vec![0; range.len()]);
                    under_way.push((pending, Some(expected[range].to_vec())));
                }
                if random.usize(..10) == 0 {
                    under_way.push((submit(&world, &mut disk, Operation::Flush, 0, &[]), None));
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
