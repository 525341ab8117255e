//! Renaming. A name that exists and is replaced keeps its slots: they get the new contents' entry in one sector, so that
//! the name always stands for one of the two. The old name is held until the new one is on the disk (`holds`).

use crate::directory::slot::{self, CASE, DELETED, MOVING, SLOTS, Slot};
use crate::directory::{NewSet, Set};
use crate::holds::Origin;
use crate::names;
use crate::node::{Place, ROOT};
use crate::place::new_hashes;
use crate::volume::{COMMIT_FIRST, Fat, area};
use alloc::string::String;
use blockcache::BlockDevice;
use vfs::FsError;
use vfs::inode::{InodeId, Replace};

/// What is to be renamed, and to what.
struct Move<'a> {
    from: u64,
    source: Set,
    /// The inode.
    id: u64,
    to: u64,
    name: &'a str,
}

impl<D: BlockDevice> Fat<D> {
    pub(crate) fn rename_to(
        &mut self,
        directory: InodeId,
        name: &str,
        new_directory: InodeId,
        new_name: &str,
        replace: Replace,
    ) -> Result<(), FsError> {
        let from = self.directory_to_change(directory)?;
        let to = self.directory_to_change(new_directory)?;
        let source = self.find(from, name)?.ok_or(FsError::NotFound)?;
        let target = self.find(to, new_name)?;
        self.require_memory()?;
        if self.is_uncertain {
            return Err(COMMIT_FIRST);
        }
        let id = self.enter(from, &source)?;
        let job = Move { from, source, id, to, name: new_name };
        let result = self.rename_entered(&job, target, replace);
        self.nodes.release(id);
        result
    }

    fn rename_entered(
        &mut self,
        job: &Move<'_>,
        target: Option<Set>,
        replace: Replace,
    ) -> Result<(), FsError> {
        let mut above = job.to;
        // The way up ends at the root: each directory was entered from the one above.
        while above != ROOT {
            if above == job.id {
                return Err(FsError::InvalidInput("a directory can't be moved into itself"));
            }
            above = self.nodes.get(above)?.parent;
        }
        match target {
            Some(target) if job.from == job.to && target.slot == job.source.slot => {
                let mut spelling = names::buffer()?;
                job.source.name(&mut spelling);
                match (spelling == job.name, replace) {
                    (true, Replace::Allowed) => Ok(()),
                    (true, Replace::Never) => Err(FsError::AlreadyExists),
                    (false, _) => self.respell(job),
                }
            }
            Some(_) if replace == Replace::Never => Err(FsError::AlreadyExists),
            Some(target) => {
                match (job.source.is_directory(), target.is_directory()) {
                    (true, false) => return Err(FsError::NotADirectory),
                    (false, true) => return Err(FsError::IsADirectory),
                    _ => {}
                }
                let replaced = self.enter(job.to, &target)?;
                let result = self.move_over(job, &target, replaced);
                self.nodes.release(replaced);
                result
            }
            None => self.move_to_new(job),
        }
    }

    /// The entry of what moves, with another name.
    fn entry(&self, job: &Move<'_>, name: &[u8], case: u8) -> Slot {
        let mut entry = job.source.entry;
        entry[..11].copy_from_slice(&name[..11]);
        entry[CASE] = case & !MOVING;
        entry
    }

    /// The set of the new name, if the slot `except` becomes free.
    fn new_set(&mut self, job: &Move<'_>, except: Option<u32>) -> Result<NewSet, FsError> {
        names::validate(job.name)?;
        let (short, case, is_long) = self.short_name(job.to, job.name, except)?;
        Ok(NewSet::new(is_long.then_some(job.name), &self.entry(job, &short, case)))
    }

    /// Writes a name differently: in the same slots if it fits there.
    fn respell(&mut self, job: &Move<'_>) -> Result<(), FsError> {
        let set = self.new_set(job, Some(job.source.slot))?;
        if !fits(&set, &job.source) {
            return self.move_to_new(job);
        }
        self.prepare_touch(job.to)?;
        let place = self.place(job.to, job.source.slot)?;
        let origin = self.holds.entered(place).unwrap_or(Some(Origin { sector: place.sector, held: None }));
        self.holds.reserve(0)?;
        let hashes = job.source.hashes(&mut names::buffer()?);
        self.overwrite(job.to, &job.source, &set, job.name)?;
        self.enter_over(job.to, hashes, place, origin)?;
        self.touch_directory(job.to)
    }

    fn move_to_new(&mut self, job: &Move<'_>) -> Result<(), FsError> {
        // A name that is spelled differently may keep its short name.
        let except = (job.from == job.to).then_some(job.source.slot);
        let set = self.new_set(job, except)?;
        let first = self.find_room(job.to, set.count())?;
        self.prepare_move(job)?;
        let clearing = self.prepare_clearing(job.from, &job.source)?;
        let sector = self.place(job.to, first + set.count() - 1)?.sector;
        let stays = set.count() > SLOTS || job.source.is_directory();
        let level = self.level_to_move(job.from, &clearing, sector, stays)?;
        let place = self.write_set(job.to, first, &set, job.name, clearing.origin())?;
        self.clear_set(job.from, clearing, level, true)?;
        self.finish_move(job, place)
    }

    /// Moves to a name that exists, whose inode `replaced` loses it.
    fn move_over(&mut self, job: &Move<'_>, target: &Set, replaced: u64) -> Result<(), FsError> {
        self.prepare_burial(replaced)?;
        if self.holds.level_inside(self.home(replaced)?) > 0 {
            // What was moved out of the directory that is replaced must be found elsewhere before that goes.
            return Err(COMMIT_FIRST);
        }
        let mut spelling = names::buffer()?;
        target.name(&mut spelling);
        let wanted = if spelling == job.name { None } else { Some(self.new_set(job, Some(target.slot))?) };
        // What does not fit keeps the spelling that is there.
        let set = wanted.filter(|set| fits(set, target));
        self.prepare_move(job)?;
        let place = self.place(job.to, target.slot)?;
        self.store.change(place.sector)?;
        let clearing = self.prepare_clearing(job.from, &job.source)?;
        let origin = clearing.origin();
        let hashes = target.hashes(&mut names::buffer()?);
        let level = self.level_to_move(job.from, &clearing, place.sector, job.source.is_directory())?;
        match set {
            Some(set) => self.overwrite(job.to, target, &set, job.name)?,
            None => {
                let entry = self.entry(job, &target.entry, target.entry[CASE]);
                *slot::in_sector_mut(self.store.change(place.sector)?, target.slot) = entry;
                let (was, is) = (target.is_directory(), job.source.is_directory());
                let index = self.index(job.to)?;
                index.directories = index.directories + u32::from(is) - u32::from(was);
            }
        }
        self.enter_over(job.to, hashes, place, origin)?;
        self.clear_set(job.from, clearing, level, true)?;
        self.nodes.rename(replaced, None);
        self.finish_move(job, place)
    }

    /// Notes that something which is on the disk at `origin` got the slots of a name with these numbers. Can't fail after
    /// [`crate::holds::Holds::reserve`].
    fn enter_over(
        &mut self,
        directory: u64,
        hashes: [u32; 2],
        place: Place,
        origin: Option<Origin>,
    ) -> Result<(), FsError> {
        if self.holds.entered(place).is_none() {
            // The disk has this name, also when what is there now goes on.
            self.holds.add_gone(self.home(directory)?, hashes, place, 0);
        }
        self.holds.enter(place, origin);
        Ok(())
    }

    /// Writes a set over another one in the same sector, which ends where that one ended.
    fn overwrite(&mut self, directory: u64, old: &Set, set: &NewSet, name: &str) -> Result<(), FsError> {
        let mut buffer: String = names::buffer()?;
        self.index(directory)?.reserve()?;
        let area = area(&self.geometry, self.nodes.get(directory)?);
        let sector = self.store.change(area.sector(old.slot / SLOTS)?)?;
        let first = old.slot + 1 - old.count;
        let spare = old.count - set.count();
        for slot in first..first + spare {
            slot::in_sector_mut(sector, slot)[0] = DELETED;
        }
        for (slot, bytes) in (first + spare..).zip(set.slots()) {
            *slot::in_sector_mut(sector, slot) = *bytes;
        }
        let is_directory = old.is_directory();
        let index = self.index(directory)?;
        index.remove(old.hashes(&mut buffer), old.slot, is_directory);
        index.insert(new_hashes(set, name), old.slot, is_directory);
        index.release(first, spare);
        Ok(())
    }

    /// Makes sure that the rest of a move can't fail.
    fn prepare_move(&mut self, job: &Move<'_>) -> Result<(), FsError> {
        self.nodes.reserve()?;
        self.prepare_touch(job.from)?;
        self.prepare_touch(job.to)?;
        if job.source.is_directory() && job.from != job.to {
            let first = self.nodes.get(job.id)?.first;
            if !self.geometry.contains(first) {
                return Err(FsError::Damaged("a directory has no contents"));
            }
            self.store.change(self.geometry.sector_of(first))?;
        }
        Ok(())
    }

    fn finish_move(&mut self, job: &Move<'_>, place: Place) -> Result<(), FsError> {
        self.nodes.rename(job.id, Some((job.to, place)));
        if job.source.is_directory() && job.from != job.to {
            let (parent, is_wide) = (self.cluster_as_parent(job.to)?, self.geometry.is_wide());
            let sector = self.geometry.sector_of(self.nodes.get(job.id)?.first);
            let second = slot::in_sector_mut(self.store.change(sector)?, 1);
            if second.starts_with(slot::DOT_DOT) {
                slot::set_cluster(second, parent, is_wide);
            }
        }
        self.touch_directory(job.from)?;
        self.touch_directory(job.to)
    }
}

/// Whether a set can take the place of another: in one sector, so that it is written at once.
fn fits(set: &NewSet, old: &Set) -> bool {
    set.count() <= old.count && (old.slot + 1 - old.count) / SLOTS == old.slot / SLOTS
}
