//! Walks the whole volume once and says whether it can be trusted.
//!
//! Every chain is followed to its end, every cluster is ticked off when it is met. A cluster that is met twice is a
//! loop or belongs to two files; so the walk ends after at most as many steps as there are clusters, whatever the disk
//! says. Memory: one bit for each cluster and one entry for each directory that is waiting.

use crate::directory::{self, ENTRY_SIZE, Entry};
use crate::geometry::{FIRST_CLUSTER, Geometry, STATUS_DIRTY, STATUS_OFFSET};
use alloc::vec;
use alloc::vec::Vec;
use blockcache::{BLOCK_SIZE, BlockDevice, Cache};
use vfs::FsError;

/// The bits of a table entry that are the next cluster; the upper four are to be kept.
pub(crate) const ENTRY_MASK: u32 = 0x0fff_ffff;
/// The entry of a cluster that can't be used.
pub(crate) const BAD: u32 = 0x0fff_fff7;
const END_OF_CHAIN: u32 = 0x0fff_fff8;
/// A directory holds at most 65,536 entries, by specification.
const MAX_DIRECTORY: u64 = 65_536 * ENTRY_SIZE as u64;
/// In the table's entry 1: the volume was closed properly. Newer systems use the boot sector's byte, some both.
const CLEAN_SHUTDOWN: u32 = 1 << 27;

/// What the check found on a volume that can be mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Directories, the root included.
    pub directories: u32,
    /// Files.
    pub files: u32,
    /// Clusters that are free.
    pub free_clusters: u32,
    /// Clusters that are taken but belong to no file.
    pub lost_clusters: u32,
    /// Whether the volume was marked as being written: the last system did not come to the end of it.
    pub was_dirty: bool,
    /// Whether the copies of the allocation table differed. Compared only on a volume that was dirty.
    pub copies_differ: bool,
    /// What is broken, on a volume whose directories are sound but whose files are not all. It is mounted for reading
    /// only. Then lost clusters are not looked for.
    pub damage: Option<&'static str>,
}

struct Walk<'a, D> {
    cache: &'a mut Cache<D>,
    geometry: &'a Geometry,
    /// One bit for each cluster, from [`FIRST_CLUSTER`] on.
    seen: Vec<u64>,
    scope: Scope,
}

/// What a walk looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Everything,
    /// All directories, and nothing that files own.
    Directories,
}

impl<'a, D: BlockDevice> Walk<'a, D> {
    fn new(cache: &'a mut Cache<D>, geometry: &'a Geometry, scope: Scope) -> Result<Self, FsError> {
        let words = (geometry.cluster_count as usize).div_ceil(64);
        let mut seen = Vec::new();
        seen.try_reserve_exact(words)
            .map_err(|_| FsError::Damaged("it is too large for this machine's memory"))?;
        seen.resize(words, 0);
        Ok(Self { cache, geometry, seen, scope })
    }

    /// Walks all directories from the root on, and what their files own if that is in scope. Gives those that are
    /// blank, each with its parent.
    fn tree(&mut self, report: &mut Report) -> Result<Vec<(u32, u32)>, FsError> {
        let root = self.geometry.root_cluster;
        let mut blank = Vec::new();
        // A directory and its parent. The root is 0 in the `..` of its children.
        let mut waiting = vec![(root, 0)];
        while let Some((directory, parent)) = waiting.pop() {
            report.directories += 1;
            let (children, is_blank) = self.directory(directory, report)?;
            let as_parent = if directory == root { 0 } else { directory };
            waiting.extend(children.into_iter().map(|child| (child, as_parent)));
            if is_blank && directory != root {
                blank.push((directory, parent));
            }
        }
        Ok(blank)
    }

    fn tick_off(&mut self, cluster: u32) -> Result<(), FsError> {
        if !self.geometry.contains(cluster) {
            return Err(FsError::Damaged("a chain of clusters leads out of the volume"));
        }
        let index = cluster - FIRST_CLUSTER;
        let word = &mut self.seen[(index / 64) as usize];
        if *word & 1 << (index % 64) != 0 {
            return Err(FsError::Damaged("a cluster belongs to two files, or a chain is a loop"));
        }
        *word |= 1 << (index % 64);
        Ok(())
    }

    fn is_ticked_off(&self, cluster: u32) -> bool {
        let index = cluster - FIRST_CLUSTER;
        self.seen[(index / 64) as usize] & 1 << (index % 64) != 0
    }

    fn entry(&mut self, cluster: u32) -> Result<u32, FsError> {
        let mut bytes = [0; 4];
        self.cache.read(self.geometry.entry_offset(cluster), &mut bytes)?;
        Ok(u32::from_le_bytes(bytes) & ENTRY_MASK)
    }

    /// The next cluster of a chain, None at its end.
    fn next(&mut self, cluster: u32) -> Result<Option<u32>, FsError> {
        match self.entry(cluster)? {
            END_OF_CHAIN.. => Ok(None),
            0 => Err(FsError::Damaged("a chain of clusters leads into free space")),
            BAD => Err(FsError::Damaged("a chain of clusters leads into a bad cluster")),
            next => Ok(Some(next)),
        }
    }

    fn file(&mut self, cluster: u32, size: u32) -> Result<(), FsError> {
        let needed = self.geometry.clusters_for(u64::from(size));
        if cluster == 0 {
            return match needed {
                0 => Ok(()),
                _ => Err(FsError::Damaged("a file has a size but no contents")),
            };
        }
        let mut next = Some(cluster);
        let mut found = 0;
        while let Some(cluster) = next {
            self.tick_off(cluster)?;
            found += 1;
            next = self.next(cluster)?;
        }
        // Room beyond the size is odd but harmless.
        if found < needed { Err(FsError::Damaged("a file's chain is shorter than its size")) } else { Ok(()) }
    }

    /// Reads a directory, ticks off all that its files own, and returns its subdirectories. True with them when the
    /// directory has no entry at all, not even `.`: its making was cut short.
    fn directory(&mut self, first: u32, report: &mut Report) -> Result<(Vec<u32>, bool), FsError> {
        let mut subdirectories = Vec::new();
        let mut is_blank = true;
        let mut buffer = vec![0; self.geometry.cluster_size as usize];
        let mut next = Some(first);
        let mut length = 0;
        let mut ended = false;
        while let Some(cluster) = next {
            self.tick_off(cluster)?;
            length += u64::from(self.geometry.cluster_size);
            // One cluster more than the limit is granted: it may be larger than what is left.
            if length > MAX_DIRECTORY + u64::from(self.geometry.cluster_size) {
                return Err(FsError::Damaged("a directory is longer than any may be"));
            }
            if !ended {
                self.cache.read(self.geometry.cluster_offset(cluster), &mut buffer)?;
                for bytes in buffer.as_chunks::<ENTRY_SIZE>().0 {
                    let entry = Entry::parse(bytes);
                    is_blank &= entry == Entry::End;
                    match entry {
                        Entry::End => {
                            ended = true;
                            break;
                        }
                        Entry::Nothing => {}
                        Entry::File { cluster, size } => {
                            report.files += 1;
                            if self.scope == Scope::Everything {
                                self.file(cluster, size)?;
                            }
                        }
                        Entry::Directory { cluster } => subdirectories.push(cluster),
                    }
                }
            }
            next = self.next(cluster)?;
        }
        Ok((subdirectories, is_blank))
    }

    /// Reads the table from end to end and calls `each` with every cluster and its entry.
    fn for_each_entry(&mut self, mut each: impl FnMut(&mut Self, u32, u32)) -> Result<(), FsError> {
        let mut buffer = vec![0; BLOCK_SIZE];
        let end = self.geometry.cluster_count + FIRST_CLUSTER;
        let mut cluster = 0;
        while cluster < end {
            let length = ((end - cluster) as usize * 4).min(buffer.len());
            self.cache.read(self.geometry.entry_offset(cluster), &mut buffer[..length])?;
            for bytes in buffer[..length].as_chunks::<4>().0 {
                if cluster >= FIRST_CLUSTER {
                    each(self, cluster, u32::from_le_bytes(*bytes) & ENTRY_MASK);
                }
                cluster += 1;
            }
        }
        Ok(())
    }
}

/// Checks the whole volume, and puts in order what an interrupted write leaves behind: a count of free clusters that
/// is wrong, and, on a volume marked dirty, copies of the table that differ, clusters that belong to no file, and
/// directories without their first two entries.
/// Nothing is written on a volume that is sound.
///
/// # Errors
/// [`FsError::Damaged`] in words when the volume can't be trusted; nothing was changed then. The device's.
pub fn check<D: BlockDevice>(cache: &mut Cache<D>, geometry: &Geometry) -> Result<Report, FsError> {
    check_information_sector(cache, geometry)?;
    let mut walk = Walk::new(cache, geometry, Scope::Everything)?;
    let shutdown = walk.entry(1)?;
    let was_dirty = geometry.status & STATUS_DIRTY != 0 || shutdown & CLEAN_SHUTDOWN == 0;
    let mut report = Report { was_dirty, ..Report::default() };
    let blank = walk.tree(&mut report)?;

    let mut lost = Vec::new();
    walk.for_each_entry(|walk, cluster, entry| match entry {
        0 => report.free_clusters += 1,
        BAD => {}
        _ if !walk.is_ticked_off(cluster) => {
            report.lost_clusters += 1;
            // Kept only where they will be freed: elsewhere their number may be anything.
            if was_dirty {
                lost.push(cluster);
            }
        }
        _ => {}
    })?;
    report.free_clusters += lost.len() as u32;
    for cluster in lost {
        walk.cache.write(geometry.entry_offset(cluster), &[0; 4])?;
    }
    for (directory, parent) in blank.into_iter().filter(|_| was_dirty) {
        walk.cache.write(
            geometry.cluster_offset(directory),
            directory::first_entries(directory, parent).as_flattened(),
        )?;
    }
    if was_dirty && shutdown & CLEAN_SHUTDOWN == 0 {
        let entry = shutdown | CLEAN_SHUTDOWN;
        walk.cache.write(geometry.entry_offset(1), &entry.to_le_bytes())?;
    }
    // Copies drift apart only when a system stops between writing them; comparing costs as much as all the rest.
    report.copies_differ = was_dirty && mirror_table(cache, geometry)?;
    set_free_count(cache, geometry, report.free_clusters)?;
    // After all else is on the disk: only then is the volume clean.
    cache.flush()?;
    if geometry.status & STATUS_DIRTY != 0 {
        cache.write(STATUS_OFFSET, &[geometry.status & !STATUS_DIRTY])?;
        cache.flush()?;
    }
    Ok(report)
}

/// Checks the directories only: when they are sound a volume can be read, whatever its files are. `damage` is what
/// [`check`] found. Nothing is written.
///
/// # Errors
/// [`FsError::Damaged`] when not even the directories are sound. The device's.
pub fn check_directories<D: BlockDevice>(
    cache: &mut Cache<D>,
    geometry: &Geometry,
    damage: &'static str,
) -> Result<Report, FsError> {
    check_information_sector(cache, geometry)?;
    let mut report = Report { damage: Some(damage), ..Report::default() };
    let mut walk = Walk::new(cache, geometry, Scope::Directories)?;
    walk.tree(&mut report)?;
    walk.for_each_entry(|_, _, entry| report.free_clusters += u32::from(entry == 0))?;
    Ok(report)
}

/// Makes the second copy of the table like the first. True when it was not.
fn mirror_table<D: BlockDevice>(cache: &mut Cache<D>, geometry: &Geometry) -> Result<bool, FsError> {
    if geometry.mirrors < 2 {
        return Ok(false);
    }
    let mut differ = false;
    let used = (u64::from(geometry.cluster_count) + u64::from(FIRST_CLUSTER)) * 4;
    let (mut first, mut second) = (vec![0; BLOCK_SIZE], vec![0; BLOCK_SIZE]);
    let mut position = 0;
    while position < used {
        let length = (used - position).min(BLOCK_SIZE as u64) as usize;
        let copy = geometry.table_offset + geometry.table_length + position;
        cache.read(geometry.table_offset + position, &mut first[..length])?;
        cache.read(copy, &mut second[..length])?;
        if first[..length] != second[..length] {
            differ = true;
            cache.write(copy, &first[..length])?;
        }
        position += length as u64;
    }
    Ok(differ)
}

/// The FSInfo sector's signatures at its beginning, in its middle and at its end.
const SIGNATURES: [(u64, u32); 3] = [(0, 0x4161_5252), (484, 0x6141_7272), (508, 0xaa55_0000)];
/// Where the number of free clusters stands in it.
const FREE_COUNT: u64 = 488;

fn check_information_sector<D: BlockDevice>(
    cache: &mut Cache<D>,
    geometry: &Geometry,
) -> Result<(), FsError> {
    let mut field = [0; 4];
    for (offset, signature) in SIGNATURES {
        cache.read(geometry.fs_info_offset + offset, &mut field)?;
        if u32::from_le_bytes(field) != signature {
            return Err(FsError::Damaged("the information sector is none"));
        }
    }
    Ok(())
}

/// Writes the number of free clusters into the FSInfo sector if it is not there already.
fn set_free_count<D: BlockDevice>(
    cache: &mut Cache<D>,
    geometry: &Geometry,
    free: u32,
) -> Result<(), FsError> {
    let mut field = [0; 4];
    cache.read(geometry.fs_info_offset + FREE_COUNT, &mut field)?;
    if u32::from_le_bytes(field) != free {
        cache.write(geometry.fs_info_offset + FREE_COUNT, &free.to_le_bytes())?;
    }
    Ok(())
}
