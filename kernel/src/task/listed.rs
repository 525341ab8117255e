//! Mutexes that stay for good, so that one can ask who holds them when nobody waits.
//!
//! One in a static variable enters itself when it is taken for the first time, which is a slow path anyhow
//! (`blocking::RawMutex`); others are entered by whoever makes them. The list only grows, and is read without a lock.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::lock::Once;
use crate::memory::layout;

/// Room in the list. A kernel has a dozen.
const ROOM: usize = 64;

struct Place {
    /// 0 until it is entered.
    word: AtomicUsize,
    name: Once<&'static str>,
}

static PLACES: [Place; ROOM] = [const { Place { word: AtomicUsize::new(0), name: Once::new() } }; ROOM];
static ENTERED: AtomicUsize = AtomicUsize::new(0);

/// A mutex of the list.
#[derive(Clone, Copy, Debug)]
pub struct ListedMutex {
    /// Where its word is.
    pub word: usize,
    /// What it was entered as; `None` for a static variable, which has the name of that.
    pub name: Option<&'static str>,
}

/// Enters the mutex whose word is at `word`, by a name or as a static variable. It should stay for good: nothing is ever
/// taken out. What finds no room is not listed.
pub fn list_mutex(word: usize, name: Option<&'static str>) {
    let Some(place) = PLACES.get(ENTERED.fetch_add(1, Ordering::Relaxed)) else {
        log::warn!("debug locks has no room for the mutex {word:#x}");
        return;
    };
    if let Some(name) = name {
        place.name.call_once(|| name);
    }
    // Release: whoever sees the address sees the name.
    place.word.store(word, Ordering::Release);
}

/// A mutex has been taken for the first time.
pub(super) fn taken_first(word: usize) {
    if word as u64 >= layout::KERNEL_IMAGE {
        list_mutex(word, None);
    }
}

/// All that were entered.
pub fn listed_mutexes() -> impl Iterator<Item = ListedMutex> {
    let entered = |place: &Place| {
        let word = place.word.load(Ordering::Acquire);
        (word != 0).then(|| ListedMutex { word, name: place.name.get().copied() })
    };
    PLACES.iter().filter_map(entered)
}
