//! The walk: directories from the root down, and the chains of all that is in them.

use super::moving::{Moved, Moving};
use super::repair;
use super::{Repair, Report};
use crate::bitmap::Bitmap;
use crate::chain::Chain;
use crate::directory::slot::{self, CASE, DELETED, Kind, MOVING, SLOTS, Slot};
use crate::directory::{Area, Set};
use crate::geometry::{FIRST_CLUSTER, Geometry, Root};
use crate::names;
use crate::stamp::Stamp;
use crate::store::Store;
use crate::table::{Batch, Link};
use alloc::vec::Vec;
use blockcache::BlockDevice;
use vfs::FsError;

/// A directory that is yet to be walked.
pub struct Waiting {
    /// 0 for the fixed root.
    pub first: u32,
    /// What its `..` is to say.
    pub parent: u32,
}

/// How far a file's chain was good.
enum Followed {
    /// As far as the file goes.
    Whole,
    /// Only so many clusters.
    Part(u32),
}

pub struct Walk<'a, D> {
    pub(super) store: &'a mut Store<D>,
    pub(super) geometry: &'a Geometry,
    repair: Repair,
    pub(super) seen: Bitmap,
    pub(super) waiting: Vec<Waiting>,
    pub(super) moving: Vec<Moving>,
    /// The same of directories. What is in them is there in any case, under this name or another.
    moving_directories: Vec<Moving>,
    /// Of these, the ones that were walked by their old name.
    pub(super) moved: Vec<Moved>,
    /// The files of the directory at hand that were being renamed, by a number for the name.
    pub(super) moving_here: Vec<(u32, Moving)>,
    table: Batch,
    pub(super) report: Report,
}

/// Adds to a list.
pub fn push<T>(list: &mut Vec<T>, value: T) -> Result<(), FsError> {
    list.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
    list.push(value);
    Ok(())
}

impl<'a, D: BlockDevice> Walk<'a, D> {
    pub fn new(store: &'a mut Store<D>, geometry: &'a Geometry, repair: Repair) -> Result<Self, FsError> {
        Ok(Self {
            seen: Bitmap::new(geometry.cluster_count)?,
            store,
            geometry,
            repair,
            waiting: Vec::new(),
            moving: Vec::new(),
            moving_directories: Vec::new(),
            moved: Vec::new(),
            moving_here: Vec::new(),
            table: Batch::default(),
            report: Report::default(),
        })
    }

    /// Walks. With repairs, all are written but not flushed.
    pub fn run(mut self) -> Result<Report, FsError> {
        let first = match self.geometry.root {
            Root::Fixed { .. } => 0,
            Root::Cluster(first) => first,
        };
        push(&mut self.waiting, Waiting { first, parent: 0 })?;
        loop {
            if let Some(directory) = self.waiting.pop() {
                self.directory(&directory)?;
            } else if let Some(moving) = self.moving_directories.pop() {
                // Before the files: their new names may be in there.
                self.walk_moving(moving)?;
            } else if let Some(moving) = self.moving.pop() {
                self.settle(&moving)?;
            } else {
                break;
            }
        }
        for moved in core::mem::take(&mut self.moved) {
            if moved.has_new {
                self.clear(&moved.old.places)?;
            } else {
                self.unmark(&moved.old)?;
            }
        }
        self.free_lost()?;
        self.report.differing_sectors = repair::count_differing(self.store, self.geometry)?;
        if self.repair == Repair::Yes {
            self.table.finish(self.store, self.geometry)?;
        }
        Ok(self.report)
    }

    fn damaged(&mut self, words: &'static str) {
        self.report.damage.get_or_insert(words);
    }

    fn link(&mut self, cluster: u32) -> Result<Link, FsError> {
        repair::link(self.store, self.geometry, cluster)
    }

    fn set_link(&mut self, cluster: u32, link: Link) -> Result<(), FsError> {
        if self.repair == Repair::Yes {
            self.table.set(self.store, self.geometry, cluster, link)?;
        }
        Ok(())
    }

    /// Changes a slot on the disk.
    pub(super) fn write_slot(&mut self, (sector, number): (u64, u32), slot: &Slot) -> Result<(), FsError> {
        if self.repair == Repair::Yes {
            self.store.patch(sector, (number % SLOTS) as usize * slot.len(), slot)?;
        }
        Ok(())
    }

    pub(super) fn clear(&mut self, places: &[(u64, u32)]) -> Result<(), FsError> {
        // Backwards: without its short entry a long name means nothing.
        for &(sector, number) in places.iter().rev() {
            let mut slot = *slot::in_sector(self.store.stored(sector)?, number);
            slot[0] = DELETED;
            self.write_slot((sector, number), &slot)?;
        }
        Ok(())
    }

    /// Whether a chain may begin at, or lead to, this cluster.
    pub(super) fn is_used(&mut self, cluster: u32) -> Result<bool, FsError> {
        Ok(self.geometry.contains(cluster) && !matches!(self.link(cluster)?, Link::Free | Link::Bad))
    }

    /// The clusters of a directory, ticked off; ended where they break off.
    fn directory_chain(&mut self, first: u32) -> Result<Option<Chain>, FsError> {
        let mut chain = Chain::default();
        let mut cluster = first;
        loop {
            if !self.seen.take(cluster) {
                self.damaged("a cluster belongs to two files, or a chain is a loop");
                return Ok(None);
            }
            chain.push(cluster, 1)?;
            let next = match self.link(cluster)? {
                Link::End => return Ok(Some(chain)),
                Link::Next(next) if self.is_used(next)? => next,
                _ => {
                    self.report.cut_chains += 1;
                    self.set_link(cluster, Link::End)?;
                    return Ok(Some(chain));
                }
            };
            if chain.len() >= Area::longest(self.geometry) {
                self.damaged("a directory is longer than any may be");
                return Ok(None);
            }
            cluster = next;
        }
    }

    fn directory(&mut self, directory: &Waiting) -> Result<(), FsError> {
        let geometry = self.geometry;
        // Searched for only where all else would be damage, so not often.
        if directory.first != 0
            && self.report.damage.is_none()
            && self.seen.is_taken(directory.first)
            && let Some(old) =
                self.moved.iter_mut().find(|moved| moved.first == directory.first && !moved.has_new)
        {
            // The new name of what was walked by its old one. Only its parent is another.
            old.has_new = true;
            let mut first = Chain::default();
            first.push(directory.first, 1)?;
            return self.first_entries(&Area::new(geometry, &first), directory);
        }
        self.report.directories += 1;
        let chain = match directory.first {
            0 => None,
            first => match self.directory_chain(first)? {
                Some(chain) => Some(chain),
                None => return Ok(()),
            },
        };
        let is_root = match geometry.root {
            Root::Fixed { .. } => directory.first == 0,
            Root::Cluster(first) => directory.first == first,
        };
        let area = chain.as_ref().map_or_else(|| Area::fixed(geometry), |chain| Area::new(geometry, chain));
        if !is_root {
            self.first_entries(&area, directory)?;
        }
        self.slots(&area, if is_root { 0 } else { directory.first })?;
        self.settle_respelled(&area)
    }

    /// All slots of a directory that is `as_parent` to its children.
    fn slots(&mut self, area: &Area<'_>, as_parent: u32) -> Result<(), FsError> {
        // The first slot of what may be a long name.
        let mut pieces = 0;
        for number in 0..area.slots() {
            let place = (area.sector(number / SLOTS)?, number);
            let entry = *slot::in_sector(self.store.stored(place.0)?, number);
            let kind = slot::kind(&entry);
            let mut stray = pieces..number;
            match kind {
                Kind::Piece => continue,
                Kind::File | Kind::Directory => {
                    let set = Set::read(self.store, area, number)?;
                    stray.end = number + 1 - set.count;
                    self.entry(area, &set, as_parent)?;
                }
                Kind::End | Kind::Free | Kind::Label | Kind::Dot => {}
            }
            self.report.stray_slots += stray.len() as u32;
            for stray in stray {
                self.clear(&[(area.sector(stray / SLOTS)?, stray)])?;
            }
            pieces = number + 1;
            if kind == Kind::End {
                return self.clear_behind(area, number);
            }
        }
        for stray in pieces..area.slots() {
            self.report.stray_slots += 1;
            self.clear(&[(area.sector(stray / SLOTS)?, stray)])?;
        }
        Ok(())
    }

    /// Clears what lies behind a directory's end, and would come to life when the end moves on.
    fn clear_behind(&mut self, area: &Area<'_>, end: u32) -> Result<(), FsError> {
        for number in end..area.slots() {
            let place = (area.sector(number / SLOTS)?, number);
            if *slot::in_sector(self.store.stored(place.0)?, number) != [0; 32] {
                self.report.stray_slots += 1;
                self.write_slot(place, &[0; 32])?;
            }
        }
        Ok(())
    }

    /// Makes `.` and `..` what they are to be.
    fn first_entries(&mut self, area: &Area<'_>, directory: &Waiting) -> Result<(), FsError> {
        let is_wide = self.geometry.is_wide();
        let sector = area.sector(0)?;
        let found = *self.store.stored(sector)?;
        let is_blank = found[0] == slot::END;
        let wanted = slot::first_entries(directory.first, directory.parent, is_wide, Stamp::default());
        let mut is_mended = false;
        for (number, (wanted, cluster)) in
            (0..).zip(wanted.into_iter().zip([directory.first, directory.parent]))
        {
            let mut entry = *slot::in_sector(&found, number);
            if is_blank {
                entry = wanted;
            } else if entry[..11] != wanted[..11] || slot::cluster(&entry, is_wide) == cluster {
                continue;
            }
            slot::set_cluster(&mut entry, cluster, is_wide);
            is_mended = true;
            self.write_slot((sector, number), &entry)?;
        }
        self.report.mended_directories += u32::from(is_mended);
        Ok(())
    }

    /// An entry of a directory that is `parent` to its children.
    fn entry(&mut self, area: &Area<'_>, set: &Set, parent: u32) -> Result<(), FsError> {
        if slot::is_nonsense(&set.entry) {
            // Repairing by it would free what belongs to files whose names are lost.
            self.damaged("a directory holds what are no names");
        }
        let mut places = Vec::new();
        for number in set.slot + 1 - set.count..=set.slot {
            push(&mut places, (area.sector(number / SLOTS)?, number))?;
        }
        let moving = Moving { places, parent };
        if set.entry[CASE] & MOVING != 0 {
            self.report.settled_renames += 1;
            if set.is_directory() {
                push(&mut self.moving_directories, moving)
            } else {
                let hash = set.hashes(&mut names::buffer()?)[0];
                push(&mut self.moving_here, (hash, moving))
            }
        } else {
            self.owner(&moving, &set.entry)
        }
    }

    /// Follows what an entry owns, and corrects the entry.
    pub(super) fn owner(&mut self, found: &Moving, entry: &Slot) -> Result<(), FsError> {
        let Some(&place) = found.places.last() else { return Ok(()) };
        let is_wide = self.geometry.is_wide();
        let first = slot::cluster(entry, is_wide);
        let is_used = self.is_used(first)?;
        let mut entry = *entry;
        if slot::kind(&entry) == Kind::Directory {
            if !is_used {
                self.report.lost_beginnings += 1;
                return self.clear(&found.places);
            }
            if slot::size(&entry) != 0 {
                self.report.mended_directories += 1;
                slot::set_size(&mut entry, 0);
                self.write_slot(place, &entry)?;
            }
            return push(&mut self.waiting, Waiting { first, parent: found.parent });
        }
        self.report.files += 1;
        let size = slot::size(&entry);
        let needed = self.geometry.clusters_for(size.into());
        if !is_used {
            if first != 0 || size != 0 {
                self.report.lost_beginnings += 1;
                slot::set_cluster(&mut entry, 0, is_wide);
                slot::set_size(&mut entry, 0);
                self.write_slot(place, &entry)?;
            }
            return Ok(());
        }
        if needed == 0 {
            // Its clusters become lost ones.
            self.report.cut_chains += 1;
            slot::set_cluster(&mut entry, 0, is_wide);
            return self.write_slot(place, &entry);
        }
        if let Followed::Part(clusters) = self.file_chain(first, needed)? {
            self.report.shortened_files += 1;
            // Less than the size was, so it fits.
            slot::set_size(&mut entry, clusters * self.geometry.cluster_size());
            self.write_slot(place, &entry)?;
        }
        Ok(())
    }

    /// Ticks off a file's clusters, of which there are to be `needed`.
    fn file_chain(&mut self, first: u32, needed: u64) -> Result<Followed, FsError> {
        let mut cluster = first;
        let mut count = 0;
        loop {
            if !self.seen.take(cluster) {
                self.damaged("a cluster belongs to two files, or a chain is a loop");
                return Ok(Followed::Whole);
            }
            count += 1;
            let link = self.link(cluster)?;
            if u64::from(count) == needed {
                if link != Link::End {
                    self.report.cut_chains += 1;
                    self.set_link(cluster, Link::End)?;
                }
                return Ok(Followed::Whole);
            }
            cluster = match link {
                Link::Next(next) if self.is_used(next)? => next,
                Link::End => return Ok(Followed::Part(count)),
                _ => {
                    self.report.cut_chains += 1;
                    self.set_link(cluster, Link::End)?;
                    return Ok(Followed::Part(count));
                }
            };
        }
    }

    /// Frees clusters that nobody owns, and counts those that are free then.
    fn free_lost(&mut self) -> Result<(), FsError> {
        let mut free = 0;
        for cluster in FIRST_CLUSTER..FIRST_CLUSTER + self.geometry.cluster_count {
            match self.link(cluster)? {
                Link::Free => free += 1,
                Link::Bad => {}
                _ if self.seen.is_taken(cluster) => {}
                _ => {
                    self.report.lost_clusters += 1;
                    free += 1;
                    self.set_link(cluster, Link::Free)?;
                }
            }
        }
        self.report.free_clusters = Some(free);
        Ok(())
    }
}
