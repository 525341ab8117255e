//! A command as it lies in memory: an entry in the port's list, which leads to a table with the frame for the disk and
//! the memory to use (AHCI, section 4.2).

use crate::hardware::Memory;
use crate::{Fault, Segment};

/// Bytes of an entry in the list.
pub const ENTRY_BYTES: usize = 32;
/// Where a table's description of memory begins.
const REGIONS: usize = 0x80;
const REGION_BYTES: usize = 16;
/// Regions in a table of one page.
pub const MAX_REGIONS: usize = (4096 - REGIONS) / REGION_BYTES;
/// The most bytes in one region.
const MAX_REGION: u32 = 4 << 20;

/// What a frame "register, host to device" says (SATA 3.0, section 10.3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The command's number.
    pub command: u8,
    /// The first sector.
    pub sector: u64,
    /// What the count register gets; the sectors, or for queued commands the tag.
    pub count: u16,
    /// What the feature register gets; for queued commands the sectors.
    pub features: u16,
    /// Bits of the device register.
    pub device: u8,
}

impl Frame {
    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> [u8; 20] {
        const HOST_TO_DEVICE: u8 = 0x27;
        const IS_COMMAND: u8 = 1 << 7;
        let lba = self.sector.to_le_bytes();
        let [count_low, count_high] = self.count.to_le_bytes();
        let [features_low, features_high] = self.features.to_le_bytes();
        [
            HOST_TO_DEVICE,
            IS_COMMAND,
            self.command,
            features_low,
            lba[0],
            lba[1],
            lba[2],
            self.device,
            lba[3],
            lba[4],
            lba[5],
            features_high,
            count_low,
            count_high,
            0,
            0,
            0,
            0,
            0,
            0,
        ]
    }
}

/// Puts a command into the list and its table.
///
/// # Errors
/// [`Fault::Refused`] when the segments can't be described.
pub fn place(
    list: &impl Memory,
    slot: usize,
    table: &impl Memory,
    frame: &Frame,
    segments: &[Segment],
    writes: bool,
) -> Result<(), Fault> {
    if segments.len() > MAX_REGIONS {
        return Err(Fault::Refused("its memory has more pieces than a command can name"));
    }
    table.write(0, &frame.bytes());
    for (index, segment) in segments.iter().enumerate() {
        let even = segment.address.is_multiple_of(2) && segment.length.is_multiple_of(2);
        if !even || segment.length == 0 || segment.length > MAX_REGION {
            return Err(Fault::Refused("its memory can't be described"));
        }
        let at = REGIONS + index * REGION_BYTES;
        let words = [segment.address as u32, (segment.address >> 32) as u32, 0, segment.length - 1];
        for (offset, word) in words.into_iter().enumerate() {
            table.write_u32(at + 4 * offset, word);
        }
    }
    const FRAME_WORDS: u32 = 5;
    let entry = [
        (segments.len() as u32) << 16 | u32::from(writes) << 6 | FRAME_WORDS,
        0,
        table.address() as u32,
        (table.address() >> 32) as u32,
    ];
    for (offset, word) in entry.into_iter().enumerate() {
        list.write_u32(slot * ENTRY_BYTES + 4 * offset, word);
    }
    Ok(())
}
