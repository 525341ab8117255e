//! The size of files and where their contents lie.

use crate::directory::slot::ARCHIVE;
use crate::volume::Fat;
use blockcache::{BlockDevice, SECTOR_SIZE};
use vfs::FsError;
use vfs::inode::{Extent, InodeId};

impl<D: BlockDevice> Fat<D> {
    fn file(&self, inode: InodeId) -> Result<u64, FsError> {
        let id = self.nodes.used(inode)?;
        if self.nodes.get(id)?.is_directory() { Err(FsError::IsADirectory) } else { Ok(id) }
    }

    pub(crate) fn set_size(&mut self, inode: InodeId, size: u64) -> Result<(), FsError> {
        let id = self.file(inode)?;
        self.require_writable()?;
        let size = u32::try_from(size).map_err(|_| FsError::TooLarge)?;
        self.require_memory()?;
        self.need_chain(id)?;
        self.prepare_touch(id)?;
        let needed = self.geometry.clusters_for(size.into());
        if needed > u64::from(self.geometry.cluster_count) {
            return Err(FsError::NoSpace);
        }
        // At most the number of clusters, so the cast is exact.
        let needed = needed as u32;
        let has = self.nodes.get(id)?.clusters();
        if needed > has {
            self.lengthen(id, needed - has)?;
        } else if size < self.nodes.get(id)?.size && needed < has {
            self.shorten(id, needed)?;
        }
        let node = self.nodes.get_mut(id)?;
        node.size = size;
        node.first = node.chain.as_ref().map_or(0, |chain| chain.first());
        self.note_change(inode)
    }

    fn lengthen(&mut self, id: u64, count: u32) -> Result<(), FsError> {
        let last = self.nodes.get(id)?.chain.as_ref().and_then(|chain| chain.last());
        let runs = self.need_bitmap()?.allocate(count, last)?;
        let Some(chain) = &mut self.nodes.get_mut(id)?.chain else { return Ok(()) };
        let result = chain.reserve(runs.len());
        for run in &runs {
            match (&result, &mut self.bitmap) {
                (Ok(()), _) => chain.push(run.disk, run.length)?,
                (Err(_), Some(bitmap)) => bitmap.release(run.disk, run.length),
                (Err(_), None) => {}
            }
        }
        result
    }

    fn shorten(&mut self, id: u64, keep: u32) -> Result<(), FsError> {
        let cut = &mut self.cut;
        let node = self.nodes.get_mut(id)?;
        let Some(chain) = &mut node.chain else { return Ok(()) };
        cut.try_reserve(chain.runs_behind(keep)).map_err(|_| FsError::OutOfMemory)?;
        chain.truncate(keep, |disk, length| cut.push((disk, length)));
        // A commit that failed may have linked more than is known.
        if keep < node.linked || self.is_uncertain {
            node.linked = node.linked.min(keep);
            node.dangling = keep > 0;
        }
        Ok(())
    }

    pub(crate) fn note_change(&mut self, inode: InodeId) -> Result<(), FsError> {
        let id = self.file(inode)?;
        self.require_writable()?;
        self.prepare_touch(id)?;
        let now = self.now();
        let node = self.nodes.get_mut(id)?;
        node.modified = now;
        node.attributes |= ARCHIVE;
        self.describe(id)
    }

    pub(crate) fn extent_at(&mut self, inode: InodeId, offset: u64) -> Result<Extent, FsError> {
        let id = self.file(inode)?;
        let end = u64::from(self.nodes.get(id)?.size).next_multiple_of(SECTOR_SIZE as u64);
        if offset >= end || !offset.is_multiple_of(SECTOR_SIZE as u64) {
            return Err(FsError::InvalidInput("there is nothing of the file at this place"));
        }
        self.need_chain(id)?;
        let chain = self.nodes.get(id)?.chain.as_ref();
        let cluster_size = u64::from(self.geometry.cluster_size());
        let (cluster, count) = chain
            // Below the size, which is 32 bits, so the cast is exact.
            .and_then(|chain| chain.at((offset / cluster_size) as u32))
            .ok_or(FsError::Damaged("a file's chain is shorter than its size"))?;
        let within = offset % cluster_size;
        Ok(Extent {
            device_offset: self.geometry.sector_of(cluster) * SECTOR_SIZE as u64 + within,
            length: u64::from(count) * cluster_size - within,
        })
    }
}
