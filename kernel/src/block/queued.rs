//! Disks whose controller moves data by itself: requests go through its queue, and threads sleep until theirs is over.
//!
//! Page frames are shown to the device as they are. The data of slices pass through buffers: a request of any length
//! becomes pieces of 64 KiB, many submitted before the first is waited for, so that the controller always has something
//! to do.

use alloc::sync::Arc;
use alloc::vec::Vec;

use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use disks::hardware::Reach;
use disks::native::{self, Part};
use disks::{Operation, Segment};
use frames::{FRAME_SIZE, Frame};

use super::buffer::{self, Buffer};
use super::copied::{length_on_disk, move_frames};
use super::job::{self, Pending, Place};
use super::keeper;
use super::requests::{BUFFERS_KEPT, Requests};
use super::{AsyncDevice, FRAME_SECTORS, NO_MEMORY, Owner, Transfer};
use crate::memory::heap::fallible;
use crate::sync::Mutex;

/// What a driver knows of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Which of the controller's disks.
    pub unit: usize,
    /// Its size in sectors of 512 bytes.
    pub sectors: u64,
    /// The length of its own sectors, in units of 512 bytes: 1 to 8.
    pub native: u32,
    /// Whether it can't be written.
    pub is_read_only: bool,
    /// Whether it has a cache that has to be flushed.
    pub has_cache: bool,
}

impl Shape {
    /// A disk like most.
    pub const fn plain(unit: usize, sectors: u64) -> Self {
        Self { unit, sectors, native: 1, is_read_only: false, has_cache: true }
    }
}

/// A disk behind a queue.
pub struct QueuedDisk {
    place: Place,
    shape: Shape,
    /// Held while one of its own sectors is changed in part.
    changing: Mutex<()>,
}

/// What a transfer moves, and where to.
enum Data<'a> {
    Read(&'a mut [u8]),
    Write(&'a [u8]),
}

impl Data<'_> {
    fn length(&self) -> usize {
        match self {
            Self::Read(buffer) => buffer.len(),
            Self::Write(data) => data.len(),
        }
    }

    fn part(&mut self, start: usize, length: usize) -> Data<'_> {
        match self {
            Self::Read(buffer) => Data::Read(&mut buffer[start..start + length]),
            Self::Write(data) => Data::Write(&data[start..start + length]),
        }
    }
}

/// The buffers of a transfer. The queue has them until all of it is over.
struct Buffers(Vec<Buffer>);

impl Owner for Buffers {
    fn finished(&self, _: Result<(), DeviceError>) {}
}

/// Owns nothing and waits for nothing.
struct Nobody;

impl Owner for Nobody {
    fn finished(&self, _: Result<(), DeviceError>) {}
}

impl QueuedDisk {
    pub(super) fn new(requests: Arc<dyn Requests>, shape: Shape) -> Self {
        keeper::start();
        Self {
            place: Place { requests, unit: shape.unit, native: shape.native },
            shape,
            changing: Mutex::new(()),
        }
    }

    fn transfer(&self, first_sector: u64, mut data: Data<'_>) -> Result<(), DeviceError> {
        let length = data.length();
        let end = first_sector.checked_add((length / SECTOR_SIZE) as u64);
        if !length.is_multiple_of(SECTOR_SIZE) || end.is_none_or(|end| end > self.shape.sectors) {
            return Err(DeviceError::OutOfRange);
        }
        if self.shape.is_read_only && matches!(data, Data::Write(_)) {
            return Err(DeviceError::ReadOnly);
        }
        for part in native::parts(first_sector, length, self.shape.native) {
            match part {
                Part::Whole { first_sector, data: range } => {
                    self.transfer_whole(first_sector, data.part(range.start, range.len()))?;
                }
                Part::Within { first_sector, at, data: range } => {
                    self.transfer_within(first_sector, at, data.part(range.start, range.len()))?;
                }
            }
        }
        Ok(())
    }

    /// Part of one of the disk's own sectors.
    fn transfer_within(&self, first_sector: u64, at: usize, data: Data<'_>) -> Result<(), DeviceError> {
        let bytes = self.shape.native as usize * SECTOR_SIZE;
        let mut whole = Vec::new();
        whole.try_reserve_exact(bytes).map_err(|_| NO_MEMORY)?;
        whole.resize(bytes, 0);
        match data {
            Data::Read(buffer) => {
                self.transfer_whole(first_sector, Data::Read(&mut whole))?;
                buffer.copy_from_slice(&whole[at..at + buffer.len()]);
                Ok(())
            }
            Data::Write(data) => {
                // Two who change different parts of one sector must not undo each other's.
                let _changing = self.changing.lock();
                self.transfer_whole(first_sector, Data::Read(&mut whole))?;
                whole[at..at + data.len()].copy_from_slice(data);
                self.transfer_whole(first_sector, Data::Write(&whole))
            }
        }
    }

    /// Whole sectors of the disk's own, so many at a time as are worth the memory.
    fn transfer_whole(&self, first_sector: u64, mut data: Data<'_>) -> Result<(), DeviceError> {
        let length = data.length();
        let limits = self.place.requests.limits();
        // Of many commands or of one that is large.
        let most = limits.depth.max(limits.sectors as usize * SECTOR_SIZE / buffer::LENGTH);
        let window = buffer::LENGTH * most.clamp(1, BUFFERS_KEPT);
        let mut outcome = Ok(());
        for start in (0..length).step_by(window) {
            let part = data.part(start, window.min(length - start));
            match self.transfer_window(first_sector + (start / SECTOR_SIZE) as u64, part) {
                Err(DeviceError::AtSector { .. }) if outcome.is_err() => {}
                Ok(()) => {}
                error @ Err(DeviceError::AtSector { .. }) => outcome = error,
                error => return error,
            }
        }
        outcome
    }

    fn transfer_window(&self, first_sector: u64, mut data: Data<'_>) -> Result<(), DeviceError> {
        let (requests, length) = (&self.place.requests, data.length());
        let mut buffers = Vec::new();
        buffers.try_reserve_exact(length.div_ceil(buffer::LENGTH)).map_err(|_| NO_MEMORY)?;
        let mut segments = Vec::new();
        for start in (0..length).step_by(buffer::LENGTH) {
            let taken = buffer::LENGTH.min(length - start);
            let buffer = requests.take_buffer().ok_or(NO_MEMORY)?;
            if let Data::Write(data) = data.part(start, taken) {
                buffer.fill(data);
            }
            self.add_segments(&mut segments, buffer.segments(taken))?;
            buffers.push(buffer);
        }
        let operation = if matches!(data, Data::Read(_)) { Operation::Read } else { Operation::Write };
        let owner = fallible::counted(Buffers(buffers)).map_err(|_| NO_MEMORY)?;
        let result = job::begin(self.place.clone(), operation, first_sector, segments, owner.clone())?.wait();
        // A device that was given up may still have them.
        if let Some(Buffers(buffers)) = Arc::into_inner(owner) {
            for (start, buffer) in (0..length).step_by(buffer::LENGTH).zip(buffers) {
                if let (Ok(()), Data::Read(target)) =
                    (result, data.part(start, buffer::LENGTH.min(length - start)))
                {
                    buffer.empty_into(target);
                }
                requests.put_back(buffer);
            }
        }
        result
    }

    /// Adds pieces of memory, none longer than a request, neighbours together.
    fn add_segments(
        &self,
        segments: &mut Vec<Segment>,
        pieces: impl Iterator<Item = Segment>,
    ) -> Result<(), DeviceError> {
        let most = self.place.requests.limits().sectors * SECTOR_SIZE as u32;
        // A whole number of pages, so that no piece ends within one.
        let most = if most >= FRAME_SIZE as u32 { most - most % FRAME_SIZE as u32 } else { most };
        for Segment { mut address, mut length } in pieces {
            while length > 0 {
                let taken = length.min(most);
                match segments.last_mut() {
                    Some(last)
                        if last.address + u64::from(last.length) == address
                            && last.length + taken <= most =>
                    {
                        last.length += taken;
                    }
                    _ => {
                        segments.try_reserve(1).map_err(|_| NO_MEMORY)?;
                        segments.push(Segment { address, length: taken });
                    }
                }
                address += u64::from(taken);
                length -= taken;
            }
        }
        Ok(())
    }
}

impl BlockDevice for QueuedDisk {
    fn sector_count(&self) -> u64 {
        self.shape.sectors
    }

    fn read(&self, first_sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        self.transfer(first_sector, Data::Read(buffer))
    }

    fn write(&self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.transfer(first_sector, Data::Write(data))
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.submit_flush(fallible::counted(Nobody).map_err(|_| NO_MEMORY)?)?.wait()
    }
}

impl AsyncDevice for QueuedDisk {
    fn submit(
        &self,
        transfer: Transfer,
        first_sector: u64,
        frames: &[Frame],
        owner: Arc<dyn Owner>,
    ) -> Result<Pending, DeviceError> {
        let length = length_on_disk(self.shape.sectors, first_sector, frames.len())?;
        if self.shape.is_read_only && transfer == Transfer::Write {
            return Err(DeviceError::ReadOnly);
        }
        let limits = self.place.requests.limits();
        let native = u64::from(self.shape.native);
        let out_of_reach = limits.reach == Reach::Below4GiB
            && !limits.copies_the_rest
            && frames.iter().any(|frame| *frame >= Frame::FOUR_GIB);
        let sectors = (length / SECTOR_SIZE) as u64;
        let in_part = !first_sector.is_multiple_of(native) || !sectors.is_multiple_of(native);
        if out_of_reach || in_part || u64::from(limits.sectors) < FRAME_SECTORS {
            let result = move_frames(self, transfer, first_sector, frames)?;
            owner.finished(result);
            return Ok(Pending::over(result));
        }
        let mut segments = Vec::new();
        let mut left = length as u64;
        let pieces = frames.iter().map(|frame| {
            let length = left.min(FRAME_SIZE) as u32;
            left -= u64::from(length);
            Segment { address: frame.address(), length }
        });
        self.add_segments(&mut segments, pieces)?;
        let operation = match transfer {
            Transfer::Read => Operation::Read,
            Transfer::Write => Operation::Write,
        };
        job::begin(self.place.clone(), operation, first_sector, segments, owner)
    }

    fn submit_flush(&self, owner: Arc<dyn Owner>) -> Result<Pending, DeviceError> {
        if !self.shape.has_cache {
            owner.finished(Ok(()));
            return Ok(Pending::over(Ok(())));
        }
        job::begin(self.place.clone(), Operation::Flush, 0, Vec::new(), owner)
    }
}
