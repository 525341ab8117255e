//! The log that QEMU's `blklogwrites` keeps of a disk: every write, with its data, and every flush, in their order.
//!
//! The format is that of Linux's dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst): a sector with the
//! head, then for each entry a sector that describes it and the sectors that it wrote.

use std::ops::Range;
use std::path::Path;

use crate::error::{Context, Result, fail};

/// Bytes in a sector of the log and of the disk.
pub const SECTOR: usize = 512;
const MAGIC: u64 = 0x006a_7366_7773_6872;
const VERSION: u64 = 1;

const FLUSH: u64 = 1;
const FORCED: u64 = 1 << 1;
const DISCARD: u64 = 1 << 2;
const MARK: u64 = 1 << 3;

/// What the disk was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Whole sectors from `first` on; `data` is where they are in the log.
    Write {
        first: u64,
        data: Range<usize>,
        /// It is on the medium when it is done (FUA), whatever is not flushed.
        forced: bool,
    },
    /// What was written before is on the medium.
    Flush,
}

/// A log that was read.
pub struct Log {
    pub entries: Vec<Entry>,
    bytes: Vec<u8>,
}

impl Log {
    /// Reads the log at `path`.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).context(format!("read {}", path.display()))?;
        Self::parse(bytes).context(format!("read the log {}", path.display()))
    }

    fn parse(bytes: Vec<u8>) -> Result<Self> {
        let word = |at: usize| match bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()) {
            Some(bytes) => Ok(u64::from_le_bytes(bytes)),
            None => fail!("it ends within an entry"),
        };
        if (word(0)?, word(8)?) != (MAGIC, VERSION) {
            fail!("it is none");
        }
        let (count, sector_size) = (word(16)?, word(24)? & 0xffff_ffff);
        if sector_size != SECTOR as u64 {
            fail!("its sectors have {sector_size} bytes");
        }
        let mut entries = Vec::new();
        let mut at = SECTOR;
        for _ in 0..count {
            let (first, sectors, flags) = (word(at)?, word(at + 8)? as usize, word(at + 16)?);
            at += SECTOR;
            if flags & FLUSH != 0 {
                entries.push(Entry::Flush);
            }
            // A mark is for people; what a discard does to data is the disk's business, and this kernel asks for none.
            if flags & DISCARD == 0 && flags & MARK == 0 && sectors > 0 {
                let data = at..at + sectors * SECTOR;
                if data.end > bytes.len() {
                    fail!("it ends within the data of a write");
                }
                at = data.end;
                entries.push(Entry::Write { first, data, forced: flags & FORCED != 0 });
            }
        }
        Ok(Self { entries, bytes })
    }

    /// The sectors that an entry wrote, each with its number.
    pub fn sectors(&self, entry: &Entry) -> impl Iterator<Item = (u64, &[u8; SECTOR])> {
        let (first, data) = match entry {
            Entry::Write { first, data, .. } => (*first, data.clone()),
            Entry::Flush => (0, 0..0),
        };
        (first..).zip(self.bytes[data].as_chunks().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(entries: &[(u64, u64, u64, u8)]) -> Vec<u8> {
        let sector = |words: &[u64]| {
            let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            bytes.resize(SECTOR, 0);
            bytes
        };
        let mut bytes = sector(&[MAGIC, VERSION, entries.len() as u64, SECTOR as u64]);
        for &(first, count, flags, fill) in entries {
            bytes.extend(sector(&[first, count, flags, 0]));
            if flags & DISCARD == 0 {
                bytes.extend(vec![fill; count as usize * SECTOR]);
            }
        }
        bytes
    }

    #[test]
    fn entries_come_with_their_data() {
        let bytes = log(&[(7, 2, 0, 1), (0, 0, FLUSH, 0), (9, 5, DISCARD, 0), (3, 1, FLUSH | FORCED, 4)]);
        let log = Log::parse(bytes).unwrap();
        let [write, flush, second_flush, forced] = log.entries.as_slice() else {
            panic!("{:?}", log.entries)
        };
        assert_eq!(log.sectors(write).collect::<Vec<_>>(), [(7, &[1; SECTOR]), (8, &[1; SECTOR])]);
        assert_eq!((flush, second_flush), (&Entry::Flush, &Entry::Flush));
        assert!(matches!(forced, Entry::Write { forced: true, first: 3, .. }));
        assert_eq!(log.sectors(forced).collect::<Vec<_>>(), [(3, &[4; SECTOR])]);
    }

    #[test]
    fn what_is_no_log_is_refused() {
        assert!(Log::parse(Vec::new()).is_err());
        assert!(Log::parse(vec![0; 4096]).is_err());
        let mut short = log(&[(7, 2, 0, 1)]);
        short.pop();
        assert!(Log::parse(short).is_err());
    }
}
