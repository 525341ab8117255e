//! The contents of open files: where they lie, and changing them.

use crate::directory;
use crate::open_files::{Extent, Node};
use crate::storage::{Failure, Storage};
use crate::volume::{Clock, Fat};
use alloc::vec;
use alloc::vec::Vec;
use blockcache::{BLOCK_SIZE, BlockDevice};
use fatfs::{LossyOemCpConverter, Seek, SeekFrom, Write};
use vfs::{FileId, FsError};

/// The largest file: sizes are 32-bit numbers.
const MAX_FILE_SIZE: u64 = u32::MAX as u64;

impl<D: BlockDevice> Fat<D> {
    /// Runs `action` on an open file, positioned at `offset`, and brings our knowledge of the file up to date.
    pub(crate) fn change_file(
        &mut self,
        file: FileId,
        action: impl for<'a, 'b> FnOnce(
            &mut fatfs::File<'b, Storage<'a, D>, Clock, LossyOemCpConverter>,
        ) -> Result<(), Failure>,
    ) -> Result<(), FsError> {
        let node = self.open.get_writable(file)?;
        node.extents = None;
        node.changed = true;
        let path = node.path.clone();
        let result = self.change(|volume, _| {
            let mut file = volume.root_dir().open_file(&path)?;
            let result = action(&mut file);
            let size = file.size().map_or(0, u64::from);
            file.flush()?;
            Ok((result, size))
        });
        let (result, size) = result?;
        self.open.get(file)?.size = size;
        result.map_err(|Failure(error)| error)
    }

    /// Cuts or extends: `size` is proven to be possible.
    pub(crate) fn set_size(&mut self, file: FileId, old: u64, size: u64) -> Result<(), FsError> {
        self.change_file(file, |file| {
            file.seek(SeekFrom::Start(old.min(size)))?;
            if size < old {
                file.truncate()?;
            } else {
                let zeros = vec![0; BLOCK_SIZE.min((size - old) as usize)];
                let mut left = size - old;
                while left > 0 {
                    let length = left.min(zeros.len() as u64);
                    file.write_all(&zeros[..length as usize])?;
                    left -= length;
                }
            }
            Ok(())
        })
    }

    /// Proves that a file of `old` bytes can grow to `new` bytes.
    pub(crate) fn require_growth(&mut self, old: u64, new: u64) -> Result<(), FsError> {
        if new > MAX_FILE_SIZE {
            return Err(FsError::TooLarge);
        }
        let more = self.geometry.clusters_for(new).saturating_sub(self.geometry.clusters_for(old));
        if more > 0 { self.require_room(more) } else { Ok(()) }
    }

    /// Where the contents of an open file lie.
    pub(crate) fn extents(&mut self, file: FileId) -> Result<&Node, FsError> {
        let node = self.open.get(file)?;
        if node.extents.is_none() {
            let (path, size) = (node.path.clone(), node.size);
            let extents = self.follow(&path, size)?;
            self.open.get(file)?.extents = Some(extents);
        }
        Ok(self.open.get(file)?)
    }

    /// Follows the chain of the file `path` as far as its size goes. Trusts nothing of it: on a volume mounted for
    /// reading only it may lead anywhere.
    fn follow(&mut self, path: &str, size: u64) -> Result<Vec<Extent>, FsError> {
        let mut extents: Vec<Extent> = Vec::new();
        let mut cluster = directory::cluster(&self.entry_of(path)?);
        // A chain that is a loop comes back to a cluster that is remembered, if ever later ones are (Brent's way).
        let mut remembered = None;
        let cluster_size = u64::from(self.geometry.cluster_size);
        for index in 0..self.geometry.clusters_for(size) {
            if index > 0 {
                cluster = self.next_cluster(cluster)?;
            }
            if !self.geometry.contains(cluster) || remembered == Some(cluster) {
                return Err(FsError::Damaged("the file's chain of clusters is broken"));
            }
            if index.is_power_of_two() {
                remembered = Some(cluster);
            }
            let disk_offset = self.geometry.cluster_offset(cluster);
            let file_offset = index * cluster_size;
            let length = cluster_size.min(size - file_offset);
            match extents.last_mut() {
                Some(last) if last.disk_offset + last.length == disk_offset => last.length += length,
                _ => extents.push(Extent { file_offset, disk_offset, length }),
            }
        }
        Ok(extents)
    }
}
