//! The allocator: single frames by next fit, runs by first fit, frees that are checked.

use crate::frame::{Frame, FrameRange};
use crate::tree::{Tree, mask, words};

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

/// Figures, in frames, of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames that the allocator manages, free or not.
    pub managed: u64,
    /// Frames that are free.
    pub free: u64,
    /// Frames given out since the beginning.
    pub allocated_ever: u64,
    /// Frames taken back since the beginning.
    pub freed_ever: u64,
}

impl Statistics {
    /// Frames that are given out.
    #[must_use]
    pub const fn used(self) -> u64 {
        self.managed - self.free
    }
}

/// Which frames are managed and which of them are free.
///
/// Next fit for single frames: each search starts behind the last find, so that a frame just freed
/// (which another CPU's TLB may still know) is not the next to be given out, and the summary keeps the
/// search short however full memory is. The first lap starts at 4 GiB where there is memory that high:
/// what lies below stays for devices that can reach nothing else.
pub struct FrameAllocator<'a> {
    free: Tree<'a>,
    /// A bit for each frame that may ever be given out: what tells a double free from a foreign frame.
    managed: &'a mut [u64],
    frame_count: usize,
    next: usize,
    next_low: usize,
    statistics: Statistics,
}

impl<'a> FrameAllocator<'a> {
    /// Words of storage that managing the frames `0 .. frame_count` takes: two bits for a frame and a
    /// sixty-fourth on top (8 GiB: 516 KiB).
    #[must_use]
    pub const fn storage_words(frame_count: u64) -> usize {
        let frame_count = frame_count as usize;
        words(frame_count) + frame_count.div_ceil(BITS)
    }

    /// An allocator that knows the frames `0 .. frame_count` and manages none of them yet.
    ///
    /// # Errors
    /// [`StorageTooSmall`] when `storage` has fewer than [`Self::storage_words`] words.
    pub fn new(storage: &'a mut [u64], frame_count: u64) -> Result<Self, StorageTooSmall> {
        let frame_count = usize::try_from(frame_count).map_err(|_| StorageTooSmall)?;
        let (tree, rest) = storage.split_at_mut_checked(words(frame_count)).ok_or(StorageTooSmall)?;
        let managed = rest.get_mut(..frame_count.div_ceil(BITS)).ok_or(StorageTooSmall)?;
        managed.fill(0);
        let free = Tree::new(tree, frame_count).ok_or(StorageTooSmall)?;
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
        let mut added = 0;
        // Whole words that are all new: the common case by far when many gigabytes come at once.
        let (mut filled, mut rest) = (first, first);
        let (first_whole, end_whole) = (start.div_ceil(BITS), end / BITS);
        if let Some(whole) = self.managed.get_mut(first_whole..end_whole)
            && !whole.is_empty()
            && whole.iter().all(|&word| word == 0)
        {
            whole.fill(!0);
            self.free.fill_words(first_whole, end_whole);
            added += (whole.len() * BITS) as u64;
            (filled, rest) = (first_whole, end_whole);
        }
        for index in (first..filled).chain(rest..behind) {
            let Some(word) = self.managed.get_mut(index) else { break };
            let new = mask(index, start, end) & !*word;
            *word |= new;
            added += u64::from(new.count_ones());
            self.free.set(index, new);
        }
        self.statistics.managed += added;
        self.statistics.free += added;
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
            removed += u64::from(gone.count_ones());
            self.statistics.free -= u64::from((self.free.word(index) & gone).count_ones());
            self.free.clear(index, gone);
        }
        self.statistics.managed -= removed;
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

    /// The lowest run of free frames that satisfies `request`. Costs a look at every word of the bitmap in
    /// the worst case, so it is for buffers, not for pages.
    pub fn allocate_run(&mut self, request: RunRequest) -> Option<FrameRange> {
        let count = usize::try_from(request.count).ok().filter(|&count| count > 0)?;
        let align = usize::try_from(request.align).ok()?.max(1);
        let limit = match request.below {
            Some(frame) => self.frame_count.min(usize::try_from(frame.number()).unwrap_or(usize::MAX)),
            None => self.frame_count,
        };
        let mut candidate = 0;
        loop {
            candidate = self.free.first_from(candidate)?.checked_next_multiple_of(align)?;
            let end = candidate.checked_add(count).filter(|&end| end <= limit)?;
            // From the end backwards: the last gap rules out every start before it.
            match self.free.last_gap(candidate, end) {
                Some(gap) => candidate = gap + 1,
                None => break,
            }
        }
        self.take(candidate, count);
        Some(FrameRange { start: Frame::from_number(candidate as u64), count: request.count })
    }

    /// Takes a frame back.
    ///
    /// # Errors
    /// [`FreeError`] when it was not given out.
    #[inline]
    pub fn free(&mut self, frame: Frame) -> Result<(), FreeError> {
        let number = self.given_out(frame)?;
        self.put_back(number);
        Ok(())
    }

    /// Takes back all frames of a run, or none.
    ///
    /// # Errors
    /// [`FreeError`] with the first frame that was not given out.
    pub fn free_run(&mut self, range: FrameRange) -> Result<(), FreeError> {
        for frame in range.iter() {
            self.given_out(frame)?;
        }
        for frame in range.iter() {
            self.put_back(frame.number() as usize);
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
        self.statistics.free -= 1;
        self.statistics.allocated_ever += 1;
        Frame::from_number(number as u64)
    }

    /// Marks `count` frames from `start` on, all free, as given out.
    fn take(&mut self, start: usize, count: usize) {
        let end = start + count;
        for index in start / BITS..end.div_ceil(BITS) {
            self.free.clear(index, mask(index, start, end));
        }
        self.statistics.free -= count as u64;
        self.statistics.allocated_ever += count as u64;
    }

    fn put_back(&mut self, number: usize) {
        self.free.set(number / BITS, 1 << (number % BITS));
        self.statistics.free += 1;
        self.statistics.freed_ever += 1;
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
