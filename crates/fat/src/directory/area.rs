//! Where a directory's slots lie: in a chain of clusters, or in the fixed area that FAT12 and FAT16 have for the root.

use super::slot::{self, MAX_SLOTS, SLOTS, Slot};
use crate::chain::Chain;
use crate::geometry::{Geometry, Root};
use crate::store::{Sector, Store};
use blockcache::{BlockDevice, SECTOR_SIZE};
use vfs::FsError;

/// A directory's place on the disk.
#[derive(Clone, Copy)]
pub struct Area<'a> {
    geometry: &'a Geometry,
    /// `None` for the fixed area.
    chain: Option<&'a Chain>,
}

impl<'a> Area<'a> {
    /// The directory with this chain.
    pub const fn new(geometry: &'a Geometry, chain: &'a Chain) -> Self {
        Self { geometry, chain: Some(chain) }
    }

    /// The root's fixed area.
    pub const fn fixed(geometry: &'a Geometry) -> Self {
        Self { geometry, chain: None }
    }

    /// The most clusters that a directory may have: one is granted that reaches beyond the limit.
    pub fn longest(geometry: &Geometry) -> u32 {
        (MAX_SLOTS / SLOTS).div_ceil(geometry.cluster_sectors).min(geometry.cluster_count)
    }

    /// How many sectors it has.
    pub fn sectors(&self) -> u32 {
        match (self.chain, self.geometry.root) {
            (Some(chain), _) => (chain.len() * self.geometry.cluster_sectors).min(MAX_SLOTS / SLOTS),
            (None, Root::Fixed { sectors, .. }) => sectors.min(MAX_SLOTS / SLOTS),
            (None, Root::Cluster(_)) => 0,
        }
    }

    /// How many slots it has.
    pub fn slots(&self) -> u32 {
        self.sectors() * SLOTS
    }

    /// Where its sector number `index` lies.
    ///
    /// # Errors
    /// [`FsError::Damaged`] beyond its end, which is a mistake of the caller's.
    pub fn sector(&self, index: u32) -> Result<u64, FsError> {
        let outside = FsError::Damaged("a directory ends too early");
        match (self.chain, self.geometry.root) {
            (Some(chain), _) => {
                let per_cluster = self.geometry.cluster_sectors;
                let (cluster, _) = chain.at(index / per_cluster).ok_or(outside)?;
                Ok(self.geometry.sector_of(cluster) + u64::from(index % per_cluster))
            }
            (None, Root::Fixed { sector, sectors }) if index < sectors => Ok(sector + u64::from(index)),
            _ => Err(outside),
        }
    }

    /// The slot number `index` as it is now.
    ///
    /// # Errors
    /// The device's.
    pub fn read<D: BlockDevice>(&self, store: &mut Store<D>, index: u32) -> Result<Slot, FsError> {
        Ok(*slot::in_sector(store.sector(self.sector(index / SLOTS)?)?, index))
    }
}

/// Reads slots that lie close to each other: of the two sectors that were looked into last, none is asked for again. Good as long
/// as nothing is changed.
pub struct Reader<'a> {
    area: Area<'a>,
    /// Sectors with even and with odd numbers: the number within the directory, the place on the disk, the bytes.
    held: [Option<(u32, u64)>; 2],
    bytes: [Sector; 2],
}

impl<'a> Reader<'a> {
    /// Nothing was looked into yet.
    pub const fn new(area: Area<'a>) -> Self {
        Self { area, held: [None; 2], bytes: [[0; SECTOR_SIZE]; 2] }
    }

    /// The slot number `index` as it is now, and the sector that it lies in.
    ///
    /// # Errors
    /// The device's.
    pub fn read<D: BlockDevice>(
        &mut self,
        store: &mut Store<D>,
        index: u32,
    ) -> Result<(&Slot, u64), FsError> {
        let number = index / SLOTS;
        let which = (number % 2) as usize;
        let place = match self.held[which] {
            Some((held, place)) if held == number => place,
            _ => {
                let place = self.area.sector(number)?;
                self.bytes[which] = *store.sector(place)?;
                self.held[which] = Some((number, place));
                place
            }
        };
        Ok((slot::in_sector(&self.bytes[which], index), place))
    }
}
