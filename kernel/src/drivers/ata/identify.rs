//! The 256 words in which a drive describes itself (ATA/ATAPI-6, section 8.15).

use core::ops::Range;

use super::error::AtaError;

/// What matters of them.
#[derive(Clone, Debug)]
pub struct Identity {
    model: [u8; 40],
    model_length: usize,
    /// The drive's size in sectors of 512 bytes.
    pub sectors: u64,
    /// Whether it takes 48-bit sector numbers.
    pub lba48: bool,
    /// Sectors that a READ or WRITE MULTIPLE moves at once; 0 when the drive does not have these commands.
    pub max_multiple: u16,
}

const MODEL: Range<usize> = 27..47;
const MAX_MULTIPLE: usize = 47;
const CAPABILITIES: usize = 49;
const LBA: u16 = 1 << 9;
const SECTORS_28: usize = 60;
const COMMANDS: usize = 83;
const LBA_48: u16 = 1 << 10;
const SECTORS_48: usize = 100;
const SECTOR_FORMAT: usize = 106;
/// Word 106 is meaningful, and logical sectors are longer than 512 bytes.
const LONG_SECTORS: u16 = 1 << 14 | 1 << 12;
const SECTOR_FORMAT_MASK: u16 = 1 << 15 | LONG_SECTORS;

impl Identity {
    /// Reads the words.
    pub fn parse(words: &[u16; 256]) -> Result<Self, AtaError> {
        if words[CAPABILITIES] & LBA == 0 {
            return Err(AtaError::Unsupported("it counts by cylinders only"));
        }
        if words[SECTOR_FORMAT] & SECTOR_FORMAT_MASK == LONG_SECTORS {
            return Err(AtaError::Unsupported("its sectors are not 512 bytes long"));
        }
        let sectors_at = |at: usize, count: usize| {
            words[at..at + count].iter().rev().fold(0, |sum, &word| sum << 16 | u64::from(word))
        };
        let lba48 = words[COMMANDS] & LBA_48 != 0;
        // 48-bit sector numbers end there, whatever the drive says.
        let sectors = if lba48 {
            sectors_at(SECTORS_48, 4).min(1 << 48)
        } else {
            sectors_at(SECTORS_28, 2).min(1 << 28)
        };
        if sectors == 0 {
            return Err(AtaError::Unsupported("it has no sectors"));
        }
        // Text stands with its first character in a word's upper half.
        let mut model = [b' '; 40];
        for (pair, word) in model.chunks_exact_mut(2).zip(&words[MODEL]) {
            pair.copy_from_slice(&word.to_be_bytes());
        }
        for byte in &mut model {
            if !byte.is_ascii_graphic() {
                *byte = b' ';
            }
        }
        let model_length = model.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
        Ok(Self { model, model_length, sectors, lba48, max_multiple: words[MAX_MULTIPLE] & 0xff })
    }

    /// The maker's name for it.
    pub fn model(&self) -> &str {
        match core::str::from_utf8(&self.model[..self.model_length]) {
            Ok(model) if !model.is_empty() => model,
            _ => "nameless disk",
        }
    }
}
