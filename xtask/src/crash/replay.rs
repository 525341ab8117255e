//! Disks as a power cut leaves them: what a log of writes says was there at some moment, and of what was not flushed, any part.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use blockcache::{BlockDevice, DeviceError};
use workload::{Random, marker};

use super::log::{Entry, Log, SECTOR};

/// A moment at which the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Entries of the log that were begun before it.
    pub index: usize,
    /// None: all of them reached the medium, in their order. Else what was not flushed reached it or not, sector by
    /// sector and in any order, as this seed says; and of the entry at `index` a part.
    pub mixed: Option<u64>,
}

/// So many cuts of a log, of both kinds, those that share most of their past next to each other.
pub fn cuts(log: &Log, count: usize, seed: u64) -> Vec<Cut> {
    let moments = log.entries.len() + 1;
    let whole = moments.min(count * 2 / 5);
    let mut cuts: Vec<Cut> = (0..whole)
        .map(|number| Cut { index: number * (moments - 1) / (whole - 1).max(1), mixed: None })
        .collect();
    let mut random = Random::new(seed);
    let mut attempts = 0;
    while cuts.len() < count && attempts < 50 * count {
        attempts += 1;
        let index = random.below(moments as u64) as usize;
        // One write can only be there or not, which others try already.
        if (index + 1).min(log.entries.len()) - epoch(log, index) > 1 {
            cuts.push(Cut { index, mixed: Some(random.next()) });
        }
    }
    cuts.sort_by_key(|cut| (certain(log, *cut), cut.index));
    cuts
}

/// The entry after the last flush before `index`.
fn epoch(log: &Log, index: usize) -> usize {
    log.entries[..index].iter().rposition(|entry| *entry == Entry::Flush).map_or(0, |flush| flush + 1)
}

/// Up to where everything is on the medium.
fn certain(log: &Log, cut: Cut) -> usize {
    if cut.mixed.is_some() { epoch(log, cut.index) } else { cut.index }
}

/// Goes through a log from its start, and gives the disk at each of ascending cuts.
pub struct Replay<'a> {
    log: &'a Log,
    image: Arc<Vec<u8>>,
    applied: usize,
    /// Promises that the log's first entries tell of: by entry.
    promises: Vec<(usize, u32)>,
}

impl<'a> Replay<'a> {
    /// From the image that the disk had at the start of the log.
    pub fn new(log: &'a Log, image: Vec<u8>) -> Self {
        let last = (image.len() / SECTOR) as u64 - 1;
        let promise = |(index, entry): (usize, &Entry)| {
            let (_, bytes) = log.sectors(entry).find(|(sector, _)| *sector == last)?;
            Some((index, marker::promises(bytes)?))
        };
        let promises = log.entries.iter().enumerate().filter_map(promise).collect();
        Self { log, image: Arc::new(image), applied: 0, promises }
    }

    /// Promises that were given before `cut`.
    pub fn promises(&self, cut: Cut) -> u32 {
        self.promises
            .iter()
            .take_while(|(index, _)| *index < cut.index)
            .last()
            .map_or(0, |(_, number)| *number)
    }

    /// The disk at `cut`, which is none before the last one asked for. Nobody else may have one then.
    pub fn at(&mut self, cut: Cut) -> CutDisk {
        let certain = certain(self.log, cut);
        let image = Arc::make_mut(&mut self.image);
        for entry in &self.log.entries[self.applied..certain.max(self.applied)] {
            for (sector, bytes) in self.log.sectors(entry) {
                if let Some(place) =
                    image.get_mut(sector as usize * SECTOR..).and_then(|rest| rest.get_mut(..SECTOR))
                {
                    place.copy_from_slice(bytes);
                }
            }
        }
        self.applied = certain.max(self.applied);
        let mut changes = HashMap::new();
        if let Some(seed) = cut.mixed {
            let mut random = Random::new(seed);
            let tenths = 1 + random.below(9);
            let end = (cut.index + 1).min(self.log.entries.len());
            for entry in &self.log.entries[certain..end] {
                for (sector, bytes) in self.log.sectors(entry) {
                    let is_forced = matches!(entry, Entry::Write { forced: true, .. });
                    let comes = random.below(10) < tenths;
                    // Later writes may overtake earlier ones.
                    if is_forced || comes && !(changes.contains_key(&sector) && random.one_in(3)) {
                        changes.insert(sector, *bytes);
                    }
                }
            }
        }
        CutDisk { image: self.image.clone(), changes: Arc::new(Mutex::new(changes)) }
    }
}

/// A disk in memory: an image, and what was changed since.
#[derive(Clone)]
pub struct CutDisk {
    image: Arc<Vec<u8>>,
    changes: Arc<Mutex<HashMap<u64, [u8; SECTOR]>>>,
}

impl CutDisk {
    /// A disk with these bytes.
    pub fn new(image: Vec<u8>) -> Self {
        Self { image: Arc::new(image), changes: Arc::default() }
    }

    /// All of its bytes, as they are now.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.image.to_vec();
        for (&sector, data) in self.changes.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).iter() {
            bytes[sector as usize * SECTOR..][..SECTOR].copy_from_slice(data);
        }
        bytes
    }

    fn check(&self, first: u64, length: usize) -> Result<(), DeviceError> {
        let is_within =
            (first as usize * SECTOR).checked_add(length).is_some_and(|end| end <= self.image.len());
        if is_within && length.is_multiple_of(SECTOR) { Ok(()) } else { Err(DeviceError::OutOfRange) }
    }
}

impl BlockDevice for CutDisk {
    fn sector_count(&self) -> u64 {
        (self.image.len() / SECTOR) as u64
    }

    fn read(&self, first: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        self.check(first, buffer.len())?;
        let changes = self.changes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        buffer.copy_from_slice(&self.image[first as usize * SECTOR..][..buffer.len()]);
        if !changes.is_empty() {
            for (sector, place) in (first..).zip(buffer.chunks_exact_mut(SECTOR)) {
                if let Some(bytes) = changes.get(&sector) {
                    place.copy_from_slice(bytes);
                }
            }
        }
        Ok(())
    }

    fn write(&self, first: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.check(first, data.len())?;
        let mut changes = self.changes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        changes.extend((first..).zip(data.as_chunks().0.iter().copied()));
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        Ok(())
    }
}
