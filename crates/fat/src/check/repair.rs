//! Repairs that concern the volume as a whole.

use crate::fs_info::{self, FsInfo};
use crate::geometry::{FIRST_CLUSTER, Geometry, Width};
use crate::store::Store;
use crate::table::{self, Batch, Link};
use blockcache::BlockDevice;
use vfs::FsError;

/// What the table says of a cluster. Where an entry lies in two sectors the second copy may know better: see
/// [`split_end`].
pub fn link<D: BlockDevice>(
    store: &mut Store<D>,
    geometry: &Geometry,
    cluster: u32,
) -> Result<Link, FsError> {
    match split_end(store, geometry, cluster)? {
        Some(link) => Ok(link),
        None => table::read(store, geometry, cluster),
    }
}

/// An entry in two sectors that was torn as its chain was made longer. The second copy is written when the first is
/// whole; so if it still says that the chain ends there, that is true, and if it does not, the first copy is right.
fn split_end<D: BlockDevice>(
    store: &mut Store<D>,
    geometry: &Geometry,
    cluster: u32,
) -> Result<Option<Link>, FsError> {
    if geometry.mirrors < 2 || !geometry.is_split(cluster) {
        return Ok(None);
    }
    let second = table::read_copy(store, geometry, 1, cluster)?;
    Ok((second == Link::End).then_some(second))
}

/// The sectors of the table that are in use.
fn used_sectors(geometry: &Geometry) -> u64 {
    let entries = u64::from(geometry.cluster_count + FIRST_CLUSTER);
    let bits = match geometry.width {
        Width::Fat12 => 12,
        Width::Fat16 => 16,
        Width::Fat32 => 32,
    };
    (entries * bits).div_ceil(512 * 8).min(geometry.table_sectors)
}

/// How many sectors of the second copy differ from the first's.
pub fn count_differing<D: BlockDevice>(store: &mut Store<D>, geometry: &Geometry) -> Result<u32, FsError> {
    let mut differing = 0;
    if geometry.mirrors > 1 {
        for number in 0..used_sectors(geometry) {
            let first = *store.stored(geometry.copy_sector(0) + number)?;
            differing += u32::from(*store.stored(geometry.copy_sector(1) + number)? != first);
        }
    }
    Ok(differing)
}

/// Makes the second copy of the table like the first, after the first has got what only the second knows.
pub fn mirror<D: BlockDevice>(store: &mut Store<D>, geometry: &Geometry) -> Result<(), FsError> {
    if geometry.mirrors < 2 {
        return Ok(());
    }
    if geometry.width == Width::Fat12 {
        let mut batch = Batch::default();
        for cluster in FIRST_CLUSTER..FIRST_CLUSTER + geometry.cluster_count {
            if let Some(link) = split_end(store, geometry, cluster)? {
                batch.set(store, geometry, cluster, link)?;
            }
        }
        batch.finish(store, geometry)?;
        store.flush()?;
    }
    for number in 0..used_sectors(geometry) {
        let first = *store.stored(geometry.copy_sector(0) + number)?;
        store.write_sectors([(geometry.copy_sector(1) + number, &first)].into_iter())?;
    }
    Ok(())
}

/// Writes the number of free clusters into the FSInfo sector if there is one and it is not there already.
pub fn set_free_count<D: BlockDevice>(
    store: &mut Store<D>,
    geometry: &Geometry,
    free: u32,
) -> Result<(), FsError> {
    let Some(info) = fs_info::read(store, geometry)? else { return Ok(()) };
    // Where the search goes on may lie anywhere; leaving it out keeps it if it is possible.
    let next = info.next.filter(|&next| !geometry.contains(next)).map(|_| FIRST_CLUSTER);
    fs_info::write(store, &FsInfo { free: Some(free), next, ..info }).map(drop)
}
