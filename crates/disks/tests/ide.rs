//! The IDE driver against a model of a channel with two drives and a bus master, which does what the specifications say, or
//! what a test tells it.

mod world;

use fastrand::Rng;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use disks::hardware::{Machine, Ports};
use disks::ide::{Channel, Found, NoMemory, Windows, register};
use disks::queue::Queue;
use disks::{Controller, Fault, Operation};
use world::{Buffer, World, finish, submit};

const SECTORS: usize = 6000;
const READY: u8 = 0x50;
const BUSY: u8 = 0x80;
const DATA: u8 = 0x08;

struct Disk {
    identity: [u16; 256],
    medium: Vec<u8>,
    multiple: usize,
    /// Asking for this sector fails, so many times.
    bad: (usize, usize),
    flushed: usize,
    /// Commands by their numbers.
    commands: Vec<u8>,
}

/// What the data register is there for at the moment.
struct Pio {
    words: Vec<u16>,
    /// Words that are or were to be moved before the next interrupt, and those that have.
    burst: usize,
    moved: usize,
    /// Where the drive puts what is written.
    target: Option<usize>,
}

struct Device {
    world: World,
    disks: [Option<Disk>; 2],
    /// The last two bytes written to each register.
    registers: [[u8; 2]; 8],
    control: u8,
    status: u8,
    error: u8,
    command: Option<u8>,
    pio: Option<Pio>,
    bus_command: u8,
    bus_status: u8,
    table: u32,
    /// Works whenever it is looked at; else when the test says so.
    is_prompt: bool,
    /// Leaves commands lying.
    is_silent: bool,
    /// DMA does not end; or fails on the bus.
    loses_dma: bool,
    breaks_dma: bool,
    /// How often it is seen busy after a reset, and how often it still will be.
    reset_looks: usize,
    looks_left: usize,
    resets: usize,
    interrupts: usize,
    longest: usize,
}

impl Device {
    fn chosen(&self) -> usize {
        usize::from(self.registers[6][1] >> 4 & 1)
    }

    fn interrupt(&mut self) {
        self.bus_status |= 4;
        self.interrupts += 1;
    }

    fn fail(&mut self, bits: u8) {
        (self.status, self.error) = (READY | 1, bits);
        self.interrupt();
    }

    fn glance(&mut self) -> u8 {
        if self.disks.iter().all(Option::is_none) {
            return 0xff;
        }
        if self.is_prompt {
            self.work();
        }
        if self.looks_left > 0 && self.disks[self.chosen()].is_some() {
            self.looks_left -= 1;
            if self.looks_left == 0 {
                self.status = READY;
            }
        }
        if self.disks[self.chosen()].is_some() { self.status } else { 0 }
    }

    fn reset(&mut self) {
        self.resets += 1;
        // Which drive is chosen stays.
        self.registers[..6].fill([0; 2]);
        (self.command, self.pio, self.status) = (None, None, READY);
        self.disks.iter_mut().flatten().for_each(|disk| disk.multiple = 0);
        self.looks_left = self.reset_looks;
        if self.is_silent || self.looks_left > 0 {
            self.status = BUSY;
        }
    }

    /// The sector and the count that the registers hold.
    fn place(&self, is_long: bool) -> (usize, usize) {
        let byte = |register: usize, old: usize| usize::from(self.registers[register][old]);
        assert_eq!(byte(6, 1) & 0x40, 0x40, "by sector numbers");
        let low = byte(3, 1) | byte(4, 1) << 8 | byte(5, 1) << 16;
        if is_long {
            let count = byte(2, 0) << 8 | byte(2, 1);
            return (low | byte(3, 0) << 24 | byte(4, 0) << 32 | byte(5, 0) << 40, count);
        }
        (low | (byte(6, 1) & 0xf) << 24, if byte(2, 1) == 0 { 256 } else { byte(2, 1) })
    }

    /// Goes on with what it was told.
    fn work(&mut self) {
        if self.is_silent {
            return;
        }
        if let Some(pio) = &self.pio
            && self.status & BUSY != 0
        {
            let left = pio.words.len() - pio.moved;
            self.status = if left == 0 { READY } else { READY | DATA };
            if left == 0 {
                self.pio = None;
            }
            return self.interrupt();
        }
        let Some(command) = self.command else { return };
        let unit = self.chosen();
        let (is_long, moves_by_dma) =
            (matches!(command, 0x24..=0x39 if command != 0x30), matches!(command, 0xc8 | 0xca | 0x25 | 0x35));
        if moves_by_dma && (self.bus_command & 1 == 0 || self.loses_dma) {
            return;
        }
        let (sector, count) = self.place(is_long);
        let world = self.world.clone();
        let Some(disk) = &mut self.disks[unit] else { return };
        self.command = None;
        self.status = READY;
        disk.commands.push(command);
        let moves = moves_by_dma || matches!(command, 0x20 | 0x24 | 0x29 | 0x30 | 0x34 | 0x39 | 0xc4 | 0xc5);
        if moves {
            self.longest = self.longest.max(count);
            assert!(!is_long || disk.identity[83] & 1 << 10 != 0, "long numbers for an old drive");
            if sector + count > disk.medium.len() / 512 {
                return self.fail(0x10);
            }
            if (sector..sector + count).contains(&disk.bad.0) && disk.bad.1 > 0 {
                disk.bad.1 -= 1;
                return self.fail(0x40);
            }
        }
        let range = sector * 512..(sector + count) * 512;
        match command {
            0xec => {
                let words = disk.identity.to_vec();
                self.start_pio(words, 256, None);
            }
            0xc6 => {
                disk.multiple = usize::from(self.registers[2][1]);
                self.interrupt();
            }
            0xe7 | 0xea => {
                disk.flushed += 1;
                self.interrupt();
            }
            0xc8 | 0x25 | 0xca | 0x35 => {
                if self.breaks_dma {
                    self.bus_status |= 2;
                    self.status = READY | DATA;
                    return self.interrupt();
                }
                let writes = matches!(command, 0xca | 0x35);
                assert_eq!(self.bus_command & 8 == 0, writes, "the way");
                let mut at = range.start;
                for entry in 0.. {
                    assert!(entry < 512, "a table in one page");
                    let address = world.device_u32(u64::from(self.table) + 8 * entry);
                    let second = world.device_u32(u64::from(self.table) + 8 * entry + 4);
                    assert_eq!(second & 0x7fff_0000, 0, "reserved bits");
                    let length = if second & 0xffff == 0 { 65536 } else { second as usize & 0xffff };
                    assert!(address.is_multiple_of(2) && length.is_multiple_of(2));
                    assert!(address as usize % 65536 + length <= 65536, "across a border");
                    if writes {
                        disk.medium[at..at + length]
                            .copy_from_slice(&world.device_read(address.into(), length));
                    } else {
                        world.device_write(address.into(), &disk.medium[at..at + length]);
                    }
                    at += length;
                    if second >> 31 != 0 {
                        break;
                    }
                }
                assert_eq!(at, range.end, "the table and the count");
                self.interrupt();
            }
            0x20 | 0x24 | 0xc4 | 0x29 => {
                let bytes = &disk.medium[range];
                let words = bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
                let sectors = if matches!(command, 0xc4 | 0x29) { disk.multiple } else { 1 };
                self.start_pio(words, 256 * sectors, None);
            }
            0x30 | 0x34 | 0xc5 | 0x39 => {
                let sectors = if matches!(command, 0xc5 | 0x39) { disk.multiple } else { 1 };
                self.start_pio(vec![0; range.len() / 2], 256 * sectors, Some(range.start));
            }
            other => panic!("no command {other:#x}"),
        }
    }

    fn start_pio(&mut self, words: Vec<u16>, burst: usize, target: Option<usize>) {
        assert!(burst > 0, "READ or WRITE MULTIPLE before SET MULTIPLE");
        let reads = target.is_none();
        self.pio = Some(Pio { words, burst, moved: 0, target });
        self.status = READY | DATA;
        // Who is to write needs no call.
        if reads {
            self.interrupt();
        }
    }

    /// The words of the current burst.
    fn burst(&mut self, count: usize, mut each: impl FnMut(&mut u16, usize)) {
        assert!(self.status & DATA != 0 && self.status & BUSY == 0, "data that nobody asked for");
        let unit = self.chosen();
        let pio = self.pio.as_mut().unwrap();
        let expected = pio.burst.min(pio.words.len() - pio.moved);
        assert_eq!(count, expected, "words in a burst");
        let range = pio.moved..pio.moved + count;
        pio.words[range].iter_mut().enumerate().for_each(|(at, word)| each(word, at));
        pio.moved += count;
        let is_all = pio.moved == pio.words.len();
        match (pio.target, is_all) {
            (None, true) => {
                self.pio = None;
                self.status = READY;
            }
            (Some(target), true) => {
                let bytes: Vec<u8> = pio.words.iter().flat_map(|word| word.to_le_bytes()).collect();
                self.disks[unit].as_mut().unwrap().medium[target..target + bytes.len()]
                    .copy_from_slice(&bytes);
                self.status = BUSY;
            }
            (_, false) => self.status = BUSY,
        }
    }
}

#[derive(Clone, Copy)]
enum Part {
    Command,
    Control,
    BusMaster,
}

struct Window(Rc<RefCell<Device>>, Part);

/// Where the channel's half of the bus master window is.
const HALF: u16 = 8;

impl Ports for Window {
    fn read_u8(&self, offset: u16) -> u8 {
        let mut device = self.0.borrow_mut();
        match (self.1, offset) {
            (Part::Command, register::STATUS) | (Part::Control, 0) => device.glance(),
            (Part::Command, register::ERROR) => device.error,
            (Part::Command, offset) => device.registers[usize::from(offset)][1],
            (Part::BusMaster, 10) => {
                if device.is_prompt {
                    device.work();
                }
                device.bus_status
            }
            (_, offset) => panic!("no byte at {offset}"),
        }
    }

    fn write_u8(&self, offset: u16, value: u8) {
        let mut device = self.0.borrow_mut();
        match (self.1, offset) {
            (Part::Command, register::COMMAND) => {
                if device.disks[device.chosen()].is_none() {
                    return;
                }
                assert_eq!(device.status & (BUSY | DATA), 0, "command {value:#x} to a drive at work");
                (device.command, device.status, device.error) = (Some(value), BUSY, 0);
            }
            (Part::Command, offset) => {
                assert!(
                    device.status & BUSY == 0 || device.is_silent || device.loses_dma,
                    "a register of a drive at work"
                );
                let register = &mut device.registers[usize::from(offset)];
                *register = [register[1], value];
            }
            (Part::Control, 0) => {
                if device.control & 4 != 0 && value & 4 == 0 {
                    device.reset();
                }
                device.control = value;
            }
            (Part::BusMaster, 8) => device.bus_command = value,
            (Part::BusMaster, 10) => device.bus_status &= !(value & 6),
            (_, offset) => panic!("no byte at {offset}"),
        }
    }

    fn write_u32(&self, offset: u16, value: u32) {
        assert!(matches!(self.1, Part::BusMaster) && offset == HALF + 4 && value.is_multiple_of(4));
        self.0.borrow_mut().table = value;
    }

    fn read_u16s(&self, offset: u16, words: &mut [u16]) {
        assert!(matches!(self.1, Part::Command) && offset == 0);
        let count = words.len();
        self.0.borrow_mut().burst(count, |word, at| words[at] = *word);
    }

    fn write_u16s(&self, offset: u16, words: &[u16]) {
        assert!(matches!(self.1, Part::Command) && offset == 0);
        self.0.borrow_mut().burst(words.len(), |word, at| *word = words[at]);
    }
}

fn disk(lba48: bool, multiple: u16, dma: bool) -> Disk {
    let mut identity = [0; 256];
    for (word, pair) in identity[27..47].iter_mut().zip(b"Model disk                              ".chunks(2))
    {
        *word = u16::from_be_bytes([pair[0], pair[1]]);
    }
    identity[47] = multiple;
    identity[49] = 1 << 9 | 1 << 8;
    identity[60] = SECTORS as u16;
    if lba48 {
        identity[83] = 1 << 10;
        identity[100] = SECTORS as u16;
    }
    if dma {
        identity[63] = 1 << 10;
    }
    let medium = (0..SECTORS * 512).map(|at| (at / 512 + at % 251) as u8).collect();
    Disk { identity, medium, multiple: 0, bad: (0, 0), flushed: 0, commands: Vec::new() }
}

fn device(world: &World, disks: [Option<Disk>; 2]) -> Rc<RefCell<Device>> {
    Rc::new(RefCell::new(Device {
        world: world.clone(),
        disks,
        registers: [[0; 2]; 8],
        control: 0,
        status: READY,
        error: 0,
        command: None,
        pio: None,
        bus_command: 0,
        bus_status: 0,
        table: 0,
        is_prompt: true,
        is_silent: false,
        loses_dma: false,
        breaks_dma: false,
        reset_looks: 0,
        looks_left: 0,
        resets: 0,
        interrupts: 0,
        longest: 0,
    }))
}

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
    fn submit(&mut self, operation: Operation, sector: usize, data: &[u8]) -> world::Pending {
        submit(&self.world, &mut self.queue, operation, sector as u64, data)
    }

    /// Lets the device work and the queue hear of it, as interrupts do.
    fn complete(&mut self, pending: world::Pending) -> (Result<(), Fault>, Option<Vec<u8>>) {
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
        let mut expected = setup.device.borrow().disks[0].as_ref().unwrap().medium.clone();
        let mut random = Rng::with_seed(7 + kind as u64);
        for _ in 0..12 {
            let mut under_way = Vec::new();
            let mut first = random.usize(..2000);
            for _ in 0..=random.usize(..12) {
                // One beside the other: what runs at the same time must not overlap.
                let count = if random.usize(..8) == 0 { 1500 } else { 1 + random.usize(..64) };
                if first + count > SECTORS {
                    break;
                }
                let (range, sector) = (first * 512..(first + count) * 512, first);
                first += count;
                if random.bool() {
                    let data: Vec<u8> = range.clone().map(|_| random.u8(..)).collect();
                    expected[range].copy_from_slice(&data);
                    under_way.push((setup.submit(Operation::Write, sector, &data), None));
                } else {
                    let pending = setup.submit(Operation::Read, sector, &vec![0; range.len()]);
                    under_way.push((pending, Some(expected[range].to_vec())));
                }
                if random.usize(..10) == 0 {
                    under_way.push((setup.submit(Operation::Flush, 0, &[]), None));
                }
            }
            for (pending, wanted) in under_way {
                let (result, bytes) = setup.complete(pending);
                assert_eq!(result, Ok(()));
                if let Some(wanted) = wanted {
                    // Pages of 4096 bytes, of which the last may be used in part.
                    assert!(bytes.unwrap().starts_with(&wanted), "kind {kind}");
                }
            }
        }
        let device = setup.device.borrow();
        let [Some(first), Some(second)] = &device.disks else { panic!("drives") };
        assert!(first.medium == expected, "kind {kind}");
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
    let pending: Vec<world::Pending> = (0..40)
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
