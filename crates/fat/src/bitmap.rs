//! Which clusters are taken. Read from the table as a whole when room is needed for the first time.

use crate::chain::Run;
use crate::geometry::{FIRST_CLUSTER, Geometry};
use crate::store::Store;
use crate::table;
use alloc::vec::Vec;
use blockcache::BlockDevice;
use vfs::FsError;

const BITS: u32 = u64::BITS;

/// One bit for each cluster, from [`FIRST_CLUSTER`] on; set for those that are taken.
pub struct Bitmap {
    words: Vec<u64>,
    count: u32,
    free: u32,
    /// Where the search goes on.
    next: u32,
}

impl Bitmap {
    /// All clusters free.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn new(count: u32) -> Result<Self, FsError> {
        let length = count.div_ceil(BITS) as usize;
        let mut words = Vec::new();
        words.try_reserve_exact(length).map_err(|_| FsError::OutOfMemory)?;
        words.resize(length, 0);
        if let (Some(last), 1..) = (words.last_mut(), count % BITS) {
            *last = u64::MAX << (count % BITS);
        }
        Ok(Self { words, count, free: count, next: 0 })
    }

    /// As the table on the device says.
    ///
    /// # Errors
    /// The device's; [`FsError::OutOfMemory`].
    pub fn load<D: BlockDevice>(
        store: &mut Store<D>,
        geometry: &Geometry,
        next: Option<u32>,
    ) -> Result<Self, FsError> {
        let mut bitmap = Self::new(geometry.cluster_count)?;
        table::for_each_taken(store, geometry, |cluster| {
            bitmap.take(cluster);
        })?;
        if let Some(next) = next.filter(|&next| geometry.contains(next)) {
            bitmap.next = next - FIRST_CLUSTER;
        }
        Ok(bitmap)
    }

    /// How many clusters are free.
    pub const fn free(&self) -> u32 {
        self.free
    }

    /// Where the search for a free cluster goes on.
    pub const fn next(&self) -> u32 {
        FIRST_CLUSTER + self.next
    }

    /// Whether the cluster, one of the volume's, is taken.
    pub fn is_taken(&self, cluster: u32) -> bool {
        self.bit(cluster - FIRST_CLUSTER)
    }

    fn bit(&self, index: u32) -> bool {
        self.words[(index / BITS) as usize] >> (index % BITS) & 1 != 0
    }

    /// Notes that a cluster is taken. False if it was already.
    pub fn take(&mut self, cluster: u32) -> bool {
        let index = cluster - FIRST_CLUSTER;
        let was_free = !self.bit(index);
        if was_free {
            self.words[(index / BITS) as usize] |= 1 << (index % BITS);
            self.free -= 1;
        }
        was_free
    }

    /// Notes that clusters are free.
    pub fn release(&mut self, first: u32, length: u32) {
        for index in first - FIRST_CLUSTER..first - FIRST_CLUSTER + length {
            if self.bit(index) {
                self.words[(index / BITS) as usize] &= !(1 << (index % BITS));
                self.free += 1;
            }
        }
    }

    /// The first index from `from` on, below `end`, whose bit is so.
    fn find(&self, from: u32, end: u32, taken: bool) -> Option<u32> {
        let mut index = from;
        while index < end {
            let word = self.words[(index / BITS) as usize];
            let wanted = (if taken { word } else { !word }) >> (index % BITS);
            if wanted != 0 {
                let found = index + wanted.trailing_zeros();
                return (found < end).then_some(found);
            }
            index = (index / BITS + 1) * BITS;
        }
        None
    }

    /// Takes `count` clusters, behind `after` if it is free there, and gives them as runs.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::OutOfMemory`]; nothing is taken then.
    pub fn allocate(&mut self, count: u32, after: Option<u32>) -> Result<Vec<Run>, FsError> {
        if count > self.free {
            return Err(FsError::NoSpace);
        }
        let mut runs: Vec<Run> = Vec::new();
        let behind = after.map(|cluster| cluster - FIRST_CLUSTER + 1).filter(|&index| index < self.count);
        let mut index = behind.filter(|&index| !self.bit(index)).unwrap_or(self.next);
        let mut found = 0;
        while found < count {
            // Not found behind the search's place: from the beginning. There are enough, so it ends.
            let Some(start) = self.find(index, self.count, false).or_else(|| self.find(0, self.count, false))
            else {
                break;
            };
            // No further than is wanted: free space may be long.
            let most = self.count.min(start.saturating_add(count - found));
            let length = self.find(start, most, true).unwrap_or(most) - start;
            if runs.try_reserve(1).is_err() {
                runs.iter().for_each(|run| self.release(run.disk, run.length));
                return Err(FsError::OutOfMemory);
            }
            runs.push(Run { file: found, disk: start + FIRST_CLUSTER, length });
            for index in start..start + length {
                self.take(index + FIRST_CLUSTER);
            }
            found += length;
            index = start + length;
        }
        self.next = if index < self.count { index } else { 0 };
        Ok(runs)
    }

    /// Takes one cluster that `is_wanted`.
    ///
    /// # Errors
    /// [`FsError::NoSpace`].
    pub fn allocate_one(
        &mut self,
        after: Option<u32>,
        is_wanted: impl Fn(u32) -> bool,
    ) -> Result<u32, FsError> {
        let behind = after.map(|cluster| cluster - FIRST_CLUSTER + 1).filter(|&index| index < self.count);
        let start = behind.filter(|&index| !self.bit(index)).unwrap_or(self.next);
        for (from, end) in [(start, self.count), (0, start)] {
            let mut from = from;
            while let Some(index) = self.find(from, end, false) {
                if is_wanted(index + FIRST_CLUSTER) {
                    self.take(index + FIRST_CLUSTER);
                    self.next = if index + 1 < self.count { index + 1 } else { 0 };
                    return Ok(index + FIRST_CLUSTER);
                }
                from = index + 1;
            }
        }
        Err(FsError::NoSpace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_given_once_and_all_of_them() {
        let mut bitmap = Bitmap::new(130).unwrap();
        assert_eq!(bitmap.allocate(131, None), Err(FsError::NoSpace));
        let first = bitmap.allocate(100, None).unwrap();
        assert_eq!(first, [Run { file: 0, disk: 2, length: 100 }]);
        bitmap.release(12, 5);
        assert_eq!(bitmap.allocate(1, Some(16)).unwrap()[0].disk, 102, "behind 16 is taken");
        bitmap.release(12, 5);
        assert_eq!(bitmap.allocate(2, Some(11)).unwrap()[0].disk, 12);
        assert_eq!(bitmap.free(), 29 + 3);
        let rest = bitmap.allocate(32, None).unwrap();
        assert_eq!(rest.iter().map(|run| run.length).sum::<u32>(), 32);
        assert_eq!(bitmap.allocate_one(None, |_| true), Err(FsError::NoSpace));
        bitmap.release(131, 1);
        bitmap.release(7, 1);
        assert_eq!(bitmap.allocate_one(None, |cluster| cluster != 7), Ok(131));
        assert_eq!(bitmap.allocate_one(None, |cluster| cluster != 7), Err(FsError::NoSpace));
    }
}
