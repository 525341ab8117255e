//! A file's clusters, as runs of neighbours: which cluster of the disk holds the n-th of the file is a binary search.

use crate::geometry::Geometry;
use crate::store::Store;
use crate::table::{self, Link};
use alloc::vec::Vec;
use blockcache::BlockDevice;
use vfs::FsError;

/// Neighbouring clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The first cluster, counted in the file.
    pub file: u32,
    /// The first cluster, by its number on the disk.
    pub disk: u32,
    /// How many there are.
    pub length: u32,
}

/// All clusters of a file, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chain {
    runs: Vec<Run>,
}

impl Chain {
    /// Follows the chain that begins at `first` to its end; 0 is a chain without clusters.
    ///
    /// # Errors
    /// [`FsError::Damaged`] if it breaks off, leads outside or is a loop; the device's; [`FsError::OutOfMemory`].
    pub fn load<D: BlockDevice>(
        store: &mut Store<D>,
        geometry: &Geometry,
        first: u32,
        longest: u32,
    ) -> Result<Self, FsError> {
        let mut chain = Self::default();
        let mut next = first;
        while next != 0 {
            if !geometry.contains(next) {
                return Err(FsError::Damaged("a chain of clusters leads out of the volume"));
            }
            if chain.len() >= longest {
                return Err(FsError::Damaged("a chain of clusters is a loop or too long"));
            }
            chain.push(next, 1)?;
            next = match table::read(store, geometry, next)? {
                Link::End => 0,
                Link::Next(next) => next,
                Link::Free => return Err(FsError::Damaged("a chain of clusters leads into free space")),
                Link::Bad => return Err(FsError::Damaged("a chain of clusters leads into a bad cluster")),
            };
        }
        Ok(chain)
    }

    /// How many clusters there are.
    pub fn len(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.file + run.length)
    }

    /// The first cluster, 0 if there is none: what a directory entry says.
    pub fn first(&self) -> u32 {
        self.runs.first().map_or(0, |run| run.disk)
    }

    /// The last cluster.
    pub fn last(&self) -> Option<u32> {
        self.runs.last().map(|run| run.disk + run.length - 1)
    }

    /// All runs.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The disk's number of the file's cluster `index`, and how many clusters follow each other from there on.
    pub fn at(&self, index: u32) -> Option<(u32, u32)> {
        let run = self.runs[..self.runs.partition_point(|run| run.file <= index)].last()?;
        let within = index - run.file;
        (within < run.length).then(|| (run.disk + within, run.length - within))
    }

    /// Makes sure that so many runs can be added without fail.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn reserve(&mut self, runs: usize) -> Result<(), FsError> {
        self.runs.try_reserve(runs).map_err(|_| FsError::OutOfMemory)
    }

    /// Adds clusters at the end.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`], not after [`Chain::reserve`].
    pub fn push(&mut self, disk: u32, length: u32) -> Result<(), FsError> {
        match self.runs.last_mut() {
            Some(last) if last.disk + last.length == disk => last.length += length,
            _ => {
                self.reserve(1)?;
                let file = self.len();
                self.runs.push(Run { file, disk, length });
            }
        }
        Ok(())
    }

    /// How many runs lie behind the first `keep` clusters, in part or whole.
    pub fn runs_behind(&self, keep: u32) -> usize {
        self.runs.len() - self.runs.partition_point(|run| run.file + run.length <= keep)
    }

    /// Cuts off what is behind the first `keep` clusters, and gives it to `each`, as a cluster and a length.
    pub fn truncate(&mut self, keep: u32, mut each: impl FnMut(u32, u32)) {
        while let Some(last) = self.runs.last_mut() {
            if last.file >= keep {
                each(last.disk, last.length);
                self.runs.pop();
                continue;
            }
            let left = keep - last.file;
            if left < last.length {
                each(last.disk + left, last.length - left);
                last.length = left;
            }
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_chain_is_what_was_pushed() {
        let mut chain = Chain::default();
        for (disk, length) in [(5, 2), (7, 1), (3, 2)] {
            chain.push(disk, length).unwrap();
        }
        assert_eq!(chain.runs().len(), 2);
        let clusters: Vec<_> = (0..6).map(|index| chain.at(index)).collect();
        assert_eq!(clusters, [Some((5, 3)), Some((6, 2)), Some((7, 1)), Some((3, 2)), Some((4, 1)), None]);
        assert_eq!((chain.len(), chain.first(), chain.last()), (5, 5, Some(4)));
        assert_eq!((chain.runs_behind(2), chain.runs_behind(3), chain.runs_behind(5)), (2, 1, 0));
        let mut cut = Vec::new();
        chain.truncate(1, |disk, length| cut.push((disk, length)));
        assert_eq!((cut, chain.len()), (vec![(3, 2), (6, 2)], 1));
    }
}
