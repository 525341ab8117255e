//! The boot sector: where everything lies, once its numbers are proven to fit together.
//!
//! Places are counted in sectors of 512 bytes from the volume's beginning, the unit of [`blockcache::BlockDevice`],
//! whatever unit the boot sector counts in.

use core::fmt;

/// The lowest cluster number of data; 0 and 1 are reserved.
pub const FIRST_CLUSTER: u32 = 2;
/// From here on a volume with a 16-bit length of the table is FAT16, below FAT12: the specification's only criterion.
const FAT16_MIN_CLUSTERS: u32 = 4_085;
/// The specification wants this many clusters of a FAT32 volume, and fewer of any other. Everybody goes by the length of
/// the table instead, which stands in another field for FAT32; and so small FAT32 volumes are common.
const FAT32_MIN_CLUSTERS: u32 = 65_525;
/// Cluster numbers from here on mean something else in FAT32's table.
const FAT32_MAX_CLUSTERS: u32 = 0x0fff_fff5;
/// The largest cluster that implementations agree on, in bytes.
const MAX_CLUSTER_SIZE: u32 = 64 * 1024;
/// Bytes in a device's sector.
const UNIT: u32 = 512;
/// Directory entries in one.
const ENTRIES: u32 = 16;

/// Where the status byte lies in the boot sector of FAT12 and FAT16; bit 0 is "a system is or was writing".
const STATUS_16: usize = 0x25;
/// See [`STATUS_16`].
const STATUS_32: usize = 0x41;
/// The bit of it.
pub const STATUS_DIRTY: u8 = 1;

/// Why a volume is not mounted as FAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFat {
    /// The first sector is no FAT boot sector at all.
    NoFileSystem,
    /// Another file system, by name.
    Other(&'static str),
    /// It says FAT, but this number in it is impossible.
    Invalid(&'static str),
}

impl fmt::Display for NotFat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFileSystem => write!(out, "there is no FAT file system on it"),
            Self::Other(name) => write!(out, "it has {name}, and only FAT is supported"),
            Self::Invalid(what) => write!(out, "its FAT boot sector is damaged: {what}"),
        }
    }
}

/// How wide the table's entries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 12 bits.
    Fat12,
    /// 16 bits.
    Fat16,
    /// 32 bits, of which 28 count.
    Fat32,
}

/// Where the root directory lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// In an area of its own (FAT12, FAT16).
    Fixed {
        /// Its first sector.
        sector: u64,
        /// How many sectors it has.
        sectors: u32,
    },
    /// In clusters as any directory (FAT32); this is the first.
    Cluster(u32),
}

/// The layout of a proven volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// How wide the table's entries are.
    pub width: Width,
    /// Sectors of the volume.
    pub sectors: u64,
    /// Sectors in a cluster, a power of two.
    pub cluster_sectors: u32,
    /// How many clusters of data there are; their numbers begin at [`FIRST_CLUSTER`].
    pub cluster_count: u32,
    /// Where the table in use begins.
    pub table_sector: u64,
    /// Sectors in one copy of the table.
    pub table_sectors: u64,
    /// The copies of the table that are kept alike, one behind the other; 1 when mirroring is off.
    pub mirrors: u8,
    /// Where the FSInfo sector is said to lie.
    pub fs_info: Option<u64>,
    /// The root directory.
    pub root: Root,
    /// Where cluster 2 lies.
    pub data_sector: u64,
    /// Where the status byte lies in the boot sector. Old volumes have none.
    pub status_offset: Option<usize>,
    /// The status byte as the volume was found.
    pub status: u8,
}

impl Geometry {
    /// Reads the boot sector of a volume that is `volume_sectors` long.
    ///
    /// # Errors
    /// Why this is no FAT volume that can be trusted.
    pub fn parse(sector: &[u8; 512], volume_sectors: u64) -> Result<Self, NotFat> {
        let u16_at = |offset: usize| u16::from_le_bytes([sector[offset], sector[offset + 1]]);
        let u32_at = |offset: usize| u32::from(u16_at(offset)) | u32::from(u16_at(offset + 2)) << 16;

        match &sector[3..11] {
            b"EXFAT   " => return Err(NotFat::Other("an exFAT file system")),
            b"NTFS    " => return Err(NotFat::Other("an NTFS file system")),
            _ => {}
        }
        if u16_at(510) != 0xaa55 || !matches!(sector[0], 0xeb | 0xe9) {
            return Err(NotFat::NoFileSystem);
        }
        let (sector_size, sectors_per_cluster) = (u32::from(u16_at(11)), u32::from(sector[13]));
        if !matches!(sector_size, 512 | 1024 | 2048 | 4096) || !sectors_per_cluster.is_power_of_two() {
            // A boot sector of something else also ends in 55 AA.
            return Err(NotFat::NoFileSystem);
        }
        let invalid = |what| Err(NotFat::Invalid(what));
        if sector_size * sectors_per_cluster > MAX_CLUSTER_SIZE {
            return invalid("its clusters are too large");
        }
        let (reserved, copies) = (u16_at(14), sector[16]);
        if reserved == 0 || copies == 0 || copies > 2 {
            return invalid("the number of reserved sectors or of allocation tables is impossible");
        }
        let total = match u16_at(19) {
            0 => u32_at(32),
            total => u32::from(total),
        };
        let is_32 = u16_at(22) == 0;
        let table_length = if is_32 { u32_at(36) } else { u32::from(u16_at(22)) };
        let root_entries = u32::from(u16_at(17));
        let root_length = (root_entries * UNIT / ENTRIES).div_ceil(sector_size);
        let tables = u64::from(copies) * u64::from(table_length);
        let root = u64::from(reserved) + tables;
        let data = root + u64::from(root_length);
        let Some(data_length) = u64::from(total).checked_sub(data).filter(|&length| length > 0) else {
            return invalid("the volume ends before its data begin");
        };
        // At most the 32-bit total, so the cast is exact.
        let cluster_count = (data_length / u64::from(sectors_per_cluster)) as u32;
        if cluster_count == 0 || cluster_count >= FAT32_MAX_CLUSTERS {
            return invalid("it has no clusters, or too many");
        }
        let width = if is_32 {
            Width::Fat32
        } else if cluster_count < FAT16_MIN_CLUSTERS {
            Width::Fat12
        } else if cluster_count < FAT32_MIN_CLUSTERS {
            Width::Fat16
        } else {
            return invalid("the length of its table is FAT16's");
        };
        let scale = u64::from(sector_size / UNIT);
        if u64::from(total) * scale > volume_sectors {
            return invalid("it claims to be larger than the disk");
        }
        let bits = match width {
            Width::Fat12 => 12,
            Width::Fat16 => 16,
            Width::Fat32 => 32,
        };
        if u64::from(table_length) * u64::from(sector_size) * 8 / bits < u64::from(cluster_count) + 2 {
            return invalid("the allocation table is too short for the volume");
        }
        let mut geometry = Self {
            width,
            sectors: u64::from(total) * scale,
            cluster_sectors: sectors_per_cluster * scale as u32,
            cluster_count,
            table_sector: u64::from(reserved) * scale,
            table_sectors: u64::from(table_length) * scale,
            mirrors: copies,
            fs_info: None,
            root: Root::Fixed { sector: root * scale, sectors: root_entries / ENTRIES },
            data_sector: data * scale,
            status_offset: None,
            status: 0,
        };
        // The byte exists if the extended boot record does, whose signature follows it.
        let status_offset = if is_32 { STATUS_32 } else { STATUS_16 };
        if matches!(sector[status_offset + 1], 0x28 | 0x29) {
            geometry.status_offset = Some(status_offset);
            geometry.status = sector[status_offset];
        }
        if !is_32 {
            if root_entries == 0 || root_entries % ENTRIES != 0 {
                return invalid("the length of its root directory is impossible");
            }
            return Ok(geometry);
        }
        if root_entries != 0 {
            return invalid("its root directory is FAT16's");
        }
        if u16_at(42) != 0 {
            return invalid("its version is not 0.0");
        }
        geometry.root = Root::Cluster(u32_at(44));
        if !geometry.contains(u32_at(44)) {
            return invalid("the root directory lies outside the volume");
        }
        let fs_info = u16_at(48);
        geometry.fs_info = (fs_info != 0 && fs_info < reserved).then(|| u64::from(fs_info) * scale);
        let flags = u16_at(40);
        if flags & 0x80 != 0 {
            let active = flags & 0x0f;
            if active >= u16::from(copies) {
                return invalid("the allocation table in use does not exist");
            }
            geometry.table_sector += u64::from(active) * geometry.table_sectors;
            geometry.mirrors = 1;
        }
        Ok(geometry)
    }

    /// Whether `cluster` is one of the data.
    pub const fn contains(&self, cluster: u32) -> bool {
        cluster >= FIRST_CLUSTER && cluster - FIRST_CLUSTER < self.cluster_count
    }

    /// Where the cluster lies, which [`Geometry::contains`].
    pub const fn sector_of(&self, cluster: u32) -> u64 {
        self.data_sector + (cluster - FIRST_CLUSTER) as u64 * self.cluster_sectors as u64
    }

    /// Bytes in a cluster.
    pub const fn cluster_size(&self) -> u32 {
        self.cluster_sectors * UNIT
    }

    /// How many clusters `bytes` of contents need.
    pub const fn clusters_for(&self, bytes: u64) -> u64 {
        bytes.div_ceil(self.cluster_size() as u64)
    }

    /// Where copy number `copy` of the table begins.
    pub const fn copy_sector(&self, copy: u8) -> u64 {
        self.table_sector + copy as u64 * self.table_sectors
    }

    /// Whether the cluster's entry in the table lies in two sectors, as some do on FAT12: a power failure may then tear
    /// it in two.
    pub const fn is_split(&self, cluster: u32) -> bool {
        matches!(self.width, Width::Fat12) && (cluster + cluster / 2) % UNIT == UNIT - 1
    }

    /// Whether an entry of a directory's chain would be beyond repair if it is torn. A file's is never: its size says
    /// where it ends. With two copies of the table, which are written one after the other, one of them is whole.
    pub const fn is_unsafe_for_directories(&self, cluster: u32) -> bool {
        self.mirrors < 2 && self.is_split(cluster)
    }

    /// Whether the high half of a first cluster counts in a directory entry.
    pub const fn is_wide(&self) -> bool {
        matches!(self.width, Width::Fat32)
    }
}
