//! A model of an NVMe controller, which does what the specification says, or what a test tells it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use disks::hardware::Registers;

use crate::world::World;

pub const SECTORS: usize = 4096;

/// Behaves, unless told otherwise.
pub struct Device {
    world: World,
    pub capabilities: u64,
    pub configuration: u32,
    status: u32,
    lengths: u32,
    bases: [u64; 2],
    /// Rings by number: where commands and answers are, how many places, head, tail, phase.
    rings: [Option<Ring>; 2],
    pub medium: Vec<u8>,
    /// Commands fetched and not yet answered.
    fetched: VecDeque<(usize, [u32; 16])>,
    /// Answers the last command first.
    pub reversed: bool,
    /// Takes commands and says nothing, for so many commands.
    pub swallow: usize,
    /// Fails so many commands for reading and writing, with this status.
    pub fail: (usize, u32),
    /// Never becomes ready, never stops being it.
    pub stuck: bool,
    /// Answers with numbers that nobody gave.
    pub lies: bool,
    pub flushed: usize,
    pub sector_shift: u32,
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
    pub fn work(&mut self) {
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
pub struct Window(pub Rc<RefCell<Device>>);

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
pub const CAPABILITIES: u64 = 1 << 37 | 1 << 32 | 2 << 24 | 15;

pub fn device(world: &World) -> Rc<RefCell<Device>> {
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
