//! Where one has been, and where one may want to go: the way back and forward, and the side bar's places.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use gfx::Symbol;

use super::trash;

/// The most folders kept to go back to.
const MOST: usize = 100;

/// A place of the side bar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) symbol: Symbol,
}

/// The side bar, from the top.
pub(super) const PLACES: [Place; 4] = [
    Place { name: "Disk", path: trash::DISK, symbol: Symbol::Disk },
    Place { name: "Temporary", path: "/tmp", symbol: Symbol::Clock },
    Place { name: "Computer", path: "/", symbol: Symbol::Computer },
    Place { name: "Trash", path: trash::FILES, symbol: Symbol::Trash },
];

/// The way back and forward.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    back: Vec<String>,
    forward: Vec<String>,
}

impl Way {
    pub(super) fn has_back(&self) -> bool {
        !self.back.is_empty()
    }

    pub(super) fn has_forward(&self) -> bool {
        !self.forward.is_empty()
    }

    /// `from` is left for a new place.
    pub(super) fn leave(&mut self, from: &str) {
        self.forward.clear();
        if self.back.len() == MOST {
            self.back.remove(0);
        }
        self.back.push(from.to_string());
    }

    /// The place before this one.
    pub(super) fn go_back(&mut self, from: &str) -> Option<String> {
        let to = self.back.pop()?;
        self.forward.push(from.to_string());
        Some(to)
    }

    /// The place after this one.
    pub(super) fn go_forward(&mut self, from: &str) -> Option<String> {
        let to = self.forward.pop()?;
        self.back.push(from.to_string());
        Some(to)
    }
}
