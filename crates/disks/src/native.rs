//! Requests in sectors of 512 bytes to disks whose own sectors are longer.
//!
//! Whole sectors of the disk's own are moved as they are; of one that is wanted in part all is read, and for writing
//! changed and written back. File systems ask for 4 KiB, so this is the exception.

use core::ops::Range;

use blockcache::SECTOR_SIZE;

/// A stretch of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Whole sectors of the disk's own.
    Whole {
        /// The first sector, in units of 512 bytes.
        first_sector: u64,
        /// Which bytes of the request's data.
        data: Range<usize>,
    },
    /// A piece of one of the disk's own sectors.
    Within {
        /// Where that sector begins, in units of 512 bytes.
        first_sector: u64,
        /// Where in it the piece begins, in bytes.
        at: usize,
        /// Which bytes of the request's data.
        data: Range<usize>,
    },
}

/// The parts of a request of `length` bytes, whole sectors of 512, to a disk whose own sectors are `native` times as long;
/// in order, at most three.
pub fn parts(first_sector: u64, length: usize, native: u32) -> impl Iterator<Item = Part> {
    let native = u64::from(native.max(1));
    let bytes = native as usize * SECTOR_SIZE;
    let mut done = 0;
    core::iter::from_fn(move || {
        let left = length - done;
        if left == 0 {
            return None;
        }
        let sector = first_sector + (done / SECTOR_SIZE) as u64;
        let at = (sector % native) as usize * SECTOR_SIZE;
        let start = done;
        if at == 0 && left >= bytes {
            done += left / bytes * bytes;
            return Some(Part::Whole { first_sector: sector, data: start..done });
        }
        done += left.min(bytes - at);
        Some(Part::Within { first_sector: sector - sector % native, at, data: start..done })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts cover the request once, in order; whole ones are whole, and pieces lie in one sector.
    #[test]
    fn parts_make_up_the_request() {
        for native in [1, 2, 8] {
            let bytes = native as usize * SECTOR_SIZE;
            for (first, count) in (0..20).flat_map(|first| (0..30).map(move |count| (first, count))) {
                let mut expected = first * SECTOR_SIZE as u64;
                let mut pieces = 0;
                for part in parts(first, count * SECTOR_SIZE, native) {
                    let (place, data) = match part {
                        Part::Whole { first_sector, data } => {
                            assert_eq!((first_sector % u64::from(native), data.len() % bytes), (0, 0));
                            (first_sector * SECTOR_SIZE as u64, data)
                        }
                        Part::Within { first_sector, at, data } => {
                            assert_eq!(first_sector % u64::from(native), 0);
                            assert!(at + data.len() <= bytes && data.len() < bytes);
                            (first_sector * SECTOR_SIZE as u64 + at as u64, data)
                        }
                    };
                    assert!(!data.is_empty());
                    assert_eq!(place, expected);
                    assert_eq!(data.start as u64, place - first * SECTOR_SIZE as u64);
                    expected += data.len() as u64;
                    pieces += 1;
                }
                assert_eq!(expected, (first + count as u64) * SECTOR_SIZE as u64);
                assert!(pieces <= 3);
            }
        }
    }
}
