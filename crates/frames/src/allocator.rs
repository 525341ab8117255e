//! The allocator: single frames by next fit, runs by buddy orders, frees that are checked.

use crate::blocks::Blocks;
use crate::frame::{Frame, FrameRange};
use crate::statistics::{Statistics, Zone};
use crate::tree::mask;

const BITS: usize = u64::BITS as usize;

/// A piece of the machine's memory map, in bytes. Regions may overlap and come in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Physical address of the first byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// Whether it may be given out. Where regions disagree about a frame, it may not.
    pub usable: bool,
}

/// A run of frames that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunRequest {
    /// How many frames; 0 is never granted.
    pub count: u64,
    /// The first frame's number is a multiple of this; 0 is taken as 1.
    pub align: u64,
    /// Every frame lies below this one ([`Frame::FOUR_GIB`] for a device with 32 address bits).
    pub below: Option<Frame>,
}

/// Why a frame was not taken back. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreeError {
    /// The frame is free already: a double free.
    AlreadyFree(Frame),
    /// The frame was never the allocator's to give: reserved, or no memory at all.
    NotManaged(Frame),
}

impl core::fmt::Display for FreeError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::AlreadyFree(frame) => write!(formatter, "frame {:#x} is free already", frame.address()),
            Self::NotManaged(frame) => write!(formatter, "frame {:#x} is not managed", frame.address()),
        }
    }
}

/// The storage has too few words; see [`FrameAllocator::storage_words`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageTooSmall;

/// Which frames are managed and which of them are free.
///
/// Next fit for single frames: each search starts behind the last find, so that a frame just freed
/// (which another CPU's TLB may still know) is not the next to be given out, and the summary keeps the
/// search short however full memory is. The first lap starts at 4 GiB where there is memory that high:
/// what lies below stays for devices that can reach nothing else.
pub struct FrameAllocator<'a> {
    free: Blocks<'a>,
    /// A bit for each frame that may ever be given out: what tells a double free from a foreign frame.
    managed: &'a mut [u64],
    frame_count: usize,
    next: usize,
    next_low: usize,
    statistics: Statistics,
}

impl<'a> FrameAllocator<'a> {
    /// Words of storage that managing the frames `0 .. frame_count` takes: two bits for a frame, and an eighth of
    /// a bit to find free frames and blocks by (8 GiB: 541 KiB).
    #[must_use]
    pub const fn storage_words(frame_count: u64) -> usize {
        let frame_count = frame_count as usize;
        Blocks::words(frame_count) + frame_count.div_ceil(BITS)
    }

    /// An allocator that knows the frames `0 .. frame_count` and manages none of them yet.
    ///
    /// # Errors
    /// [`StorageTooSmall`] when `storage` has fewer than [`Self::storage_words`] words.
    pub fn new(storage: &'a mut [u64], frame_count: u64) -> Result<Self, StorageTooSmall> {
        let frame_count = usize::try_from(frame_count).map_err(|_| StorageTooSmall)?;
        let (blocks, rest) =
            storage.split_at_mut_checked(Blocks::words(frame_count)).ok_or(StorageTooSmall)?;
        let managed = rest.get_mut(..frame_count.div_ceil(BITS)).ok_or(StorageTooSmall)?;
        managed.fill(0);
        let free = Blocks::new(blocks, frame_count).ok_or(StorageTooSmall)?;
        let four_gib = Frame::FOUR_GIB.number() as usize;
        let next = if frame_count > four_gib { four_gib } else { 0 };
        Ok(Self { free, managed, frame_count, next, next_low: 0, statistics: Statistics::default() })
    }

    /// An allocator over a memory map: manages each frame that lies wholly inside usable memory and that
    /// no other region touches. It knows the frames `0 .. frame_count`: [`Self::frame_count_for`] the map, or
    /// more if some are to be added later.
    ///
    /// # Errors
    /// [`StorageTooSmall`] when `storage` can't hold so many.
    pub fn from_map(
        storage: &'a mut [u64],
        frame_count: u64,
        map: impl Iterator<Item = Region> + Clone,
    ) -> Result<Self, StorageTooSmall> {
        let mut allocator = Self::new(storage, frame_count)?;
        for region in map.clone().filter(|region| region.usable) {
            allocator.add(FrameRange::inside(region.start, region.length));
        }
        for region in map.filter(|region| !region.usable) {
            allocator.reserve(FrameRange::touching(region.start, region.length));
        }
        Ok(allocator)
    }

    /// How many frames an allocator over this map has to know: up to the end of the highest usable one.
    pub fn frame_count_for(map: impl Iterator<Item = Region>) -> u64 {
        map.filter(|region| region.usable)
            .map(|region| FrameRange::inside(region.start, region.length))
            .filter(|range| range.count > 0)
            .map(|range| range.end().number())
            .max()
            .unwrap_or(0)
    }

    /// Begins to manage the frames of `range`, as free ones. Frames that it manages already stay as they
    /// are, frames that it doesn't know are left out. Returns how many are new.
    pub fn add(&mut self, range: FrameRange) -> u64 {
        let (start, end) = self.clip(range);
        let (first, behind) = (start / BITS, end.div_ceil(BITS));
        // Whole words that are all new: the common case by far when many gigabytes come at once. They are filled as
        // one, and the loop passes over them.
        let (mut filled, mut rest) = (first, first);
        let (first_whole, end_whole) = (start.div_ceil(BITS), end / BITS);
        let mut added = 0;
        if let Some(whole) = self.managed.get_mut(first_whole..end_whole)
            && !whole.is_empty()
            && whole.iter().all(|&word| word == 0)
        {
            whole.fill(!0);
            self.free.fill_words(first_whole, end_whole);
            (filled, rest) = (first_whole, end_whole);
            let border = (Frame::FOUR_GIB.number() as usize).clamp(first_whole * BITS, end_whole * BITS);
            for (zone, frames) in [
                (&mut self.statistics.dma32, border - first_whole * BITS),
                (&mut self.statistics.normal, end_whole * BITS - border),
            ] {
                zone.managed += frames as u64;
                zone.free += frames as u64;
                added += frames as u64;
            }
        }
        for index in (first..filled).chain(rest..behind) {
            let Some(word) = self.managed.get_mut(index) else { break };
            let new = mask(index, start, end) & !*word;
            *word |= new;
            self.free.set(index, new);
            let zone = self.statistics.zone_of(index * BITS);
            zone.managed += u64::from(new.count_ones());
            zone.free += u64::from(new.count_ones());
            added += u64::from(new.count_ones());
        }
        added
    }

    /// Stops managing the frames of `range` for good, be they free or given out. Returns how many.
    pub fn reserve(&mut self, range: FrameRange) -> u64 {
        let (start, end) = self.clip(range);
        let mut removed = 0;
        for index in start / BITS..end.div_ceil(BITS) {
            let Some(word) = self.managed.get_mut(index) else { break };
            let gone = mask(index, start, end) & *word;
            if gone == 0 {
                continue;
            }
            *word &= !gone;
            let zone = self.statistics.zone_of(index * BITS);
            zone.managed -= u64::from(gone.count_ones());
            zone.free -= u64::from((self.free.word(index) & gone).count_ones());
            removed += u64::from(gone.count_ones());
            self.free.clear(index, gone);
        }
        removed
    }

    /// A free frame, the next one behind the last; `None` when none is left. Its bytes are whatever its
    /// last owner left there.
    #[inline]
    pub fn allocate(&mut self) -> Option<Frame> {
        let found = self.free.first_from(self.next).or_else(|| self.free.first_from(0))?;
        self.next = found + 1;
        Some(self.take_one(found))
    }

    /// Hands up to `count` free frames to `give`, the next ones behind the last; returns how many there were. Frames
    /// of one word of the bitmap are taken as one.
    pub fn allocate_each(&mut self, count: usize, mut give: impl FnMut(Frame)) -> usize {
        let mut done = 0;
        while done < count {
            let Some(found) = self.free.first_from(self.next).or_else(|| self.free.first_from(0)) else {
                break;
            };
            let index = found / BITS;
            let mut left = self.free.word(index) & (!0 << (found % BITS));
            let mut taken = 0;
            while left != 0 && done < count {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                taken |= 1 << bit;
                give(Frame::from_number((index * BITS + bit) as u64));
                self.next = index * BITS + bit + 1;
                done += 1;
            }
            self.free.clear(index, taken);
            self.statistics.zone_of(found).free -= u64::from(taken.count_ones());
        }
        self.statistics.allocated_ever += done as u64;
        done
    }

    /// A free frame below `limit`.
    pub fn allocate_below(&mut self, limit: Frame) -> Option<Frame> {
        let limit = usize::try_from(limit.number()).unwrap_or(usize::MAX);
        let below = |found: &usize| *found < limit;
        let found = self
            .free
            .first_from(self.next_low)
            .filter(below)
            .or_else(|| self.free.first_from(0).filter(below))?;
        self.next_low = found + 1;
        Some(self.take_one(found))
    }

    /// A run of free frames that satisfies `request`. It begins where the lowest block begins whose order holds
    /// the count and the alignment: found in a few steps, whatever the size of memory and however full it
    /// is. The rest of the block stays free.
    ///
    /// Where no such block is left, or the alignment is no power of two, it is the lowest run that fits, found by a
    /// look at the bitmap word by word: slow, but memory in pieces is not taken for memory that is out.
    pub fn allocate_run(&mut self, request: RunRequest) -> Option<FrameRange> {
        let count = usize::try_from(request.count).ok().filter(|&count| count > 0)?;
        let align = usize::try_from(request.align).ok()?.max(1);
        let limit = match request.below {
            Some(frame) => self.frame_count.min(usize::try_from(frame.number()).unwrap_or(usize::MAX)),
            None => self.frame_count,
        };
        let start = self.block_for(count, align, limit).or_else(|| self.first_fit(count, align, limit))?;
        self.take(start, count);
        Some(FrameRange { start: Frame::from_number(start as u64), count: request.count })
    }

    /// The lowest block for `count` frames, when they end before `limit`.
    fn block_for(&self, count: usize, align: usize, limit: usize) -> Option<usize> {
        let block = count.max(align).checked_next_power_of_two().filter(|_| align.is_power_of_two())?;
        let start = self.free.first_block_from(block.trailing_zeros(), 0)?;
        start.checked_add(count).filter(|&end| end <= limit).map(|_| start)
    }

    /// The lowest run, by looking at every word.
    #[cold]
    fn first_fit(&self, count: usize, align: usize, limit: usize) -> Option<usize> {
        let mut candidate = 0;
        loop {
            candidate = self.free.first_from(candidate)?.checked_next_multiple_of(align)?;
            let end = candidate.checked_add(count).filter(|&end| end <= limit)?;
            // From the end backwards: the last gap rules out every start before it.
            match self.free.last_gap(candidate, end) {
                Some(gap) => candidate = gap + 1,
                None => return Some(candidate),
            }
        }
    }

    /// The order of the largest aligned block that is free in `zone`, in as many steps as there are orders; `None`
    /// when the zone has no free frame. Says how much memory in pieces is worth.
    #[must_use]
    pub fn largest_order(&self, zone: Zone) -> Option<u32> {
        let border = Frame::FOUR_GIB.number() as usize;
        let (start, end) = match zone {
            Zone::Dma32 => (0, border),
            Zone::Normal => (border, usize::MAX),
        };
        let mut orders = (0..=Blocks::MAX_ORDER).rev();
        orders.find(|&order| {
            let block = self.free.first_block_from(order, start);
            block.is_some_and(|block| block < end && end - block >= 1 << order)
        })
    }

    /// Takes a frame back.
    ///
    /// # Errors
    /// [`FreeError`] when it was not given out.
    #[inline]
    pub fn free(&mut self, frame: Frame) -> Result<(), FreeError> {
        let number = self.given_out(frame)?;
        self.put_back_word(number / BITS, 1 << (number % BITS));
        Ok(())
    }

    /// Takes many frames back. Those one behind the other that lie in one word of the bitmap are taken back as one.
    ///
    /// # Errors
    /// The last [`FreeError`]; all other frames are taken back.
    pub fn free_each(&mut self, frames: impl Iterator<Item = Frame>) -> Result<(), FreeError> {
        let mut result = Ok(());
        // Bits of one word that are to be set.
        let (mut index, mut bits) = (0, 0_u64);
        for frame in frames {
            let number = match self.given_out(frame) {
                Ok(number) => number,
                Err(error) => {
                    result = Err(error);
                    continue;
                }
            };
            if number / BITS != index {
                self.put_back_word(index, bits);
                (index, bits) = (number / BITS, 0);
            }
            if bits >> (number % BITS) & 1 == 1 {
                result = Err(FreeError::AlreadyFree(frame));
            }
            bits |= 1 << (number % BITS);
        }
        self.put_back_word(index, bits);
        result
    }

    /// Takes back all frames of a run, or none.
    ///
    /// # Errors
    /// [`FreeError`] with the first frame that was not given out.
    pub fn free_run(&mut self, range: FrameRange) -> Result<(), FreeError> {
        let (start, end) = self.clip(range);
        let masks = (start / BITS..end.div_ceil(BITS)).map(|index| (index, mask(index, start, end)));
        let given_out = |(index, bits): (usize, u64)| {
            self.managed.get(index).copied().unwrap_or(0) & !self.free.word(index) & bits == bits
        };
        if range.end().number() > self.frame_count as u64 || !masks.clone().all(given_out) {
            for frame in range.iter() {
                self.given_out(frame)?;
            }
        }
        for (index, bits) in masks {
            self.put_back_word(index, bits);
        }
        Ok(())
    }

    /// Whether the frame is managed and free.
    #[must_use]
    pub fn is_free(&self, frame: Frame) -> bool {
        usize::try_from(frame.number()).is_ok_and(|number| self.free.contains(number))
    }

    /// The figures of this moment.
    #[must_use]
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// `range` as numbers, without what lies behind the last known frame.
    fn clip(&self, range: FrameRange) -> (usize, usize) {
        let clip = |frame: Frame| frame.number().min(self.frame_count as u64) as usize;
        (clip(range.start), clip(range.end()))
    }

    /// Marks a free frame as given out.
    fn take_one(&mut self, number: usize) -> Frame {
        self.free.clear(number / BITS, 1 << (number % BITS));
        self.statistics.zone_of(number).free -= 1;
        self.statistics.allocated_ever += 1;
        Frame::from_number(number as u64)
    }

    /// Marks `count` frames from `start` on, all free, as given out.
    fn take(&mut self, start: usize, count: usize) {
        let end = start + count;
        for index in start / BITS..end.div_ceil(BITS) {
            let bits = mask(index, start, end);
            self.free.clear(index, bits);
            self.statistics.zone_of(index * BITS).free -= u64::from(bits.count_ones());
        }
        self.statistics.allocated_ever += count as u64;
    }

    /// Marks frames of one word, all given out, as free.
    fn put_back_word(&mut self, index: usize, bits: u64) {
        self.free.set(index, bits);
        self.statistics.zone_of(index * BITS).free += u64::from(bits.count_ones());
        self.statistics.freed_ever += u64::from(bits.count_ones());
    }

    /// The frame's number when the frame is given out.
    fn given_out(&self, frame: Frame) -> Result<usize, FreeError> {
        let number = usize::try_from(frame.number()).map_err(|_| FreeError::NotManaged(frame))?;
        let managed = self.managed.get(number / BITS).is_some_and(|word| word >> (number % BITS) & 1 == 1);
        if !managed {
            return Err(FreeError::NotManaged(frame));
        }
        if self.free.contains(number) {
            return Err(FreeError::AlreadyFree(frame));
        }
        Ok(number)
    }
}
