//! Which reader-writer locks a thread is inside, noted by the thread itself: their readers are too many to be named in
//! the lock.

use core::sync::atomic::{AtomicUsize, Ordering};

use blocking::Access;

/// Locks that are noted. A thread inside more is not named as a holder of those beyond.
const NOTED: usize = 4;
/// Beside the address, which is a multiple of 8: it is the writer.
const EXCLUSIVE: usize = 1;

/// Written by the thread alone, and read by who looks.
pub(super) struct Inside([AtomicUsize; NOTED]);

/// The locks that a thread was inside.
#[derive(Clone, Copy, Debug, Default)]
pub struct InsideLocks([usize; NOTED]);

impl Inside {
    pub const fn new() -> Self {
        Self([const { AtomicUsize::new(0) }; NOTED])
    }

    pub fn enter(&self, lock: usize, access: Access) {
        let note = lock | if access == Access::Exclusive { EXCLUSIVE } else { 0 };
        if let Some(free) = self.0.iter().find(|place| place.load(Ordering::Relaxed) == 0) {
            free.store(note, Ordering::Relaxed);
        }
    }

    pub fn leave(&self, lock: usize) {
        if let Some(noted) = self.0.iter().find(|place| place.load(Ordering::Relaxed) & !EXCLUSIVE == lock) {
            noted.store(0, Ordering::Relaxed);
        }
    }

    /// For the record's next thread.
    pub fn clear(&self) {
        self.0.iter().for_each(|place| place.store(0, Ordering::Relaxed));
    }

    pub fn read(&self) -> InsideLocks {
        InsideLocks(core::array::from_fn(|index| self.0[index].load(Ordering::Relaxed)))
    }
}

impl InsideLocks {
    /// Their addresses, and as what the thread is inside.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Access)> {
        self.0.iter().filter(|&&note| note != 0).map(|&note| {
            let access = if note & EXCLUSIVE == 0 { Access::Shared } else { Access::Exclusive };
            (note & !EXCLUSIVE, access)
        })
    }
}
