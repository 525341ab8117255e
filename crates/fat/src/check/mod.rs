//! Walks the whole volume once, says whether it can be trusted, and puts in order what a power failure leaves behind.
//!
//! Every chain is followed to its end, every cluster is ticked off when it is met. A cluster that is met twice is a
//! loop or belongs to two files; so the walk ends after at most as many steps as there are clusters, whatever the disk
//! says. Memory: one bit for each cluster and an entry for each directory that is waiting.
//!
//! The walk is done without repairing first. Only when it has found nothing that it can't repair it is done again, with
//! repairs; so a volume that is damaged otherwise is not touched.

mod moving;
mod repair;
mod report;
mod walk;

pub use report::Report;

use crate::geometry::{Geometry, STATUS_DIRTY};
use crate::mount::{self, MountError};
use crate::store::Store;
use crate::table;
use blockcache::{BlockDevice, DeviceError};
use vfs::FsError;
use walk::Walk;

/// Whether a check may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// It only looks.
    No,
    /// It puts in order what it can.
    Yes,
}

/// Why a volume is mounted for reading only that a repair would have helped.
const PROTECTED: &str =
    "it was not closed properly, and can't be put in order since the disk is write-protected";

/// Checks the volume on `device`, whether it was closed properly or not.
///
/// # Errors
/// As [`crate::Fat::mount`].
pub fn check<D: BlockDevice>(device: D, repair: Repair) -> Result<Report, MountError> {
    let (mut store, geometry) = mount::open(device)?;
    Ok(run(&mut store, &geometry, repair)?)
}

/// Whether the volume says that it was not closed properly, or can't say.
pub(crate) fn is_dirty<D: BlockDevice>(store: &mut Store<D>, geometry: &Geometry) -> Result<bool, FsError> {
    let is_clean = table::is_clean(store, geometry)?;
    let is_unknown = geometry.status_offset.is_none() && is_clean.is_none();
    Ok(is_unknown || geometry.status & STATUS_DIRTY != 0 || is_clean == Some(false))
}

/// Checks the volume.
///
/// # Errors
/// The device's; [`FsError::OutOfMemory`].
pub(crate) fn run<D: BlockDevice>(
    store: &mut Store<D>,
    geometry: &Geometry,
    repair: Repair,
) -> Result<Report, FsError> {
    let was_dirty = is_dirty(store, geometry)?;
    let mut report = Walk::new(store, geometry, Repair::No)?.run()?;
    report.was_dirty = was_dirty;
    if repair == Repair::No || report.damage.is_some() {
        return Ok(report);
    }
    match mend(store, geometry, &mut report) {
        Err(FsError::Device(DeviceError::ReadOnly)) => {
            report.damage = Some(PROTECTED);
            Ok(report)
        }
        result => result.map(|()| report),
    }
}

fn mend<D: BlockDevice>(
    store: &mut Store<D>,
    geometry: &Geometry,
    report: &mut Report,
) -> Result<(), FsError> {
    if report.repairs() > 0 {
        repair::mirror(store, geometry)?;
        let again = Walk::new(store, geometry, Repair::Yes)?.run()?;
        report.free_clusters = again.free_clusters;
        store.flush()?;
    }
    if let Some(free) = report.free_clusters {
        repair::set_free_count(store, geometry, free)?;
    }
    if report.was_dirty {
        // After all else is on the disk.
        store.flush()?;
        if let Some(offset) = geometry.status_offset {
            store.patch(0, offset, &[geometry.status & !STATUS_DIRTY])?;
        }
        table::set_clean(store, geometry, true)?;
    }
    store.flush()
}
