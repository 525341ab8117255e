//! Who owns which cluster of a FAT32 volume, read as plainly as the specification says it. A second opinion: it shares
//! nothing with crate `fat`, and is quick enough to be asked about every state, which fsck.fat is not.

use std::collections::BTreeSet;

/// What is wrong with chains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// Clusters that two chains have, or one twice.
    pub crossed: usize,
    /// Chains that end in a free, a bad or an impossible cluster, or do not fit their file's size.
    pub broken: usize,
    /// Clusters that are taken and belong to nobody.
    pub lost: usize,
}

struct Volume<'a> {
    bytes: &'a [u8],
    table: usize,
    data: usize,
    cluster_size: usize,
    /// One more than the highest cluster's number.
    end: u32,
}

/// Reads all chains; None if these bytes are no FAT32 volume.
pub fn ownership(bytes: &[u8]) -> Option<Ownership> {
    let half = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let (sector, cluster) = (usize::from(half(11)?), usize::from(*bytes.get(13)?));
    let (reserved, tables, length) =
        (usize::from(half(14)?), usize::from(*bytes.get(16)?), word(36)? as usize);
    if sector != 512 || half(22)? != 0 || cluster == 0 || half(510)? != 0xaa55 {
        return None;
    }
    let sectors = match half(19)? {
        0 => word(32)? as usize,
        few => usize::from(few),
    };
    let data = reserved + tables * length;
    let volume = Volume {
        bytes: bytes.get(..sectors * sector)?,
        table: reserved * sector,
        data: data * sector,
        cluster_size: cluster * sector,
        end: 2 + (sectors.checked_sub(data)? / cluster).min(length * sector / 4 - 2) as u32,
    };
    let mut found = Ownership::default();
    let mut owned = BTreeSet::new();
    let mut directories = vec![volume.chain(word(44)?, None, &mut owned, &mut found)];
    while let Some(clusters) = directories.pop() {
        for entry in clusters.iter().flat_map(|&cluster| volume.cluster(cluster).chunks_exact(32)) {
            // Free, the end, a part of a long name, the volume's name, or a directory's own.
            if matches!(entry[0], 0 | 0xe5 | b'.') || entry[11] & 8 != 0 {
                continue;
            }
            let first = u32::from(entry[21]) << 24
                | u32::from(entry[20]) << 16
                | u32::from(entry[27]) << 8
                | u32::from(entry[26]);
            let size = u32::from_le_bytes([entry[28], entry[29], entry[30], entry[31]]) as usize;
            if entry[11] & 16 != 0 {
                directories.push(volume.chain(first, None, &mut owned, &mut found));
            } else if first != 0 || size != 0 {
                volume.chain(first, Some(size), &mut owned, &mut found);
            }
        }
    }
    found.lost = (2..volume.end)
        .filter(|&cluster| !matches!(volume.next(cluster), 0 | 0x0fff_fff7) && !owned.contains(&cluster))
        .count();
    Some(found)
}

impl Volume<'_> {
    fn next(&self, cluster: u32) -> u32 {
        let entry = self.bytes.get(self.table + 4 * cluster as usize..).and_then(|rest| rest.first_chunk());
        entry.map_or(0, |bytes| u32::from_le_bytes(*bytes) & 0x0fff_ffff)
    }

    fn cluster(&self, number: u32) -> &[u8] {
        let start = self.data + (number as usize - 2) * self.cluster_size;
        self.bytes.get(start..start + self.cluster_size).unwrap_or_default()
    }

    /// The clusters of a chain as far as it is sound. `size` is a file's, which says how many there are to be.
    fn chain(
        &self,
        first: u32,
        size: Option<usize>,
        owned: &mut BTreeSet<u32>,
        found: &mut Ownership,
    ) -> Vec<u32> {
        let mut clusters = Vec::new();
        let mut cluster = first;
        while (2..self.end).contains(&cluster) {
            if !owned.insert(cluster) {
                found.crossed += 1;
                return clusters;
            }
            clusters.push(cluster);
            cluster = self.next(cluster);
        }
        let fits = size.is_none_or(|size| clusters.len() == size.div_ceil(self.cluster_size));
        if cluster < 0x0fff_fff8 || !fits {
            found.broken += 1;
        }
        clusters
    }
}
