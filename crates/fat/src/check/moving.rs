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
    /// Files of this directory that were being renamed. If only the spelling was to change, the other one is here too,
    /// and may begin with another cluster if the file was changed besides. Else the new name of an empty file can't be
    /// told from any other; then both stay. The others wait for what owns their clusters.
    pub(super) fn settle_respelled(&mut self, area: &Area<'_>) -> Result<(), FsError> {
        let mut files = core::mem::take(&mut self.moving_here);
        if files.is_empty() {
            return Ok(());
        }
        files.sort_unstable_by_key(|&(hash, _)| hash);
        let (mut buffer, mut old_name) = (names::buffer()?, names::buffer()?);
        for number in 0..area.slots() {
            let entry = area.read(self.store, number)?;
            match slot::kind(&entry) {
                Kind::End => break,
                Kind::File | Kind::Directory if entry[CASE] & MOVING == 0 => {}
                _ => continue,
            }
            let new = Set::read(self.store, area, number)?;
            let hash = new.hashes(&mut buffer)[0];
            let mut at = files.partition_point(|&(other, _)| other < hash);
            while let Some((other, moving)) = files.get(at)
                && *other == hash
            {
                let Some(&(_, slot)) = moving.places.last() else { break };
                Set::read(self.store, area, slot)?.name(&mut old_name);
                if new.is_named(&old_name, &mut buffer) {
                    let (_, moving) = files.remove(at);
                    self.clear(&moving.places)?;
                } else {
                    at += 1;
                }
            }
        }
        for (_, moving) in files {
            let Some(&(sector, slot)) = moving.places.last() else { continue };
            if slot::cluster(slot::in_sector(self.store.stored(sector)?, slot), self.geometry.is_wide()) == 0
            {
                self.settle(&moving)?;
            } else {
                push(&mut self.moving, moving)?;
            }
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
