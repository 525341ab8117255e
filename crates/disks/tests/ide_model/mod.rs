//! A model of an IDE channel with two drives and a bus master, which does what the specifications say, or what a test
//! tells it.

use std::cell::RefCell;
use std::rc::Rc;

use disks::hardware::Ports;
use disks::ide::register;

use crate::world::World;

pub const SECTORS: usize = 6000;
const READY: u8 = 0x50;
const BUSY: u8 = 0x80;
const DATA: u8 = 0x08;

pub struct Disk {
    pub identity: [u16; 256],
    pub medium: Vec<u8>,
    pub multiple: usize,
    /// Asking for this sector fails, so many times.
    pub bad: (usize, usize),
    pub flushed: usize,
    /// Commands by their numbers.
    pub commands: Vec<u8>,
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

pub struct Device {
    world: World,
    pub disks: [Option<Disk>; 2],
    /// The last two bytes written to each register.
    pub registers: [[u8; 2]; 8],
    pub control: u8,
    status: u8,
    error: u8,
    command: Option<u8>,
    pio: Option<Pio>,
    pub bus_command: u8,
    pub bus_status: u8,
    table: u32,
    /// Works whenever it is looked at; else when the test says so.
    pub is_prompt: bool,
    /// Leaves commands lying.
    pub is_silent: bool,
    /// DMA does not end; or fails on the bus.
    pub loses_dma: bool,
    pub breaks_dma: bool,
    /// How often it is seen busy after a reset, and how often it still will be.
    pub reset_looks: usize,
    looks_left: usize,
    pub resets: usize,
    interrupts: usize,
    pub longest: usize,
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
    pub fn work(&mut self) {
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
pub enum Part {
    Command,
    Control,
    BusMaster,
}

pub struct Window(pub Rc<RefCell<Device>>, pub Part);

/// Where the channel's half of the bus master window is.
pub const HALF: u16 = 8;

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

pub fn disk(lba48: bool, multiple: u16, dma: bool) -> Disk {
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

pub fn device(world: &World, disks: [Option<Disk>; 2]) -> Rc<RefCell<Device>> {
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
