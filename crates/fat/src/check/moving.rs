//! What was being renamed when the power failed: old names with a mark. Each is removed if the new name is there, and
//! loses the mark if not.
//!
//! What they stand for tells whether the new name is there: another entry begins with the same cluster. That other entry
//! may lie inside of a directory that was being renamed too; so directories are walked by their old names first, if need
//! be, and only when all of them were, files are decided on.

use super::walk::{Waiting, Walk, push};
use crate::directory::slot::{self, CASE, Kind, MOVING};
use crate::directory::{Area, Set};
use crate::names;
use alloc::vec::Vec;
use blockcache::BlockDevice;
use vfs::FsError;

/// An entry with a mark: what it stands for may have a new name already. Looked at when all others were.
pub struct Moving {
    /// The sector and slot of each of its slots, the short entry's last.
    pub places: Vec<(u64, u32)>,
    pub parent: u32,
}

/// A directory that was walked by its old name.
pub struct Moved {
    pub first: u32,
    pub old: Moving,
    /// Its new name was found.
    pub has_new: bool,
}

impl<D: BlockDevice> Walk<'_, D> {
    /// Empty files of this directory that were being renamed. If only the spelling was to change, the other one is here
    /// too. If not, the new name can't be told from any other; then both stay.
    pub(super) fn settle_empty(&mut self, area: &Area<'_>) -> Result<(), FsError> {
        let mut empty = core::mem::take(&mut self.empty);
        if empty.is_empty() {
            return Ok(());
        }
        empty.sort_unstable_by_key(|&(hash, _)| hash);
        let mut buffer = names::buffer()?;
        for number in 0..area.slots() {
            let entry = area.read(self.store, number)?;
            match slot::kind(&entry) {
                Kind::End => break,
                Kind::File | Kind::Directory if entry[CASE] & MOVING == 0 => {}
                _ => continue,
            }
            let hash = Set::read(self.store, area, number)?.hashes(&mut buffer)[0];
            let start = empty.partition_point(|&(other, _)| other < hash);
            let count = empty[start..].iter().take_while(|&&(other, _)| other == hash).count();
            for (_, moving) in empty.drain(start..start + count) {
                self.clear(&moving.places)?;
            }
        }
        for (_, moving) in empty {
            self.settle(&moving)?;
        }
        Ok(())
    }

    /// What was being renamed: if something else owns its clusters, that is the new name.
    pub(super) fn settle(&mut self, moving: &Moving) -> Result<(), FsError> {
        let Some(&(sector, number)) = moving.places.last() else { return Ok(()) };
        let mut entry = *slot::in_sector(self.store.stored(sector)?, number);
        let first = slot::cluster(&entry, self.geometry.is_wide());
        if self.geometry.contains(first) && self.seen.is_taken(first) {
            return self.clear(&moving.places);
        }
        entry[CASE] &= !MOVING;
        self.write_slot((sector, number), &entry)?;
        self.owner(moving, &entry)
    }

    /// A directory that was being renamed is walked by its old name, if it was not yet by its new one. It could be that
    /// the new one is inside of another that was being renamed, and is found later.
    pub(super) fn walk_moving(&mut self, moving: Moving) -> Result<(), FsError> {
        let Some(&(sector, number)) = moving.places.last() else { return Ok(()) };
        let first =
            slot::cluster(slot::in_sector(self.store.stored(sector)?, number), self.geometry.is_wide());
        if !self.is_used(first)? {
            self.report.lost_beginnings += 1;
            return self.clear(&moving.places);
        }
        if self.seen.is_taken(first) {
            return self.clear(&moving.places);
        }
        let parent = moving.parent;
        push(&mut self.moved, Moved { first, old: moving, has_new: false })?;
        push(&mut self.waiting, Waiting { first, parent })
    }

    /// Takes the mark away.
    pub(super) fn unmark(&mut self, moving: &Moving) -> Result<(), FsError> {
        let Some(&(sector, number)) = moving.places.last() else { return Ok(()) };
        let mut entry = *slot::in_sector(self.store.stored(sector)?, number);
        entry[CASE] &= !MOVING;
        self.write_slot((sector, number), &entry)
    }
}
