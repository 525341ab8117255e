//! Transfers of page frames for disks whose data the processor moves: they are done at once, by copying.

use alloc::sync::Arc;
use alloc::vec::Vec;

use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use frames::{FRAME_SIZE, Frame};

use super::{AsyncDevice, NO_MEMORY, Owner, Pending, Transfer};
use crate::memory::dma;

/// Frames that are moved at once: 64 KiB.
const FRAMES: usize = 16;

/// A disk that knows slices only.
pub struct Copied<D>(pub D);

impl<D: BlockDevice> BlockDevice for Copied<D> {
    fn sector_count(&self) -> u64 {
        self.0.sector_count()
    }

    fn read(&self, first_sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        self.0.read(first_sector, buffer)
    }

    fn write(&self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.0.write(first_sector, data)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.0.flush()
    }
}

impl<D: BlockDevice> AsyncDevice for Copied<D> {
    fn submit(
        &self,
        transfer: Transfer,
        first_sector: u64,
        frames: &[Frame],
        owner: Arc<dyn Owner>,
    ) -> Result<Pending, DeviceError> {
        let result = move_frames(&self.0, transfer, first_sector, frames)?;
        owner.finished(result);
        Ok(Pending::over(result))
    }

    fn submit_flush(&self, owner: Arc<dyn Owner>) -> Result<Pending, DeviceError> {
        let result = self.0.flush();
        owner.finished(result);
        Ok(Pending::over(result))
    }
}

/// How many bytes of `frames` frames lie on a disk of `sectors` sectors.
///
/// # Errors
/// [`DeviceError::OutOfRange`] when more than the last frame is affected by its end.
pub(super) fn length_on_disk(sectors: u64, first_sector: u64, frames: usize) -> Result<usize, DeviceError> {
    let wanted = frames as u64 * super::FRAME_SECTORS;
    let there = sectors.checked_sub(first_sector).ok_or(DeviceError::OutOfRange)?.min(wanted);
    let is_whole = there == wanted || wanted - there < super::FRAME_SECTORS;
    if frames > 0 && is_whole { Ok(there as usize * SECTOR_SIZE) } else { Err(DeviceError::OutOfRange) }
}

/// Moves all that can be moved. The outer error: it was not begun.
pub(super) fn move_frames(
    device: &(impl BlockDevice + ?Sized),
    transfer: Transfer,
    first_sector: u64,
    frames: &[Frame],
) -> Result<Result<(), DeviceError>, DeviceError> {
    let length = length_on_disk(device.sector_count(), first_sector, frames.len())?;
    let most = FRAMES.min(frames.len()) * FRAME_SIZE as usize;
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(most).map_err(|_| NO_MEMORY)?;
    buffer.resize(most, 0);
    let mut outcome = Ok(());
    let starts = (0..length).step_by(FRAMES * FRAME_SIZE as usize);
    for (start, frames) in starts.zip(frames.chunks(FRAMES)) {
        let data = &mut buffer[..(length - start).min(most)];
        let sector = first_sector + (start / SECTOR_SIZE) as u64;
        let pages = frames.iter().zip(data.chunks_mut(FRAME_SIZE as usize));
        let result = match transfer {
            Transfer::Write => {
                pages.for_each(|(frame, bytes)| dma::read_frame(*frame, 0, bytes));
                device.write(sector, data)
            }
            Transfer::Read => {
                let result = device.read(sector, data);
                // After an error part of it is what the disk holds, and the rest of no importance.
                let pages = frames.iter().zip(data.chunks(FRAME_SIZE as usize));
                pages.for_each(|(frame, bytes)| dma::write_frame(*frame, 0, bytes));
                result
            }
        };
        outcome = outcome.and(result);
    }
    Ok(outcome)
}
