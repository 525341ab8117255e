//! Entering name sets into directories and taking them out.
//!
//! A set of up to sixteen slots never lies in two sectors, so that a power failure finds it whole or not at all; the
//! slots passed over are marked as free, since a zero would end the directory. Each of these functions does first what
//! can fail and then changes something.

use crate::directory::slot::{self, DELETED, MAX_SLOTS, SLOT_SIZE, SLOTS};
use crate::directory::{NewSet, Set, short};
use crate::holds::{Hold, Home, Origin};
use crate::names;
use crate::node::Place;
use crate::volume::{COMMIT_FIRST, Fat, area};
use alloc::vec::Vec;
use blockcache::BlockDevice;
use vfs::FsError;

/// A set that is to be taken out: everything needed for it is there.
pub struct Clearing {
    hashes: [u32; 2],
    is_directory: bool,
    place: Place,
    /// For each sector with slots of it, the last with the short entry.
    holds: Vec<Hold>,
    /// Whether the disk has the name in these slots. Then it may have to be held.
    is_stored: bool,
    /// Where the disk has the name of this; nowhere if it was made since the last commit.
    origin: Option<Origin>,
}

impl Clearing {
    /// Where the disk has the name of what has this name.
    pub const fn origin(&self) -> Option<Origin> {
        self.origin
    }
}

impl<D: BlockDevice> Fat<D> {
    /// The short name for `name` in a directory whose index is known, its flags of case, and whether a long name is
    /// needed besides. A name in the slot `except` does not count as taken.
    pub(crate) fn short_name(
        &mut self,
        directory: u64,
        name: &str,
        except: Option<u32>,
    ) -> Result<(short::Short, u8, bool), FsError> {
        let home = self.home(directory)?;
        let Self { nodes, holds, .. } = self;
        let Some(index) = &nodes.get(directory)?.index else {
            return Err(FsError::InvalidInput("the directory was not read"));
        };
        // A number that is the same counts as the same name: that costs no reading, and another number is soon found.
        let is_taken = |hash: u32| index.find(hash).any(|slot| Some(slot) != except);
        let hash_of = |short: &short::Short| names::hash(short::text(short, &mut [0; 12]));
        if let Some((short, case)) = short::exact(name)
            && !is_taken(hash_of(&short))
        {
            return Ok((short, case, false));
        }
        let own = names::hash(name);
        let short = short::alias(name, |short| {
            let hash = hash_of(short);
            // What the disk may still have can be avoided, unless the name itself is that.
            is_taken(hash) || (hash != own && holds.is_gone(home, hash))
        })?;
        Ok((short, 0, true))
    }

    /// What tells a directory from others in [`crate::holds`].
    pub(crate) fn home(&self, directory: u64) -> Result<Home, FsError> {
        Ok(Home { id: directory, first: self.nodes.get(directory)?.first })
    }

    /// Finds `count` slots for a name, and lets the directory grow if it has none.
    pub(crate) fn find_room(&mut self, directory: u64, count: u32) -> Result<u32, FsError> {
        loop {
            if let Some(first) = self.index(directory)?.find_room(count) {
                return Ok(first);
            }
            self.grow(directory)?;
        }
    }

    /// Adds a cluster to a directory. It is filled with zeros on the disk before anything leads to it.
    fn grow(&mut self, directory: u64) -> Result<(), FsError> {
        let sectors = self.geometry.cluster_sectors;
        let geometry = self.geometry;
        let node = self.nodes.get_mut(directory)?;
        let Some(last) = node.chain.as_ref().and_then(|chain| chain.last()) else {
            return Err(FsError::NoSpace);
        };
        if (node.clusters() + 1) * sectors > MAX_SLOTS / SLOTS || geometry.is_unsafe_for_directories(last) {
            return Err(FsError::NoSpace);
        }
        let cluster = self.take_cluster(Some(last))?;
        let result = self.store.write_zeros(geometry.sector_of(cluster), sectors.into()).and_then(|()| {
            let node = self.nodes.get_mut(directory)?;
            let (Some(chain), Some(index)) = (&mut node.chain, &mut node.index) else {
                return Err(FsError::InvalidInput("the directory was not read"));
            };
            chain.reserve(1)?;
            index.grow(sectors)?;
            chain.push(cluster, 1)
        });
        if result.is_err() {
            self.give_back(cluster);
        }
        result
    }

    /// Takes a cluster for a directory.
    pub(crate) fn take_cluster(&mut self, after: Option<u32>) -> Result<u32, FsError> {
        let geometry = self.geometry;
        self.need_bitmap()?.allocate_one(after, |cluster| !geometry.is_unsafe_for_directories(cluster))
    }

    /// Gives back a cluster that nothing leads to.
    pub(crate) fn give_back(&mut self, cluster: u32) {
        if let Some(bitmap) = &mut self.bitmap {
            bitmap.release(cluster, 1);
        }
    }

    /// Writes a name set into the slots from `first` on, which are free. What it stands for is on the disk at `origin`.
    /// Fails if the name needs a commit first.
    pub(crate) fn write_set(
        &mut self,
        directory: u64,
        first: u32,
        set: &NewSet,
        name: &str,
        origin: Option<Origin>,
    ) -> Result<Place, FsError> {
        let count = set.count();
        let slot = first + count - 1;
        let end = self.index(directory)?.end();
        self.tidy(directory, slot + 1)?;
        self.index(directory)?.reserve()?;
        self.holds.reserve(0)?;
        if count > SLOTS {
            self.leads.try_reserve(1).map_err(|_| FsError::OutOfMemory)?;
        }
        let mut sector = 0;
        for number in end.min(first) / SLOTS..=slot / SLOTS {
            sector = area(&self.geometry, self.nodes.get(directory)?).sector(number)?;
            self.store.change(sector)?;
        }
        let hashes = new_hashes(set, name);
        if self.holds.is_in_the_way(self.home(directory)?, hashes, sector) {
            return Err(COMMIT_FIRST);
        }
        // From here on nothing fails.
        let passed = (end..first).map(|slot| (slot, None));
        for (slot, bytes) in passed.chain((first..).zip(set.slots().iter().map(Some))) {
            let sector = area(&self.geometry, self.nodes.get(directory)?).sector(slot / SLOTS)?;
            let target = slot::in_sector_mut(self.store.change(sector)?, slot);
            match bytes {
                Some(bytes) => *target = *bytes,
                None => target[0] = DELETED,
            }
        }
        if count > SLOTS {
            let lead = area(&self.geometry, self.nodes.get(directory)?).sector(first / SLOTS)?;
            self.leads.push(lead);
        }
        let is_directory =
            set.slots().last().is_some_and(|entry| entry[slot::ATTRIBUTES] & slot::DIRECTORY != 0);
        let index = self.index(directory)?;
        index.take(first, count);
        index.insert(hashes, slot, is_directory);
        let place = Place { slot, sector };
        self.holds.enter(place, origin);
        Ok(place)
    }

    /// Makes sure that nothing but zeros lies behind the directory's end up to and with slot `to`: other systems may
    /// have left something there, which would come to life when the end moves on. It is dead until then, so it is
    /// cleared on the disk at once.
    fn tidy(&mut self, directory: u64, to: u32) -> Result<(), FsError> {
        let index = self.index(directory)?;
        let (end, tidy) = (index.end(), index.tidy());
        for number in tidy..=to / SLOTS {
            let area = area(&self.geometry, self.nodes.get(directory)?);
            if number >= area.sectors() {
                break;
            }
            let sector = area.sector(number)?;
            let start = (end.saturating_sub(number * SLOTS).min(SLOTS)) as usize * SLOT_SIZE;
            let stored = self.store.stored(sector)?;
            if stored[start..].iter().any(|&byte| byte != 0) {
                let length = stored.len() - start;
                self.store.patch(sector, start, &[0; 512][..length])?;
            }
            self.index(directory)?.set_tidy(number + 1);
        }
        Ok(())
    }

    /// Prepares taking a set out of a directory whose index is known.
    pub(crate) fn prepare_clearing(&mut self, directory: u64, set: &Set) -> Result<Clearing, FsError> {
        let home = self.home(directory)?;
        let mut holds = Vec::new();
        let place = self.place(directory, set.slot)?;
        let entered = self.holds.entered(place);
        let last = set.slot / SLOTS;
        let first = set.slot + 1 - set.count;
        holds.try_reserve_exact((last - first / SLOTS + 1) as usize).map_err(|_| FsError::OutOfMemory)?;
        for number in first / SLOTS..=last {
            let sector = area(&self.geometry, self.nodes.get(directory)?).sector(number)?;
            let current = *self.store.change(sector)?;
            // Over what was entered the disk's slots are of no use: they may be another's.
            let bytes = if entered.is_some() { current } else { *self.store.stored(sector)? };
            let from = first.max(number * SLOTS);
            let to = (set.slot + 1).min((number + 1) * SLOTS);
            holds.push(Hold::new(sector, &bytes, home, (from, to - from), set.slot)?);
        }
        self.holds.reserve(holds.len())?;
        Ok(Clearing {
            hashes: set.hashes(&mut names::buffer()?),
            is_directory: set.is_directory(),
            place,
            holds,
            is_stored: entered.is_none(),
            origin: entered.unwrap_or(Some(Origin { sector: place.sector, held: Some(set.slot) })),
        })
    }

    /// Where the entry in a directory's slot lies.
    pub(crate) fn place(&self, directory: u64, slot: u32) -> Result<Place, FsError> {
        let sector = area(&self.geometry, self.nodes.get(directory)?).sector(slot / SLOTS)?;
        Ok(Place { slot, sector })
    }

    /// In how many rounds of writing the name on the disk has to stay of what is to be moved to a name whose short entry
    /// comes into `sector`; with `stays`, in one at least. What is held already is held as long from now on, which does
    /// no harm if the moving fails. Fails if it can't be held, and a commit is needed first.
    pub(crate) fn level_to_move(
        &mut self,
        directory: u64,
        clearing: &Clearing,
        sector: u64,
        stays: bool,
    ) -> Result<u32, FsError> {
        let Some(origin) = clearing.origin else { return Ok(0) };
        if origin.sector == sector && !stays {
            // In one sector, the old name goes as the new one comes.
            return Ok(0);
        }
        if !clearing.is_stored {
            match self.holds.level(origin) {
                // It was renamed within a sector, and so is in the same directory still.
                Some(0) => {
                    let index = self.nodes.get(directory)?.index.as_ref();
                    let is_taken = |hash| index.is_none_or(|index| index.find(hash).next().is_some());
                    if self.holds.hashes(origin).any(is_taken) {
                        return Err(COMMIT_FIRST);
                    }
                    self.holds.raise(origin, 1);
                }
                Some(_) => {}
                None => return Err(COMMIT_FIRST),
            }
        }
        Ok(1)
    }

    /// Takes a set out. If it is on the disk its short entry stays there for `level` rounds of writing, and what lies in
    /// sectors before that for one more: a short entry without all of its name would be another name. With `is_marked`
    /// it moves.
    pub(crate) fn clear_set(
        &mut self,
        directory: u64,
        clearing: Clearing,
        level: u32,
        is_marked: bool,
    ) -> Result<(), FsError> {
        let Clearing { hashes, is_directory, place, holds, is_stored, origin } = clearing;
        let count = holds.len();
        // A name written over another spelling on the disk: one of the two is there.
        let is_over =
            !is_stored && !is_marked && level > 0 && origin.is_some_and(|origin| origin.held.is_none());
        if is_stored || is_over || self.is_uncertain {
            self.holds.add_gone(self.home(directory)?, hashes, place, level);
        }
        self.holds.leave(place);
        if let Some(origin) = origin.filter(|_| !is_stored && !is_marked) {
            self.holds.raise(origin, level);
        }
        for (position, mut hold) in holds.into_iter().enumerate() {
            let sector = self.store.change(hold.sector)?;
            for slot in hold.slot..hold.slot + hold.count {
                slot::in_sector_mut(sector, slot)[0] = DELETED;
            }
            let has_short = position + 1 == count;
            hold.is_marked = is_marked && has_short;
            hold.level = if has_short {
                level
            } else if is_stored || is_over {
                level + 1
            } else {
                // It may have been written over a short entry on the disk to which these belong.
                1
            };
            // With a level of 0 what moved within its sector, and may have to be held for longer if it moves on.
            let is_held = is_over || !has_short || (is_stored && (is_marked || level > 0));
            if is_held {
                self.holds.add(hold);
            } else {
                // What was held before stays so.
                let mask = self.holds.mask(hold.sector);
                let index = self.index(directory)?;
                for slot in hold.slot..hold.slot + hold.count {
                    if mask >> (slot % SLOTS) & 1 == 0 {
                        index.release(slot, 1);
                    }
                }
            }
        }
        self.index(directory)?.remove(hashes, place.slot, is_directory);
        Ok(())
    }
}

/// The numbers that a new set is found by.
pub fn new_hashes(set: &NewSet, name: &str) -> [u32; 2] {
    let mut short = *b"           ";
    if let Some(entry) = set.slots().last() {
        short.copy_from_slice(&entry[..11]);
    }
    [names::hash(name), names::hash(short::text(&short, &mut [0; 12]))]
}
