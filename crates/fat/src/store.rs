//! The device, seen in sectors, with what is changed but not yet committed laid over it.
//!
//! Reads look into the overlay first, then into a few windows of 4 KiB, so that walking a table or a directory sector by
//! sector costs one request for eight. Nothing of the overlay reaches the device by itself: in which order its sectors
//! are written is what the crash promise rests on, and that is decided in `commit`.

use alloc::boxed::Box;
use alloc::vec::Vec;
use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use vfs::FsError;

/// One sector's bytes.
pub type Sector = [u8; SECTOR_SIZE];

/// Sectors in a window.
const WINDOW: u64 = 8;
/// Windows. Which one a sector goes into its number says.
const WINDOWS: usize = 8;
/// The longest single request for writing, in sectors.
const LONGEST_WRITE: usize = 64;
/// What directories are cleared with.
static ZEROS: [u8; 8 * SECTOR_SIZE] = [0; 8 * SECTOR_SIZE];

/// Changed sectors, in the order of their numbers.
#[derive(Default)]
pub struct Overlay {
    sectors: Vec<(u64, Box<Sector>)>,
}

impl Overlay {
    /// How many sectors there are.
    pub fn len(&self) -> usize {
        self.sectors.len()
    }

    /// The sector's changed bytes.
    pub fn get(&self, number: u64) -> Option<&Sector> {
        self.find(number).ok().map(|at| &*self.sectors[at].1)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, number: u64) -> Option<&mut Sector> {
        self.find(number).ok().map(|at| &mut *self.sectors[at].1)
    }

    /// Lays `bytes` over the sector.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn insert(&mut self, number: u64, bytes: &Sector) -> Result<&mut Sector, FsError> {
        let at = match self.find(number) {
            Ok(at) => {
                *self.sectors[at].1 = *bytes;
                at
            }
            Err(at) => {
                let mut copy = Vec::new();
                copy.try_reserve_exact(SECTOR_SIZE).map_err(|_| FsError::OutOfMemory)?;
                copy.extend_from_slice(bytes);
                let copy = copy.into_boxed_slice().try_into().map_err(|_| FsError::OutOfMemory)?;
                self.sectors.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
                self.sectors.insert(at, (number, copy));
                at
            }
        };
        Ok(&mut self.sectors[at].1)
    }

    /// All sectors by number.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Sector)> {
        self.sectors.iter().map(|(number, bytes)| (*number, &**bytes))
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.sectors.clear();
    }

    fn find(&self, number: u64) -> Result<usize, usize> {
        self.sectors.binary_search_by_key(&number, |&(number, _)| number)
    }
}

/// The device and what lies over it.
pub struct Store<D> {
    device: D,
    /// Where the volume ends: nothing beyond is ever asked for.
    sectors: u64,
    /// The first sector of what each window holds, and how many there are.
    held: [(u64, u64); WINDOWS],
    windows: Vec<u8>,
    scratch: Vec<u8>,
    /// What is changed.
    pub overlay: Overlay,
}

impl<D: BlockDevice> Store<D> {
    /// All of the device.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn new(device: D) -> Result<Self, FsError> {
        let mut windows = Vec::new();
        let size = WINDOWS * WINDOW as usize * SECTOR_SIZE;
        windows.try_reserve_exact(size).map_err(|_| FsError::OutOfMemory)?;
        windows.resize(size, 0);
        let mut scratch = Vec::new();
        scratch.try_reserve_exact(LONGEST_WRITE * SECTOR_SIZE).map_err(|_| FsError::OutOfMemory)?;
        let sectors = device.sector_count();
        Ok(Self { device, sectors, held: [(0, 0); WINDOWS], windows, scratch, overlay: Overlay::default() })
    }

    /// How many sectors there are.
    pub const fn sectors(&self) -> u64 {
        self.sectors
    }

    /// From now on the device is taken to end here.
    pub fn limit(&mut self, sectors: u64) {
        self.sectors = self.sectors.min(sectors);
    }

    /// A sector as it is now.
    ///
    /// # Errors
    /// The device's.
    pub fn sector(&mut self, number: u64) -> Result<&Sector, FsError> {
        match self.overlay.find(number) {
            Ok(at) => Ok(&self.overlay.sectors[at].1),
            Err(_) => self.stored(number),
        }
    }

    /// A sector as the device has it.
    ///
    /// # Errors
    /// The device's.
    pub fn stored(&mut self, number: u64) -> Result<&Sector, FsError> {
        let window = (number / WINDOW) as usize % WINDOWS;
        let (mut first, count) = self.held[window];
        if number < first || number - first >= count {
            first = self.fill(window, number)?;
        }
        let at = (window * WINDOW as usize + (number - first) as usize) * SECTOR_SIZE;
        self.windows[at..at + SECTOR_SIZE].as_array().ok_or(FsError::Device(DeviceError::OutOfRange))
    }

    /// Reads `number` and its neighbours into the window. Gives the first sector it then holds.
    fn fill(&mut self, window: usize, number: u64) -> Result<u64, FsError> {
        if number >= self.sectors {
            return Err(DeviceError::OutOfRange.into());
        }
        let start = window * WINDOW as usize * SECTOR_SIZE;
        let first = number / WINDOW * WINDOW;
        let count = WINDOW.min(self.sectors - first);
        self.held[window] = (0, 0);
        let bytes = &mut self.windows[start..start + count as usize * SECTOR_SIZE];
        self.held[window] = match self.device.read(first, bytes) {
            Ok(()) => (first, count),
            // A neighbour that can't be read is nobody's trouble yet.
            Err(_) => {
                self.device.read(number, &mut bytes[..SECTOR_SIZE])?;
                (number, 1)
            }
        };
        Ok(self.held[window].0)
    }

    /// A sector, to be changed: it lies in the overlay from now on.
    ///
    /// # Errors
    /// The device's; [`FsError::OutOfMemory`].
    pub fn change(&mut self, number: u64) -> Result<&mut Sector, FsError> {
        if self.overlay.get(number).is_none() {
            let bytes = *self.stored(number)?;
            self.overlay.insert(number, &bytes)?;
        }
        self.overlay.get_mut(number).ok_or(FsError::OutOfMemory)
    }

    /// Writes whole sectors to the device, under the overlay.
    ///
    /// # Errors
    /// The device's.
    pub fn write(&mut self, first: u64, data: &[u8]) -> Result<(), FsError> {
        let sectors = data.as_chunks::<SECTOR_SIZE>().0;
        if first.checked_add(sectors.len() as u64).is_none_or(|end| end > self.sectors) {
            return Err(DeviceError::OutOfRange.into());
        }
        let result = self.device.write(first, data);
        for (number, bytes) in (first..).zip(sectors) {
            let window = (number / WINDOW) as usize % WINDOWS;
            let (start, count) = self.held[window];
            if number < start || number - start >= count {
                continue;
            }
            if result.is_err() {
                // Old, new or neither: to be read again.
                self.held[window] = (0, 0);
            } else {
                let at = (window * WINDOW as usize + (number - start) as usize) * SECTOR_SIZE;
                self.windows[at..at + SECTOR_SIZE].copy_from_slice(bytes);
            }
        }
        Ok(result?)
    }

    /// Fills sectors on the device with zeros.
    ///
    /// # Errors
    /// The device's.
    pub fn write_zeros(&mut self, first: u64, count: u64) -> Result<(), FsError> {
        let mut done = 0;
        while done < count {
            let now = (count - done).min(8);
            self.write(first + done, &ZEROS[..now as usize * SECTOR_SIZE])?;
            done += now;
        }
        Ok(())
    }

    /// Changes bytes of one sector on the device at once, and in the overlay if it lies there too.
    ///
    /// # Errors
    /// The device's.
    pub fn patch(&mut self, number: u64, offset: usize, bytes: &[u8]) -> Result<(), FsError> {
        let mut sector = *self.stored(number)?;
        sector[offset..offset + bytes.len()].copy_from_slice(bytes);
        self.write(number, &sector)?;
        if let Some(sector) = self.overlay.get_mut(number) {
            sector[offset..offset + bytes.len()].copy_from_slice(bytes);
        }
        Ok(())
    }

    /// Writes those sectors that differ from what the device has, neighbours together.
    ///
    /// # Errors
    /// The device's.
    pub fn write_sectors<'a>(
        &mut self,
        sectors: impl Iterator<Item = (u64, &'a Sector)>,
    ) -> Result<bool, FsError> {
        let mut written = false;
        let mut first = 0;
        let mut run = core::mem::take(&mut self.scratch);
        run.clear();
        let mut write = |store: &mut Self, first: u64, run: &mut Vec<u8>| {
            written |= !run.is_empty();
            let result = if run.is_empty() { Ok(()) } else { store.write(first, run) };
            run.clear();
            result
        };
        let mut result = Ok(());
        for (number, bytes) in sectors {
            match self.stored(number) {
                Ok(stored) if stored == bytes => continue,
                Ok(_) => {}
                // What can't be read may still be written: the disk then puts the sector elsewhere.
                Err(_) => {}
            }
            let is_next = first + (run.len() / SECTOR_SIZE) as u64 == number;
            if !is_next || run.len() >= LONGEST_WRITE * SECTOR_SIZE {
                result = write(self, first, &mut run);
                if result.is_err() {
                    break;
                }
            }
            if run.is_empty() {
                first = number;
            }
            run.extend_from_slice(bytes);
        }
        if result.is_ok() {
            result = write(self, first, &mut run);
        }
        self.scratch = run;
        result.map(|()| written)
    }

    /// Everything written before lies on the medium before anything written later does.
    ///
    /// # Errors
    /// The device's.
    pub fn flush(&mut self) -> Result<(), FsError> {
        Ok(self.device.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlay_keeps_its_sectors_in_order() {
        let mut overlay = Overlay::default();
        for number in [5, 1, 9, 5] {
            overlay.insert(number, &[number as u8; 512]).unwrap();
        }
        assert_eq!(overlay.iter().map(|(number, _)| number).collect::<Vec<_>>(), [1, 5, 9]);
        assert_eq!(overlay.get(9).unwrap()[0], 9);
        assert!(overlay.get(2).is_none());
    }
}
