//! Directory entries as bytes, as far as the check and moving a directory need them. The names are `fatfs`'s business.

/// Bytes in a directory entry.
pub const ENTRY_SIZE: usize = 32;
/// The first two entries of every directory but the root.
pub const DOT: &[u8; 11] = b".          ";
/// See [`DOT`].
pub const DOT_DOT: &[u8; 11] = b"..         ";

const END: u8 = 0;
const DELETED: u8 = 0xe5;
const ATTRIBUTES: usize = 11;
const VOLUME_LABEL: u8 = 0x08;
const DIRECTORY: u8 = 0x10;
/// All four low attributes together mark a piece of a long name.
const LONG_NAME: u8 = 0x0f;
/// In a piece's number, its first byte: no pieces follow.
const LAST_PIECE: u8 = 0x40;
const MODIFIED_DATE: usize = 24;
/// The lower byte of 1980-01-01.
const FIRST_DAY: u8 = 0x21;
const CLUSTER_HIGH: usize = 20;
const CLUSTER_LOW: usize = 26;
const SIZE: usize = 28;

/// What an entry says, without its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// No entries follow.
    End,
    /// Deleted, a piece of a long name, the volume's label, `.` or `..`: nothing that owns clusters.
    Nothing,
    /// A file. An empty one has cluster 0.
    File {
        /// Its first cluster.
        cluster: u32,
        /// Its size in bytes.
        size: u32,
    },
    /// A directory.
    Directory {
        /// Its first cluster.
        cluster: u32,
    },
}

impl Entry {
    /// Reads one entry.
    pub fn parse(bytes: &[u8; ENTRY_SIZE]) -> Self {
        let attributes = bytes[ATTRIBUTES];
        match bytes[0] {
            END => Self::End,
            DELETED => Self::Nothing,
            // Pieces of long names carry all low attribute bits, the label's among them.
            _ if attributes & VOLUME_LABEL != 0 => Self::Nothing,
            _ if attributes & DIRECTORY != 0 => {
                if bytes.starts_with(DOT) || bytes.starts_with(DOT_DOT) {
                    Self::Nothing
                } else {
                    Self::Directory { cluster: cluster(bytes) }
                }
            }
            _ => {
                let size =
                    u32::from_le_bytes([bytes[SIZE], bytes[SIZE + 1], bytes[SIZE + 2], bytes[SIZE + 3]]);
                Self::File { cluster: cluster(bytes), size }
            }
        }
    }
}

/// The first cluster that an entry names.
pub fn cluster(bytes: &[u8; ENTRY_SIZE]) -> u32 {
    let half = |offset: usize| u32::from(u16::from_le_bytes([bytes[offset], bytes[offset + 1]]));
    half(CLUSTER_HIGH) << 16 | half(CLUSTER_LOW)
}

/// Makes the entry name another first cluster.
pub fn set_cluster(bytes: &mut [u8; ENTRY_SIZE], cluster: u32) {
    bytes[CLUSTER_HIGH..CLUSTER_HIGH + 2].copy_from_slice(&((cluster >> 16) as u16).to_le_bytes());
    bytes[CLUSTER_LOW..CLUSTER_LOW + 2].copy_from_slice(&(cluster as u16).to_le_bytes());
}

/// The entries `.` and `..` of a directory at `cluster`; `parent` is 0 for the root.
pub fn first_entries(cluster: u32, parent: u32) -> [[u8; ENTRY_SIZE]; 2] {
    [(DOT, cluster), (DOT_DOT, parent)].map(|(name, cluster)| {
        let mut bytes = [0; ENTRY_SIZE];
        bytes[..name.len()].copy_from_slice(name);
        bytes[ATTRIBUTES] = DIRECTORY;
        bytes[MODIFIED_DATE] = FIRST_DAY;
        set_cluster(&mut bytes, cluster);
        bytes
    })
}

/// Changes the first character in the first piece of a long name. False, and nothing changed, when this is no such
/// piece or the character takes more than one UTF-16 unit.
pub fn set_first_character(bytes: &mut [u8; ENTRY_SIZE], character: char) -> bool {
    let Ok(unit) = u16::try_from(u32::from(character)) else { return false };
    let is_first_piece = bytes[ATTRIBUTES] == LONG_NAME && bytes[0] & !LAST_PIECE == 1;
    if is_first_piece {
        bytes[1..3].copy_from_slice(&unit.to_le_bytes());
    }
    is_first_piece
}
