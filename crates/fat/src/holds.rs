//! Old names that must stay on the disk until new ones are there.
//!
//! Directory sectors reach the disk in any order. Where the old name of something that is renamed lies in another sector
//! than the new one, both could be missing after a power failure. So the old one is held: while the sectors are written
//! it is put back into its sector, marked as moving, and goes in a second round. Where both lie in one sector that is not
//! needed, but may be later, if it is renamed again; so the slots of the old one are kept free until the commit.
//!
//! What counts for something that is renamed more than once is where it lies on the disk: its [`Origin`], which goes along
//! with each name entered since the last commit. Such a name itself is not on the disk, whatever its slots hold there.
//!
//! A directory must never have two entries of one name either. So what was removed, and may still be on the disk, is
//! remembered by name: entering that name anew takes a commit first, unless it comes into the sector where it was.

use crate::directory::slot::{CASE, MOVING, SLOT_SIZE, SLOTS};
use crate::node::Place;
use crate::store::Sector;
use alloc::vec::Vec;
use vfs::FsError;

/// A directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home {
    /// Its inode's number.
    pub id: u64,
    /// Its first cluster, which stays the same when it moves; 0 for a root that is not in clusters.
    pub first: u32,
}

/// Where something that was renamed since the last commit has its name on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The sector of its short entry.
    pub sector: u64,
    /// The short entry's slot in the directory, if the name is held. It is not if another spelling was written over it.
    pub held: Option<u32>,
}

/// Slots of one sector that are held.
pub struct Hold {
    /// The sector.
    pub sector: u64,
    /// The first slot in the directory.
    pub slot: u32,
    /// How many slots.
    pub count: u32,
    /// The slot of the short entry that they belong to.
    pub short: u32,
    /// The directory.
    pub directory: Home,
    /// In how many rounds of writing the slots keep their old contents. With 0 they are only not used again.
    pub level: u32,
    /// Whether the last of them is the short entry of something that moves.
    pub is_marked: bool,
    /// What is to be in these slots meanwhile.
    pub bytes: Vec<u8>,
}

impl Hold {
    /// The slots of `sector` that are held, which has these bytes.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn new(
        sector: u64,
        stored: &Sector,
        directory: Home,
        (slot, count): (u32, u32),
        short: u32,
    ) -> Result<Self, FsError> {
        let start = (slot % SLOTS) as usize * SLOT_SIZE;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(count as usize * SLOT_SIZE).map_err(|_| FsError::OutOfMemory)?;
        bytes.extend_from_slice(&stored[start..start + count as usize * SLOT_SIZE]);
        Ok(Self { sector, slot, count, short, directory, level: 0, is_marked: false, bytes })
    }

    const fn offset(&self) -> usize {
        (self.slot % SLOTS) as usize * SLOT_SIZE
    }

    /// Where the short entry's flags stand in the sector, if it is to be marked and `stored` has it.
    fn mark_in(&self, stored: &Sector) -> Option<usize> {
        let short = self.bytes.len() - SLOT_SIZE;
        let at = self.offset() + short;
        (self.is_marked && self.level > 0 && stored[at..at + 11] == self.bytes[short..short + 11])
            .then_some(at + CASE)
    }
}

/// A name that was removed since the last commit, and that the disk may still have.
struct Gone {
    first: u32,
    hash: u32,
    /// The sector of its short entry, its slot in the directory, and in how many rounds of writing it stays there.
    sector: u64,
    slot: u32,
    level: u32,
}

/// A name that was entered since the last commit.
struct Entered {
    /// The short entry's number on the volume.
    key: u64,
    origin: Option<Origin>,
}

/// All that is held until the next commit, by sector and slot.
#[derive(Default)]
pub struct Holds {
    holds: Vec<Hold>,
    /// By directory and hash.
    gone: Vec<Gone>,
    /// By key.
    entered: Vec<Entered>,
}

impl Holds {
    /// Makes sure that so many more can be added, and one name be entered and two removed, without fail.
    ///
    /// # Errors
    /// [`FsError::OutOfMemory`].
    pub fn reserve(&mut self, count: usize) -> Result<(), FsError> {
        self.entered.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        self.gone.try_reserve(4).map_err(|_| FsError::OutOfMemory)?;
        self.holds.try_reserve(count).map_err(|_| FsError::OutOfMemory)
    }

    /// Adds one, after [`Holds::reserve`].
    pub fn add(&mut self, hold: Hold) {
        let key = |hold: &Hold| (hold.sector, hold.slot % SLOTS);
        match self.holds.binary_search_by_key(&key(&hold), key) {
            // The same old name is held already: what has its slots by now is not on the disk.
            Ok(at) => self.holds[at].level = self.holds[at].level.max(hold.level),
            Err(at) => self.holds.insert(at, hold),
        }
    }

    /// Notes that a name was entered there, after [`Holds::reserve`].
    pub fn enter(&mut self, place: Place, origin: Option<Origin>) {
        let key = place.key();
        match self.entered.binary_search_by_key(&key, |entered| entered.key) {
            Ok(at) => self.entered[at].origin = origin,
            Err(at) => self.entered.insert(at, Entered { key, origin }),
        }
    }

    /// Notes that a name is no longer there.
    pub fn leave(&mut self, place: Place) {
        if let Ok(at) = self.entered.binary_search_by_key(&place.key(), |entered| entered.key) {
            self.entered.remove(at);
        }
    }

    /// Whether the name there was entered since the last commit; and if so, where on the disk it was before.
    pub fn entered(&self, place: Place) -> Option<Option<Origin>> {
        let at = self.entered.binary_search_by_key(&place.key(), |entered| entered.key).ok()?;
        Some(self.entered[at].origin)
    }

    /// For how many rounds a name is held; `None` if it is not.
    pub fn level(&self, origin: Origin) -> Option<u32> {
        let short = origin.held?;
        self.of(origin.sector).find(|hold| hold.short == short).map(|hold| hold.level)
    }

    /// The numbers of a name that is held.
    pub fn hashes(&self, origin: Origin) -> impl Iterator<Item = u32> {
        let gone = self.gone.iter();
        gone.filter(move |gone| gone.sector == origin.sector && Some(gone.slot) == origin.held)
            .map(|gone| gone.hash)
    }

    /// Holds a name for `level` rounds at least. There must be no other one by now that is the same.
    pub fn raise(&mut self, origin: Origin, level: u32) {
        let Some(short) = origin.held else { return };
        let Some(first) =
            self.of(origin.sector).find(|hold| hold.short == short).map(|hold| hold.directory.first)
        else {
            return;
        };
        for hold in self.holds.iter_mut().filter(|hold| hold.directory.first == first && hold.short == short)
        {
            let is_last = hold.slot + hold.count == short + 1;
            hold.level = hold.level.max(if is_last { level } else { level + 1 });
        }
        for gone in self.gone.iter_mut().filter(|gone| gone.first == first && gone.slot == short) {
            gone.level = gone.level.max(level);
        }
    }

    /// Notes that a name is removed whose short entry stays at `place` for `level` rounds. After [`Holds::reserve`].
    pub fn add_gone(&mut self, directory: Home, hashes: [u32; 2], place: Place, level: u32) {
        let Place { slot, sector } = place;
        for (number, hash) in hashes.into_iter().enumerate() {
            if number == 0 || hash != hashes[0] {
                let key = (directory.first, hash);
                let at = self.gone.partition_point(|gone| (gone.first, gone.hash) < key);
                self.gone.insert(at, Gone { first: directory.first, hash, sector, slot, level });
            }
        }
    }

    fn gone(&self, directory: Home, hash: u32) -> impl Iterator<Item = &Gone> {
        let key = (directory.first, hash);
        let start = self.gone.partition_point(|gone| (gone.first, gone.hash) < key);
        self.gone[start..].iter().take_while(move |gone| (gone.first, gone.hash) == key)
    }

    /// Whether such a name was removed.
    pub fn is_gone(&self, directory: Home, hash: u32) -> bool {
        self.gone(directory, hash).next().is_some()
    }

    /// Whether a name with these numbers can't be entered into `sector` before a commit: another one may still be on the
    /// disk. In the same sector that one goes as the new one comes, if it is not held.
    pub fn is_in_the_way(&self, directory: Home, hashes: [u32; 2], sector: u64) -> bool {
        let mut gone = hashes.into_iter().flat_map(|hash| self.gone(directory, hash));
        gone.any(|gone| gone.level > 0 || gone.sector != sector)
    }

    fn of(&self, sector: u64) -> impl Iterator<Item = &Hold> {
        let start = self.holds.partition_point(|hold| hold.sector < sector);
        self.holds[start..].iter().take_while(move |hold| hold.sector == sector)
    }

    /// The slots of a sector that are held, a bit for each.
    pub fn mask(&self, sector: u64) -> u16 {
        self.of(sector).fold(0, |mask, hold| {
            let bits = ((1_u32 << hold.count) - 1) << (hold.slot % SLOTS);
            mask | bits as u16
        })
    }

    /// How many rounds the entry of `directory` has to stay, so that what was moved out of it is found until it is found
    /// elsewhere.
    pub fn level_inside(&self, directory: Home) -> u32 {
        let inside = self.holds.iter().filter(|hold| hold.directory.first == directory.first);
        inside.map(|hold| hold.level).max().unwrap_or(0)
    }

    /// How many rounds of writing there are before the last.
    pub fn levels(&self) -> u32 {
        self.holds.iter().map(|hold| hold.level).max().unwrap_or(0)
    }

    /// Makes of a sector's final bytes what it is to be in the given round, from 1 on.
    pub fn restore(&self, sector: u64, bytes: &mut Sector, round: u32) {
        for hold in self.of(sector).filter(|hold| hold.level >= round) {
            let start = hold.offset();
            bytes[start..start + hold.bytes.len()].copy_from_slice(&hold.bytes);
            if hold.is_marked {
                bytes[start + hold.bytes.len() - SLOT_SIZE + CASE] |= MOVING;
            }
        }
    }

    /// Marks in what the disk has of a sector all that moves.
    pub fn mark(&self, sector: u64, stored: &mut Sector) {
        for hold in self.of(sector) {
            if let Some(at) = hold.mark_in(stored) {
                stored[at] |= MOVING;
            }
        }
    }

    /// The sectors with something held for which `is_wanted`, each once.
    pub fn sectors(&self, is_wanted: impl Fn(&Hold) -> bool) -> impl Iterator<Item = u64> {
        let mut last = None;
        self.holds
            .iter()
            .filter(move |hold| is_wanted(hold))
            .map(|hold| hold.sector)
            .filter(move |&sector| last.replace(sector) != Some(sector))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Hold> {
        self.holds.iter()
    }

    /// Lets go.
    pub fn clear(&mut self) {
        self.holds.clear();
        self.gone.clear();
        self.entered.clear();
    }
}
