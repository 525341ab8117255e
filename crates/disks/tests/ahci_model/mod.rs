//! A model of an AHCI adapter with one port, which does what the specification says, or what a test tells it.

use std::cell::RefCell;
use std::rc::Rc;

use disks::hardware::Registers;

use crate::world::World;

pub const SECTORS: usize = 4096;

pub struct Device {
    world: World,
    capabilities: u32,
    pub ownership: u32,
    pub control: u32,
    /// The registers of port 0 by offset / 4.
    pub port: [u32; 32],
    pub medium: Vec<u8>,
    pub identity: [u16; 256],
    /// Runs the highest slot first.
    pub reversed: bool,
    /// Leaves commands lying.
    pub silent: bool,
    /// Does not stop when told to.
    pub obstinate: bool,
    /// Reading this sector fails, so many times.
    pub bad: (usize, usize),
    pub flushed: usize,
    pub resets: usize,
    pub queued_commands: usize,
}

const LIST: usize = 0;
const INTERRUPTS: usize = 4;
const ENABLE: usize = 5;
pub const COMMAND: usize = 6;
const TASK_FILE: usize = 8;
pub const SIGNATURE: usize = 9;
pub const LINK: usize = 10;
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

    pub fn work(&mut self) {
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
pub struct Window(pub Rc<RefCell<Device>>);

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

pub fn device(world: &World, lba48: bool, queue: u16) -> Rc<RefCell<Device>> {
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
