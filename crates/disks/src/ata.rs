//! What all ATA disks have in common, whatever they hang on: their commands, how they describe themselves, and what
//! their complaints mean. Source: ATA/ATAPI-6 (T13/1410D), for queued commands ATA8-ACS (T13/1699D).

/// Numbers of commands (ATA/ATAPI-6, section 8).
pub mod command {
    /// Memory to sectors, with 28-bit numbers.
    pub const WRITE_DMA: u8 = 0xca;
    /// Sectors to memory, with 28-bit numbers.
    pub const READ_DMA: u8 = 0xc8;
    /// Memory to sectors, with 48-bit numbers.
    pub const WRITE_DMA_EXT: u8 = 0x35;
    /// Sectors to memory, with 48-bit numbers.
    pub const READ_DMA_EXT: u8 = 0x25;
    /// Sectors to memory, queued (ATA8-ACS, section 7.26).
    pub const READ_QUEUED: u8 = 0x60;
    /// Sectors through the data register, with 28-bit numbers.
    pub const READ: u8 = 0x20;
    /// Sectors through the data register, with 48-bit numbers.
    pub const READ_EXT: u8 = 0x24;
    /// As [`READ`], some sectors at each interrupt.
    pub const READ_MULTIPLE: u8 = 0xc4;
    /// As [`READ_EXT`], some sectors at each interrupt.
    pub const READ_MULTIPLE_EXT: u8 = 0x29;
    /// The data register to sectors, with 28-bit numbers.
    pub const WRITE: u8 = 0x30;
    /// The data register to sectors, with 48-bit numbers.
    pub const WRITE_EXT: u8 = 0x34;
    /// As [`WRITE`], some sectors at each interrupt.
    pub const WRITE_MULTIPLE: u8 = 0xc5;
    /// As [`WRITE_EXT`], some sectors at each interrupt.
    pub const WRITE_MULTIPLE_EXT: u8 = 0x39;
    /// How many sectors move at each interrupt of the four above.
    pub const SET_MULTIPLE: u8 = 0xc6;
    /// Memory to sectors, queued (ATA8-ACS, section 7.68).
    pub const WRITE_QUEUED: u8 = 0x61;
    /// Empties the write cache.
    pub const FLUSH: u8 = 0xe7;
    /// Empties the write cache, for disks with 48-bit numbers.
    pub const FLUSH_EXT: u8 = 0xea;
    /// Describes the disk.
    pub const IDENTIFY: u8 = 0xec;
}

/// What the bits of the error register mean (ATA/ATAPI-6, section 6.3.5), the telling ones first.
const REPORTS: [(u8, &str); 8] = [
    (1 << 6, "the data can't be read: bad sector"),
    (1 << 7, "the data were disturbed on the cable"),
    (NO_SUCH_SECTOR, "there is no such sector"),
    (1 << 5, "the medium was changed"),
    (1 << 3, "somebody asks for the medium"),
    (1 << 1, "there is no track 0"),
    (1 << 0, "the sector's mark can't be found"),
    // Nearly always set with one of the others, and then the lesser news.
    (1 << 2, "the drive refuses the command"),
];

/// In the error register: trying again is pointless.
pub const NO_SUCH_SECTOR: u8 = 1 << 4;

/// The error register in words.
#[must_use]
pub fn describe_error(bits: u8) -> &'static str {
    REPORTS.iter().find(|(bit, _)| bits & bit != 0).map_or("an error without a reason", |(_, words)| words)
}

/// What matters of the 256 words in which a disk describes itself (ATA/ATAPI-6, section 8.15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    model: [u8; 40],
    model_length: usize,
    /// The disk's size in sectors of 512 bytes.
    pub sectors: u64,
    /// Whether it takes 48-bit sector numbers.
    pub lba48: bool,
    /// Sectors that a READ or WRITE MULTIPLE moves at once; 0 when the disk does not have these commands.
    pub max_multiple: u16,
    /// Whether it takes READ and WRITE DMA.
    pub dma: bool,
    /// Whether firmware has chosen a speed for DMA, which an IDE channel needs.
    pub dma_mode_is_set: bool,
    /// How many queued commands it takes at once; 1 when it takes none (ATA8-ACS, section 7.16.7.29).
    pub queue_depth: usize,
}

/// Numbers of words, and bits in them.
mod word {
    use core::ops::Range;

    pub const MODEL: Range<usize> = 27..47;
    pub const MAX_MULTIPLE: usize = 47;
    pub const CAPABILITIES: usize = 49;
    pub const LBA: u16 = 1 << 9;
    pub const DMA: u16 = 1 << 8;
    pub const VALID: usize = 53;
    pub const ULTRA_VALID: u16 = 1 << 2;
    pub const SECTORS_28: usize = 60;
    pub const MULTIWORD_DMA: usize = 63;
    pub const QUEUE_DEPTH: usize = 75;
    pub const SATA: usize = 76;
    pub const QUEUED: u16 = 1 << 8;
    pub const COMMANDS: usize = 83;
    pub const ULTRA_DMA: usize = 88;
    pub const LBA_48: u16 = 1 << 10;
    pub const SECTORS_48: usize = 100;
    pub const SECTOR_FORMAT: usize = 106;
    /// The word is meaningful, and logical sectors are longer than 512 bytes.
    pub const LONG_SECTORS: u16 = 1 << 14 | 1 << 12;
    pub const SECTOR_FORMAT_MASK: u16 = 1 << 15 | LONG_SECTORS;
}

impl Identity {
    /// Of a disk that was not asked yet.
    pub(crate) const fn unknown() -> Self {
        Self {
            model: [b' '; 40],
            model_length: 0,
            sectors: 0,
            lba48: false,
            max_multiple: 0,
            dma: false,
            dma_mode_is_set: false,
            queue_depth: 1,
        }
    }

    /// Reads the words.
    ///
    /// # Errors
    /// In words, why the disk can't be used.
    pub fn parse(words: &[u16; 256]) -> Result<Self, &'static str> {
        if words[word::CAPABILITIES] & word::LBA == 0 {
            return Err("it counts by cylinders only");
        }
        if words[word::SECTOR_FORMAT] & word::SECTOR_FORMAT_MASK == word::LONG_SECTORS {
            return Err("its sectors are not 512 bytes long");
        }
        let sectors_at = |at: usize, count: usize| {
            words[at..at + count].iter().rev().fold(0, |sum, &word| sum << 16 | u64::from(word))
        };
        let lba48 = words[word::COMMANDS] & word::LBA_48 != 0;
        // 48-bit sector numbers end there, whatever the disk says.
        let sectors = if lba48 {
            sectors_at(word::SECTORS_48, 4).min(1 << 48)
        } else {
            sectors_at(word::SECTORS_28, 2).min(1 << 28)
        };
        if sectors == 0 {
            return Err("it has no sectors");
        }
        // Text stands with its first character in a word's upper half.
        let mut model = [b' '; 40];
        for (pair, word) in model.chunks_exact_mut(2).zip(&words[word::MODEL]) {
            pair.copy_from_slice(&word.to_be_bytes());
        }
        for byte in &mut model {
            if !byte.is_ascii_graphic() {
                *byte = b' ';
            }
        }
        let model_length = model.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
        // 0 and all ones: an old disk that knows nothing of the word.
        let queued = !matches!(words[word::SATA], 0 | 0xffff) && words[word::SATA] & word::QUEUED != 0;
        let queue_depth = if queued && lba48 { usize::from(words[word::QUEUE_DEPTH] & 0x1f) + 1 } else { 1 };
        let dma = words[word::CAPABILITIES] & word::DMA != 0;
        // The upper halves say which mode is chosen; that of Ultra DMA counts only if bit 2 of word 53 says so.
        let ultra = words[word::VALID] & word::ULTRA_VALID != 0 && words[word::ULTRA_DMA] >> 8 & 0x7f != 0;
        let dma_mode_is_set = dma && (ultra || words[word::MULTIWORD_DMA] >> 8 & 0b111 != 0);
        Ok(Self {
            dma_mode_is_set,
            model,
            model_length,
            sectors,
            lba48,
            max_multiple: words[word::MAX_MULTIPLE] & 0xff,
            dma,
            queue_depth,
        })
    }

    /// The maker's name for it.
    #[must_use]
    pub fn model(&self) -> &str {
        match core::str::from_utf8(&self.model[..self.model_length]) {
            Ok(model) if !model.is_empty() => model,
            _ => "nameless disk",
        }
    }
}
