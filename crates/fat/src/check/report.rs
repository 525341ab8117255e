//! What a check found.

use core::fmt;

/// What the check of a volume found and, if it was to repair, put in order. For a volume that was closed properly, which
/// is mounted without a check, all numbers but the free clusters are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Whether the volume was marked as being written: the last system did not come to the end of it.
    pub was_dirty: bool,
    /// Directories, the root included.
    pub directories: u32,
    /// Files.
    pub files: u32,
    /// Clusters that are free, as far as that is known.
    pub free_clusters: Option<u32>,
    /// Clusters that were taken but belonged to no file, and were freed.
    pub lost_clusters: u32,
    /// Chains that broke off or were longer than their file, and were ended.
    pub cut_chains: u32,
    /// Files whose size was lowered to what is there.
    pub shortened_files: u32,
    /// Files and directories whose beginning was impossible: emptied or removed.
    pub lost_beginnings: u32,
    /// Renamings that were completed or undone.
    pub settled_renames: u32,
    /// Slots of directories that belonged to nothing, and were cleared.
    pub stray_slots: u32,
    /// Directories whose own first entries were wrong or missing.
    pub mended_directories: u32,
    /// Sectors of the second copy of the allocation table that were not like the first's.
    pub differing_sectors: u32,
    /// What is broken and can't be repaired. The volume is mounted for reading only, and nothing was repaired.
    pub damage: Option<&'static str>,
}

impl Report {
    /// How many repairs there were, or would be.
    pub const fn repairs(&self) -> u32 {
        self.lost_clusters
            + self.cut_chains
            + self.shortened_files
            + self.lost_beginnings
            + self.settled_renames
            + self.stray_slots
            + self.mended_directories
            + self.differing_sectors
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.was_dirty && self.directories == 0 {
            return write!(out, "it was closed properly");
        }
        write!(out, "{} directories and {} files checked", self.directories, self.files)?;
        if let Some(damage) = self.damage {
            return write!(out, ", for reading only: {damage}");
        }
        let repairs = [
            (self.lost_clusters, "lost clusters freed"),
            (self.cut_chains, "chains ended"),
            (self.shortened_files, "files shortened"),
            (self.lost_beginnings, "files without a beginning emptied"),
            (self.settled_renames, "renamings settled"),
            (self.stray_slots, "stray directory entries cleared"),
            (self.mended_directories, "directories mended"),
            (self.differing_sectors, "sectors of the second table made like the first's"),
        ];
        for (count, what) in repairs.into_iter().filter(|&(count, _)| count > 0) {
            write!(out, ", {count} {what}")?;
        }
        Ok(())
    }
}
