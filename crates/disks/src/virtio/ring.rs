//! A queue in memory: descriptors, the ring of what is new, the ring of what is done with (Virtio, section 2.7,
//! "split virtqueues").

use alloc::vec::Vec;

use crate::hardware::Memory;

/// Bytes of a descriptor.
pub(super) const DESCRIPTOR_BYTES: usize = 16;

/// What a descriptor says beside the place.
pub(super) mod flag {
    /// Another one follows.
    pub const NEXT: u16 = 1 << 0;
    /// The device writes there.
    pub const DEVICE_WRITES: u16 = 1 << 1;
    /// There lies a table of descriptors.
    pub const INDIRECT: u16 = 1 << 2;
}

/// A piece of memory as the device is told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descriptor {
    pub address: u64,
    pub length: u32,
    pub flags: u16,
    /// The index of the one that follows.
    pub next: u16,
}

impl Descriptor {
    /// Puts it at `index` of the table that begins at the beginning of `memory`.
    pub fn write(self, memory: &impl Memory, index: usize) {
        let at = index * DESCRIPTOR_BYTES;
        memory.write_u32(at, self.address as u32);
        memory.write_u32(at + 4, (self.address >> 32) as u32);
        memory.write_u32(at + 8, self.length);
        memory.write_u32(at + 12, u32::from(self.flags) | u32::from(self.next) << 16);
    }
}

/// The queue.
#[derive(Debug)]
pub(super) struct Ring<M> {
    pub descriptors: M,
    available: M,
    used: M,
    /// A power of two.
    places: usize,
    /// What the ring of what is new holds: two entries share the 32 bits that are written at once.
    entries: Vec<u16>,
    /// Counts what was given, and what was taken back, from 0 to 65,535 and over.
    given: u16,
    taken: u16,
}

impl<M: Memory> Ring<M> {
    /// An empty queue. The memory has room for `places` places, a power of two; `None` when there is no memory for the rest.
    pub fn new(descriptors: M, available: M, used: M, places: usize) -> Option<Self> {
        let mut entries = Vec::new();
        entries.try_reserve_exact(places).ok()?;
        entries.resize(places, 0);
        Some(Self { descriptors, available, used, places, entries, given: 0, taken: 0 })
    }

    /// Bytes of each part: descriptors, what is new, what is done with.
    pub const fn lengths(places: usize) -> [usize; 3] {
        [DESCRIPTOR_BYTES * places, 4 + 2 * places, 4 + 8 * places]
    }

    /// Where the parts are.
    pub fn addresses(&self) -> [u64; 3] {
        [self.descriptors.address(), self.available.address(), self.used.address()]
    }

    /// Empty, as after a reset.
    pub fn restart(&mut self) {
        self.descriptors.clear();
        self.available.clear();
        self.used.clear();
        self.entries.fill(0);
        (self.given, self.taken) = (0, 0);
    }

    /// Gives the chain that begins at this descriptor.
    pub fn push(&mut self, head: u16) {
        let place = usize::from(self.given) % self.places;
        self.entries[place] = head;
        let first = place & !1;
        let second = self.entries.get(first + 1).copied().unwrap_or(0);
        self.available.write_u32(4 + 2 * first, u32::from(self.entries[first]) | u32::from(second) << 16);
        self.given = self.given.wrapping_add(1);
        // The lower half are flags: it shall interrupt.
        self.available.write_u32(0, u32::from(self.given) << 16);
    }

    /// Takes back the first descriptor of a chain that is done with, whatever the device says that was.
    pub fn pop(&mut self) -> Option<u32> {
        let done = (self.used.read_u32(0) >> 16) as u16;
        if done == self.taken {
            return None;
        }
        let place = usize::from(self.taken) % self.places;
        self.taken = self.taken.wrapping_add(1);
        Some(self.used.read_u32(4 + 8 * place))
    }
}
