//! The records of pages, and those that are free.

use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

/// What is known about a page.
#[derive(Debug)]
pub(super) struct Slot<P, T> {
    pub object: u32,
    pub index: u64,
    pub page: P,
    /// The transfer that fills it.
    pub loading: Option<T>,
    /// The transfer that writes it out.
    pub writing: Option<T>,
    /// How many use its bytes at this moment.
    pub pins: u32,
    /// How often in a row it could not be written.
    pub failures: u8,
    /// Used since the clock's hand came by.
    pub used: bool,
    /// In its object's list of dirty pages, between these two.
    pub dirty: bool,
    pub previous_dirty: u32,
    pub next_dirty: u32,
}

impl<P, T> Slot<P, T> {
    pub fn new(object: u32, index: u64, page: P, loading: Option<T>) -> Self {
        Self {
            object,
            index,
            page,
            loading,
            writing: None,
            pins: 0,
            failures: 0,
            used: true,
            dirty: false,
            previous_dirty: NONE,
            next_dirty: NONE,
        }
    }

    /// Whether it has to stay.
    pub fn is_held(&self) -> bool {
        self.dirty || self.pins > 0 || self.loading.is_some() || self.writing.is_some()
    }
}

#[derive(Debug)]
enum Place<P, T> {
    Taken(Slot<P, T>),
    /// And the next one that is free.
    Free(u32),
}

/// All slots by number.
#[derive(Debug)]
pub(super) struct Slots<P, T> {
    places: Vec<Place<P, T>>,
    free: u32,
}

impl<P, T> Slots<P, T> {
    pub const fn new() -> Self {
        Self { places: Vec::new(), free: NONE }
    }

    /// How many there are, taken or free.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_taken(&self, slot: u32) -> bool {
        matches!(self.places.get(slot as usize), Some(Place::Taken(_)))
    }

    /// A number for this slot; none without memory.
    pub fn take(&mut self, slot: Slot<P, T>) -> Option<u32> {
        if let Some(place) = self.places.get_mut(self.free as usize) {
            let number = self.free;
            if let Place::Free(next) = *place {
                self.free = next;
            }
            *place = Place::Taken(slot);
            return Some(number);
        }
        self.places.try_reserve(1).ok()?;
        let number = u32::try_from(self.places.len()).ok().filter(|&number| number != NONE)?;
        self.places.push(Place::Taken(slot));
        Some(number)
    }

    /// Makes a slot free; what was in it.
    pub fn give_back(&mut self, number: u32) -> Option<Slot<P, T>> {
        let place = self.places.get_mut(number as usize)?;
        match core::mem::replace(place, Place::Free(self.free)) {
            Place::Taken(slot) => {
                self.free = number;
                Some(slot)
            }
            free => {
                *place = free;
                None
            }
        }
    }
}

impl<P, T> Index<u32> for Slots<P, T> {
    type Output = Slot<P, T>;

    fn index(&self, slot: u32) -> &Slot<P, T> {
        match &self.places[slot as usize] {
            Place::Taken(slot) => slot,
            Place::Free(_) => unreachable!("the index names slots that are taken"),
        }
    }
}

impl<P, T> IndexMut<u32> for Slots<P, T> {
    fn index_mut(&mut self, slot: u32) -> &mut Slot<P, T> {
        match &mut self.places[slot as usize] {
            Place::Taken(slot) => slot,
            Place::Free(_) => unreachable!("the index names slots that are taken"),
        }
    }
}
