//! Putting changes onto the medium, so that whatever part of them a power failure leaves there can be put in order.
//!
//! The device may reorder writes between two flushes, and a sector is written whole or not. So, with a flush behind each:
//!
//! 1. The mark that the volume is being written. This flush also takes along the contents of files, which the caller
//!    wrote, and the zeros and first entries of new directory clusters. Nothing leads to any of that yet.
//! 2. Links of clusters that were added, in the table. A chain that is longer than its file, or belongs to none, is
//!    harmless. And marks on old names that move; alone they mean nothing.
//! 3. Directory sectors. First those with beginnings of names that end in the next sector; then all, with the old names
//!    of what moves still in place; then, in further rounds, those without the old names.
//! 4. Clusters that were given up become free in the table. From here on they can be used again.
//!
//! If it fails, all is kept, and the next commit does everything again. What of it is on the disk by then does no harm;
//! but nothing is renamed until then, since where a name lies on the disk is not known. If only 4 fails, names are settled,
//! and the next commit does no more than 4 again.

use crate::directory::slot::{self, DELETED};
use crate::fs_info::{self, FsInfo};
use crate::geometry::STATUS_DIRTY;
use crate::store::{Overlay, Sector};
use crate::table::{self, Batch, Link};
use crate::volume::Fat;
use alloc::vec::Vec;
use blockcache::BlockDevice;
use vfs::FsError;

impl<D: BlockDevice> Fat<D> {
    /// Whether there is something to be committed.
    pub(crate) fn has_changes(&self) -> bool {
        self.store.overlay.len() > 0
            || !self.cut.is_empty()
            || self.nodes.iter().any(|(_, node)| node.is_unlinked() || (node.is_buried()))
    }

    pub(crate) fn write_changes(&mut self) -> Result<(), FsError> {
        if !self.has_changes() {
            return self.store.flush();
        }
        self.is_uncertain = true;
        self.mark()?;
        self.store.flush()?;
        let linked = self.write_links()?;
        let marked = self.write_marks()?;
        if linked || marked {
            self.store.flush()?;
        }
        self.write_directories()?;
        // What was written up to here is true now, whatever happens below.
        let frees = self.has_frees();
        if !frees {
            self.write_info()?;
        }
        self.store.flush()?;
        self.settle_names();
        if frees {
            let freed = self.write_frees()?;
            self.write_info_after(freed)?;
            self.store.flush()?;
        }
        self.settle_frees();
        Ok(())
    }

    /// Marks the volume as being written, unless it is.
    fn mark(&mut self) -> Result<(), FsError> {
        if !self.is_marked {
            self.set_status(true)?;
            self.is_marked = true;
        }
        Ok(())
    }

    fn set_status(&mut self, is_dirty: bool) -> Result<(), FsError> {
        if let Some(offset) = self.geometry.status_offset {
            let status = self.geometry.status & !STATUS_DIRTY;
            self.store.patch(0, offset, &[if is_dirty { status | STATUS_DIRTY } else { status }])?;
        }
        table::set_clean(&mut self.store, &self.geometry, !is_dirty)
    }

    /// Writes the links of clusters that were added.
    fn write_links(&mut self) -> Result<bool, FsError> {
        let mut batch = Batch::default();
        let Self { nodes, store, geometry, .. } = self;
        for (_, node) in nodes.iter() {
            let Some(chain) = &node.chain else { continue };
            if node.is_nameless() || node.linked >= chain.len() {
                continue;
            }
            // The last one that was linked is to lead on.
            let start = node.linked.saturating_sub(1);
            let mut runs = chain.runs().iter().filter(|run| run.file + run.length > start).peekable();
            while let Some(run) = runs.next() {
                for index in start.saturating_sub(run.file)..run.length {
                    let link = match runs.peek() {
                        _ if index + 1 < run.length => Link::Next(run.disk + index + 1),
                        Some(next) => Link::Next(next.disk),
                        None => Link::End,
                    };
                    batch.set(store, geometry, run.disk + index, link)?;
                }
            }
        }
        batch.finish(store, geometry)
    }

    /// Marks old names that move, in what the disk has of their sectors.
    fn write_marks(&mut self) -> Result<bool, FsError> {
        let mut written = false;
        let Self { holds, store, .. } = self;
        for number in holds.sectors(|hold| hold.is_marked && hold.level > 0) {
            let mut sector = *store.stored(number)?;
            holds.mark(number, &mut sector);
            written |= store.write_sectors([(number, &sector)].into_iter())?;
        }
        Ok(written)
    }

    /// Writes directory sectors in rounds; the last is not flushed yet.
    fn write_directories(&mut self) -> Result<(), FsError> {
        self.write_first_round()?;
        for round in 2..=self.holds.levels() + 1 {
            self.store.flush()?;
            let mut sectors = Vec::new();
            for number in self.holds.sectors(|hold| hold.level + 1 == round) {
                sectors.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
                sectors.push(number);
            }
            self.write_round(round, |number| sectors.binary_search(&number).is_ok())?;
        }
        Ok(())
    }

    fn write_first_round(&mut self) -> Result<(), FsError> {
        if !self.leads.is_empty() {
            let mut leads = core::mem::take(&mut self.leads);
            leads.sort_unstable();
            leads.dedup();
            let result = self.write_round(1, |number| leads.binary_search(&number).is_ok());
            self.leads = leads;
            result?;
            self.store.flush()?;
        }
        self.write_round(1, |_| true)
    }

    /// Writes the changed sectors that are wanted, as they are to be in this round.
    fn write_round(&mut self, round: u32, is_wanted: impl Fn(u64) -> bool) -> Result<(), FsError> {
        // Taken out meanwhile, since writing goes by what the device has. Put back whatever happens.
        let overlay = core::mem::take(&mut self.store.overlay);
        let result = self.write_round_of(&overlay, round, is_wanted);
        self.store.overlay = overlay;
        result
    }

    fn write_round_of(
        &mut self,
        overlay: &Overlay,
        round: u32,
        is_wanted: impl Fn(u64) -> bool,
    ) -> Result<(), FsError> {
        let mut held = Overlay::default();
        for number in self.holds.sectors(|hold| hold.level >= round) {
            if let Some(bytes) = overlay.get(number) {
                let mut bytes: Sector = *bytes;
                self.holds.restore(number, &mut bytes, round);
                held.insert(number, &bytes)?;
            }
        }
        let sectors = overlay
            .iter()
            .filter(|&(number, _)| is_wanted(number))
            .map(|(number, bytes)| (number, held.get(number).unwrap_or(bytes)));
        self.store.write_sectors(sectors).map(drop)
    }

    fn has_frees(&self) -> bool {
        !self.cut.is_empty()
            || self.nodes.iter().any(|(_, node)| {
                (node.is_buried() && node.clusters() > 0)
                    || (node.is_unlinked() && node.dangling && node.linked == node.clusters())
            })
    }

    /// Frees what was given up, and ends the chains that were cut. Gives how many clusters became free that were not.
    fn write_frees(&mut self) -> Result<u32, FsError> {
        let mut batch = Batch::default();
        let mut freed = 0;
        let Self { nodes, store, geometry, cut, .. } = self;
        for (first, length) in cut.iter().copied().chain(nodes.buried_runs()) {
            freed += length;
            for cluster in first..first + length {
                batch.set(store, geometry, cluster, Link::Free)?;
            }
        }
        for (_, node) in nodes.iter() {
            let Some(last) = node.chain.as_ref().and_then(|chain| chain.last()) else { continue };
            if node.is_unlinked() && node.dangling && node.linked == node.clusters() {
                batch.set(store, geometry, last, Link::End)?;
            }
        }
        batch.finish(store, geometry)?;
        Ok(freed)
    }

    fn write_info(&mut self) -> Result<(), FsError> {
        self.write_info_after(0)
    }

    /// Writes the FSInfo sector as it is once `freed` clusters more are free.
    fn write_info_after(&mut self, freed: u32) -> Result<(), FsError> {
        let Some(sector) = self.fs_info else { return Ok(()) };
        let free = match &self.bitmap {
            Some(bitmap) => Some(bitmap.free()),
            None => self.free_hint,
        };
        let free = free.map(|free| free.saturating_add(freed).min(self.geometry.cluster_count));
        let next = self.bitmap.as_ref().map(|bitmap| bitmap.next());
        fs_info::write(&mut self.store, &FsInfo { sector, free, next }).map(drop)
    }

    /// Names and links are on the medium: only clusters are still to be freed. Should that fail, old names must not come
    /// back, since what they led to may be free already.
    fn settle_names(&mut self) {
        let nodes = &mut self.nodes;
        for (_, node) in nodes.iter_mut() {
            if !node.is_nameless() && node.linked < node.clusters() {
                node.linked = node.clusters();
                node.dangling = false;
            }
        }
        for hold in self.holds.iter() {
            let Ok(Some(index)) = nodes.get_mut(hold.directory.id).map(|node| node.index.as_mut()) else {
                continue;
            };
            let Some(sector) = self.store.overlay.get(hold.sector) else { continue };
            for slot in hold.slot..hold.slot + hold.count {
                if slot::in_sector(sector, slot)[0] == DELETED {
                    index.release(slot, 1);
                }
            }
        }
        self.holds.clear();
        self.leads.clear();
        self.is_uncertain = false;
        self.store.overlay.clear();
    }

    /// All is on the medium: nothing is pending any more.
    fn settle_frees(&mut self) {
        let Self { nodes, bitmap, cut, free_hint, .. } = self;
        for (first, length) in cut.drain(..).chain(nodes.buried_runs()) {
            match bitmap {
                Some(bitmap) => bitmap.release(first, length),
                None => *free_hint = free_hint.map(|free| free.saturating_add(length)),
            }
        }
        nodes.bury();
        for (_, node) in nodes.iter_mut() {
            if node.is_unlinked() {
                node.dangling = false;
            }
        }
        nodes.release_unused();
    }

    /// Notes on the medium that all is well, if it is. Clusters of files that were removed but are in use still belong to
    /// nobody on the disk: while there are any, all is not well.
    pub(crate) fn lay_down(&mut self) -> Result<(), FsError> {
        if self.damage.is_some() {
            // So that the next one who mounts it looks.
            if !self.is_marked && !self.is_read_only {
                self.mark()?;
                self.store.flush()?;
            }
            return Ok(());
        }
        let has_orphans = self.nodes.iter().any(|(_, node)| node.is_nameless() && node.clusters() > 0);
        if self.is_marked && !has_orphans && !self.has_changes() {
            self.set_status(false)?;
            self.store.flush()?;
            self.is_marked = false;
        }
        Ok(())
    }
}
