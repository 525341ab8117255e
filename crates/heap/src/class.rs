//! Size classes: which sizes objects come in.

use crate::{SLAB_HEADER, SLAB_SIZE};

/// Bytes of an object of each class. From 256 on they are chosen by how many fit into a page behind the
/// header (15, 12, 9, 7, 5, 4, 3, 2), so that no class wastes more than a few bytes of it.
const SIZES: [u16; 15] = [16, 32, 48, 64, 96, 128, 192, 256, 320, 448, 576, 800, 1008, 1344, 2016];
const LARGEST: usize = SIZES[SIZES.len() - 1] as usize;
/// Sizes are looked up in steps of this; every object is aligned to it at least.
const STEP: usize = 16;

/// For each multiple of [`STEP`], the smallest class that holds it.
const BY_SIZE: [u8; LARGEST / STEP + 1] = {
    let mut table = [0; LARGEST / STEP + 1];
    let (mut step, mut class) = (0, 0);
    while step < table.len() {
        if step * STEP > SIZES[class] as usize {
            class += 1;
        }
        table[step] = class as u8;
        step += 1;
    }
    table
};

/// A size that objects come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SizeClass(u8);

impl SizeClass {
    /// How many classes there are.
    pub const COUNT: usize = SIZES.len();
    /// Bytes of the largest object.
    pub const LARGEST: usize = LARGEST;

    /// The class of that number; the largest when there are not so many.
    #[must_use]
    pub const fn from_index(index: usize) -> Self {
        Self(if index < Self::COUNT { index } else { Self::COUNT - 1 } as u8)
    }

    /// All classes, by rising size.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT as u8).map(Self)
    }

    /// The smallest class for `size` bytes at a multiple of `align` (a power of two); `None` when slabs don't
    /// serve that.
    #[must_use]
    #[inline]
    pub fn for_layout(size: usize, align: usize) -> Option<Self> {
        if size > LARGEST {
            return None;
        }
        let class = Self(*BY_SIZE.get(size.div_ceil(STEP))?);
        if align <= STEP { Some(class) } else { class.aligned(align) }
    }

    /// The first class from this one on whose objects are all aligned to `align`.
    #[cold]
    fn aligned(self, align: usize) -> Option<Self> {
        Self::all().skip(self.index()).find(|class| class.align() >= align)
    }

    /// The class's number, below [`Self::COUNT`].
    #[must_use]
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Bytes of an object.
    #[must_use]
    #[inline]
    pub fn size(self) -> usize {
        SIZES.get(self.index()).map_or(LARGEST, |&size| usize::from(size))
    }

    /// What every object's address is a multiple of: objects follow each other behind a header of 64 bytes.
    #[must_use]
    pub fn align(self) -> usize {
        (1 << self.size().trailing_zeros()).min(SLAB_HEADER)
    }

    /// Objects in a slab.
    #[must_use]
    pub fn per_slab(self) -> usize {
        (SLAB_SIZE - SLAB_HEADER) / self.size()
    }

    /// Objects that move between a CPU's list and the cache at a time: enough to make the lock rare, few
    /// enough that idle CPUs hoard little (at most two batches, about 2 KiB each).
    #[must_use]
    pub fn batch(self) -> usize {
        (2048 / self.size()).clamp(2, 32)
    }
}
