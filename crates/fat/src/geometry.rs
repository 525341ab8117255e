//! The boot sector: where everything lies, once its numbers are proven to fit together.

use core::fmt;
use core::ops::Range;

/// The lowest cluster number of data; 0 and 1 are reserved.
pub const FIRST_CLUSTER: u32 = 2;
/// The specification wants this many clusters of a FAT32 volume, and fewer of any other. Everybody, `fatfs` excepted,
/// goes by the length of the table instead, which stands in another field for FAT32; and so small FAT32 volumes are common.
const FAT32_MIN_CLUSTERS: u32 = 65_525;
const FAT16_MIN_CLUSTERS: u32 = 4_085;
/// Cluster numbers from here on mean something else in the table.
const FAT32_MAX_CLUSTERS: u32 = 0x0fff_fff5;
/// `fatfs` counts the bits of a table in 32 bits.
const MAX_TABLE_LENGTH: u64 = u32::MAX as u64 / 8;
/// The largest cluster that implementations agree on, in bytes.
const MAX_CLUSTER_SIZE: u32 = 64 * 1024;

/// Where the 16-bit number of sectors lies in the boot sector.
pub const SECTORS_16_OFFSET: u64 = 19;
/// Where the 32-bit one lies, which counts when the other is 0.
pub const SECTORS_32_OFFSET: u64 = 32;
/// Where the status byte lies in the boot sector; bit 0 is "a system is or was writing".
pub const STATUS_OFFSET: u64 = 0x41;
/// The bit of it.
pub const STATUS_DIRTY: u8 = 1;

/// Why a volume is not mounted as FAT32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFat32 {
    /// The first sector is no FAT boot sector at all.
    NoFileSystem,
    /// Another file system, by name.
    Other(&'static str),
    /// It says FAT32, but this number in it is impossible.
    Invalid(&'static str),
}

impl fmt::Display for NotFat32 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFileSystem => write!(out, "there is no FAT32 file system on it"),
            Self::Other(name) => write!(out, "it has {name}, and only FAT32 is supported"),
            Self::Invalid(what) => write!(out, "its FAT32 boot sector is damaged: {what}"),
        }
    }
}

/// The layout of a proven FAT32 volume. Offsets are in bytes from the volume's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes in a cluster, a power of two.
    pub cluster_size: u32,
    /// How many clusters of data there are; their numbers begin at [`FIRST_CLUSTER`].
    pub cluster_count: u32,
    /// Where the table in use begins.
    pub table_offset: u64,
    /// Bytes in one copy of the table.
    pub table_length: u64,
    /// The copies of the table that are kept alike; 1 when mirroring is off.
    pub mirrors: u8,
    /// Where the FSInfo sector lies.
    pub fs_info_offset: u64,
    /// Where cluster 2 lies.
    pub data_offset: u64,
    /// The number of sectors that makes `fatfs` accept the volume: the real one or, where that makes too few clusters
    /// for FAT32, the lowest that does.
    pub sectors_shown: u32,
    /// The root directory's first cluster.
    pub root_cluster: u32,
    /// The status byte as the volume was found.
    pub status: u8,
}

impl Geometry {
    /// Reads the boot sector of a volume that is `volume_size` bytes long.
    ///
    /// # Errors
    /// Why this is no FAT32 volume that can be trusted.
    pub fn parse(sector: &[u8; 512], volume_size: u64) -> Result<Self, NotFat32> {
        let u8_at = |offset: usize| sector[offset];
        let u16_at = |offset: usize| u16::from_le_bytes([sector[offset], sector[offset + 1]]);
        let u32_at = |offset: usize| u32::from(u16_at(offset)) | u32::from(u16_at(offset + 2)) << 16;

        match &sector[3..11] {
            b"EXFAT   " => return Err(NotFat32::Other("an exFAT file system")),
            b"NTFS    " => return Err(NotFat32::Other("an NTFS file system")),
            _ => {}
        }
        if u16_at(510) != 0xaa55 || !matches!(u8_at(0), 0xeb | 0xe9) {
            return Err(NotFat32::NoFileSystem);
        }
        let sector_size = u16_at(11);
        let sectors_per_cluster = u8_at(13);
        let reserved = u16_at(14);
        let copies = u8_at(16);
        if !matches!(sector_size, 512 | 1024 | 2048 | 4096) || !sectors_per_cluster.is_power_of_two() {
            // A boot sector of something else also ends in 55 AA.
            return Err(NotFat32::NoFileSystem);
        }
        let invalid = |what| Err(NotFat32::Invalid(what));
        let cluster_size = u32::from(sector_size) * u32::from(sectors_per_cluster);
        if cluster_size > MAX_CLUSTER_SIZE {
            return invalid("its clusters are too large");
        }
        if reserved == 0 || copies == 0 || copies > 2 {
            return invalid("the number of reserved sectors or of allocation tables is impossible");
        }
        let total = match u16_at(SECTORS_16_OFFSET as usize) {
            0 => u32_at(SECTORS_32_OFFSET as usize),
            total => u32::from(total),
        };
        let root_sectors = (u32::from(u16_at(17)) * 32).div_ceil(u32::from(sector_size));
        let table_sectors = match u16_at(22) {
            0 => u32_at(36),
            sectors => u32::from(sectors),
        };
        let data_sector =
            u64::from(reserved) + u64::from(copies) * u64::from(table_sectors) + u64::from(root_sectors);
        let Some(data_sectors) = u64::from(total).checked_sub(data_sector).filter(|&sectors| sectors > 0)
        else {
            return invalid("the volume ends before its data begin");
        };
        // At most the 32-bit total, so the cast is exact.
        let cluster_count = (data_sectors / u64::from(sectors_per_cluster)) as u32;
        match (u16_at(22), cluster_count) {
            (0, _) => {}
            (_, ..FAT16_MIN_CLUSTERS) => return Err(NotFat32::Other("a FAT12 file system")),
            (_, ..FAT32_MIN_CLUSTERS) => return Err(NotFat32::Other("a FAT16 file system")),
            _ => return invalid("the length of its table is FAT16's"),
        }
        if u16_at(17) != 0 {
            return invalid("its root directory is FAT16's");
        }
        if cluster_count > FAT32_MAX_CLUSTERS {
            return invalid("it has too many clusters");
        }
        let bytes = |sectors: u64| sectors * u64::from(sector_size);
        if bytes(u64::from(total)) > volume_size {
            return invalid("it claims to be larger than the disk");
        }
        let table_length = bytes(u64::from(table_sectors));
        if table_length / 4 < u64::from(cluster_count) + u64::from(FIRST_CLUSTER) {
            return invalid("the allocation table is too short for the volume");
        }
        if table_length > MAX_TABLE_LENGTH {
            return invalid("the allocation table is too long");
        }
        if u16_at(42) != 0 {
            return invalid("its version is not 0.0");
        }
        let root_cluster = u32_at(44);
        if !(FIRST_CLUSTER..cluster_count + FIRST_CLUSTER).contains(&root_cluster) {
            return invalid("the root directory lies outside the volume");
        }
        let (fs_info, backup) = (u16_at(48), u16_at(50));
        if fs_info == 0 || fs_info >= reserved || backup >= reserved {
            return invalid("the information sector lies outside the reserved area");
        }
        let flags = u16_at(40);
        let mirrored = flags & 0x80 == 0;
        let active = if mirrored { 0 } else { flags & 0x0f };
        if active >= u16::from(copies) {
            return invalid("the allocation table in use does not exist");
        }
        let clusters_shown = cluster_count.max(FAT32_MIN_CLUSTERS);
        let sectors_shown = data_sector + u64::from(clusters_shown) * u64::from(sectors_per_cluster);
        let Ok(sectors_shown) = u32::try_from(sectors_shown) else {
            return invalid("the allocation table leaves no room for data");
        };
        Ok(Self {
            cluster_size,
            cluster_count,
            table_offset: bytes(u64::from(reserved) + u64::from(active) * u64::from(table_sectors)),
            table_length,
            mirrors: if mirrored { copies } else { 1 },
            fs_info_offset: bytes(u64::from(fs_info)),
            data_offset: bytes(data_sector),
            sectors_shown,
            root_cluster,
            status: u8_at(STATUS_OFFSET as usize),
        })
    }

    /// Whether `cluster` is one of the data.
    pub const fn contains(&self, cluster: u32) -> bool {
        cluster >= FIRST_CLUSTER && cluster - FIRST_CLUSTER < self.cluster_count
    }

    /// Where the cluster lies, which [`Geometry::contains`].
    pub const fn cluster_offset(&self, cluster: u32) -> u64 {
        self.data_offset + (cluster - FIRST_CLUSTER) as u64 * self.cluster_size as u64
    }

    /// The cluster that the place `offset` among the data lies in.
    pub const fn cluster_at(&self, offset: u64) -> u32 {
        ((offset - self.data_offset) / self.cluster_size as u64) as u32 + FIRST_CLUSTER
    }

    /// Where the cluster's entry in the table in use lies.
    pub const fn entry_offset(&self, cluster: u32) -> u64 {
        self.table_offset + cluster as u64 * 4
    }

    /// Where in the table in use the entries lie that stand for no cluster: behind the last one.
    pub const fn unused_entries(&self) -> Range<u64> {
        self.entry_offset(self.cluster_count + FIRST_CLUSTER)..self.table_offset + self.table_length
    }

    /// How many clusters `bytes` of contents need.
    pub const fn clusters_for(&self, bytes: u64) -> u64 {
        bytes.div_ceil(self.cluster_size as u64)
    }
}
