//! A model of a virtio disk, which does what the specification says, or what a test tells it.

use std::cell::RefCell;
use std::rc::Rc;

use disks::hardware::{NarrowRegisters, Registers};
use disks::virtio::{Windows, feature};

use crate::world::World;

pub const SECTORS: usize = 4096;

/// Behaves, unless told otherwise.
pub struct Device {
    world: World,
    pub offered: u64,
    pub taken: u64,
    selected: [u32; 2],
    pub status: u8,
    generation: u8,
    pub restless: bool,
    pub longest: u16,
    pub places: u16,
    pub vector: u16,
    pub has_vectors: bool,
    parts: [u64; 3],
    enabled: bool,
    /// How far it has looked at what is new.
    seen: u16,
    /// What it has done, ready to be told.
    done: Vec<(u16, u64, u8)>,
    told: u16,
    pub medium: Vec<u8>,
    pub block_size: u32,
    pub segments_max: u32,
    pub size_max: u32,
    pub flushed: usize,
    /// Tells the last first.
    pub reversed: bool,
    /// Takes so many requests and says nothing.
    pub swallow: usize,
    /// Fails so many requests, with this outcome.
    pub fail: (usize, u8),
    /// Does not come out of a reset.
    pub stuck: bool,
    /// Tells of descriptors that nobody gave.
    pub lies: bool,
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
    pub fn work(&mut self) {
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
pub struct Window(Rc<RefCell<Device>>, Which);

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

pub const ALL: u64 = 1 << feature::VERSION_1
    | 1 << feature::INDIRECT
    | 1 << feature::FLUSH
    | 1 << feature::SEGMENTS_MAX
    | 1 << feature::BLOCK_SIZE
    // What this driver does not know.
    | 1 << 29
    | 1 << 34;

pub fn device(world: &World) -> Rc<RefCell<Device>> {
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

pub fn windows(device: &Rc<RefCell<Device>>) -> Windows<Window> {
    let window = |which| Window(device.clone(), which);
    Windows {
        common: window(Which::Common),
        notify: window(Which::Notify),
        notify_stride: 4,
        disk: window(Which::Disk),
    }
}
